//! What the pages of the desk (工作台) share: names of people, tags of states,
//! clocks, and the answer after a step.

use std::collections::{HashMap, HashSet};

use futures::future::BoxFuture;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::gate::GateState;
use platform::registry::{Asset, AssetState};
use platform::{FieldProblem, RefusedBy};
use serde::Serialize;
use vocabulary::{AccountId, Bilingual};

use crate::app::App;
use crate::parts::{Choice, FormProblem, Refusal, Tag, plain};
use crate::problem::Problem;
use crate::session::set_flash;
use crate::visitor::{Flash, Visitor};

/// Names of accounts that a page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashMap<AccountId, String>);

impl Names {
    /// Reads the names of these accounts.
    pub(crate) fn load<'a>(
        app: &'a App,
        ids: impl IntoIterator<Item = AccountId>,
    ) -> BoxFuture<'a, Result<Self, Problem>> {
        let ids: HashSet<AccountId> = ids.into_iter().collect();
        Box::pin(async move {
            let mut names = HashMap::new();
            let mut reader = app.platform.store.read().await.map_err(failed)?;
            for id in ids {
                let found = trust::identity::find_account(&mut reader, id).await;
                let account = found.map_err(failed)?;
                names.extend(account.map(|account| (id, account.name)));
            }
            Ok(Self(names))
        })
    }

    /// The name of an account; without one it was the platform itself.
    pub(crate) fn of(&self, id: Option<AccountId>) -> Bilingual {
        match id {
            None => Bilingual::new("系统", "the platform"),
            Some(id) => match self.0.get(&id) {
                Some(name) => plain(name),
                None => Bilingual::new("已注销账户", "an account that is gone"),
            },
        }
    }
}

/// The store failed while a page was made.
pub(crate) fn failed(error: store::Error) -> Problem {
    Problem::from(platform::Error::from(error))
}

/// Goes to a page of the desk after a step was done, and says there what was done.
pub(crate) fn done(
    visitor: &Visitor,
    path: &str,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Response {
    let mut response = Redirect::to(&visitor.lang.href(path)).into_response();
    let flash = Flash { kind: "success".to_owned(), text: Bilingual::new(zh, en) };
    set_flash(&mut response, &flash);
    response
}

/// The title of an asset, also of a draft that has none yet.
pub(crate) fn title_of(asset: &Asset) -> Bilingual {
    if asset.entry.title.zh.trim().is_empty() {
        return Bilingual::new("（未命名）", "(no name yet)");
    }
    asset.entry.title.clone()
}

/// The page of an asset.
pub(crate) fn asset_path(asset: &Asset) -> String {
    format!("/desk/assets/{}", asset.id)
}

/// The state of an asset, coloured.
pub(crate) fn asset_tag(state: AssetState) -> Tag {
    let kind = match state {
        AssetState::Draft | AssetState::Withdrawn => "neutral",
        AssetState::UnitReview | AssetState::DataReview => "wait",
        AssetState::Published => "good",
    };
    Tag { label: state.label(), kind }
}

/// The state of a gate run, coloured.
pub(crate) fn gate_tag(state: GateState) -> Tag {
    let kind = match state {
        GateState::Inspecting | GateState::Measuring => "info",
        GateState::Confirming | GateState::Submitted => "wait",
        GateState::Passed | GateState::Approved => "good",
        GateState::Refused | GateState::Rejected | GateState::Failed => "bad",
    };
    Tag { label: state.label(), kind }
}

/// The state of a dataset version, coloured.
pub(crate) fn version_tag(state: &str) -> Tag {
    match state {
        "stored" => Tag { label: Bilingual::new("可用", "ready"), kind: "good" },
        "reading" => Tag { label: Bilingual::new("正在读取", "reading"), kind: "info" },
        _ => Tag { label: Bilingual::new("无法读取", "not readable"), kind: "bad" },
    }
}

/// The clock of an asset that waits for a review.
pub(crate) fn clock_of(asset: &Asset, visitor: &Visitor) -> Option<platform::Clock> {
    platform::inbox::review_clock(asset, visitor.caller.now())
}

/// Refusals as boxes.
pub(crate) fn boxes(refusals: &[RefusedBy]) -> Vec<Refusal> {
    refusals.iter().map(Refusal::of).collect()
}

/// Mistakes that a use case found, at the fields of the form that `field_of` names.
pub(crate) fn mistakes(
    problems: &[FieldProblem],
    field_of: impl Fn(&str) -> String,
) -> Vec<FormProblem> {
    let at = |problem: &FieldProblem| {
        FormProblem::new(field_of(&problem.field), problem.message.clone())
    };
    problems.iter().map(at).collect()
}

/// The choices of a code list of the law.
pub(crate) fn choices_of(list: &str) -> Vec<Choice> {
    law::list(list).iter().map(|entry| Choice::new(entry.code.as_str(), entry.label())).collect()
}

/// The name of a type of column, as readers, profiles and catalogue entries write it.
pub(crate) fn kind_label(kind: &str) -> Bilingual {
    match kind {
        "boolean" => Bilingual::new("是否", "yes or no"),
        "integer" | "int64" => Bilingual::new("整数", "integer"),
        "number" | "float64" => Bilingual::new("数值", "number"),
        "date" => Bilingual::new("日期", "date"),
        "datetime" | "timestamp" => Bilingual::new("日期时间", "date and time"),
        "text" => Bilingual::new("字符", "text"),
        other => plain(other),
    }
}

/// A link with words.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Link {
    /// The words.
    pub(crate) text: Bilingual,
    /// The path; `None` where there is nothing to see.
    pub(crate) url: Option<String>,
}

/// The context of `refusal.html`.
#[derive(Serialize)]
struct RefusalPage {
    title: Bilingual,
    refusals: Vec<Refusal>,
    back: Link,
}

/// A page that says on which grounds the law refuses a step, all of them at once.
pub(crate) fn refusal_page(
    app: &App,
    visitor: &Visitor,
    refusals: &[RefusedBy],
    back: Link,
) -> Result<Response, Problem> {
    let title = Bilingual::new("依法不予办理", "The law does not allow this step");
    let context = RefusalPage { title, refusals: boxes(refusals), back };
    let page = app.pages.render(visitor, "refusal.html", context)?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}
