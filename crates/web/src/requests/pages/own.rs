//! `/requests/own`: one's own case, by its number and secret code.
//!
//! The code stands in the address, so that a bookmark is enough to come back. These pages
//! are kept by nobody on the way, name themselves to no other site, and are in no index.

use axum::extract::{FromRequest as _, FromRequestParts as _};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use platform::requests::{self, CaseState, Own};
use platform::{Error, requests::Changed};
use serde::Serialize;
use vocabulary::{Bilingual, CaseNumber};

use super::case::card;
use crate::app::App;
use crate::desk::done;
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::FormProblem;
use crate::problem::Problem;
use crate::requests::granted::Data;
use crate::requests::words::{AnswerShown, Card, GrantShown, Line, Step, lines, steps};
use crate::visitor::Visitor;

#[derive(Serialize)]
struct LookUp {
    number: String,
    errors: Vec<FormProblem>,
}

#[derive(Serialize)]
struct OwnPage {
    case: Card,
    address: String,
    url: String,
    code: String,
    question: String,
    public_title: Option<String>,
    public_question: Option<String>,
    lines: Vec<Line>,
    name: Option<String>,
    contact: Option<String>,
    notice: Option<String>,
    supplement: Option<String>,
    asks: bool,
    typed: String,
    errors: Vec<FormProblem>,
    extension: Option<String>,
    answer: Option<AnswerShown>,
    steps: Vec<Step>,
    grant: Option<GrantShown>,
    data: Option<Data>,
    may_withdraw: bool,
    may_close: bool,
}

/// Shows the form that asks for number and code.
pub(crate) async fn look_up(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    let page = LookUp { number: String::new(), errors: Vec::new() };
    Ok(app.pages.render(&visitor, "portal/request_look_up.html", page)?.into_response())
}

