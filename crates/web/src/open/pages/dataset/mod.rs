//! `/dataset/{id}`: is it right for me, can I trust it, how do I get it?
//!
//! An entry without data has the same address: it says why there are none, and what
//! to do about it.
//!
//! ```text
//! view.rs          the page's context
//! access.rs        downloads, and examples that run as they stand
//! chart.rs         the chart that is shown at once
//! certificate.rs   what was measured, and how to verify it
//! history.rs       versions, and how to verify one
//! cite.rs          how to cite one
//! entry.rs         an entry without data
//! ```

mod access;
mod certificate;
mod chart;
mod cite;
mod entry;
mod history;
mod view;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use platform::open;

use crate::app::App;
use crate::extract::id_of;
use crate::problem::Problem;
use crate::visitor::Visitor;

pub(super) use access::{formats, quoted};

/// Shows a data set, or an entry without data.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let dataset = open::dataset(&visitor.caller, &app.platform, id_of(&id)?).await?;
    let page = match &dataset.current {
        Some(release) => {
            let context = view::load(&app, &visitor, &dataset, release).await?;
            app.pages.render(&visitor, "portal/dataset.html", context)?
        }
        None => {
            let context = entry::load(&app, &dataset).await?;
            app.pages.render(&visitor, "portal/entry.html", context)?
        }
    };
    Ok(page.into_response())
}

/// `/entry/{id}`: an older address of the same page.
pub(crate) async fn entry(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: vocabulary::AssetId = id_of(&id)?;
    Ok(Redirect::permanent(&visitor.lang.href(&format!("/dataset/{id}"))).into_response())
}
