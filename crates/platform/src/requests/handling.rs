//! What the desk of a body does with a case.

use law::Audience;
use trust::{Action, Caller};
use vocabulary::{CaseNumber, CreditCode};

use super::model::{Answer, Case, CaseState, Dossier, Outcome};
use super::{Changed, grant, load, not_found, reads, rules, save, table};
use crate::registry::{self, AssetState};
use crate::{Error, Platform};

/// The data administrator names the body that answers, or another one.
///
/// # Errors
///
/// [`Error::Invalid`] if the body is not registered; [`Error::WrongState`] once an answer
/// is written.
pub async fn assign(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    body: CreditCode,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let dossier = begin(caller, &mut tx, number, revision, Action::AssignCase).await?;
    let open = [CaseState::Filed, CaseState::Supplemented, CaseState::UnderReview];
    rules::require_state(&dossier.case, &open, "filed, supplemented, under_review")?;
    let body = trust::identity::find_body(&mut tx, body).await?.ok_or_else(|| {
        Error::invalid("body", "没有登记这个单位。", "No such body is registered.")
    })?;
    let Dossier { case, papers } = dossier;
    // Who takes it over begins anew; the clock of the filer does not.
    let state = if case.state == CaseState::UnderReview { CaseState::Filed } else { case.state };
    let case = Case {
        state,
        body: Some(body.code),
        division: case.division.or(Some(body.division)),
        handler: None,
        accepted_at: None,
        ..case
    };
    let decided = Dossier { case, papers };
    let changed = save(&mut tx, caller, decided, "case.assigned", None).await?;
    tx.commit().await?;
    Ok(changed)
}

/// A handler of the body takes the case up.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is a clerk of the body; [`Error::WrongState`]
/// unless it is new or supplemented.
pub async fn accept(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    step(caller, platform, number, revision, Action::HandleCase, "case.accepted", None, |dossier| {
        rules::accept(dossier, caller)
    })
    .await
}

/// The filer is told, once, what is missing; no clock runs until they add it.
///
/// # Errors
///
/// [`Error::Invalid`] without a notice, a second time, or after the time for it.
pub async fn ask_supplement(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    notice: &str,
) -> Result<Changed, Error> {
    let action = Action::HandleCase;
    let event = "case.supplement_asked";
    step(caller, platform, number, revision, action, event, None, |dossier| {
        rules::ask_supplement(dossier, notice, caller)
    })
    .await
}

/// The desk notes that what was asked for did not come in its time: the case counts as
/// given up. A person does it, who would know of a good reason for the delay.
///
/// # Errors
///
/// [`Error::Invalid`] while the time runs; [`Error::WrongState`] unless the filer was asked.
pub async fn lapse(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    let (action, now) = (Action::HandleCase, caller.now());
    let ground = Some("政府信息公开条例 第三十条");
    step(caller, platform, number, revision, action, "case.lapsed", ground, |dossier| {
        rules::lapse(dossier, now)
    })
    .await
}

/// The question is released for everyone, as it was filed or masked.
///
/// - `is_confirmed`: names, addresses and the like that were found in it may stay.
///
/// # Errors
///
/// [`Error::Invalid`] if it holds what identifies a person, or what was not confirmed;
/// [`Error::WrongState`] if the case was taken back, and for others than the data
/// administrator if it is released and answered.
pub async fn publish_question(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    title: &str,
    question: &str,
    is_confirmed: bool,
) -> Result<Changed, Error> {
    let action = Action::PublishQuestion;
    let event = "case.question_published";
    step(caller, platform, number, revision, action, event, None, |dossier| {
        rules::publish_question(dossier, title, question, is_confirmed, caller)
    })
    .await
}

/// The head of the unit extends the time of the answer, once.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason, a second time, or where no provision allows it.
pub async fn extend(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    let (action, ground) = (Action::ExtendCase, Some(reason));
    step(caller, platform, number, revision, action, "case.extended", ground, |dossier| {
        rules::extend(dossier, reason, caller)
    })
    .await
}

