//! Cases as the API shows them.

use platform::requests::{
    Answer, Case, Details, Dossier, Exposed, Filer, Grant, Outcome, Statistics,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::last_day;
use crate::problem::Problem;

/// A case as everyone may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CaseView {
    /// Its number, e.g. `7K3M-9WQ2`.
    pub number: String,
    /// `open_data`, `conditional`, `correction`, `suggestion` or `complaint`.
    pub kind: String,
    /// `filed`, `supplement_asked`, `supplemented`, `under_review`, `to_approve`,
    /// `answered`, `closed` or `withdrawn`.
    pub state: String,
    /// The dataset that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Credit code of the body that answers; absent until it is assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The title, once it is released for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The question, once it is released for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// SHA-256 of the undertaking that the filer accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_sha256: Option<String>,
    /// When it was filed.
    pub filed_at: String,
    /// When the time for the answer ends; absent while the filer is asked for something, and
    /// while the working-day calendar of a year is not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// When the filer was told what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement_asked_at: Option<String>,
    /// Until when it must come; later the case may count as given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement_due_at: Option<String>,
    /// When the filer added it, so that the clock started anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemented_at: Option<String>,
    /// Why the time was extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// The answer, once it is approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerView>,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<String>,
    /// Working days to the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_days: Option<u32>,
    /// Whether it was answered within its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_time: Option<bool>,
    /// When it was closed or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Whether it is withdrawn because what was asked for did not come in its time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lapsed: bool,
}

/// What was granted of conditional data.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GrantView {
    /// `active`, `ended` or `revoked`.
    pub state: String,
    /// When it was granted.
    pub granted_at: String,
    /// The last day of its term, in China.
    pub last_day: String,
    /// Why the body took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke_reason: Option<String>,
    /// How often data were taken.
    pub taken: u64,
    /// When data were taken last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_taken_at: Option<String>,
    /// The release that can be taken now; absent for the desk, and where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

