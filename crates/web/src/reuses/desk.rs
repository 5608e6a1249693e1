//! `/desk/reuses`: what waits for a review; the steps of the data administrator.

use axum::extract::State;
use axum::response::Response;
use platform::Error;
use platform::reuses::{self, Changed, Reuse, ReuseState};
use serde::Serialize;
use vocabulary::{Bilingual, ReuseId};

use super::pages::Shown;
use crate::app::App;
use crate::desk::done;
use crate::parts::{Action, Tag};
use crate::problem::Problem;
use crate::step::{Obstacle, Step};
use crate::view::Page;
use crate::visitor::Visitor;

/// Shown reuses that are listed for taking down.
const LISTED: u64 = 100;

#[derive(Serialize)]
struct List {
    waiting: Vec<Row>,
    shown: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    reuse: Shown,
    state: Tag,
    contact: Option<String>,
    datasets: Vec<String>,
    actions: Vec<Action>,
}

/// Shows what waits, and what is shown.
pub(crate) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    page(&app, &visitor, None).await
}

/// Shows a reuse to everyone.
pub(crate) async fn show(step: Step<ReuseId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = reuses::show(step.caller()?, platform, step.id, step.revision).await;
    answer(&step, "show", taken, ("已展示。", "It is shown.")).await
}

/// Declines a reuse, or takes it down.
pub(crate) async fn decline(step: Step<ReuseId>) -> Result<Response, Problem> {
    let (platform, reason) = (&step.app.platform, step.form.text("reason"));
    let taken = reuses::decline(step.caller()?, platform, step.id, step.revision, reason).await;
    answer(
        &step,
        "decline",
        taken,
        ("已不展示，理由已记录。", "It is not shown; the reason is kept."),
    )
    .await
}

async fn answer(
    step: &Step<ReuseId>,
    key: &'static str,
    taken: Result<Changed, Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    use axum::response::IntoResponse as _;
    match step.obstacle(key, taken)? {
        None => Ok(done(&step.visitor, "/desk/reuses", said.0, said.1)),
        Some(obstacle) => {
            let page = page(&step.app, &step.visitor, Some((step.id, obstacle))).await?;
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok(page.with_status(status).into_response())
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    trouble: Option<(ReuseId, Obstacle)>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let may = caller.can(trust::Action::ReviewReuse, &trust::Resource::of_kind("reuse"));
    if !may {
        return Err(Problem::not_found());
    }
    let waiting = reuses::inbox(caller, &app.platform).await?;
    let (shown, _) = reuses::gallery(&app.platform, None, 0, LISTED).await?;
    let context = List {
        waiting: rows(app, visitor, &waiting, trouble.as_ref()).await?,
        shown: rows(app, visitor, &shown, trouble.as_ref()).await?,
    };
    app.pages.render(visitor, "desk/reuses.html", context)
}

async fn rows(
    app: &App,
    visitor: &Visitor,
    found: &[Reuse],
    trouble: Option<&(ReuseId, Obstacle)>,
) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::with_capacity(found.len());
    for reuse in found {
        let (_, contact, datasets) = reuses::read(&visitor.caller, &app.platform, reuse.id).await?;
        let obstacle = trouble.filter(|(id, _)| *id == reuse.id).map(|(_, obstacle)| obstacle);
        rows.push(Row {
            reuse: Shown::of(reuse),
            state: tag(reuse.state),
            contact,
            datasets: datasets.iter().map(|id| format!("/dataset/{id}")).collect(),
            actions: actions(reuse, obstacle),
        });
    }
    Ok(rows)
}

/// The state of a reuse, coloured.
fn tag(state: ReuseState) -> Tag {
    let kind = match state {
        ReuseState::Submitted => "wait",
        ReuseState::Shown => "good",
        ReuseState::Declined => "neutral",
    };
    Tag { label: state.label(), kind }
}

fn actions(reuse: &Reuse, obstacle: Option<&Obstacle>) -> Vec<Action> {
    let action = |key: &str, (zh, en): (&str, &str), kind: &str| Action {
        key: format!("{key}-{}", reuse.id),
        label: Bilingual::new(zh, en),
        url: format!("/desk/reuses/{}/{key}?revision={}", reuse.id, reuse.revision),
        kind: kind.to_owned(),
        hint: None,
        reason: "none".to_owned(),
        reason_label: None,
        typed: None,
        error: obstacle.and_then(|one| one.error_of(key)),
        value: obstacle.map(|one| one.value_of(key)).unwrap_or_default(),
    };
    let reason = |action: Action| Action { reason: "required".to_owned(), ..action };
    match reuse.state {
        ReuseState::Shown => {
            vec![reason(action("decline", ("不再展示", "Take it down"), "warning"))]
        }
        ReuseState::Submitted | ReuseState::Declined => vec![
            action("show", ("展示", "Show it"), "primary"),
            reason(action("decline", ("不展示", "Decline"), "secondary")),
        ],
    }
}
