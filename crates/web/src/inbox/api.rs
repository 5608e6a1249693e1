//! The inbox for programs, e.g. one that reminds people of what is due.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use platform::inbox::{self, Task};
use platform::{Clock, Deadline};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Problem, TextView};
use crate::visitor::Visitor;

/// What waits for the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InboxView {
    /// The tasks, the most urgent first: by the end of their deadline, then those without
    /// one, the longest waiting first.
    pub tasks: Vec<TaskView>,
}

/// Something that waits for the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskView {
    /// What there is to do: `consent`, `publish`, `approve_release`, `confirm_columns`,
    /// `change_plan`, `submit_release`, `read_rejection`, `start_again`, `correct_draft`,
    /// `finish_draft`, `assign_case`, `accept_case`, `answer_case`, `approve_answer`,
    /// `examine_exposure`, `review_reuse` or `approve_summary`.
    pub kind: String,
    /// Name of the asset, or title of the case or reuse.
    pub title: TextView,
    /// The asset, where the task is about one: `/api/v1/assets/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_id: Option<String>,
    /// The case, where the task is about one: `/api/v1/requests/{number}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The run, where the task is about one: `/api/v1/gate-runs/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate_run_id: Option<String>,
    /// The summary, where the task is about one: `/api/v1/summaries/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_id: Option<String>,
    /// Its page.
    pub url: String,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Working days after that day, up to and with today; absent where a year between has no
    /// published calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_working_days: Option<u32>,
    /// The deadline of the law that runs; absent where the law sets none for this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlineView>,
}

/// A deadline of the law that runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineView {
    /// The rule, e.g. `SH-02`.
    pub rule: String,
    /// What is due.
    pub name: TextView,
    /// How long it is, e.g. 2个工作日.
    pub length: TextView,
    /// The provisions.
    pub basis: Vec<String>,
    /// Whether no instrument in force here fixes the number, so that the operator may
    /// replace it.
    pub configurable_default: bool,
    /// The last day in China (`YYYY-MM-DD`); absent where the working-day calendar of a year
    /// is not published yet, for it is never guessed.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// The first instant after it.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Working days after today, up to and with the last day; if overdue, those since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_days: Option<u32>,
    /// Whether it has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<bool>,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        let (url, title) = (super::page::path(&task), super::page::name(&task));
        let Clock { since, waited, deadline } = task.clock.clone();
        Self {
            kind: task.kind.code().to_owned(),
            url,
            title: title.into(),
            asset_id: task.asset().map(|asset| asset.id.to_string()),
            request: task.case().map(|dossier| dossier.case.number.to_string()),
            gate_run_id: task.run().map(|run| run.id.to_string()),
            summary_id: task.summary().map(|summary| summary.id.to_string()),
            since,
            waited_working_days: waited,
            deadline: deadline.map(DeadlineView::from),
        }
    }
}

impl From<Deadline> for DeadlineView {
    fn from(deadline: Deadline) -> Self {
        let row = deadline.row;
        let end = deadline.end.ok();
        Self {
            rule: row.rule.to_string(),
            name: row.name.clone().into(),
            length: row.length().into(),
            basis: row.basis.iter().map(ToString::to_string).collect(),
            configurable_default: row.configurable_default,
            due: end.map(|end| end.due.date),
            ends_at: end.map(|end| end.due.ends_at),
            working_days: end.map(|end| end.remaining.working_days),
            overdue: end.map(|end| end.remaining.overdue),
        }
    }
}

/// What waits for the caller, the most urgent first, each with its clock.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "inbox",
    responses((status = 200, body = InboxView), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<InboxView>, Problem> {
    let tasks = inbox::inbox(visitor.signed_in()?, &app.platform).await?;
    Ok(Json(InboxView { tasks: tasks.into_iter().map(TaskView::from).collect() }))
}
