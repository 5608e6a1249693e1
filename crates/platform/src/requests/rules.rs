//! Pure decisions about a case: what may be filed, which step may follow, what an answer
//! must say.

use jiff::Timestamp;
use law::OpeningAttribute;
use law::requests::RequestKind;
use trust::{Caller, Role};

use super::NewCase;
use super::clock;
use super::model::{Answer, Case, CaseState, Details, Dossier, Outcome};
use crate::error::{Error, FieldProblem};
use crate::registry::Asset;
use crate::wording;

/// Longest question, supplement and answer, in characters.
const LONG: usize = 5_000;
/// Longest notice, reason and ground.
const SHORT: usize = 1_000;
/// Longest term that can be asked for, in months: five years.
const MOST_MONTHS: u32 = 60;

/// Collects what is wrong with what was typed, all of it.
#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: &str, zh: &str, en: &str) {
        self.0.push(FieldProblem::new(field, zh, en));
    }

    /// A text of `least` to `most` characters.
    fn text(&mut self, field: &str, text: &str, least: usize, most: usize) {
        if text.chars().any(wording::is_unseen) {
            self.add(
                field,
                "含有看不见的控制字符，请重新输入。",
                "It has control characters that nobody sees; type it again.",
            );
        }
        let found = text.trim().chars().count();
        if found < least || found > most {
            self.0.push(FieldProblem::new(
                field,
                format!("应为 {least} 至 {most} 个字符，现有 {found} 个。"),
                format!("It has {least} to {most} characters; there are {found}."),
            ));
        }
    }

    fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid { problems: self.0 }) }
    }
}

/// Checks what someone of the public files.
///
/// - `about`: the published dataset that it is about; `is_open`: whether its data are.
///
/// # Errors
///
/// [`Error::Invalid`] with everything that is missing or wrong.
pub(super) fn check_new(new: &NewCase, about: Option<&Asset>, is_open: bool) -> Result<(), Error> {
    let mut wrong = Problems::default();
    wrong.text("title", &new.title, 2, 100);
    wrong.text("question", &new.question, 5, LONG);
    wrong.text("name", &new.name, 1, 100);
    check_contact(&new.contact, &mut wrong);
    if about.is_none() && matches!(new.kind, RequestKind::Conditional | RequestKind::Correction) {
        wrong.add(
            "about",
            "请从数据集页面进入，或填写数据集编号。",
            "Say which dataset it is about: start from its page, or give its id.",
        );
    }
    match new.kind {
        RequestKind::OpenData if is_open => wrong.add(
            "about",
            "这个数据集已经开放，可以直接下载；内容有错请选“数据纠错”。",
            "These data are open and can be taken; if something in them is wrong, file a correction.",
        ),
        RequestKind::Conditional => check_conditional(new, about, &mut wrong),
        RequestKind::Complaint if new.details.exposed.is_none() => wrong.add(
            "exposed",
            "请选择被暴露的是什么。",
            "Choose what is exposed.",
        ),
        _ => {}
    }
    let least = usize::from(new.kind == RequestKind::Correction);
    wrong.text("item", &new.details.item, least, 500);
    wrong.text("purpose", &new.details.purpose, 0, SHORT);
    wrong.text("scope", &new.details.scope, 0, SHORT);
    wrong.done()
}

/// An address or a number by which the filer can be reached.
fn check_contact(contact: &str, wrong: &mut Problems) {
    wrong.text("contact", contact, 3, 200);
    let digits = contact.chars().filter(|c| c.is_numeric()).count();
    if !contact.contains('@') && digits < 7 {
        wrong.add(
            "contact",
            "请填写电子邮箱或电话号码，以便答复。它不会公开。",
            "Give an e-mail address or a telephone number, so that you can be answered. It is never public.",
        );
    }
}

/// What a request for conditional data must say.
///
/// Basis: 政务数据共享条例 第二十条 (the content of a request, by analogy).
fn check_conditional(new: &NewCase, about: Option<&Asset>, wrong: &mut Problems) {
    let conditional = |asset: &Asset| asset.entry.opening == Some(OpeningAttribute::Conditional);
    if about.is_some_and(|asset| !conditional(asset)) {
        wrong.add(
            "about",
            "这个数据集不是有条件开放；没有开放的请选“未开放数据请求”。",
            "These data are not open on condition; for what is not open, file a request for open data.",
        );
    }
    wrong.text("purpose", &new.details.purpose, 5, SHORT);
    wrong.text("scope", &new.details.scope, 2, SHORT);
    if !new.details.term_months.is_some_and(|months| (1..=MOST_MONTHS).contains(&months)) {
        wrong.add("term_months", "使用时限为 1 至 60 个月。", "The term is 1 to 60 months.");
    }
    if new.commitment_sha256.as_deref() != Some(super::commitment_sha256().as_str()) {
        wrong.add(
            "commitment",
            "请阅读并接受使用承诺；承诺书有更新的，请重新阅读。",
            "Read the undertaking and accept it; if it has changed, read it again.",
        );
    }
}

