//! Where the rows of a dataset lie: columns of degrees, or division codes.
//!
//! Degrees are passed on as the provider gives them; GeoJSON asks for WGS 84, which
//! CGCS 2000 agrees with to less than a metre.

use std::collections::HashMap;
use std::sync::Arc;

use ingest::write::Place;
use platform::Platform;
use platform::gate::release::Release;
use platform::open::place::{codes, degrees};
use serde_json::Value;

use crate::problem::Problem;

/// Where the rows of a release lie; `None` if nobody knows.
///
/// # Errors
///
/// A bad request with chosen columns: the place may be among those left out.
pub(crate) async fn of(
    platform: &Platform,
    release: &Release,
    has_choice: bool,
) -> Result<Option<Place>, Problem> {
    if has_choice {
        return Err(Problem::bad_request(
            "GeoJSON 总是包含全部列，请去掉 select。",
            "GeoJSON always has all columns; leave select out.",
        ));
    }
    if let Some((longitude, latitude)) = degrees(&release.profile) {
        return Ok(Some(Place::Point { longitude, latitude }));
    }
    let Some(column) = codes(&release.profile) else { return Ok(None) };
    let path = platform.files.boundaries();
    let read = tokio::task::spawn_blocking(move || shapes(&path)).await;
    let shapes = read.map_err(|_| Problem::internal())?;
    Ok(shapes.map(|shapes| Place::Shape { column, shapes: Arc::new(shapes) }))
}

/// The geometries of the operator's file by division code, if it is there.
fn shapes(path: &std::path::Path) -> Option<HashMap<String, String>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, "boundaries.geojson cannot be read");
            return None;
        }
    };
    let file: Value = match serde_json::from_slice(&bytes) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(%error, "boundaries.geojson is no JSON");
            return None;
        }
    };
    let Some(features) = file.get("features").and_then(Value::as_array) else {
        tracing::warn!("boundaries.geojson is no collection of features");
        return None;
    };
    let shapes = features.iter().filter_map(|feature| {
        let properties = feature.get("properties")?;
        let code = properties.get("code").or_else(|| properties.get("gb"))?.as_str()?;
        let code = if code.len() == 9 { code.strip_prefix("156")? } else { code };
        Some((code.to_owned(), feature.get("geometry")?.to_string()))
    });
    Some(shapes.collect())
}
