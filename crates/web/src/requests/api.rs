//! The API of requests: file, follow, answer.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::requests::{self, CaseFilter, Changed, NewCase, StatisticsFilter};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use vocabulary::CaseNumber;

use super::granted;
use super::view::{
    AnswerView, CasePage, CaseView, DetailsView, DossierView, FiledView, GrantView, StatisticsView,
    given,
};
use crate::app::App;
use crate::extract::{ApiJson, ApiQuery, id_of, within};
use crate::open::download::{DownloadParams, Wish};
use crate::precondition;
use crate::problem::Problem;
use crate::registry::api::ReasonBody;
use crate::step::ApiStep;
use crate::visitor::Visitor;

/// Which cases to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only in this state.
    pub state: Option<String>,
    /// Only those that this body answers (credit code).
    pub body: Option<String>,
    /// Only about this dataset.
    pub dataset: Option<String>,
    /// Go on after this cursor.
    pub cursor: Option<String>,
    /// At most this many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// Which cases to count.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatisticsParams {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those that this body answers (credit code).
    pub body: Option<String>,
}

/// A case to file. Name and contact are never public.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewCaseBody {
    /// `open_data`, `conditional`, `correction`, `suggestion` or `complaint`.
    pub kind: String,
    /// The published dataset that it is about; a correction and a request for conditional
    /// data need one.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Credit code of the body that it is for, where it is about no dataset.
    #[serde(default)]
    pub body: Option<String>,
    /// What it is about, 2 to 100 characters.
    pub title: String,
    /// The question, 5 to 5,000 characters.
    pub question: String,
    /// What its kind says beside it.
    #[serde(default)]
    pub details: DetailsView,
    /// SHA-256 of the undertaking that you accept, as `/requests/new?kind=conditional` shows
    /// it (`conditional`).
    #[serde(default)]
    pub commitment_sha256: Option<String>,
    /// Name of the person or organization, 1 to 100 characters.
    pub name: String,
    /// An e-mail address or telephone number.
    pub contact: String,
}

/// The secret code of a case.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct CodeBody {
    /// The code that was told when the case was filed.
    pub code: String,
}

/// What the filer adds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct SupplementBody {
    /// The code that was told when the case was filed.
    pub code: String,
    /// What was missing, 1 to 5,000 characters.
    pub supplement: String,
}

/// The body that answers.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct AssignmentBody {
    /// Its credit code.
    pub body: String,
}

/// What is missing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NoticeBody {
    /// Everything that is missing, 1 to 1,000 characters; it is said once.
    pub notice: String,
}

/// The question as everyone may read it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct QuestionBody {
    /// The title, 2 to 100 characters.
    pub title: String,
    /// The question, as filed or masked.
    pub question: String,
    /// Whether a person looked at the names, addresses and the like that were found in it,
    /// and they may stay.
    #[serde(default)]
    pub confirmed: bool,
}

fn wrong(field: &str) -> Problem {
    Problem::bad_request(
        format!("参数 {field} 有误。"),
        format!("The parameter {field} is not right."),
    )
}

fn parsed<T: std::str::FromStr>(field: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse()).transpose().map_err(|_| wrong(field))
}

/// A field of a body that is read from text.
fn field<T: std::str::FromStr>(name: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    given(text).map(|text| text.parse()).transpose().map_err(|_| {
        Problem::from(platform::Error::invalid(name, "填写有误。", "It is not right."))
    })
}

/// Lists cases as everyone may see them, newest first.
#[utoipa::path(get, path = "/api/v1/requests", tag = "requests", params(ListParams),
    responses((status = 200, body = CasePage), crate::openapi::Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    ApiQuery(params): ApiQuery<ListParams>,
) -> Result<Json<CasePage>, Problem> {
    let limit = within("limit", params.limit, 50, 1..=200)?;
    let after = match &params.cursor {
        Some(cursor) => {
            let (at, number) = cursor.split_once('~').ok_or_else(|| wrong("cursor"))?;
            Some((at.to_owned(), number.parse().map_err(|_| wrong("cursor"))?))
        }
        None => None,
    };
    let filter = CaseFilter {
        kind: parsed("kind", params.kind)?,
        state: parsed("state", params.state)?,
        body: parsed("body", params.body)?,
        asset: parsed("dataset", params.dataset)?,
        after,
        offset: 0,
        limit,
    };
    let (cases, next) = requests::list(&visitor.caller, &app.platform, &filter).await?;
    let next_cursor = next.map(|(at, number)| format!("{at}~{number}"));
    Ok(Json(CasePage { requests: cases.into_iter().map(CaseView::from).collect(), next_cursor }))
}

/// Counts cases: acceptance rate, median of working days, share within the time.
#[utoipa::path(get, path = "/api/v1/request-statistics", tag = "requests",
    params(StatisticsParams),
    responses((status = 200, body = StatisticsView), crate::openapi::Problems))]
pub(crate) async fn statistics(
    State(app): State<App>,
    visitor: Visitor,
    ApiQuery(params): ApiQuery<StatisticsParams>,
) -> Result<Json<StatisticsView>, Problem> {
    let filter =
        StatisticsFilter { kind: parsed("kind", params.kind)?, body: parsed("body", params.body)? };
    Ok(Json(requests::statistics(&visitor.caller, &app.platform, &filter).await?.into()))
}

