//! Sends a version to the gate, for the audience that its opening attribute names and with
//! the settings that are proposed; they can be changed until the release is submitted.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use law::{Audience, OpeningAttribute};
use platform::{gate, registry};
use vocabulary::AssetId;

use crate::app::App;
use crate::extract::id_of;
use crate::form::Posted;
use crate::gate::api::SettingsBody;
use crate::problem::Problem;
use crate::registry::pages::version::newest_stored;
use crate::visitor::Visitor;

/// Sends the newest stored version.
pub(crate) async fn newest(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    _form: Posted,
) -> Result<Response, Problem> {
    let id: AssetId = id_of(&id)?;
    let number = newest_stored(&app, visitor.signed_in()?, id).await?;
    start(&app, &visitor, id, number).await
}

/// Sends a version.
pub(crate) async fn version(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
    _form: Posted,
) -> Result<Response, Problem> {
    start(&app, &visitor, id_of(&id)?, id_of(&number)?).await
}

async fn start(
    app: &App,
    visitor: &Visitor,
    asset: AssetId,
    number: i64,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let found = registry::find(caller, &app.platform, asset).await?;
    let audience = match found.entry.opening {
        Some(OpeningAttribute::Conditional) => Audience::Conditional,
        _ => Audience::Open,
    };
    let settings = SettingsBody::of(audience).try_into()?;
    let started = gate::start(caller, &app.platform, asset, number, audience, settings).await?;
    let path = format!("/desk/gate/{}", started.run.id);
    Ok(Redirect::to(&visitor.lang.href(&path)).into_response())
}
