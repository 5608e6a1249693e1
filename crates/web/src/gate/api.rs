//! The API of the gate: start, confirm, submit, approve, reject; releases.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use platform::gate::{self, Changed, Decision, GateRun, Settings, Treatment, release, remeasure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::GateRunId;

use crate::app::App;
use crate::extract::{ApiJson, id_of};
use crate::precondition;
use crate::problem::{Problem, RefusalView, TextView};
use crate::registry::api::ReasonBody;
use crate::step::ApiStep;
use crate::visitor::Visitor;

/// By what a run is measured.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingsBody {
    /// Sharing model of GB/T 42460; what is opened is measured as `public`.
    #[serde(default = "public")]
    pub model: String,
    /// Smallest class; left out, the smallest that the thresholds accept.
    #[serde(default)]
    pub k: Option<u32>,
    /// Share of rows that may be suppressed, 0 to 1.
    #[serde(default = "two_percent")]
    #[schema(minimum = 0, maximum = 1)]
    pub suppression_limit: f64,
    /// Fewest different values of each sensitive column in a class (l-diversity); left
    /// out, the default. Asking for less is told to whoever decides.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub l: Option<u32>,
    /// Greatest distance of the sensitive values of a class from the whole table
    /// (t-closeness), 0 to 1; left out, nothing is asked.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    pub t: Option<f64>,
    /// Whether rows are left out by which this and an earlier release would tell a small
    /// group of persons apart; they count as suppressed. Otherwise such a run is refused.
    #[serde(default)]
    pub leave_out_changed: bool,
}

fn public() -> String {
    "public".to_owned()
}

/// The share that pages and API propose; a person changes it.
fn two_percent() -> f64 {
    0.02
}

impl SettingsBody {
    /// What is proposed for an audience.
    pub(crate) fn of(audience: law::Audience) -> Self {
        let model = gate::models(audience).first().map(|model| model.code().to_owned());
        Self { model: model.unwrap_or_else(public), ..Self::default() }
    }
}

impl Default for SettingsBody {
    fn default() -> Self {
        Self {
            model: public(),
            k: None,
            suppression_limit: two_percent(),
            l: None,
            t: None,
            leave_out_changed: false,
        }
    }
}

impl TryFrom<SettingsBody> for Settings {
    type Error = platform::Error;

    fn try_from(body: SettingsBody) -> Result<Self, platform::Error> {
        let model = body.model.parse().map_err(|_| {
            platform::Error::invalid(
                "settings.model",
                "应为 public、controlled 或 enclave。",
                "public, controlled or enclave.",
            )
        })?;
        Ok(Self {
            k: body.k,
            l: body.l,
            t: body.t,
            leave_out_changed: body.leave_out_changed,
            ..Self::new(model, body.suppression_limit)
        })
    }
}

/// A new run.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewRunBody {
    /// Number of the version to inspect.
    pub version: i64,
    /// `open`, `conditional`, `share` or `trade`. An asset that opens on condition is
    /// released for `conditional`, others for `open`.
    #[serde(default = "open")]
    pub audience: String,
    /// By what it is measured; left out, what is proposed for the audience.
    #[serde(default)]
    pub settings: Option<SettingsBody>,
}

fn open() -> String {
    "open".to_owned()
}

/// What a person decides about the columns.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct ConfirmBody {
    /// By what it is measured.
    #[serde(default)]
    pub settings: SettingsBody,
    /// A decision for every column.
    pub decisions: Vec<DecisionBody>,
}

/// What a person decides about a column.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DecisionBody {
    /// The column.
    pub column: String,
    /// `direct`, `quasi`, `sensitive` or `none`.
    pub role: String,
    /// `general_1` … `core`.
    pub level: String,
    /// `keep`, `remove`, `mask` or `generalize`.
    pub treatment: String,
    /// The step of a generalized column that is insisted on, 0 being its values; left
    /// out, the one of least loss is searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<u32>,
    /// Why this departs from what was found.
    #[serde(default)]
    pub reason: String,
}

