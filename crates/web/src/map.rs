//! The shapes of Shanxi's cities for the map of the home page.
//!
//! Boundaries are data with map-approval rules, so none are built in: the operator
//! puts a file `files/map.json` into the data folder (the demo makes one), already
//! projected to the map's units.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::problem::Problem;

/// A city's shape, in the units of the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CityShape {
    /// Division code, e.g. `140100`.
    pub(crate) code: String,
    /// An SVG path.
    pub(crate) d: String,
    /// Where its label stands.
    pub(crate) x: f64,
    /// Where its label stands.
    pub(crate) y: f64,
}

/// The shapes, if the data folder has them.
pub(crate) fn shapes(app: &App) -> Option<Vec<CityShape>> {
    let text = std::fs::read(app.platform.files.map()).ok()?;
    serde_json::from_slice(&text).ok()
}

/// `/map/shanxi.json`.
pub(crate) async fn json(State(app): State<App>) -> Result<Response, Problem> {
    let shapes = shapes(&app).ok_or_else(Problem::not_found)?;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let body = serde_json::to_string(&shapes).map_err(|_| Problem::internal())?;
    Ok((kind, body).into_response())
}