/// A handler writes the answer, or writes it anew.
///
/// # Errors
///
/// [`Error::Invalid`] with everything that the answer lacks; [`Error::WrongState`] unless
/// the case was taken up.
pub async fn draft(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    answer: Answer,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let found = begin(caller, &mut tx, number, revision, Action::HandleCase).await?;
    let decided = rules::draft(found, &answer, caller)?;
    if let Some(draft) = &decided.papers.draft {
        check_links(&mut tx, &decided.case, draft).await?;
    }
    let changed = save(&mut tx, caller, decided, "case.answer_drafted", None).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Checks that what an answer points to is there, and that it refuses nothing that is to be
/// opened.
///
/// Basis: 山西省大数据发展应用促进条例 第八条第三款 (what is not on the negative list is
/// opened); 政府信息公开条例 第三十六条 (an earlier case that was answered).
async fn check_links(
    query: &mut impl store::Query,
    case: &Case,
    answer: &Answer,
) -> Result<(), Error> {
    if let (Outcome::Refused, law::requests::RequestKind::OpenData, Some(id)) =
        (answer.outcome, case.kind, case.asset_id)
    {
        let asset = registry::load(query, id).await?;
        if asset.entry.opening == Some(law::OpeningAttribute::Unconditional) {
            return Err(Error::invalid(
                "outcome",
                "该数据的开放属性为“无条件开放”，不在负面清单，不得拒绝开放（R-OP-03）：先列入负面清单并写明依据，或给出开放安排。",
                "The data are marked as open to everyone and are not on the negative list, so they are not refused (R-OP-03): enter them there with the basis first, or say when they open.",
            ));
        }
    }
    if let Some(id) = answer.dataset {
        let asset = registry::load_many(query, &[id]).await?.pop();
        let is_published = asset.is_some_and(|asset| asset.state == AssetState::Published);
        let current = crate::gate::release::current(query, id, Audience::Open).await?;
        if !is_published || answer.outcome == Outcome::AlreadyOpen && current.is_none() {
            return Err(Error::invalid(
                "dataset",
                "没有这个数据集，或者它没有开放。",
                "There is no such dataset, or it is not open.",
            ));
        }
    }
    if let Some(number) = answer.repeats {
        let earlier = table::find(query, number).await?;
        let fits = earlier.is_some_and(|earlier| {
            earlier.answered_at.is_some()
                && earlier.filed_at <= case.filed_at
                && earlier.kind == case.kind
                && earlier.asset_id == case.asset_id
                && (earlier.asset_id.is_some() || earlier.body == case.body)
        });
        if !fits {
            return Err(Error::invalid(
                "repeats",
                format!("{number} 不是已经答复的、同一类别、关于同一数据集或单位的更早办件。"),
                format!(
                    "{number} is no earlier case of this kind, about the same dataset or body, that was answered."
                ),
            ));
        }
    }
    if let (Some(number), Some(asset)) = (answer.version, case.asset_id)
        && !registry::has_version(query, asset, number, case.filed_at).await?
    {
        return Err(Error::invalid(
            "version",
            format!("这个数据集没有在提出诉求之后入库的第 {number} 版。"),
            format!(
                "The dataset has no version {number} that was stored after the case was filed."
            ),
        ));
    }
    Ok(())
}

/// The head of the unit sends the answer back to its writer, with a reason.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason.
pub async fn send_back(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    let (action, ground) = (Action::ApproveAnswer, Some(reason));
    step(caller, platform, number, revision, action, "case.answer_returned", ground, |dossier| {
        rules::send_back(dossier, reason)
    })
    .await
}

/// The head of the unit approves the answer: everyone can read it now.
///
/// # Errors
///
/// [`Error::Denied`] for who wrote it and for anyone but the head of the body.
pub async fn approve(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let found = begin(caller, &mut tx, number, revision, Action::ApproveAnswer).await?;
    let decided = rules::approve(found, caller)?;
    if let Some(answer) = &decided.case.answer {
        // What was open when the answer was written may be suspended by now.
        check_links(&mut tx, &decided.case, answer).await?;
    }
    let ground = decided.case.answer.as_ref().and_then(|answer| answer.ground.clone());
    let made = grant::made_by(&decided, caller.now())?;
    let changed = save(&mut tx, caller, decided, "case.answered", ground.as_deref()).await?;
    if let Some(made) = made {
        grant::issue(&mut tx, caller, &made).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// The desk closes an answered case: what was promised is done.
///
/// # Errors
///
/// [`Error::WrongState`] unless it is answered.
pub async fn close(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    let (action, now) = (Action::HandleCase, caller.now());
    step(caller, platform, number, revision, action, "case.closed", None, |dossier| {
        rules::close(dossier, now)
    })
    .await
}

/// One step of the desk: find → authorize → decide → save → audit → commit.
#[expect(clippy::too_many_arguments, reason = "the steps differ in exactly these")]
async fn step(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    revision: Option<i64>,
    action: Action,
    event: &'static str,
    ground: Option<&str>,
    decide: impl FnOnce(Dossier) -> Result<Dossier, Error>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let found = begin(caller, &mut tx, number, revision, action).await?;
    let changed = save(&mut tx, caller, decide(found)?, event, ground).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The case of a step that the caller may take, at the revision that the caller saw.
async fn begin(
    caller: &Caller,
    tx: &mut store::Tx,
    number: CaseNumber,
    revision: Option<i64>,
    action: Action,
) -> Result<Dossier, Error> {
    let found = load(tx, number).await?;
    if !reads(caller, &found.case) {
        return Err(not_found(number));
    }
    caller.require(action, &found.case.resource())?;
    if revision.is_some_and(|expected| expected != found.case.revision) {
        return Err(Error::Stale);
    }
    Ok(found)
}
