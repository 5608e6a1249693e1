//! `/requests/{number}`: one case, as everyone may see it.

use axum::extract::{Path, State};
use platform::requests::{self, Case};
use serde::Serialize;

use crate::app::App;
use crate::extract::id_of;
use crate::problem::Problem;
use crate::requests::words::{AnswerShown, Bodies, Card, Step, cards, steps};
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct CasePage {
    case: Card,
    question: Option<String>,
    asks_filer: bool,
    extension: Option<String>,
    answer: Option<AnswerShown>,
    steps: Vec<Step>,
    may_read: bool,
}

/// Shows a case.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Page, Problem> {
    let caller = &visitor.caller;
    let case = requests::find(caller, &app.platform, id_of(&number)?).await?;
    let passed = requests::history(&app.platform, case.number).await?;
    let context = CasePage {
        case: card(&app, &case, caller.now()).await?,
        question: case.question.clone(),
        asks_filer: case.state == requests::CaseState::SupplementAsked,
        extension: case.extension.clone(),
        answer: case.answer.as_ref().map(AnswerShown::of),
        steps: steps(&passed),
        may_read: caller.can(trust::Action::ReadCase, &case.resource()),
    };
    app.pages.render(&visitor, "portal/request.html", context)
}

/// One case at the head of a page.
pub(in crate::requests) async fn card(
    app: &App,
    case: &Case,
    now: jiff::Timestamp,
) -> Result<Card, Problem> {
    let bodies = Bodies::load(app).await?;
    let found = cards(app, std::slice::from_ref(case), &bodies, now).await?.pop();
    found.ok_or_else(Problem::internal)
}