/// Only what belongs to the kind is kept.
pub(super) fn details_of(kind: RequestKind, details: Details) -> Details {
    let empty = Details::default();
    match kind {
        RequestKind::OpenData => Details { purpose: details.purpose, ..empty },
        RequestKind::Conditional => Details { item: String::new(), exposed: None, ..details },
        RequestKind::Correction => Details { item: details.item, ..empty },
        RequestKind::Suggestion => empty,
        RequestKind::Complaint => Details { item: details.item, exposed: details.exposed, ..empty },
    }
}

/// Checks that a case is in one of the states that a step starts from.
pub(super) fn require_state(
    case: &Case,
    needed: &[CaseState],
    words: &'static str,
) -> Result<(), Error> {
    if needed.contains(&case.state) {
        return Ok(());
    }
    Err(Error::WrongState {
        subject: format!("case {}", case.number),
        found: case.state.code().to_owned(),
        needed: words,
    })
}

/// A text that a step needs, of at most `most` characters.
fn required(field: &str, text: &str, most: usize) -> Result<String, Error> {
    let mut wrong = Problems::default();
    wrong.text(field, text, 1, most);
    wrong.done()?;
    Ok(text.trim().to_owned())
}

/// The reason of a step, which the filer reads.
pub(super) fn required_reason(reason: &str) -> Result<String, Error> {
    let reason = required("reason", reason, SHORT)?;
    refuse_personal("reason", &reason)?;
    Ok(reason)
}

/// A handler of the body takes the case up.
pub(super) fn accept(dossier: Dossier, caller: &Caller) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::Filed, CaseState::Supplemented], "filed, supplemented")?;
    let case = Case {
        state: CaseState::UnderReview,
        handler: caller.account_id(),
        accepted_at: Some(caller.now()),
        ..case
    };
    Ok(Dossier { case, papers })
}

/// The filer is told, once and within the time of the notice, what is missing.
pub(super) fn ask_supplement(
    dossier: Dossier,
    notice: &str,
    caller: &Caller,
) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::Filed, CaseState::UnderReview], "filed, under_review")?;
    if clock::of_notice(&case, caller.now()).is_none() {
        let (zh, en) = match case.supplement_asked_at {
            Some(_) => (
                "补正只能一次性告知，本件已经告知过，请按现有材料答复。",
                "What is missing is told once, and it was told already; answer on what is there.",
            ),
            None => (
                "一次性告知的期限已过，请按现有材料答复。",
                "The time for the notice is over; answer on what is there.",
            ),
        };
        return Err(Error::invalid("notice", zh, en));
    }
    let papers =
        super::Papers { supplement_notice: Some(required("notice", notice, SHORT)?), ..papers };
    let case = Case {
        state: CaseState::SupplementAsked,
        handler: caller.account_id(),
        supplement_asked_at: Some(caller.now()),
        supplement_due_at: clock::supplement_due_at(caller.now()),
        due_at: None,
        ..case
    };
    Ok(Dossier { case, papers })
}

/// What was asked for did not come in its time, and the desk knows no good reason: the case
/// counts as given up.
///
/// Basis: 政府信息公开条例 第三十条.
pub(super) fn lapse(dossier: Dossier, now: Timestamp) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::SupplementAsked], "supplement_asked")?;
    if !clock::may_lapse(&case, now) {
        return Err(Error::invalid(
            "lapse",
            "补正期限还没有过。",
            "The time for what was asked for is not over yet.",
        ));
    }
    let case = Case {
        state: CaseState::Withdrawn,
        withdrawn_at: Some(now),
        lapsed_at: Some(now),
        due_at: None,
        ..case
    };
    Ok(Dossier { case, papers })
}

/// The filer adds what was missing: the clock starts anew.
pub(super) fn supplement(dossier: Dossier, text: &str, now: Timestamp) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::SupplementAsked], "supplement_asked")?;
    let papers = super::Papers { supplement: Some(required("supplement", text, LONG)?), ..papers };
    let case = Case {
        state: CaseState::Supplemented,
        supplemented_at: Some(now),
        clock_from: now,
        // The clock starts anew, and with it the one extension.
        extension: None,
        extended_at: None,
        ..case
    };
    let case = Case { due_at: clock::due_at(&case), ..case };
    Ok(Dossier { case, papers })
}

