//! `/dataset/{id}/rating`: how useful was this dataset?

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::ratings::{self, Ratings};
use platform::{Error, open};
use serde::Serialize;
use vocabulary::{AssetId, Bilingual};

use super::voice;
use crate::app::App;
use crate::desk::{done, mistakes};
use crate::extract::id_of;
use crate::form::Posted;
use crate::limits::Client;
use crate::parts::{Choice, FormProblem};
use crate::problem::Problem;
use crate::stamp;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct Form {
    dataset: About,
    ratings: Shown,
    stars: Vec<Choice>,
    stamp: String,
    errors: Vec<FormProblem>,
}

#[derive(Serialize)]
struct About {
    title: Bilingual,
    url: String,
}

/// How a dataset was rated, for people.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    total: u64,
    /// With one decimal; `None` if nobody rated.
    mean: Option<String>,
    rows: Vec<Row>,
}

/// One number of stars.
#[derive(Clone, Debug, Serialize)]
struct Row {
    stars: u64,
    count: u64,
}

impl Shown {
    /// The ratings, five stars first.
    pub(crate) fn of(ratings: &Ratings) -> Self {
        let rows = (1..).zip(ratings.counts).map(|(stars, count)| Row { stars, count });
        let mut rows: Vec<Row> = rows.collect();
        rows.reverse();
        Self { total: ratings.total(), mean: ratings.mean().map(|mean| format!("{mean:.1}")), rows }
    }
}

/// Shows the form.
pub(crate) async fn form(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    page(&app, &visitor, id_of(&id)?, Vec::new(), None).await
}

/// Takes a rating.
pub(crate) async fn rate(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Problem> {
    let id: AssetId = id_of(&id)?;
    let (errors, mark) = match stamp::admitted(&app, &visitor, &form, "stars") {
        Ok(_) => {
            let stars = form.text("stars").parse().unwrap_or(0);
            let voice = voice(&visitor, client);
            match ratings::rate(&visitor.caller, &app.platform, id, stars, Some(&voice)).await {
                Ok(_) => {
                    let path = format!("/dataset/{id}#rating");
                    return Ok(done(&visitor, &path, "已评分，谢谢。", "Rated. Thank you."));
                }
                Err(Error::Invalid { problems }) => {
                    let errors = mistakes(&problems, |_| "stars".to_owned());
                    (errors, Some(form.text("stamp").to_owned()))
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err((problem, mark)) => (vec![problem], mark),
    };
    let page = page(&app, &visitor, id, errors, mark).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: AssetId,
    errors: Vec<FormProblem>,
    mark: Option<String>,
) -> Result<Page, Problem> {
    let current = open::current_release(&visitor.caller, &app.platform, id).await?;
    let stamp = match mark {
        Some(mark) => mark,
        None => stamp::fresh(&app.platform.keyring, visitor.caller.now())?,
    };
    let context = Form {
        dataset: About { title: current.asset.entry.title.clone(), url: format!("/dataset/{id}") },
        ratings: Shown::of(&ratings::of(&app.platform, id).await?),
        stars: choices(),
        stamp,
        errors,
    };
    app.pages.render(visitor, "portal/rating.html", context)
}

/// Five stars first.
fn choices() -> Vec<Choice> {
    let words = [
        ("5", "★★★★★ 很有用", "★★★★★ very useful"),
        ("4", "★★★★ 有用", "★★★★ useful"),
        ("3", "★★★ 一般", "★★★ so so"),
        ("2", "★★ 用处不大", "★★ of little use"),
        ("1", "★ 没法用", "★ of no use"),
    ];
    words.map(|(stars, zh, en)| Choice::new(stars, Bilingual::new(zh, en))).to_vec()
}