impl TryFrom<DecisionBody> for Decision {
    type Error = platform::Error;

    fn try_from(body: DecisionBody) -> Result<Self, platform::Error> {
        let wrong = |field: &str| {
            platform::Error::invalid(
                format!("decisions.{}.{field}", body.column),
                "不是可用的代码。",
                "Not a code that is known here.",
            )
        };
        Ok(Self {
            role: serde_json::from_value(body.role.clone().into()).map_err(|_| wrong("role"))?,
            level: body.level.parse().map_err(|_| wrong("level"))?,
            treatment: Treatment::ALL
                .into_iter()
                .find(|treatment| treatment.code() == body.treatment)
                .ok_or_else(|| wrong("treatment"))?,
            column: body.column,
            pinned: body.pinned,
            reason: body.reason,
        })
    }
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        Self {
            column: decision.column,
            role: word(&decision.role),
            level: decision.level.to_string(),
            treatment: decision.treatment.code().to_owned(),
            pinned: decision.pinned,
            reason: decision.reason,
        }
    }
}

/// The word of a value that is written as one.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// A run of the gate.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GateRunView {
    /// Identifier.
    pub id: String,
    /// The asset.
    pub asset: String,
    /// `open`, `share` or `trade`.
    pub audience: String,
    /// `inspecting`, `confirming`, `measuring`, `refused`, `passed`, `submitted`,
    /// `approved`, `rejected` or `failed`.
    pub state: String,
    /// Grows with every change; also the `ETag`.
    pub revision: i64,
    /// By what it is measured.
    pub settings: SettingsBody,
    /// What detection found, column by column.
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<detect::ColumnFinding>,
    /// What a person decided, or the proposal before.
    pub decisions: Vec<DecisionBody>,
    /// Grounds on which the law refuses; empty if it passes.
    pub refusals: Vec<RefusalView>,
    /// What was measured: rows, transforms, risk arithmetic, frontier, attacks,
    /// composition, and `checks` with a verdict each. Rows before are left out.
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<serde_json::Value>,
    /// Why it failed.
    pub problem: Option<TextView>,
    /// The ground of a rejection.
    pub decision_ground: Option<String>,
    /// The job that goes on from here: `/api/v1/jobs/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Number of the receipt of the step that was just taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// The release that came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// When it was filed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<GateRun> for GateRunView {
    fn from(run: GateRun) -> Self {
        let refusals = run.outcome.iter().flat_map(|outcome| &outcome.refusals);
        let refusals = refusals.map(RefusalView::of).collect();
        let outcome = run.outcome.as_ref().and_then(|outcome| serde_json::to_value(outcome).ok());
        let outcome = outcome.map(|mut value| {
            if let Some(fields) = value.as_object_mut() {
                fields.remove("before");
                fields.remove("refusals");
            }
            value
        });
        Self {
            id: run.id.to_string(),
            asset: run.asset_id.to_string(),
            audience: run.audience.code().to_owned(),
            state: run.state.code().to_owned(),
            revision: run.revision,
            settings: SettingsBody {
                model: run.settings.model.code().to_owned(),
                k: run.settings.k,
                suppression_limit: run.settings.suppression_limit,
                l: run.settings.l,
                t: run.settings.t,
                leave_out_changed: run.settings.leave_out_changed,
            },
            findings: run.findings,
            decisions: run.decisions.into_iter().map(DecisionBody::from).collect(),
            refusals,
            outcome,
            problem: run.problem.map(TextView::from),
            decision_ground: run.decision_ground,
            job: None,
            receipt: None,
            release: None,
            created_at: run.created_at,
        }
    }
}

impl From<Changed> for GateRunView {
    fn from(changed: Changed) -> Self {
        Self {
            job: changed.job_id.map(|id| id.to_string()),
            receipt: Some(changed.entry_id.to_string()),
            ..changed.run.into()
        }
    }
}

