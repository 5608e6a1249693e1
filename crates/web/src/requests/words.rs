//! Cases in the words and shapes of the pages.

use std::collections::HashMap;

use platform::requests::{
    self, Answer, Case, CaseState, Details, Grant, GrantState, Outcome, Passed,
};
use serde::Serialize;
use trust::identity::all_bodies;
use vocabulary::{Bilingual, CaseNumber, CreditCode};

use crate::app::App;
use crate::desk::failed;
use crate::parts::{Clock, Tag, plain};
use crate::problem::Problem;
use crate::trust::desk::words::act;

/// The state of a case, coloured.
pub(super) fn state_tag(state: CaseState) -> Tag {
    let kind = match state {
        CaseState::Filed | CaseState::SupplementAsked | CaseState::Supplemented => "wait",
        CaseState::UnderReview | CaseState::ToApprove => "info",
        CaseState::Answered | CaseState::Closed => "good",
        CaseState::Withdrawn => "neutral",
    };
    Tag { label: state.label(), kind }
}

/// What an answer says, coloured.
fn outcome_tag(outcome: Outcome) -> Tag {
    let kind = match outcome {
        Outcome::Refused => "bad",
        Outcome::PartlyGranted => "wait",
        accepted if accepted.accepts() => "good",
        _ => "neutral",
    };
    Tag { label: outcome.label(), kind }
}

/// Names of bodies by their code.
pub(super) struct Bodies(HashMap<CreditCode, Bilingual>);

impl Bodies {
    /// Reads them.
    pub(super) async fn load(app: &App) -> Result<Self, Problem> {
        let mut reader = app.platform.store.read().await.map_err(failed)?;
        let all = all_bodies(&mut reader).await.map_err(failed)?;
        Ok(Self(all.into_iter().map(|body| (body.code, body.name)).collect()))
    }

    /// The name of a body; `None` for a case of none.
    fn of(&self, code: Option<CreditCode>) -> Option<Bilingual> {
        let code = code?;
        Some(self.0.get(&code).cloned().unwrap_or_else(|| plain(code.to_string())))
    }

    /// Choices of a form, by name.
    pub(super) fn choices(&self) -> Vec<crate::parts::Choice> {
        let choice = |(code, name): (&CreditCode, &Bilingual)| {
            crate::parts::Choice::new(code.to_string(), name.clone())
        };
        let mut choices: Vec<_> = self.0.iter().map(choice).collect();
        choices.sort_by(|one, other| one.label.zh.cmp(&other.label.zh));
        choices
    }
}

/// The state of a case that counts as given up.
fn lapsed_tag() -> Tag {
    Tag { label: Bilingual::new("视为放弃", "Counted as given up"), kind: "neutral" }
}

/// A link to a dataset.
#[derive(Clone, Debug, Serialize)]
pub(super) struct About {
    pub(super) title: Bilingual,
    pub(super) url: String,
}

/// A case in a list, or at the head of a page, as everyone may see it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Card {
    number: String,
    url: String,
    title: Bilingual,
    kind: Bilingual,
    state: Tag,
    outcome: Option<Tag>,
    body: Option<Bilingual>,
    body_url: Option<String>,
    about: Option<About>,
    filed_at: String,
    answered_at: Option<String>,
    working_days: Option<u32>,
    in_time: Option<bool>,
    clock: Option<Clock>,
}

/// What a title is called before it is released.
fn unreleased() -> Bilingual {
    Bilingual::new("内容待核对后公开", "To be shown once it was checked for personal data")
}

impl Card {
    /// A case at a moment.
    pub(super) fn of(
        case: &Case,
        bodies: &Bodies,
        about: Option<&str>,
        now: jiff::Timestamp,
    ) -> Self {
        let clock = requests::of_case(case, now);
        Self {
            number: case.number.to_string(),
            url: format!("/requests/{}", case.number),
            title: case.title.as_ref().map_or_else(unreleased, plain),
            kind: case.kind.label(),
            state: if case.lapsed_at.is_some() { lapsed_tag() } else { state_tag(case.state) },
            outcome: case.answer.as_ref().map(|answer| outcome_tag(answer.outcome)),
            body: bodies.of(case.body),
            body_url: case.body.map(|code| format!("/body/{code}")),
            about: case
                .asset_id
                .zip(about)
                .map(|(id, title)| About { title: plain(title), url: format!("/dataset/{id}") }),
            filed_at: case.filed_at.to_string(),
            answered_at: case.answered_at.map(|at| at.to_string()),
            working_days: case.working_days,
            in_time: case.in_time(),
            clock: clock.as_ref().and_then(Clock::of),
        }
    }

