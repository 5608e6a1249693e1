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

/// Cases on a page.
const SHOWN: u64 = 100;

/// Which cases.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    ended: String,
    page: Option<u64>,
}

#[derive(Serialize)]
struct List {
    reviews_reuses: bool,
    ended: bool,
    cases: Vec<Card>,
    before: Option<String>,
    after: Option<String>,
}

/// Shows the list.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let ended = !asked.ended.is_empty();
    let page = asked.page.unwrap_or(1).clamp(1, 100_000);
    let offset = (page - 1) * SHOWN;
    // One more than is shown tells whether there is another page.
    let filter = DeskFilter { is_open: !ended, is_for_admin: false, offset, limit: SHOWN + 1 };
    let mut found = requests::desk(caller, &app.platform, &filter).await?;
    let most = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let has_more = found.len() > most;
    found.truncate(most);
    let of_page =
        |page: u64| format!("/desk/requests?{}page={page}", if ended { "ended=1&" } else { "" });
    let bodies = Bodies::load(&app).await?;
    let cases: Vec<Case> = found.iter().map(|dossier| dossier.case.clone()).collect();
    let listed = cards(&app, &cases, &bodies, caller.now()).await?;
    let at_desk = |(card, dossier): (Card, &Dossier)| {
        card.titled(&dossier.papers.title).at_desk(dossier.case.number)
    };
    let listed = listed.into_iter().zip(&found).map(at_desk).collect();
    let reuse = Resource::of_kind("reuse");
    let reviews_reuses = caller.can(Action::ReviewReuse, &reuse);
    let list = List {
        reviews_reuses,
        ended,
        cases: listed,
        before: (page > 1).then(|| of_page(page - 1)),
        after: has_more.then(|| of_page(page + 1)),
    };
    app.pages.render(&visitor, "desk/requests.html", list)
}