/// Starts a run for a stored version.
#[utoipa::path(post, path = "/api/v1/assets/{id}/gate-runs", tag = "gate", request_body = NewRunBody,
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 202, body = GateRunView), crate::openapi::Problems))]
pub(crate) async fn start(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<NewRunBody>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let audience = body.audience.parse().map_err(|_| {
        Problem::from(platform::Error::invalid(
            "audience",
            "应为 open、conditional、share 或 trade。",
            "open, conditional, share or trade.",
        ))
    })?;
    let settings = body.settings.unwrap_or_else(|| SettingsBody::of(audience)).try_into()?;
    let changed =
        gate::start(caller, &app.platform, id_of(&id)?, body.version, audience, settings).await?;
    let location = format!("/api/v1/gate-runs/{}", changed.run.id);
    Ok((
        StatusCode::ACCEPTED,
        [precondition::tag(changed.run.revision)],
        [(header::LOCATION, location)],
        Json(GateRunView::from(changed)),
    )
        .into_response())
}

/// The runs of an asset, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/gate-runs", tag = "gate",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = Vec<GateRunView>), crate::openapi::Problems))]
pub(crate) async fn of_asset(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<Vec<GateRunView>>, Problem> {
    let runs = gate::of_asset(visitor.signed_in()?, &app.platform, id_of(&id)?).await?;
    Ok(Json(runs.into_iter().map(GateRunView::from).collect()))
}

/// A run of the gate.
#[utoipa::path(get, path = "/api/v1/gate-runs/{id}", tag = "gate",
    params(("id" = String, Path, description = "Identifier of the run")),
    responses((status = 200, body = GateRunView), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, run) = gate::find(visitor.signed_in()?, &app.platform, id_of(&id)?).await?;
    Ok(([precondition::tag(run.revision)], Json(GateRunView::from(run))).into_response())
}

/// The report of a measured run as PDF, in Chinese and English: the verdict, every check
/// with its figures, the arithmetic of the risk, what was done to each column and what was
/// not tested. It shows no row of the data.
#[utoipa::path(get, path = "/api/v1/gate-runs/{id}/report.pdf", tag = "gate",
    params(("id" = String, Path, description = "Identifier of the run")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), crate::openapi::Problems))]
pub(crate) async fn report(
    state: State<App>,
    visitor: Visitor,
    id: Path<String>,
) -> Result<Response, Problem> {
    super::pages::report::show(state, visitor, id).await
}

/// Confirms or corrects the columns and has the plan measured; needs `If-Match`.
#[utoipa::path(put, path = "/api/v1/gate-runs/{id}/columns", tag = "gate", request_body = ConfirmBody,
    params(("id" = String, Path, description = "Identifier of the run"),
           ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 202, body = GateRunView), crate::openapi::Problems))]
pub(crate) async fn confirm(
    step: ApiStep<GateRunId>,
    ApiJson(body): ApiJson<ConfirmBody>,
) -> Result<Response, Problem> {
    let revision = step.required()?;
    let ApiStep { app, caller, id, .. } = step;
    let settings = body.settings.try_into()?;
    let decisions =
        body.decisions.into_iter().map(Decision::try_from).collect::<Result<Vec<_>, _>>()?;
    let changed =
        gate::confirm(&caller, &app.platform, id, Some(revision), settings, decisions).await?;
    Ok((
        StatusCode::ACCEPTED,
        [precondition::tag(changed.run.revision)],
        Json(GateRunView::from(changed)),
    )
        .into_response())
}

/// Submits a passed run for approval by a second person.
#[utoipa::path(post, path = "/api/v1/gate-runs/{id}/submission", tag = "gate",
    params(("id" = String, Path, description = "Identifier of the run")),
    responses((status = 200, body = GateRunView), crate::openapi::Problems))]
pub(crate) async fn submit(step: ApiStep<GateRunId>) -> Result<Json<GateRunView>, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    Ok(Json(gate::submit(&caller, &app.platform, id, revision).await?.into()))
}

/// A second person approves: the candidate becomes a release with a certificate.
#[utoipa::path(post, path = "/api/v1/gate-runs/{id}/approval", tag = "gate",
    params(("id" = String, Path, description = "Identifier of the run")),
    responses((status = 200, body = GateRunView), crate::openapi::Problems))]
