//! `/topics`: which subjects are there? `/topics/{slug}`: what is there about this one?

use axum::extract::{Path, State};
use platform::{open, topics};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::app::App;
use crate::open::pages::home::{Card, card};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct Topics {
    topics: Vec<TopicCard>,
}

/// A topic in a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TopicCard {
    url: String,
    title: Bilingual,
    summary: Bilingual,
    count: u64,
}

impl TopicCard {
    fn of((topic, count): (topics::Topic, u64)) -> Self {
        let url = format!("/topics/{}", topic.slug);
        Self { url, title: said(topic.title), summary: said(topic.summary), count }
    }
}

/// A text that may be in Chinese only.
fn said(text: Bilingual) -> Bilingual {
    if text.en.is_empty() { Bilingual::new(text.zh.clone(), text.zh) } else { text }
}

/// The topics that are shown.
pub(crate) async fn shown(app: &App) -> Result<Vec<TopicCard>, Problem> {
    Ok(topics::shown(&app.platform).await?.into_iter().map(TopicCard::of).collect())
}

#[derive(Serialize)]
struct One {
    title: Bilingual,
    summary: Bilingual,
    hidden: bool,
    edit_url: Option<String>,
    datasets: Vec<Card>,
    updated: String,
}

/// Lists the topics.
pub(crate) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let context = Topics { topics: shown(&app).await? };
    app.pages.render(&visitor, "portal/topics.html", context)
}

/// Shows a topic.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Page, Problem> {
    let (topic, ids) = topics::find(&visitor.caller, &app.platform, &slug).await?;
    let may_edit = super::desk::may_edit(&visitor);
    let context = One {
        hidden: topic.state == topics::TopicState::Hidden,
        edit_url: may_edit.then(|| format!("/desk/topics/{}", topic.slug)),
        title: said(topic.title),
        summary: said(topic.summary),
        datasets: open::datasets(&app.platform, &ids).await?.iter().map(card).collect(),
        updated: topic.updated_at.to_string(),
    };
    app.pages.render(&visitor, "portal/topic.html", context)
}
