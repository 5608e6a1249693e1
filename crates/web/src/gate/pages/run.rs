//! `/desk/gate/{id}`: may this go out, and if not, what would make it so?

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use law::SharingModel;
use platform::gate::release::Release;
use platform::gate::{self, GateRun, GateState, Treatment, release, remeasure};
use platform::registry::{Asset, AssetState, version};
use platform::{evidence, jobs};
use serde::Serialize;
use trust::{Action as Act, Caller};
use vocabulary::{Bilingual, DataLevel, GateRunId};

use super::columns::Typed;
use super::found::{self, Column};
use super::measured::{self, Measure, Sample};
use super::verdict::{self, CheckRow, Step, Verdict};
use crate::app::App;
use crate::desk::{Names, asset_path, boxes, title_of};
use crate::extract::id_of;
use crate::parts::{Action, Chart, Choice, FormProblem, Refusal, Risk};
use crate::problem::Problem;
use crate::registry::pages::version::JobRow;
use crate::step::Obstacle;
use crate::trust::desk::words::{Event, HISTORY, gate_run_of};
use crate::view::Page;
use crate::visitor::Visitor;

/// Why a step was not taken, shown on the page that it was asked from.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// What stood in the way of a step.
    pub(super) obstacle: Obstacle,
    /// What is wrong with the form of the columns.
    pub(super) errors: Vec<FormProblem>,
    /// The form of the columns as it was typed.
    pub(super) typed: Option<Typed>,
}

#[derive(Serialize)]
struct RunPage {
    run: This,
    verdict: Verdict,
    job: Option<JobRow>,
    waiting: Option<Bilingual>,
    actions: Vec<Action>,
    refusals: Vec<Refusal>,
    steps: Vec<Step>,
    checks: Vec<CheckRow>,
    columns: Vec<Column>,
    roles: Vec<Choice>,
    transforms: Vec<Choice>,
    levels: Vec<Choice>,
    settings: SettingsRow,
    errors: Vec<FormProblem>,
    risk: Option<Risk>,
    measures: Vec<Measure>,
    frontier: Option<Chart>,
    sample: Option<Sample>,
    not_tested: Vec<Bilingual>,
    certificate: Option<Certificate>,
    measurements: Vec<MeasurementRow>,
    history: Vec<Event>,
}

#[derive(Serialize)]
struct This {
    id: String,
    url: String,
    etag: String,
    asset_title: Bilingual,
    asset_url: String,
    version: i64,
    version_url: Option<String>,
    at: String,
    by: Bilingual,
    audience: Bilingual,
    editable: bool,
}

#[derive(Serialize)]
struct SettingsRow {
    model: String,
    models: Vec<Choice>,
    models_basis: Bilingual,
    k: String,
    suppression: String,
    l: String,
    l_default: u32,
    t: String,
    leave_out_changed: bool,
    /// Whether it may be chosen here.
    may_leave_out: bool,
    /// Small groups could be told apart with earlier releases, and the rows that do it are
    /// not left out.
    would_help: bool,
}

#[derive(Serialize)]
struct MeasurementRow {
    at: String,
    passed: bool,
    rules: String,
    grounds: Vec<Bilingual>,
    receipt: String,
}

#[derive(Serialize)]
struct Certificate {
    url: String,
    file_url: String,
}

/// Shows a run.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    page(&app, &visitor, id_of(&id)?, Trouble::default()).await
}

/// The points of the chart of risk against utility, as CSV.
pub(crate) async fn frontier(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, run) = gate::find(visitor.signed_in()?, &app.platform, id_of(&id)?).await?;
    let outcome = run.outcome.ok_or_else(Problem::not_found)?;
    let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((kind, measured::frontier_csv(&outcome)).into_response())
}

