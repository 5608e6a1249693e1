//! The clocks of a case: of the one notice, and of the answer.
//!
//! The answer's clock starts with the filing, stands still while the filer is asked for
//! what is missing, and starts anew with the supplement.
//!
//! Basis: 政府信息公开条例 第三十条, 第三十三条.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use law::{Calendar, CalendarError, Due, RuleId};
use vocabulary::DivisionCode;
use vocabulary::time::{china, china_date};

use super::model::{Case, CaseState};
use crate::clock::End;
use crate::{Clock, Deadline};

/// The clock of what the desk has to do next with a case; `None` if nothing.
pub fn of_case(case: &Case, now: Timestamp) -> Option<Clock> {
    match case.state {
        CaseState::Filed
        | CaseState::Supplemented
        | CaseState::UnderReview
        | CaseState::ToApprove => Some(of_answer(case, now)),
        CaseState::SupplementAsked
        | CaseState::Answered
        | CaseState::Closed
        | CaseState::Withdrawn => None,
    }
}

/// The clock of the answer.
fn of_answer(case: &Case, now: Timestamp) -> Clock {
    let rule = case.kind.rule().map(|rule| rule.answer);
    let clock = Clock::new(case.clock_from, rule, case.division, now);
    if case.extended_at.is_none() {
        return clock;
    }
    let deadline = clock.deadline.map(|deadline| Deadline {
        end: extended(&deadline, case.clock_from)
            .and_then(|due| law::remaining(now, due).map(|remaining| End { due, remaining })),
        ..deadline
    });
    Clock { deadline, ..clock }
}

/// The end of the extended time; a rule without an extension ends as it does.
fn extended(deadline: &Deadline, since: Timestamp) -> Result<Due, CalendarError> {
    match deadline.row.extended_due_at(since)? {
        Some(due) => Ok(due),
        None => deadline.row.due_at(since),
    }
}

/// The clock of the one notice of what is missing, while it may still be given.
///
/// It may be given once, before someone has answered, and not when its time is over:
/// what is there is decided then. Where a calendar is not published, nobody can say that
/// it is over.
pub fn of_notice(case: &Case, now: Timestamp) -> Option<Clock> {
    if case.supplement_asked_at.is_some()
        || !matches!(case.state, CaseState::Filed | CaseState::UnderReview)
    {
        return None;
    }
    let clock = Clock::new(case.filed_at, Some(notice_rule(case)?), case.division, now);
    let over = clock.deadline.as_ref().and_then(|deadline| deadline.end.as_ref().ok());
    if over.is_some_and(|end| end.remaining.overdue) { None } else { Some(clock) }
}

fn notice_rule(case: &Case) -> Option<RuleId> {
    case.kind.rule().map(|rule| rule.notice)
}

/// Whether the law lets the time of a case's answer be extended: once, while it runs.
pub fn may_be_extended(case: &Case, now: Timestamp) -> bool {
    let open = case.state.is_open() && case.state != CaseState::SupplementAsked;
    let is_over = due_at(case).is_some_and(|due| now >= due);
    open && !is_over
        && case.extended_at.is_none()
        && deadline_row(case).is_some_and(|row| row.extension.is_some())
}

fn deadline_row(case: &Case) -> Option<&'static law::DeadlineRow> {
    let place = case.division.unwrap_or(DivisionCode::SHANXI);
    law::deadline(case.kind.rule()?.answer, place, china_date(case.clock_from)).ok()
}

/// When the time for the answer ends, extended or not; `None` while a calendar is not
/// published.
pub(super) fn due_at(case: &Case) -> Option<Timestamp> {
    let row = deadline_row(case)?;
    let due = match case.extended_at {
        Some(_) => row.extended_due_at(case.clock_from).ok()?,
        None => None,
    };
    match due {
        Some(due) => Some(due.ends_at),
        None => row.due_at(case.clock_from).ok().map(|due| due.ends_at),
    }
}

/// When a calendar day ends in China.
pub(super) fn end_of(day: Date) -> Option<Timestamp> {
    china().to_timestamp(day.tomorrow().ok()?.at(0, 0, 0, 0)).ok()
}

/// The last moment for a supplement that is asked for at `now`.
pub(super) fn supplement_due_at(now: Timestamp) -> Option<Timestamp> {
    let days = i64::from(law::requests::supplement().days);
    end_of(china_date(now).checked_add(Span::new().days(days)).ok()?)
}

/// Whether a case may count as given up: what was asked for did not come in its time.
pub fn may_lapse(case: &Case, now: Timestamp) -> bool {
    case.state == CaseState::SupplementAsked && case.supplement_due_at.is_some_and(|due| now >= due)
}

/// Working days from the start of the clock to the day of the answer.
pub(super) fn working_days(case: &Case, now: Timestamp) -> Option<u32> {
    let (from, to) = (china_date(case.clock_from), china_date(now));
    Calendar::china().working_days_between(from, to).ok()
}
