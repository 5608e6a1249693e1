//! `/reuses`: what did others make of these data? `/reuses/new`: show what you made.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::reuses::{self, NewReuse, Reuse};
use platform::{Error, open};
use serde::{Deserialize, Serialize};
use vocabulary::{AssetId, Bilingual};

use crate::app::App;
use crate::desk::{done, mistakes};
use crate::form::Posted;
use crate::parts::{FormProblem, Pages};
use crate::problem::Problem;
use crate::stamp;
use crate::view::Page;
use crate::visitor::Visitor;

/// Reuses on a page.
const SHOWN: u64 = 20;

/// Which reuses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    dataset: String,
    page: Option<u64>,
}

#[derive(Serialize)]
struct Gallery {
    total: u64,
    reuses: Vec<Shown>,
    pages: Option<Pages>,
    about: Option<About>,
}

/// A reuse as everyone sees it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    id: String,
    title: String,
    link: String,
    description: String,
    maker: String,
    at: String,
}

impl Shown {
    /// A reuse.
    pub(crate) fn of(reuse: &Reuse) -> Self {
        Self {
            id: reuse.id.to_string(),
            title: reuse.title.clone(),
            link: reuse.link.clone(),
            description: reuse.description.clone(),
            maker: reuse.maker.clone(),
            at: reuse.submitted_at.to_string(),
        }
    }
}

/// A dataset that a page is about.
#[derive(Clone, Debug, Serialize)]
struct About {
    id: String,
    title: Bilingual,
    url: String,
}

#[derive(Serialize)]
struct Form {
    about: Option<About>,
    values: Values,
    stamp: String,
    errors: Vec<FormProblem>,
}

/// What was typed.
#[derive(Clone, Debug, Default, Serialize)]
struct Values {
    title: String,
    link: String,
    description: String,
    maker: String,
    contact: String,
    datasets: String,
}

impl Values {
    fn posted(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            title: text("title"),
            link: text("link"),
            description: text("description"),
            maker: text("maker"),
            contact: text("contact"),
            datasets: text("datasets"),
        }
    }

    /// The reuse that was typed. Datasets are told by their ids or the addresses of their
    /// pages; what is neither is no dataset.
    fn reuse(&self, form: String) -> NewReuse {
        let words = self.datasets.split([' ', '\n', '\r', ',', '，', '、']);
        let words = words.map(str::trim).filter(|word| !word.is_empty());
        let ids = words.map(|word| {
            let last = word.trim_end_matches('/').rsplit('/').next().unwrap_or(word);
            last.parse::<AssetId>()
        });
        let datasets: Result<Vec<AssetId>, _> = ids.collect();
        let mut datasets = datasets.unwrap_or_default();
        datasets.sort();
        datasets.dedup();
        NewReuse {
            title: self.title.clone(),
            link: self.link.clone(),
            description: self.description.clone(),
            maker: self.maker.clone(),
            contact: self.contact.clone(),
            datasets,
            form: Some(form),
        }
    }
}

/// Shows the gallery.
pub(crate) async fn gallery(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let dataset: Option<AssetId> = asked.dataset.parse().ok();
    let page = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let offset = (page - 1) * SHOWN;
    let (found, total) = reuses::gallery(&app.platform, dataset, offset, SHOWN).await?;
    let filter = dataset.map(|id| format!("dataset={id}&")).unwrap_or_default();
    let context = Gallery {
        total,
        reuses: found.iter().map(Shown::of).collect(),
        pages: Pages::of(page, total.div_ceil(SHOWN), |page| {
            format!("/reuses?{filter}page={page}")
        }),
        about: about(&app, &visitor, &asked.dataset).await?,
    };
    app.pages.render(&visitor, "portal/reuses.html", context)
}

/// Shows the form.
pub(crate) async fn form(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let values = Values { datasets: asked.dataset, ..Values::default() };
    page(&app, &visitor, values, Vec::new(), None).await
}

/// Submits what was typed.
pub(crate) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    form: Posted,
) -> Result<Response, Problem> {
    let values = Values::posted(&form);
    let mark = form.text("stamp");
    let kept = match stamp::admitted(&app, &visitor, &form, "description") {
        Ok(kept) => kept,
        Err((problem, stamp)) => return again(&app, &visitor, values, vec![problem], stamp).await,
    };
    match reuses::submit(&visitor.caller, &app.platform, values.reuse(kept)).await {
        Ok(_) => {
            let zh = "已提交，审核后展示。谢谢。";
            let en = "Submitted; it is shown once it was reviewed. Thank you.";
            Ok(done(&visitor, "/reuses", zh, en))
        }
        Err(Error::Invalid { problems }) => {
            let sent = problems.iter().any(|problem| problem.field == "form");
            let stamp = (!sent).then(|| mark.to_owned());
            let field = |field: &str| if field == "form" { "title" } else { field }.to_owned();
            again(&app, &visitor, values, mistakes(&problems, field), stamp).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(
    app: &App,
    visitor: &Visitor,
    values: Values,
    errors: Vec<FormProblem>,
    stamp: Option<String>,
) -> Result<Response, Problem> {
    let page = page(app, visitor, values, errors, stamp).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn page(
    app: &App,
    visitor: &Visitor,
    values: Values,
    errors: Vec<FormProblem>,
    stamp: Option<String>,
) -> Result<Page, Problem> {
    let stamp = match stamp {
        Some(stamp) => stamp,
        None => stamp::fresh(&app.platform.keyring, visitor.caller.now())?,
    };
    let about = about(app, visitor, &values.datasets).await?;
    let context = Form { about, values, stamp, errors };
    app.pages.render(visitor, "portal/reuse_new.html", context)
}

/// The published dataset with an id; `None` for anything else.
async fn about(app: &App, visitor: &Visitor, id: &str) -> Result<Option<About>, Problem> {
    let Ok(id) = id.parse::<AssetId>() else { return Ok(None) };
    match open::dataset(&visitor.caller, &app.platform, id).await {
        Ok(dataset) => Ok(Some(About {
            id: id.to_string(),
            title: dataset.asset.entry.title,
            url: format!("/dataset/{id}"),
        })),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_are_told_by_their_ids_or_the_addresses_of_their_pages() {
        let id = "0190c2f0-5b7e-7c1a-9f00-0123456789ab";
        let other = "0190c2f0-5b7e-7c1a-9f00-0123456789ac";
        let of = |datasets: &str| {
            let values = Values { datasets: datasets.to_owned(), ..Values::default() };
            values.reuse(String::new()).datasets.len()
        };
        assert_eq!(of(&format!("https://example.org/dataset/{id}/，{other} {id}")), 2);
        assert_eq!(of("nothing"), 0);
        assert_eq!(of(&format!("{id}, nothing")), 0, "a wrong one is not left out silently");
    }
}