/// The head of the unit extends the time, once and with a reason that everyone reads.
pub(super) fn extend(dossier: Dossier, reason: &str, caller: &Caller) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    if !clock::may_be_extended(&case, caller.now()) {
        return Err(Error::invalid(
            "reason",
            "期限不能延长：已经延长过，期限已过，依据没有规定延长，或者现在不计时。",
            "The time cannot be extended: it was, it is over, the provision has no extension, or no clock runs.",
        ));
    }
    let reason = required("reason", reason, SHORT)?;
    refuse_personal("reason", &reason)?;
    let case = Case { extension: Some(reason), extended_at: Some(caller.now()), ..case };
    let case = Case { due_at: clock::due_at(&case), ..case };
    Ok(Dossier { case, papers })
}

/// What everyone will read holds nothing that identifies a person.
fn refuse_personal(field: &str, text: &str) -> Result<(), Error> {
    let problems = wording::objections(field, text, true);
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

/// The question is released for everyone, as it was filed or masked.
pub(super) fn publish_question(
    dossier: Dossier,
    title: &str,
    question: &str,
    is_confirmed: bool,
    caller: &Caller,
) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    // What was answered stands beside its answer: only the data administrator, who answers
    // nothing, may still mask it.
    let is_settled = case.answered_at.is_some() && case.question.is_some();
    if case.state == CaseState::Withdrawn || is_settled && !caller.has_role(Role::DataAdmin) {
        require_state(&case, &[], "open, or answered and its question not released")?;
    }
    let mut wrong = Problems::default();
    wrong.text("title", title, 2, 100);
    wrong.text("question", question, 2, LONG);
    wrong.0.extend(wording::objections("title", title, is_confirmed));
    wrong.0.extend(wording::objections("question", question, is_confirmed));
    wrong.done()?;
    let case = Case {
        title: Some(title.trim().to_owned()),
        question: Some(question.trim().to_owned()),
        question_at: Some(caller.now()),
        ..case
    };
    Ok(Dossier { case, papers })
}

/// A handler writes the answer; the head of the unit decides about it.
pub(super) fn draft(dossier: Dossier, answer: &Answer, caller: &Caller) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(
        &case,
        &[CaseState::UnderReview, CaseState::ToApprove],
        "under_review, to_approve",
    )?;
    let answer = check_answer(&case, answer)?;
    let papers = super::Papers { draft: Some(answer), return_reason: None, ..papers };
    let case = Case {
        state: CaseState::ToApprove,
        handler: caller.account_id(),
        drafted_by: caller.account_id(),
        drafted_at: Some(caller.now()),
        ..case
    };
    Ok(Dossier { case, papers })
}

/// Checks what an answer must say, and drops what its outcome does not have.
fn check_answer(case: &Case, answer: &Answer) -> Result<Answer, Error> {
    let mut wrong = Problems::default();
    if !Outcome::of_kind(case.kind).contains(&answer.outcome) {
        wrong.add("outcome", "这类诉求没有这种答复。", "A case of this kind has no such answer.");
    }
    wrong.text("text", &answer.text, 5, LONG);
    wrong.0.extend(wording::objections("text", &answer.text, true));
    let trimmed = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let outcome = answer.outcome;
    let ground = trimmed(&answer.ground).filter(|_| outcome.refuses());
    if outcome.refuses() && !ground.as_deref().is_some_and(is_provision) {
        wrong.add(
            "ground",
            "拒绝须写明法律依据，到条，例如：政府信息公开条例 第十五条。",
            "A refusal cites its provision, down to the article, such as 政府信息公开条例 第十五条.",
        );
    }
    let holder = trimmed(&answer.holder).filter(|_| outcome == Outcome::NotHeld);
    for (field, text) in [("ground", &ground), ("holder", &holder)] {
        if let Some(text) = text {
            wrong.text(field, text, 1, SHORT);
            wrong.0.extend(wording::objections(field, text, true));
        }
    }
    if outcome == Outcome::NotHeld && holder.is_none() {
        wrong.add(
            "holder",
            "请写明应由哪个单位负责；不能确定的，写明如何查询。",
            "Say which body holds it; if that is not known, say how to find out.",
        );
    }
    let repeats = answer.repeats.filter(|_| outcome == Outcome::Repeated);
    if outcome == Outcome::Repeated && repeats.is_none_or(|number| number == case.number) {
        wrong.add("repeats", "请填写先前办件的编号。", "Give the number of the earlier case.");
    }
    let links = matches!(outcome, Outcome::AlreadyOpen | Outcome::Granted | Outcome::PartlyGranted);
    let dataset = answer.dataset.filter(|_| links);
    if outcome == Outcome::AlreadyOpen && dataset.is_none() {
        wrong.add("dataset", "请填写已开放的数据集编号。", "Give the id of the open dataset.");
    }
    let version = answer.version.filter(|_| outcome == Outcome::Corrected);
    if outcome == Outcome::Corrected && version.is_none() {
        wrong.add("version", "请填写更正后的版本号。", "Give the number of the corrected version.");
    }
    wrong.done()?;
    let text = answer.text.trim().to_owned();
    Ok(Answer { outcome, text, ground, dataset, holder, repeats, version })
}

