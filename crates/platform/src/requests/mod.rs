//! What the public asks of the portal, and how a body answers (互动交流).
//!
//! Anyone files a case without signing in: a request for data that is not open, one for
//! conditional data, a correction, a suggestion, a complaint. The body that holds the data
//! answers in public and within its time; one person writes the answer, the head of the
//! unit approves it.
//!
//! ```text
//! filed ─accept─▶ under_review ─draft─▶ to_approve ─approve─▶ answered ─▶ closed
//!   │  ▲              │    ▲                │
//!   │  └─assign       │    └────return──────┘
//!   └────ask (once)───┴─▶ supplement_asked ─▶ supplemented ─accept─▶ under_review
//! any of them but answered and closed ─withdraw─▶ withdrawn
//! supplement_asked, its time over ─lapse─▶ withdrawn (视为放弃申请)
//! ```
//!
//! Basis: 政府信息公开条例 第三十条, 第三十三条, 第三十六条; 政务数据共享条例 第二十六条;
//! 个人信息保护法 第五十条.
//!
//! Invariants (each is also the name of a test):
//! - `nobody_approves_the_answer_that_they_wrote`
//! - `a_refusal_cites_a_reason_and_a_ground`
//! - `what_is_missing_is_told_once_and_the_clock_starts_anew`
//! - `nothing_that_was_filed_is_public_before_it_is_released`
//! - `a_contact_is_never_public_and_is_erased_in_time`
//! - `conditional_data_are_taken_by_whom_they_were_granted_to_alone`
//!
//! Start at [`file`]. What the public does is in `filing.rs`, what the desk does in
//! `handling.rs`, what an answer grants in `grant.rs`, lists and statistics in `reading.rs`; decisions are in `rules.rs`, SQL in
//! `table.rs`. None of them knows HTTP.

mod clock;
mod filing;
mod grant;
mod handling;
mod model;
mod reading;
mod rules;
mod table;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use trust::{Action, Caller, audit};
use vocabulary::{CaseNumber, EntryId};

pub use crate::wording::{Find, finds, masked};
use crate::{Error, Platform};
pub use clock::{may_be_extended, may_lapse, of_case, of_notice};
pub use filing::{Filed, NewCase, Own, close_own, file, own, supplement, withdraw};
pub use grant::{Grant, GrantState, Granted, grant_of, granted, note_taken, revoke, take};
pub use handling::{
    accept, approve, ask_supplement, assign, close, draft, extend, lapse, publish_question,
    send_back,
};
pub use model::{Answer, Case, CaseState, Details, Dossier, Exposed, Filer, Outcome, Papers};
pub use reading::{
    CaseFilter, CaseTask, DeskFilter, Passed, Statistics, StatisticsFilter, count, desk, find,
    history, inbox, list, read, statistics, titles,
};

/// What a step did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The case after the step.
    pub case: Case,
    /// Entry in the transparency log that commits to the step.
    pub entry_id: EntryId,
}

/// SHA-256 of the undertaking as it is shown now, in both languages: what the filer of a
/// request for conditional data accepted.
pub fn commitment_sha256() -> String {
    let shown = law::requests::commitment();
    let texts = [&shown.title.zh, &shown.text.zh, &shown.title.en, &shown.text.en];
    hex::encode(Sha256::digest(texts.map(String::as_str).join("\n")))
}

/// Erases the names and contacts of cases that ended long enough ago, and the contacts of
/// reuses that were reviewed then; returns how many.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be erased; the next sweep tries again.
pub async fn erase_contacts(platform: &Platform) -> Result<u64, Error> {
    let days = i64::from(law::requests::contact().keep_days);
    let now = platform.clock.now();
    let kept = jiff::SignedDuration::from_hours(24 * days);
    let before = now.saturating_sub(kept).unwrap_or(jiff::Timestamp::MIN);
    let mut tx = platform.store.begin().await?;
    let cases = table::erase_contacts(&mut tx, before).await?;
    let erased = cases + crate::reuses::erase_contacts(&mut tx, before).await?;
    tx.commit().await?;
    Ok(erased)
}

/// Notes the last day of open cases that had none because a calendar was not published when
/// they were filed; returns how many have one now. No decision, and no other change.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be written; the next sweep tries again.
pub async fn date_undated(platform: &Platform) -> Result<u64, Error> {
    let mut tx = platform.store.begin().await?;
    let mut dated = 0;
    for case in table::undated(&mut tx).await? {
        if let Some(due) = clock::due_at(&case) {
            table::set_due(&mut tx, case.number, due).await?;
            dated += 1;
        }
    }
    tx.commit().await?;
    Ok(dated)
}

/// The case and its papers.
async fn load(query: &mut impl store::Query, number: CaseNumber) -> Result<Dossier, Error> {
    let case = table::find(query, number).await?.ok_or_else(|| not_found(number))?;
    let papers = table::papers(query, number).await?;
    Ok(Dossier { case, papers })
}

/// The error for a case that is not there, or not for this caller.
fn not_found(number: CaseNumber) -> Error {
    Error::NotFound { what: "case", id: number.to_string() }
}

/// Saves a decided step and its evidence; whoever calls it commits.
async fn save(
    tx: &mut store::Tx,
    caller: &Caller,
    decided: Dossier,
    event: &'static str,
    ground: Option<&str>,
) -> Result<Changed, Error> {
    let before = decided.case.revision;
    let case = Case { revision: before + 1, updated_at: caller.now(), ..decided.case };
    let dossier = Dossier { case, papers: decided.papers };
    table::save(tx, &dossier, before).await?;
    let entry_id = record(tx, caller, event, &dossier, ground).await?;
    Ok(Changed { case: dossier.case, entry_id })
}

/// Writes the audit entry of a step in the same transaction.
///
/// The trail is kept for good, and a person may ask that what they wrote be erased: so it
/// holds digests of the texts, which its salt protects from being guessed.
async fn record(
    tx: &mut store::Tx,
    caller: &Caller,
    event: &'static str,
    dossier: &Dossier,
    ground: Option<&str>,
) -> Result<EntryId, Error> {
    let Dossier { case, papers } = dossier;
    let digest = |text: &str| hex::encode(Sha256::digest(text));
    let event = audit::Event {
        kind: event,
        subject: format!("case:{}", case.number),
        body: json!({
            "case": case.number,
            "kind": case.kind,
            "state": case.state,
            "revision": case.revision,
            "asset": case.asset_id,
            "body": case.body,
            "filed_sha256": digest(&format!("{}\n{}", papers.title, papers.question)),
            "question_sha256": case.question.as_deref().map(digest),
            "supplement_sha256": papers.supplement.as_deref().map(digest),
            "commitment_sha256": case.commitment_sha256,
            "due_at": case.due_at,
            "outcome": case.answer.as_ref().map(|answer| answer.outcome),
            "answer_sha256": case.answer.as_ref().map(|answer| digest(&answer.text)),
            "draft_sha256": papers.draft.as_ref().map(|draft| digest(&draft.text)),
        }),
        ground: ground.map(str::to_owned),
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)
}

/// Whether the caller reads a case in full.
fn reads(caller: &Caller, case: &Case) -> bool {
    caller.can(Action::ReadCase, &case.resource())
}
