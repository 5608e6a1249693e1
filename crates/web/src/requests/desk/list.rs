//! `/desk/requests`: which cases does my desk answer?

use axum::extract::{Query, State};
use platform::requests::{self, Case, DeskFilter, Dossier};
use serde::{Deserialize, Serialize};
use trust::{Action, Resource};

use crate::app::App;
use crate::problem::Problem;
use crate::requests::words::{Bodies, Card, cards};
use crate::view::Page;
use crate::visitor::Visitor;

/// Cases that are shown.
const SHOWN: u64 = 200;

/// Which cases.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    ended: String,
}

#[derive(Serialize)]
struct List {
    reviews_reuses: bool,
    ended: bool,
    cases: Vec<Card>,
}

/// Shows the list.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let ended = !asked.ended.is_empty();
    let filter = DeskFilter { is_open: !ended, limit: SHOWN };
    let found = requests::desk(caller, &app.platform, &filter).await?;
    let bodies = Bodies::load(&app).await?;
    let cases: Vec<Case> = found.iter().map(|dossier| dossier.case.clone()).collect();
    let listed = cards(&app, &cases, &bodies, caller.now()).await?;
    let at_desk = |(card, dossier): (Card, &Dossier)| {
        card.titled(&dossier.papers.title).at_desk(dossier.case.number)
    };
    let listed = listed.into_iter().zip(&found).map(at_desk).collect();
    let reuse = Resource::of_kind("reuse");
    let reviews_reuses = caller.can(Action::ReviewReuse, &reuse);
    app.pages.render(&visitor, "desk/requests.html", List { reviews_reuses, ended, cases: listed })
}