    /// The same case under the title that it was filed with: for its desk and its filer.
    pub(super) fn titled(self, title: &str) -> Self {
        Self { title: plain(title), ..self }
    }

    /// The same case, linked to its page at the desk.
    pub(super) fn at_desk(self, number: CaseNumber) -> Self {
        Self { url: format!("/desk/requests/{number}"), ..self }
    }
}

/// Some cases in a list.
pub(super) async fn cards(
    app: &App,
    cases: &[Case],
    bodies: &Bodies,
    now: jiff::Timestamp,
) -> Result<Vec<Card>, Problem> {
    let numbers: Vec<CaseNumber> = cases.iter().map(|case| case.number).collect();
    let titles: HashMap<CaseNumber, String> =
        requests::titles(&app.platform, &numbers).await?.into_iter().collect();
    let about = |case: &Case| titles.get(&case.number).map(String::as_str);
    Ok(cases.iter().map(|case| Card::of(case, bodies, about(case), now)).collect())
}

/// A step in the history of a case.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    what: Bilingual,
    at: String,
    receipt: String,
}

/// The steps of a case in words.
pub(super) fn steps(passed: &[Passed]) -> Vec<Step> {
    let step = |one: &Passed| Step {
        what: act(&one.kind),
        at: one.at.to_string(),
        receipt: format!("/evidence/entry/{}", one.entry_id),
    };
    passed.iter().map(step).collect()
}

/// An answer as pages show it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AnswerShown {
    outcome: Tag,
    text: String,
    ground: Option<Bilingual>,
    ground_says: Option<Bilingual>,
    dataset_url: Option<String>,
    holder: Option<String>,
    repeats: Option<String>,
    version: Option<i64>,
}

impl AnswerShown {
    /// An answer.
    pub(super) fn of(answer: &Answer) -> Self {
        let basis = answer.ground.as_deref().and_then(law::resolve);
        Self {
            outcome: outcome_tag(answer.outcome),
            text: answer.text.clone(),
            ground: answer
                .ground
                .as_deref()
                .map(|ground| basis.as_ref().map_or_else(|| plain(ground), law::Basis::text)),
            ground_says: basis.as_ref().and_then(law::Basis::summary),
            dataset_url: answer.dataset.map(|id| format!("/dataset/{id}")),
            holder: answer.holder.clone(),
            repeats: answer.repeats.map(|number| number.to_string()),
            version: answer.version,
        }
    }
}

/// A line of what was filed beside the question.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    label: Bilingual,
    value: Bilingual,
}

/// What a kind of case says beside its question; what is empty is left out.
pub(super) fn lines(details: &Details) -> Vec<Line> {
    let months = details
        .term_months
        .map(|months| Bilingual::new(format!("{months} 个月"), format!("{months} months")));
    let rows = [
        ("使用用途", "Purpose", plain(&details.purpose)),
        ("使用范围", "Scope", plain(&details.scope)),
        ("使用时限", "Term", months.unwrap_or_default()),
        ("具体位置", "Where exactly", plain(&details.item)),
        (
            "反映的问题",
            "What is exposed",
            details.exposed.map(|exposed| exposed.label()).unwrap_or_default(),
        ),
    ];
    let filled = rows.into_iter().filter(|(_, _, value)| !value.zh.is_empty());
    filled.map(|(zh, en, value)| Line { label: Bilingual::new(zh, en), value }).collect()
}

/// A grant as pages show it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GrantShown {
    state: Tag,
    is_active: bool,
    granted_at: String,
    last_day: String,
    revoked_at: Option<String>,
    reason: Option<String>,
    taken: u64,
    last_taken_at: Option<String>,
}

impl GrantShown {
    /// Whether data can be taken.
    pub(super) fn is_active(&self) -> bool {
        self.is_active
    }

    /// A grant at a moment.
    pub(super) fn of(grant: &Grant, now: jiff::Timestamp) -> Self {
        let state = grant.state(now);
        let kind = match state {
            GrantState::Active => "good",
            GrantState::Ended => "neutral",
            GrantState::Revoked => "bad",
        };
        Self {
            state: Tag { label: state.label(), kind },
            is_active: state == GrantState::Active,
            granted_at: grant.granted_at.to_string(),
            last_day: last_day(grant.ends_at),
            revoked_at: grant.revoked_at.map(|at| at.to_string()),
            reason: grant.revoke_reason.clone(),
            taken: grant.taken,
            last_taken_at: grant.last_taken_at.map(|at| at.to_string()),
        }
    }
}

/// The last day before an instant, in China.
pub(super) fn last_day(ends_at: jiff::Timestamp) -> String {
    let last = ends_at.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(ends_at);
    vocabulary::time::china_date(last).to_string()
}