pub(crate) async fn approve(step: ApiStep<GateRunId>) -> Result<Json<GateRunView>, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let (changed, release) = gate::approve(&caller, &app.platform, id, revision).await?;
    Ok(Json(GateRunView { release: Some(release.id.to_string()), ..changed.into() }))
}

/// A second person rejects, citing a ground in `reason`.
#[utoipa::path(post, path = "/api/v1/gate-runs/{id}/rejection", tag = "gate", request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the run")),
    responses((status = 200, body = GateRunView), crate::openapi::Problems))]
pub(crate) async fn reject(
    step: ApiStep<GateRunId>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Json<GateRunView>, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let changed = gate::reject(&caller, &app.platform, id, revision, &body.reason).await?;
    Ok(Json(changed.into()))
}

/// The certificate of a release: a compact JWS (`EdDSA`) whose payload says what was
/// released, what was measured, who agreed, and the digests of the rows. It stays
/// readable after a suspension.
#[utoipa::path(get, path = "/api/v1/releases/{id}/certificate", tag = "evidence",
    params(("id" = String, Path, description = "Identifier of the release")),
    responses((status = 200, body = String, content_type = "application/jose"), crate::openapi::Problems))]
pub(crate) async fn certificate(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = release::certified(&visitor.caller, &app.platform, id_of(&id)?).await?;
    Ok(([(header::CONTENT_TYPE, "application/jose")], found.certificate).into_response())
}

/// A measurement of a release.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MeasurementView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Timestamp,
    /// Version of the rules, with their numbers.
    pub rules: String,
    /// `passed` or `failed`.
    pub verdict: String,
    /// Every check with its verdict and figures.
    #[schema(value_type = Vec<Object>)]
    pub checks: Vec<gate::Check>,
    /// The grounds on which it failed; empty if it passed.
    pub refusals: Vec<RefusalView>,
    /// Number of the receipt.
    pub receipt: String,
}

/// The measurements of a release, newest first; the last is the gate's own.
#[utoipa::path(get, path = "/api/v1/releases/{id}/measurements", tag = "evidence",
    params(("id" = String, Path, description = "Identifier of the release")),
    responses((status = 200, body = Vec<MeasurementView>), crate::openapi::Problems))]
pub(crate) async fn measurements(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<Vec<MeasurementView>>, Problem> {
    let found = remeasure::of_release(&visitor.caller, &app.platform, id_of(&id)?).await?;
    let view = |one: remeasure::Remeasurement| MeasurementView {
        measured_at: one.measured_at,
        rules: one.rules,
        verdict: one.verdict,
        checks: one.checks,
        refusals: one.refusals.iter().map(RefusalView::of).collect(),
        receipt: one.entry_id.to_string(),
    };
    Ok(Json(found.into_iter().map(view).collect()))
}

/// A job that was begun.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BegunView {
    /// The job: `/api/v1/jobs/{id}`.
    pub job: String,
}

/// Has a release measured again by the rules of today; one that no longer passes is
/// suspended.
#[utoipa::path(post, path = "/api/v1/releases/{id}/measurements", tag = "gate",
    params(("id" = String, Path, description = "Identifier of the release")),
    responses((status = 202, body = BegunView), crate::openapi::Problems))]
pub(crate) async fn remeasure(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let job = remeasure::request(caller, &app.platform, id_of(&id)?).await?.to_string();
    let location = format!("/api/v1/jobs/{job}");
    let begun = Json(BegunView { job });
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], begun).into_response())
}

/// Suspends a release: what it offers stops with the next request.
#[utoipa::path(post, path = "/api/v1/releases/{id}/suspension", tag = "gate", request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the release")),
    responses((status = 204, description = "Suspended"), crate::openapi::Problems))]
pub(crate) async fn suspend(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<StatusCode, Problem> {
    let caller = visitor.signed_in()?;
    release::suspend(caller, &app.platform, id_of(&id)?, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