/// Files a case; nobody needs to sign in.
#[utoipa::path(post, path = "/api/v1/requests", tag = "requests", request_body = NewCaseBody,
    responses((status = 201, body = FiledView), crate::openapi::Problems))]
pub(crate) async fn create(
    State(app): State<App>,
    visitor: Visitor,
    ApiJson(body): ApiJson<NewCaseBody>,
) -> Result<Response, Problem> {
    let kind = field("kind", Some(body.kind))?.ok_or_else(|| {
        Problem::from(platform::Error::invalid("kind", "请选择类别。", "Choose the kind."))
    })?;
    let new = NewCase {
        kind,
        about: field("dataset", body.dataset)?,
        body: field("body", body.body)?,
        title: body.title,
        question: body.question,
        details: body.details.try_into()?,
        commitment_sha256: body.commitment_sha256,
        name: body.name,
        contact: body.contact,
        form: None,
    };
    let filed = requests::file(&visitor.caller, &app.platform, new).await?;
    let number = filed.case.number;
    let view = FiledView {
        url: format!("{}/requests/own/{number}/{}", app.site.base_url, filed.code),
        code: filed.code,
        entry_id: filed.entry_id.to_string(),
        request: filed.case.into(),
    };
    let location = format!("/api/v1/requests/{number}");
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())],
        Json(view),
    )
        .into_response())
}

/// A case as everyone may see it.
#[utoipa::path(get, path = "/api/v1/requests/{number}", tag = "requests",
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let case = requests::find(&visitor.caller, &app.platform, id_of(&number)?).await?;
    Ok(([precondition::tag(case.revision)], Json(CaseView::from(case))).into_response())
}

/// A case in full, for whoever holds its code.
#[utoipa::path(post, path = "/api/v1/requests/{number}/own", tag = "requests",
    request_body = CodeBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = DossierView), crate::openapi::Problems))]
pub(crate) async fn own(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
    ApiJson(body): ApiJson<CodeBody>,
) -> Result<Response, Problem> {
    let number = id_of(&number)?;
    let (caller, platform) = (&visitor.caller, &app.platform);
    let own = requests::own(caller, platform, number, &body.code).await?;
    let found = requests::granted(caller, platform, number, &body.code).await?;
    let grant = found.map(|one| GrantView {
        release: one.current.map(|current| current.release.id.to_string()),
        ..GrantView::of(&one.grant, caller.now())
    });
    Ok(in_full(DossierView::of(own.dossier, own.filer).with(grant)))
}

/// The data that were granted, as a file, for whoever holds the code of the case.
///
/// The same at `/requests/own/{number}/{code}/data/{format}` by GET, for programs that take
/// an address.
#[utoipa::path(post, path = "/api/v1/requests/{number}/data/{format}", tag = "requests",
    request_body = CodeBody,
    params(("number" = String, Path, description = "Number of the case"),
           ("format" = String, Path, description = "csv, xlsx, json, ndjson, parquet, geojson or nt"), DownloadParams),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
              crate::openapi::Problems))]
pub(crate) async fn data(
    State(app): State<App>,
    visitor: Visitor,
    Path((number, format)): Path<(String, String)>,
    ApiQuery(params): ApiQuery<DownloadParams>,
    ApiJson(body): ApiJson<CodeBody>,
) -> Result<Response, Problem> {
    let wish = Wish::of(&format, params, Method::POST, HeaderMap::new())?;
    granted::send(&app, &visitor, id_of(&number)?, &body.code, wish).await
}

/// The filer adds what was missing.
#[utoipa::path(post, path = "/api/v1/requests/{number}/supplement", tag = "requests",
    request_body = SupplementBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn supplement(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
    ApiJson(body): ApiJson<SupplementBody>,
) -> Result<Response, Problem> {
    let (caller, number) = (&visitor.caller, id_of(&number)?);
    let text = &body.supplement;
    answer(requests::supplement(caller, &app.platform, number, &body.code, text).await?)
}

/// The filer takes the case back.
#[utoipa::path(post, path = "/api/v1/requests/{number}/withdrawal", tag = "requests",
    request_body = CodeBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
    ApiJson(body): ApiJson<CodeBody>,
) -> Result<Response, Problem> {
    let (caller, number) = (&visitor.caller, id_of(&number)?);
    answer(requests::withdraw(caller, &app.platform, number, &body.code).await?)
}

/// A case in full with its papers and contact, for the desk that answers it.
#[utoipa::path(get, path = "/api/v1/requests/{number}/papers", tag = "requests",
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = DossierView), crate::openapi::Problems))]
pub(crate) async fn papers(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let number = id_of(&number)?;
    let (caller, platform) = (visitor.signed_in()?, &app.platform);
    let (dossier, filer) = requests::read(caller, platform, number).await?;
    let grant = requests::grant_of(caller, platform, number).await?;
    let grant = grant.map(|grant| GrantView::of(&grant, caller.now()));
    Ok(in_full(DossierView::of(dossier, filer).with(grant)))
}