/// The page of a run, also after a step that was not taken.
pub(super) async fn page(
    app: &App,
    visitor: &Visitor,
    id: GateRunId,
    trouble: Trouble,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    // The job before the run: where the job has ended, the run read after it is the
    // one that it left behind, and nobody waits for a job that is over.
    let job = jobs::progress_of(&app.platform, &format!("gate:{id}")).await?;
    let (asset, run) = gate::find(caller, &app.platform, id).await?;
    let number = version::number(&app.platform, run.version_id).await?;
    let working = matches!(run.state, GateState::Inspecting | GateState::Measuring);
    let mut history = evidence::history(caller, &app.platform, asset.id, HISTORY).await?;
    history.retain(|record| gate_run_of(record) == Some(run.id));
    let people = history.iter().filter_map(|record| record.account).chain([run.filed_by]);
    let names = Names::load(app, people).await?;
    let typed = trouble.typed.clone().unwrap_or_else(|| Typed::of(&run));
    let model = run.settings.model;
    let outcome = run.outcome.as_deref();
    let release = match run.state {
        GateState::Approved => release::of_run(caller, &app.platform, run.id).await?,
        _ => None,
    };
    let is_stale =
        run.state == GateState::Submitted && !gate::can_be_approved(&app.platform, &run).await?;
    let refusals = outcome.map(|outcome| outcome.refusals.as_slice()).unwrap_or_default();
    let context = RunPage {
        verdict: verdict::verdict(&run),
        job: job.filter(|job| working && !job.state.is_final()).map(JobRow::of),
        waiting: waiting(&asset, &run, is_stale, caller),
        actions: actions(&asset, &run, release.as_ref(), is_stale, caller, &trouble),
        refusals: [boxes(refusals), boxes(&trouble.obstacle.refusals)].concat(),
        steps: verdict::steps(&run),
        checks: outcome.map(verdict::checks).unwrap_or_default(),
        columns: found::columns(&asset, &run, &typed, &trouble.errors),
        roles: found::roles(),
        transforms: Treatment::ALL.iter().map(|t| Choice::new(t.code(), t.label())).collect(),
        levels: DataLevel::ALL.iter().map(|l| Choice::new(l.as_str(), l.label())).collect(),
        settings: settings(app, &run, typed),
        errors: trouble.errors,
        risk: outcome.map(|outcome| Risk::of(&outcome.assessment, model.label())),
        measures: outcome
            .map(|outcome| measured::measures(outcome, &run.settings))
            .unwrap_or_default(),
        frontier: outcome.and_then(|outcome| measured::frontier(outcome, &run)),
        sample: outcome.and_then(|outcome| measured::sample(outcome, &asset, caller)),
        not_tested: outcome.map(|outcome| outcome.not_tested.clone()).unwrap_or_default(),
        certificate: release.as_ref().map(Certificate::of),
        measurements: measurements(app, caller, release.as_ref()).await?,
        history: history.iter().map(|record| Event::of(record, &names)).collect(),
        run: this(&asset, &run, number, &names, caller),
    };
    app.pages.render(visitor, "desk/gate.html", context)
}

fn this(asset: &Asset, run: &GateRun, number: i64, names: &Names, caller: &Caller) -> This {
    let may_see_version = caller.can(Act::ViewUpload, &asset.resource());
    let is_open = matches!(
        run.state,
        GateState::Confirming | GateState::Refused | GateState::Passed | GateState::Rejected
    );
    This {
        id: run.id.to_string(),
        url: run_path(run),
        etag: run.revision.to_string(),
        asset_title: title_of(asset),
        asset_url: asset_path(asset),
        version: number,
        version_url: may_see_version.then(|| format!("{}/versions/{number}", asset_path(asset))),
        at: run.created_at.to_string(),
        by: names.of(Some(run.filed_by)),
        audience: run.audience.label(),
        editable: is_open && caller.can(Act::ConfirmColumns, &run.resource(asset.body)),
    }
}

/// The page of a run.
pub(super) fn run_path(run: &GateRun) -> String {
    format!("/desk/gate/{}", run.id)
}

/// The steps that the caller may take now.
fn actions(
    asset: &Asset,
    run: &GateRun,
    release: Option<&Release>,
    is_stale: bool,
    caller: &Caller,
    trouble: &Trouble,
) -> Vec<Action> {
    let resource = run.resource(asset.body);
    let action = |key: &str, label: (&str, &str), kind: &str, hint: Option<Bilingual>| Action {
        key: key.to_owned(),
        label: Bilingual::new(label.0, label.1),
        url: format!("{}/{key}?revision={}", run_path(run), run.revision),
        kind: kind.to_owned(),
        hint,
        reason: "none".to_owned(),
        reason_label: None,
        typed: None,
        error: trouble.obstacle.error_of(key),
        value: trouble.obstacle.value_of(key),
    };
    let mut actions = Vec::new();
    if run.state == GateState::Passed && caller.can(Act::SubmitRelease, &resource) {
        actions.push(action("submit", ("提交审批", "Submit for approval"), "primary", None));
    }
    let stands = release.filter(|release| release.state != "suspended");
    if stands.is_some_and(|found| caller.can(Act::SuspendRelease, &found.resource(asset.body))) {
        let hint = Bilingual::new(
            "按现在的规则把原方案再做一遍；不再通过的发布会被暂停。",
            "The plan is carried out once more and held against the rules of today; a release that no longer passes is suspended.",
        );
        actions.push(action("remeasure", ("复测", "Measure again"), "secondary", Some(hint)));
        actions.push(Action {
            reason: "required".to_owned(),
            reason_label: Some(Bilingual::new("暂停的理由", "Reason for suspending")),
            ..action("suspend", ("暂停开放", "Suspend the release"), "warning", None)
        });
    }
    if run.state != GateState::Submitted {
        return actions;
    }
    let is_published = asset.state == AssetState::Published;
    if is_published && !is_stale && caller.can(Act::ApproveRelease, &resource) {
        let hint = Bilingual::new(
            "将签发放行证书并写入日志，数据立即在门户上开放。",
            "A release certificate is signed and logged, and the data open on the portal at once.",
        );
        actions.push(action("approve", ("同意放行", "Approve the release"), "primary", Some(hint)));
    }
    if caller.can(Act::RejectRelease, &resource) {
        actions.push(Action {
            reason: "required".to_owned(),
            reason_label: Some(Bilingual::new("理由与依据", "Reason and ground")),
            ..action("reject", ("驳回", "Reject"), "secondary", None)
        });
    }
    actions
}

