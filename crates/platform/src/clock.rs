//! Clocks (时限) of what waits for someone: since when, and which deadline of the law runs.
//!
//! Silence never decides anything: a limit that has passed is shown, and that is all.
//! Basis: 政务数据共享条例 第十七条 (a number of working days for each step).
//!
//! Invariants (each is also the name of a test):
//! - `a_year_without_a_calendar_is_said_and_not_guessed`

use jiff::Timestamp;
use law::{Calendar, CalendarError, DeadlineRow, Due, Remaining, RuleId};
use vocabulary::DivisionCode;
use vocabulary::time::china_date;

/// Since when something waits, and how long it may.
#[derive(Clone, Debug)]
pub struct Clock {
    /// When it began to wait.
    pub since: Timestamp,
    /// Working days after the first day, up to and with today; `None` where a year
    /// between has no calendar.
    pub waited: Option<u32>,
    /// The deadline of the law; `None` where the law sets none for this step.
    pub deadline: Option<Deadline>,
}

/// A deadline that runs.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// The rule as it applies here and now.
    pub row: &'static DeadlineRow,
    /// When it ends and what is left.
    ///
    /// An error where a year has no calendar yet: then nobody can know.
    pub end: Result<End, CalendarError>,
}

/// The end of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last day.
    pub due: Due,
    /// What is left, or by how much it is overdue.
    pub remaining: Remaining,
}

impl Clock {
    /// The clock of something that waits since an instant.
    ///
    /// - `rule`: the deadline that the law sets for this step, if it sets one.
    /// - `place`: where it applies; without one, in the whole province.
    ///
    /// ```
    /// # use law::RuleId;
    /// # use platform::Clock;
    /// let friday = "2026-11-27T10:00:00+08:00".parse()?;
    /// let monday = "2026-11-30T09:00:00+08:00".parse()?;
    /// let clock = Clock::new(friday, Some(RuleId::SH_02), None, monday);
    /// let end = clock.deadline.unwrap().end?;
    /// assert_eq!(end.due.date, jiff::civil::date(2026, 12, 1));
    /// assert_eq!((clock.waited, end.remaining.working_days), (Some(1), 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        since: Timestamp,
        rule: Option<RuleId>,
        place: Option<DivisionCode>,
        now: Timestamp,
    ) -> Self {
        let waited = Calendar::china().working_days_between(china_date(since), china_date(now));
        let deadline = rule.and_then(|rule| Deadline::new(rule, place, since, now));
        Self { since, waited: waited.ok(), deadline }
    }

    /// What sorts the most urgent first: limits by their end, then limits whose end
    /// nobody knows, then what has no limit, the longest waiting first.
    pub fn urgency(&self) -> (u8, Timestamp) {
        match &self.deadline {
            Some(Deadline { end: Ok(end), .. }) => (0, end.due.ends_at),
            Some(_) => (1, self.since),
            None => (2, self.since),
        }
    }
}

impl Deadline {
    /// The deadline, if the rule is in force in the place on that day.
    fn new(
        rule: RuleId,
        place: Option<DivisionCode>,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Self> {
        let place = place.or_else(|| "140000".parse().ok())?;
        let row = law::deadline(rule, place, china_date(since)).ok()?;
        let end = row
            .due_at(since)
            .and_then(|due| law::remaining(now, due).map(|remaining| End { due, remaining }));
        Some(Self { row, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn review(since: &str, now: &str) -> Clock {
        Clock::new(at(since), Some(RuleId::SH_02), None, at(now))
    }

    #[test]
    fn a_limit_ends_with_its_last_working_day_and_then_is_overdue() {
        let friday = "2026-11-27T10:00:00+08:00";
        let cases = [
            (friday, (2, false)),
            ("2026-11-29T12:00:00+08:00", (2, false)),
            ("2026-12-01T23:59:59+08:00", (0, false)),
            ("2026-12-02T00:00:00+08:00", (1, true)),
            ("2026-12-07T09:00:00+08:00", (4, true)),
        ];
        for (now, (days, overdue)) in cases {
            let end = review(friday, now).deadline.unwrap().end.unwrap();
            assert_eq!(end.remaining, Remaining { working_days: days, overdue }, "{now}");
        }
    }

    #[test]
    fn a_year_without_a_calendar_is_said_and_not_guessed() {
        let last = Calendar::china().last_day().unwrap();
        let since = vocabulary::time::china().to_timestamp(last.at(9, 0, 0, 0)).unwrap();
        let clock = Clock::new(since, Some(RuleId::SH_02), None, since);
        let unknown = clock.deadline.as_ref().unwrap().end.clone().unwrap_err();
        assert_eq!(unknown, CalendarError::NotPublished { year: last.year() + 1 });
        assert_eq!((clock.waited, clock.urgency().0), (Some(0), 1));
    }

    #[test]
    fn before_a_regulation_is_in_force_no_limit_of_it_runs() {
        let early = review("2025-07-31T10:00:00+08:00", "2025-08-04T10:00:00+08:00");
        assert!(early.deadline.is_none());
        assert_eq!(early.waited, Some(2));
    }

    #[test]
    fn the_least_time_left_comes_first_and_what_has_no_limit_last() {
        let now = "2026-11-30T09:00:00+08:00";
        let without = |since| Clock::new(at(since), None, None, at(now));
        let mut clocks = [
            without("2026-11-30T08:00:00+08:00"),
            review("2026-11-30T08:00:00+08:00", now),
            without("2026-10-12T08:00:00+08:00"),
            review("2026-11-24T08:00:00+08:00", now),
        ];
        clocks.sort_by_key(Clock::urgency);
        let days = clocks.map(|clock| china_date(clock.since).day());
        assert_eq!(days, [24, 30, 12, 30]);
    }
}