/// What was asked for did not come in its time: the case counts as given up.
#[utoipa::path(post, path = "/api/v1/requests/{number}/lapse", tag = "requests",
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn lapse(step: ApiStep<CaseNumber>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    answer(requests::lapse(&caller, &app.platform, number, revision).await?)
}

/// The body takes a grant of conditional data back, with a reason that the filer reads.
#[utoipa::path(post, path = "/api/v1/requests/{number}/grant/revocation", tag = "requests",
    request_body = ReasonBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = GrantView), crate::openapi::Problems))]
pub(crate) async fn revoke(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Json<GrantView>, Problem> {
    let (caller, platform) = (visitor.signed_in()?, &app.platform);
    let number = id_of(&number)?;
    requests::revoke(caller, platform, number, &body.reason).await?;
    let grant = requests::grant_of(caller, platform, number).await?;
    Ok(Json(GrantView::of(&grant.ok_or_else(Problem::not_found)?, caller.now())))
}

/// The data administrator names the body that answers.
#[utoipa::path(post, path = "/api/v1/requests/{number}/assignment", tag = "requests",
    request_body = AssignmentBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn assign(
    step: ApiStep<CaseNumber>,
    ApiJson(body): ApiJson<AssignmentBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    let code = field("body", Some(body.body))?.ok_or_else(|| {
        Problem::from(platform::Error::invalid("body", "请选择单位。", "Choose the body."))
    })?;
    answer(requests::assign(&caller, &app.platform, number, revision, code).await?)
}

/// A handler of the body takes the case up.
#[utoipa::path(post, path = "/api/v1/requests/{number}/acceptance", tag = "requests",
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn accept(step: ApiStep<CaseNumber>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    answer(requests::accept(&caller, &app.platform, number, revision).await?)
}

/// The filer is told, once, what is missing.
#[utoipa::path(post, path = "/api/v1/requests/{number}/supplement-notice", tag = "requests",
    request_body = NoticeBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn ask_supplement(
    step: ApiStep<CaseNumber>,
    ApiJson(body): ApiJson<NoticeBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    let notice = &body.notice;
    answer(requests::ask_supplement(&caller, &app.platform, number, revision, notice).await?)
}

/// The question is released for everyone, as it was filed or masked.
#[utoipa::path(post, path = "/api/v1/requests/{number}/question", tag = "requests",
    request_body = QuestionBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn publish_question(
    step: ApiStep<CaseNumber>,
    ApiJson(body): ApiJson<QuestionBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    let (title, question) = (&body.title, &body.question);
    let platform = &app.platform;
    let confirmed = body.confirmed;
    answer(
        requests::publish_question(&caller, platform, number, revision, title, question, confirmed)
            .await?,
    )
}

/// The head of the unit extends the time for the answer, once.
#[utoipa::path(post, path = "/api/v1/requests/{number}/extension", tag = "requests",
    request_body = ReasonBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn extend(
    step: ApiStep<CaseNumber>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    answer(requests::extend(&caller, &app.platform, number, revision, &body.reason).await?)
}

/// A handler writes the answer; the head of the unit decides about it.
#[utoipa::path(post, path = "/api/v1/requests/{number}/answer", tag = "requests",
    request_body = AnswerView,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn draft(
    step: ApiStep<CaseNumber>,
    ApiJson(body): ApiJson<AnswerView>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    let drafted = body.try_into()?;
    answer(requests::draft(&caller, &app.platform, number, revision, drafted).await?)
}

/// The head of the unit approves the answer: everyone can read it.
#[utoipa::path(post, path = "/api/v1/requests/{number}/answer/approval", tag = "requests",
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn approve(step: ApiStep<CaseNumber>) -> Result<Response, Problem> {
    // Nobody approves an answer that they have not read.
    let revision = Some(step.required()?);
    let ApiStep { app, caller, id: number, .. } = step;
    answer(requests::approve(&caller, &app.platform, number, revision).await?)
}

/// The head of the unit sends the answer back to its writer, with a reason.
#[utoipa::path(post, path = "/api/v1/requests/{number}/answer/return", tag = "requests",
    request_body = ReasonBody,
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn send_back(
    step: ApiStep<CaseNumber>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    answer(requests::send_back(&caller, &app.platform, number, revision, &body.reason).await?)
}

/// The desk closes an answered case: what was promised is done.
#[utoipa::path(post, path = "/api/v1/requests/{number}/closing", tag = "requests",
    params(("number" = String, Path, description = "Number of the case")),
    responses((status = 200, body = CaseView), crate::openapi::Problems))]
pub(crate) async fn close(step: ApiStep<CaseNumber>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id: number, revision } = step;
    answer(requests::close(&caller, &app.platform, number, revision).await?)
}

/// The answer to a step.
fn answer(changed: Changed) -> Result<Response, Problem> {
    let tag = precondition::tag(changed.case.revision);
    Ok(([tag], Json(CaseView::from(changed.case))).into_response())
}

/// Papers and contact are kept by nobody on the way.
fn in_full(view: DossierView) -> Response {
    let mut response = Json(view).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}