/// Whom or what the run waits for, where it is not the caller.
fn waiting(asset: &Asset, run: &GateRun, is_stale: bool, caller: &Caller) -> Option<Bilingual> {
    let resource = run.resource(asset.body);
    match run.state {
        GateState::Submitted if is_stale => Some(Bilingual::new(
            "测量之后又有了新的发布，或规则变了：请驳回，由经办人重新确认字段并测量。",
            "Something was released, or the rules changed, since this was measured: reject it, and have the clerk confirm the columns and measure again.",
        )),
        GateState::Submitted if asset.state != AssetState::Published => Some(Bilingual::new(
            "目录发布之后才能放行数据。",
            "The data can be released once the catalogue entry is published.",
        )),
        GateState::Submitted if !caller.can(Act::ApproveRelease, &resource) => {
            Some(Bilingual::new(
                "等待发布审核员审批；本人提交的须由他人审批。",
                "Waiting for the gate reviewer; nobody approves what they filed.",
            ))
        }
        GateState::Confirming if !caller.can(Act::ConfirmColumns, &resource) => Some(
            Bilingual::new("等待经办人确认字段。", "Waiting for the clerk to confirm the columns."),
        ),
        _ => None,
    }
}

fn settings(app: &App, run: &GateRun, typed: Typed) -> SettingsRow {
    let model = |model: &SharingModel| {
        let tau = law::gate::model(*model).tau;
        let hint = Bilingual::new(
            format!("单个等价类的风险上限 τ = {tau}"),
            format!("greatest risk of one class τ = {tau}"),
        );
        Choice { hint: Some(hint), ..Choice::new(model.code(), model.label()) }
    };
    let facts = run.outcome.iter().flat_map(|outcome| &outcome.composition);
    let exposes = facts.filter(|fact| fact.asset.is_none()).any(|fact| {
        !fact.no_common_column && (fact.exposed > 0 || fact.known.iter().any(|(_, rows)| *rows > 0))
    });
    SettingsRow {
        model: typed.model,
        models: gate::models(run.audience).iter().map(model).collect(),
        models_basis: Bilingual::new("GB/T 42460-2023", "GB/T 42460-2023"),
        k: typed.k,
        suppression: typed.suppression,
        l: typed.l,
        l_default: law::gate::attribute().distinct_l,
        t: typed.t,
        leave_out_changed: typed.leave_out_changed,
        may_leave_out: app.platform.leave_out_changed,
        would_help: app.platform.leave_out_changed
            && run.state == GateState::Refused
            && !run.settings.leave_out_changed
            && exposes,
    }
}

impl Certificate {
    /// The certificate of a release.
    fn of(release: &Release) -> Self {
        Self {
            url: format!("/evidence/entry/{}", release.entry_id),
            file_url: format!("/api/v1/releases/{}/certificate", release.id),
        }
    }
}

/// When a release was measured, and whether it passed.
async fn measurements(
    app: &App,
    caller: &Caller,
    release: Option<&Release>,
) -> Result<Vec<MeasurementRow>, Problem> {
    let Some(release) = release else { return Ok(Vec::new()) };
    let found = remeasure::of_release(caller, &app.platform, release.id).await?;
    let row = |one: remeasure::Remeasurement| MeasurementRow {
        at: one.measured_at.to_string(),
        passed: one.verdict == "passed",
        rules: one.rules,
        grounds: one.refusals.into_iter().map(|refusal| refusal.detail).collect(),
        receipt: format!("/evidence/entry/{}", one.entry_id),
    };
    Ok(found.into_iter().map(row).collect())
}
