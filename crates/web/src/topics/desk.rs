//! `/desk/topics`: the data administrator makes topics and changes them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::topics::{self, Edit, Topic, TopicState};
use platform::{Error, FieldProblem};
use serde::Serialize;
use trust::{Action as Act, Resource};
use vocabulary::Bilingual;

use super::api::{datasets, state};
use crate::app::App;
use crate::desk::{done, mistakes};
use crate::form::Posted;
use crate::parts::{Choice, FormProblem, Tag};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct List {
    topics: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    url: String,
    title: Bilingual,
    state: Tag,
    count: u64,
    at: String,
}

#[derive(Serialize)]
struct Form {
    url: String,
    page_url: Option<String>,
    states: Vec<Choice>,
    values: Values,
    errors: Vec<FormProblem>,
}

/// What is saved, or what was typed.
#[derive(Clone, Debug, Default, Serialize)]
struct Values {
    slug: String,
    etag: String,
    state: String,
    title_zh: String,
    title_en: String,
    summary_zh: String,
    summary_en: String,
    datasets: String,
}

impl Values {
    fn new() -> Self {
        Self { state: TopicState::Shown.code().to_owned(), ..Self::default() }
    }

    fn saved(topic: Topic, datasets: &[vocabulary::AssetId]) -> Self {
        let lines: Vec<String> = datasets.iter().map(|id| format!("/dataset/{id}")).collect();
        Self {
            slug: topic.slug,
            etag: topic.revision.to_string(),
            state: topic.state.code().to_owned(),
            title_zh: topic.title.zh,
            title_en: topic.title.en,
            summary_zh: topic.summary.zh,
            summary_en: topic.summary.en,
            datasets: lines.join("\n"),
        }
    }

    fn posted(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            slug: text("slug"),
            etag: text("etag"),
            state: text("state"),
            title_zh: text("title_zh"),
            title_en: text("title_en"),
            summary_zh: text("summary_zh"),
            summary_en: text("summary_en"),
            datasets: text("datasets"),
        }
    }

    fn edit(&self) -> Result<Edit, Error> {
        let words =
            self.datasets.split(|char: char| char.is_whitespace() || ",，、".contains(char));
        Ok(Edit {
            state: state(&self.state)?,
            title: Bilingual::new(&*self.title_zh, &*self.title_en),
            summary: Bilingual::new(&*self.summary_zh, &*self.summary_en),
            datasets: datasets(words.filter(|word| !word.is_empty()))?,
        })
    }
}

/// Whether the reader edits topics.
pub(super) fn may_edit(visitor: &Visitor) -> bool {
    visitor.caller.can(Act::EditTopic, &Resource::of_kind("topic"))
}

/// Lists every topic.
pub(crate) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    if !may_edit(&visitor) {
        return Err(Problem::not_found());
    }
    let row = |(topic, count): (Topic, u64)| Row {
        url: format!("/desk/topics/{}", topic.slug),
        title: topic.title,
        state: Tag {
            label: topic.state.label(),
            kind: if topic.state == TopicState::Shown { "good" } else { "neutral" },
        },
        count,
        at: topic.updated_at.to_string(),
    };
    let found = topics::all(caller, &app.platform).await?;
    let context = List { topics: found.into_iter().map(row).collect() };
    app.pages.render(&visitor, "desk/topics.html", context)
}

/// Shows the form of a topic; `new` is none yet.
pub(crate) async fn form(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    if !may_edit(&visitor) {
        return Err(Problem::not_found());
    }
    let values = if slug == NEW {
        Values::new()
    } else {
        let (topic, ids) = topics::find(caller, &app.platform, &slug).await?;
        Values::saved(topic, &ids)
    };
    page(&app, &visitor, &slug, values, Vec::new())
}

/// The address of the form of a topic that is not there yet.
const NEW: &str = "new";

/// Saves what was typed.
pub(crate) async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let mut values = Values::posted(&posted);
    if slug != NEW {
        values.slug.clone_from(&slug);
    }
    let saved = match values.edit() {
        Err(error) => Err(error),
        // A new topic must not take the place of one that is there.
        Ok(_) if slug == NEW && is_taken(&app, &visitor, &values.slug).await? => Err(taken()),
        Ok(edit) => {
            let revision = values.etag.parse().ok();
            topics::save(caller, &app.platform, &values.slug, revision, edit).await
        }
    };
    match saved {
        Ok(changed) => {
            let path = format!("/topics/{}", changed.topic.slug);
            Ok(done(&visitor, &path, "专题已保存。", "The topic is saved."))
        }
        Err(Error::Invalid { problems }) => {
            let errors = mistakes(&problems, |field| field.replace('.', "_"));
            let page = page(&app, &visitor, &slug, values, errors)?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn is_taken(app: &App, visitor: &Visitor, slug: &str) -> Result<bool, Problem> {
    match topics::find(&visitor.caller, &app.platform, slug).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(slug == NEW),
        Err(error) => Err(error.into()),
    }
}

fn taken() -> Error {
    let words = ("这个网址名已有专题使用。", "Another topic has this address.");
    Error::Invalid { problems: vec![FieldProblem::new("slug", words.0, words.1)] }
}

fn page(
    app: &App,
    visitor: &Visitor,
    slug: &str,
    values: Values,
    errors: Vec<FormProblem>,
) -> Result<Page, Problem> {
    let context = Form {
        url: format!("/desk/topics/{slug}"),
        page_url: (slug != NEW).then(|| format!("/topics/{slug}")),
        states: TopicState::ALL.iter().map(|s| Choice::new(s.code(), s.label())).collect(),
        values,
        errors,
    };
    app.pages.render(visitor, "desk/topic.html", context)
}
