//! Pages that say something about the site itself.

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// A page without a context of its own.
#[derive(Serialize)]
struct Nothing {}

/// `/licence`: the terms on which open data may be used.
pub(crate) async fn licence(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    app.pages.render(&visitor, "portal/licence.html", Nothing {})
}

/// `/accessibility`: what works for whom, and what is lacking.
pub(crate) async fn accessibility(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Page, Problem> {
    app.pages.render(&visitor, "portal/accessibility.html", Nothing {})
}