/// Whether a text cites a provision: one that the law's tables know, or an article of an
/// instrument that they do not have.
fn is_provision(text: &str) -> bool {
    text.chars().count() <= SHORT && (law::resolve(text).is_some() || names_article(text))
}

/// Whether an article is named after the instrument that it is of: `…条例 第十五条`.
fn names_article(text: &str) -> bool {
    const NUMERALS: &str = "一二三四五六七八九十百千〇零两0123456789０１２３４５６７８９";
    const INSTRUMENTS: [&str; 9] =
        ["法", "条例", "规定", "办法", "细则", "规则", "决定", "章程", "意见"];
    text.match_indices('第').any(|(at, found)| {
        let (before, rest) = text.split_at(at);
        let rest = rest.strip_prefix(found).unwrap_or_default().trim_start();
        let after = rest.trim_start_matches(|c| NUMERALS.contains(c));
        let before = before.trim_end().trim_end_matches(['》', '〉']);
        after.len() < rest.len()
            && after.trim_start().starts_with('条')
            && INSTRUMENTS.iter().any(|name| before.ends_with(name))
    })
}

/// The head of the unit sends the draft back, with a reason.
pub(super) fn send_back(dossier: Dossier, reason: &str) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::ToApprove], "to_approve")?;
    let reason = required("reason", reason, SHORT)?;
    // It stands in the trail, which is kept for good.
    refuse_personal("reason", &reason)?;
    let papers = super::Papers { return_reason: Some(reason), ..papers };
    Ok(Dossier { case: Case { state: CaseState::UnderReview, ..case }, papers })
}

/// The head of the unit approves: the answer is everyone's to read.
pub(super) fn approve(dossier: Dossier, caller: &Caller) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::ToApprove], "to_approve")?;
    let Some(answer) = papers.draft.clone() else {
        return Err(Error::invalid("draft", "还没有拟写答复。", "No answer is written yet."));
    };
    let now = caller.now();
    let case = Case {
        state: CaseState::Answered,
        answer: Some(answer),
        answered_by: caller.account_id(),
        answered_at: Some(now),
        working_days: clock::working_days(&case, now),
        // A calendar may have been published since the case was filed.
        due_at: case.due_at.or_else(|| clock::due_at(&case)),
        ..case
    };
    Ok(Dossier { case, papers: super::Papers { draft: None, ..papers } })
}

/// An answered case is closed: what was promised is done, or the filer is content.
pub(super) fn close(dossier: Dossier, now: Timestamp) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    require_state(&case, &[CaseState::Answered], "answered")?;
    let case = Case { state: CaseState::Closed, closed_at: Some(now), ..case };
    Ok(Dossier { case, papers })
}

/// The filer takes the case back while it is not answered.
pub(super) fn withdraw(dossier: Dossier, now: Timestamp) -> Result<Dossier, Error> {
    let Dossier { case, papers } = dossier;
    if !case.state.is_open() {
        require_state(
            &case,
            &[],
            "filed, supplement_asked, supplemented, under_review, to_approve",
        )?;
    }
    let case = Case {
        state: CaseState::Withdrawn,
        withdrawn_at: Some(now),
        due_at: None,
        // What is taken back is not public any more.
        title: None,
        question: None,
        question_at: None,
        ..case
    };
    Ok(Dossier { case, papers: super::Papers { draft: None, ..papers } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provision_is_an_article_of_an_instrument() {
        for text in ["政府信息公开条例 第十五条", "《太原市数据条例》第三条第二款"]
        {
            assert!(is_provision(text), "{text}");
        }
        for text in ["", "不方便", "第十五条", "有关规定", "领导第二次说没条件", "有关规定的第几条"]
        {
            assert!(!is_provision(text), "{text}");
        }
    }
}