impl GrantView {
    /// A grant at a moment.
    pub(super) fn of(grant: &Grant, now: jiff::Timestamp) -> Self {
        Self {
            state: grant.state(now).code().to_owned(),
            granted_at: grant.granted_at.to_string(),
            last_day: last_day(grant.ends_at),
            revoke_reason: grant.revoke_reason.clone(),
            taken: grant.taken,
            last_taken_at: grant.last_taken_at.map(|at| at.to_string()),
            release: None,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AnswerView {
    /// `granted`, `partly_granted`, `already_open`, `refused`, `not_held`, `not_existing`,
    /// `repeated`, `corrected`, `not_erroneous` or `explained`.
    pub outcome: String,
    /// In words, 5 to 5,000 characters.
    pub text: String,
    /// The provision that a refusal rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Where it is open, or what was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Number of the case in which the same was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<String>,
    /// Number of the version in which it is corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

impl From<Answer> for AnswerView {
    fn from(answer: Answer) -> Self {
        Self {
            outcome: answer.outcome.code().to_owned(),
            text: answer.text,
            ground: answer.ground,
            dataset: answer.dataset.map(|id| id.to_string()),
            holder: answer.holder,
            repeats: answer.repeats.map(|number| number.to_string()),
            version: answer.version,
        }
    }
}

impl TryFrom<AnswerView> for Answer {
    type Error = Problem;

    fn try_from(view: AnswerView) -> Result<Self, Problem> {
        let wrong = |field: &str, zh: &str, en: &str| {
            Problem::from(platform::Error::invalid(field, zh, en))
        };
        let outcome: Outcome = view
            .outcome
            .parse()
            .map_err(|_| wrong("outcome", "请选择答复的种类。", "Choose what the answer is."))?;
        let dataset = given(view.dataset).map(|text| text.parse()).transpose();
        let repeats = given(view.repeats).map(|text| text.parse()).transpose();
        Ok(Self {
            outcome,
            text: view.text,
            ground: view.ground,
            dataset: dataset.map_err(|_| {
                wrong("dataset", "这不是数据集编号。", "That is no id of a dataset.")
            })?,
            holder: view.holder,
            repeats: repeats.map_err(|_| {
                wrong("repeats", "这不是办件编号。", "That is no number of a case.")
            })?,
            version: view.version,
        })
    }
}

/// A text with something in it.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl From<Case> for CaseView {
    fn from(case: Case) -> Self {
        let text = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        let in_time = case.in_time();
        Self {
            number: case.number.to_string(),
            kind: case.kind.code().to_owned(),
            state: case.state.code().to_owned(),
            dataset: case.asset_id.map(|id| id.to_string()),
            body: case.body.map(|code| code.to_string()),
            title: case.title,
            question: case.question,
            commitment_sha256: case.commitment_sha256,
            filed_at: case.filed_at.to_string(),
            due_at: text(case.due_at),
            supplement_asked_at: text(case.supplement_asked_at),
            supplement_due_at: text(case.supplement_due_at),
            supplemented_at: text(case.supplemented_at),
            extension: case.extension,
            answer: case.answer.map(AnswerView::from),
            answered_at: text(case.answered_at),
            working_days: case.working_days,
            in_time,
            ended_at: text(case.closed_at.or(case.withdrawn_at)),
            lapsed: case.lapsed_at.is_some(),
        }
    }
}

/// A page of cases.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CasePage {
    /// The cases, newest first.
    pub requests: Vec<CaseView>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A case that was filed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FiledView {
    /// The case.
    pub request: CaseView,
    /// The secret code by which its filer comes back. It is told this once: keep it.
    pub code: String,
    /// The page of its filer, which has the code in its address.
    pub url: String,
    /// Entry in the transparency log that commits to the filing.
    pub entry_id: String,
}

/// What a kind of case says beside its question.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct DetailsView {
    /// What the data are for (`open_data`, `conditional`).
    pub purpose: String,
    /// Where and by whom they would be used (`conditional`).
    pub scope: String,
    /// For how many months, 1 to 60 (`conditional`).
    pub term_months: Option<u32>,
    /// What is wrong or exposed: column, rows, field (`correction`, `complaint`).
    pub item: String,
    /// `personal_information`, `trade_secret` or `other_right` (`complaint`).
    pub exposed: Option<String>,
}

impl From<Details> for DetailsView {
    fn from(details: Details) -> Self {
        Self {
            purpose: details.purpose,
            scope: details.scope,
            term_months: details.term_months,
            item: details.item,
            exposed: details.exposed.map(|exposed| exposed.code().to_owned()),
        }
    }
}

impl TryFrom<DetailsView> for Details {
    type Error = Problem;

    fn try_from(view: DetailsView) -> Result<Self, Problem> {
        let exposed = given(view.exposed).map(|text| text.parse::<Exposed>()).transpose();
        Ok(Self {
            purpose: view.purpose,
            scope: view.scope,
            term_months: view.term_months,
            item: view.item,
            exposed: exposed.map_err(|_| {
                Problem::from(platform::Error::invalid(
                    "exposed",
                    "应为 personal_information、trade_secret 或 other_right。",
                    "personal_information, trade_secret or other_right.",
                ))
            })?,
        })
    }
}

/// A case in full, for its desk and for who filed it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DossierView {
    /// The case as everyone may see it.
    pub request: CaseView,
    /// The title as filed.
    pub title: String,
    /// The question as filed.
    pub question: String,
    /// What its kind says beside the question.
    pub details: DetailsView,
    /// What is missing, as the desk said once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement_notice: Option<String>,
    /// What the filer added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement: Option<String>,
    /// An answer that is not approved yet; for the desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<AnswerView>,
    /// Why the draft came back; for the desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<String>,
    /// Who filed it; absent once it is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How to reach them; absent once it is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What the answer granted of conditional data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantView>,
}

impl DossierView {
    /// A case with its papers and who filed it.
    pub(super) fn of(dossier: Dossier, filer: Filer) -> Self {
        let papers = dossier.papers;
        Self {
            request: dossier.case.into(),
            title: papers.title,
            question: papers.question,
            details: papers.details.into(),
            supplement_notice: papers.supplement_notice,
            supplement: papers.supplement,
            draft: papers.draft.map(AnswerView::from),
            return_reason: papers.return_reason,
            name: filer.name,
            contact: filer.contact,
            grant: None,
        }
    }

    /// The same with what was granted.
    pub(super) fn with(self, grant: Option<GrantView>) -> Self {
        Self { grant, ..self }
    }
}

/// How the public is answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StatisticsView {
    /// Cases in all.
    pub filed: u64,
    /// Those that wait for an answer.
    pub waiting: u64,
    /// Those of them whose time is over.
    pub overdue: u64,
    /// Those that were taken back.
    pub withdrawn: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Answers that decide: those that send elsewhere or to an earlier case do not.
    pub decided: u64,
    /// Those of them that give what was asked, wholly or in part.
    pub accepted: u64,
    /// `accepted` of `decided`; absent without decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptance_rate: Option<f64>,
    /// Answers whose last day is known.
    pub timed: u64,
    /// Those of them that came within their time.
    pub in_time: u64,
    /// `in_time` of `timed`; absent without answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_time_rate: Option<f64>,
    /// Half of the answers took at most so many working days; absent without answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_working_days: Option<f64>,
}

impl From<Statistics> for StatisticsView {
    fn from(found: Statistics) -> Self {
        Self {
            filed: found.filed,
            waiting: found.waiting,
            overdue: found.overdue,
            withdrawn: found.withdrawn,
            answered: found.answered,
            decided: found.decided,
            accepted: found.accepted,
            acceptance_rate: found.acceptance_rate(),
            timed: found.timed,
            in_time: found.in_time,
            in_time_rate: found.in_time_rate(),
            median_working_days: found.median_working_days,
        }
    }
}
