//! `/summary/{id}`: a published summary for everyone, and its figures as CSV.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use platform::registry::Asset;
use platform::summary::{self, Summary};
use serde::Serialize;
use vocabulary::Bilingual;

use super::told::{Told, protects, told};
use crate::app::App;
use crate::desk::title_of;
use crate::extract::id_of;
use crate::parts::plain;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct SummaryPage {
    this: This,
    about: AboutAsset,
    told: Vec<Told>,
}

#[derive(Serialize)]
struct This {
    title: Bilingual,
    purpose: String,
    epsilon: String,
    whole: String,
    unit: Bilingual,
    published_at: Option<String>,
    receipt: String,
    csv_url: String,
    json_url: String,
}

#[derive(Serialize)]
struct AboutAsset {
    title: Bilingual,
    url: String,
    provider: Bilingual,
}

/// A published summary as the page of its dataset names it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SummaryLink {
    title: Bilingual,
    url: String,
    epsilon: String,
    at: Option<String>,
}

/// The published summaries of an asset.
///
/// # Errors
///
/// [`Problem`] if they cannot be read.
pub(crate) async fn links(app: &App, asset: &Asset) -> Result<Vec<SummaryLink>, Problem> {
    let nobody = trust::Caller::anonymous(app.platform.clock.now());
    let found = summary::of_asset(&nobody, &app.platform, asset.id).await?;
    let link = |summary: &Summary| SummaryLink {
        title: summary.proposal.title.clone(),
        url: format!("/summary/{}", summary.id),
        epsilon: summary.epsilon().to_string(),
        at: summary.published_at.map(|at| at.to_string()),
    };
    Ok(found.iter().map(link).collect())
}

/// Shows a published summary.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (asset, found) = summary::find(&visitor.caller, &app.platform, id_of(&id)?).await?;
    if found.answers.is_none() {
        return Err(Problem::not_found());
    }
    let budget = summary::budget(&visitor.caller, &app.platform, asset.id).await?;
    let budget = budget.ok_or_else(Problem::not_found)?;
    let context = SummaryPage {
        this: This {
            title: found.proposal.title.clone(),
            purpose: found.proposal.purpose.clone(),
            epsilon: found.epsilon().to_string(),
            whole: budget.whole().to_string(),
            unit: protects(&budget.unit),
            published_at: found.published_at.map(|at| at.to_string()),
            receipt: format!("/evidence/entry/{}", found.entry_id),
            csv_url: format!("/summary/{}/figures.csv", found.id),
            json_url: format!("/api/v1/summaries/{}", found.id),
        },
        about: AboutAsset {
            title: title_of(&asset),
            url: format!("/dataset/{}", asset.id),
            provider: plain(&asset.provider),
        },
        told: told(&found),
    };
    app.pages.render(&visitor, "portal/summary.html", context)
}

/// The figures of a published summary as CSV.
pub(crate) async fn csv(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, found) = summary::find(&visitor.caller, &app.platform, id_of(&id)?).await?;
    let mut text = String::from("question,figure,value,low,high,epsilon\r\n");
    for answer in told(&found) {
        for row in &answer.rows {
            let bound =
                |bound: Option<f64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
            let cells = [
                cell(&answer.title.zh),
                cell(&row.label.zh),
                row.value.to_string(),
                bound(row.low),
                bound(row.high),
                answer.epsilon.clone(),
            ];
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
    }
    let name = format!("attachment; filename=\"summary-{}.csv\"", found.id);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, text).into_response())
}

/// A cell of CSV: quoted, and never a formula.
fn cell(text: &str) -> String {
    let plain = text.trim_start_matches(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}\"", plain.replace('"', "\"\""))
}