/// Goes to the case of a number and code.
pub(crate) async fn go(
    State(app): State<App>,
    visitor: Visitor,
    form: Posted,
) -> Result<Response, Problem> {
    let (number, code) = (form.text("number"), form.text("code"));
    if let Ok(parsed) = number.parse::<CaseNumber>() {
        let found = requests::own(&visitor.caller, &app.platform, parsed, code).await;
        match found {
            Ok(_) => {
                return Ok(Redirect::to(&visitor.lang.href(&path(parsed, code))).into_response());
            }
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = Bilingual::new(
        "没有找到。请核对编号和查询码；查询码只在提交时显示过一次。",
        "Not found. Check the number and the code; the code was shown when the case was filed.",
    );
    let page = LookUp { number: number.to_owned(), errors: vec![FormProblem::new("number", text)] };
    let page = app.pages.render(&visitor, "portal/request_look_up.html", page)?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// The page of a case for its filer.
pub(in crate::requests) fn path(number: CaseNumber, code: &str) -> String {
    format!("/requests/own/{number}/{code}")
}

/// Shows one's own case.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((number, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    page(&app, &visitor, id_of(&number)?, &code, String::new(), Vec::new()).await
}

/// What a step of the filer takes from the request.
struct OwnStep {
    app: App,
    visitor: Visitor,
    number: CaseNumber,
    code: String,
    form: Posted,
}

impl OwnStep {
    async fn of(app: App, request: Request) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let broken = |problem: Problem| problem.into_response();
        let visitor =
            <Visitor as axum::extract::FromRequestParts<App>>::from_request_parts(&mut parts, &app)
                .await
                .map_err(broken)?;
        let Path((number, code)) = Path::<(String, String)>::from_request_parts(&mut parts, &app)
            .await
            .map_err(IntoResponse::into_response)?;
        let form = Posted::from_request(Request::from_parts(parts, body), &app).await?;
        let number = id_of(&number).map_err(broken)?;
        Ok(Self { app, visitor, number, code, form })
    }

    /// Goes on after a step, or shows the page again with what stood in its way.
    async fn answer(
        &self,
        taken: Result<Changed, Error>,
        said: (&str, &str),
    ) -> Result<Response, Problem> {
        match taken {
            Ok(_) => {
                let path = path(self.number, &self.code);
                Ok(private(done(&self.visitor, &path, said.0, said.1)))
            }
            Err(Error::Invalid { problems }) => {
                let errors = crate::desk::mistakes(&problems, str::to_owned);
                let typed = self.form.text("supplement").to_owned();
                let (app, visitor) = (&self.app, &self.visitor);
                let mut page = page(app, visitor, self.number, &self.code, typed, errors).await?;
                *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                Ok(page)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The filer adds what was missing.
pub(crate) async fn supplement(
    State(app): State<App>,
    request: Request,
) -> Result<Response, Problem> {
    let step = match OwnStep::of(app, request).await {
        Ok(step) => step,
        Err(response) => return Ok(response),
    };
    let (caller, platform) = (&step.visitor.caller, &step.app.platform);
    let text = step.form.text("supplement");
    let taken = requests::supplement(caller, platform, step.number, &step.code, text).await;
    let said = ("已补正，答复期限重新计算。", "Received; the time for the answer starts anew.");
    step.answer(taken, said).await
}

/// The filer takes the case back.
pub(crate) async fn withdraw(
    State(app): State<App>,
    request: Request,
) -> Result<Response, Problem> {
    let step = match OwnStep::of(app, request).await {
        Ok(step) => step,
        Err(response) => return Ok(response),
    };
    let (caller, platform) = (&step.visitor.caller, &step.app.platform);
    let taken = requests::withdraw(caller, platform, step.number, &step.code).await;
    step.answer(taken, ("已撤回。", "Taken back.")).await
}

/// The filer is content.
pub(crate) async fn close(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let step = match OwnStep::of(app, request).await {
        Ok(step) => step,
        Err(response) => return Ok(response),
    };
    let (caller, platform) = (&step.visitor.caller, &step.app.platform);
    let taken = requests::close_own(caller, platform, step.number, &step.code).await;
    step.answer(taken, ("谢谢，本件已办结。", "Thank you; the case is closed.")).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    number: CaseNumber,
    code: &str,
    typed: String,
    errors: Vec<FormProblem>,
) -> Result<Response, Problem> {
    let Own { dossier, filer } =
        requests::own(&visitor.caller, &app.platform, number, code).await?;
    let case = dossier.case;
    let papers = dossier.papers;
    let passed = requests::history(&app.platform, number).await?;
    let url = path(number, code);
    let granted = requests::granted(&visitor.caller, &app.platform, number, code).await?;
    let data = granted.as_ref().and_then(|granted| Data::of(granted, &url));
    let context = OwnPage {
        case: card(app, &case, visitor.caller.now()).await?.titled(&papers.title),
        address: format!("{}{}", app.site.base_url, visitor.lang.href(&url)),
        url,
        code: code.to_owned(),
        question: papers.question,
        public_title: case.title.clone(),
        public_question: case.question.clone(),
        lines: lines(&papers.details),
        name: filer.name,
        contact: filer.contact,
        notice: papers.supplement_notice,
        supplement: papers.supplement,
        asks: case.state == CaseState::SupplementAsked,
        typed,
        errors,
        extension: case.extension.clone(),
        answer: case.answer.as_ref().map(AnswerShown::of),
        steps: steps(&passed),
        grant: granted.map(|one| GrantShown::of(&one.grant, visitor.caller.now())),
        data,
        may_withdraw: case.state.is_open(),
        may_close: case.state == CaseState::Answered,
    };
    let page = app.pages.render(visitor, "portal/request_own.html", context)?;
    Ok(private(page.into_response()))
}

/// Nobody on the way keeps it, other sites do not learn its address, no index has it.
pub(in crate::requests) fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let robots = HeaderName::from_static("x-robots-tag");
    headers.insert(robots, HeaderValue::from_static("noindex"));
    response
}
