//! When a period ends, and how much of it is left.
//!
//! Basis: 民法典 第二百零一条 (the start day does not count; hours run from the moment),
//! 民法典 第二百零二条 (months and years end on the corresponding day, or on the last day of
//! the month) and 民法典 第二百零三条 (a last day off moves to the next working day; the
//! day ends at 24:00). 行政许可法 第八十二条 has limits in working days.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vocabulary::time::{china, china_date};

use crate::calendar::{Calendar, CalendarError};
use crate::deadline::{DeadlineKind, DeadlineRow, Unit};

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Due {
    /// The last day, in China.
    pub date: Date,
    /// The first instant after the period: 24:00 of the last day in China, or the exact
    /// moment for a period in hours.
    pub ends_at: Timestamp,
}

/// What is left of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remaining {
    /// Working days after today up to and with the last day; if overdue, the working
    /// days after the last day up to and with today.
    pub working_days: u32,
    /// Whether the period has ended.
    pub overdue: bool,
}

impl Due {
    /// The end of a day in China.
    ///
    /// # Errors
    ///
    /// [`CalendarError::OutOfRange`] on the last day of the year 9999.
    pub fn end_of(date: Date) -> Result<Self, CalendarError> {
        let next = date.tomorrow().map_err(|_| CalendarError::OutOfRange)?;
        let ends_at =
            china().to_timestamp(next.at(0, 0, 0, 0)).map_err(|_| CalendarError::OutOfRange)?;
        Ok(Self { date, ends_at })
    }

    /// How much is left at an instant, by a given calendar.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if a year between has no calendar.
    pub fn remaining_in(
        &self,
        now: Timestamp,
        calendar: &Calendar,
    ) -> Result<Remaining, CalendarError> {
        let today = china_date(now);
        let overdue = now >= self.ends_at;
        let working_days = if overdue {
            calendar.working_days_between(self.date, today)?
        } else {
            calendar.working_days_between(today, self.date)?
        };
        Ok(Remaining { working_days, overdue })
    }
}

/// How much of a period is left at an instant, by the calendar of this version.
///
/// # Errors
///
/// [`CalendarError::NotPublished`] if a year between has no calendar.
pub fn remaining(now: Timestamp, due: Due) -> Result<Remaining, CalendarError> {
    due.remaining_in(now, Calendar::china())
}

impl DeadlineRow {
    /// When the period ends that starts at an instant, by the calendar of this version.
    ///
    /// - A limit in days, months or years whose last day is off moves on to the next
    ///   working day. Minimum, validity and window do not move.
    /// - A window ends on the day that it is given, see [`DeadlineRow::opens_on`].
    /// - A yearly rule is due on its next date, today included.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if a year has no calendar: nothing is guessed.
    ///
    /// ```
    /// # use law::{RuleId, deadline};
    /// # use jiff::civil::date;
    /// let row = deadline(RuleId::SH_06, "140000".parse()?, date(2026, 9, 21))?;
    /// let due = row.due_at("2026-09-21T09:00:00+08:00".parse()?)?;
    /// assert_eq!(due.date, date(2026, 10, 26)); // two holidays and one make-up day between
    /// assert_eq!(due.ends_at, "2026-10-27T00:00:00+08:00".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn due_at(&self, start: Timestamp) -> Result<Due, CalendarError> {
        self.due_in(start, Calendar::china())
    }

    /// As [`DeadlineRow::due_at`], by a given calendar.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if a year has no calendar.
    pub fn due_in(&self, start: Timestamp, calendar: &Calendar) -> Result<Due, CalendarError> {
        let day = china_date(start);
        match self.kind {
            DeadlineKind::Window | DeadlineKind::AtOnce => Due::end_of(day),
            DeadlineKind::Yearly => Due::end_of(self.next_yearly(day)?),
            DeadlineKind::Limit | DeadlineKind::Minimum | DeadlineKind::Validity => {
                self.add(start, self.n, self.unit, calendar)
            }
        }
    }

    /// When the period ends if it is extended by the most that the rule allows;
    /// `None` if the rule has no extension.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if a year has no calendar.
    pub fn extended_due_at(&self, start: Timestamp) -> Result<Option<Due>, CalendarError> {
        self.extended_due_in(start, Calendar::china())
    }

    /// As [`DeadlineRow::extended_due_at`], by a given calendar.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if a year has no calendar.
    pub fn extended_due_in(
        &self,
        start: Timestamp,
        calendar: &Calendar,
    ) -> Result<Option<Due>, CalendarError> {
        let Some(extension) = &self.extension else { return Ok(None) };
        let first = self.due_in(start, calendar)?;
        // The last instant of the first period, so that its day does not count again.
        let last = first
            .ends_at
            .checked_sub(SignedDuration::from_secs(1))
            .map_err(|_| CalendarError::OutOfRange)?;
        self.add(last, extension.n, extension.unit, calendar).map(Some)
    }

    /// The first day of a window that closes on `end`; `None` for other kinds.
    ///
    /// # Errors
    ///
    /// [`CalendarError::OutOfRange`] before the year -9999.
    pub fn opens_on(&self, end: Date) -> Result<Option<Date>, CalendarError> {
        if self.kind != DeadlineKind::Window {
            return Ok(None);
        }
        let span = self.unit.span(self.n).ok_or(CalendarError::Unit)?;
        end.checked_sub(span).map(Some).map_err(|_| CalendarError::OutOfRange)
    }

    fn add(
        &self,
        start: Timestamp,
        n: u32,
        unit: Unit,
        calendar: &Calendar,
    ) -> Result<Due, CalendarError> {
        let day = china_date(start);
        match unit {
            Unit::Hours => {
                let hours = SignedDuration::from_secs(i64::from(n) * 3600);
                let ends_at = start.checked_add(hours).map_err(|_| CalendarError::OutOfRange)?;
                Ok(Due { date: china_date(ends_at), ends_at })
            }
            Unit::WorkingDays => Due::end_of(calendar.add_working_days(day, n)?),
            Unit::Days | Unit::Months | Unit::Years => {
                let last = add_calendar(day, n, unit)?;
                Due::end_of(match self.kind {
                    DeadlineKind::Limit => calendar.on_or_after(last)?,
                    _ => last,
                })
            }
        }
    }

    fn next_yearly(&self, day: Date) -> Result<Date, CalendarError> {
        let by = self.by.ok_or(CalendarError::Unit)?;
        let in_year = |year| Date::new(year, by.month, by.day);
        let this_year = in_year(day.year()).map_err(|_| CalendarError::OutOfRange)?;
        if this_year >= day {
            return Ok(this_year);
        }
        in_year(day.year().saturating_add(1)).map_err(|_| CalendarError::OutOfRange)
    }
}

/// The last day of a period in days, months or years that starts on a day.
pub(crate) fn add_calendar(start: Date, n: u32, unit: Unit) -> Result<Date, CalendarError> {
    let span = unit.span(n).ok_or(CalendarError::Unit)?;
    // Months and years end on the corresponding day or, if there is none, on the last
    // day of the month: that is also how the library adds.
    start.checked_add(span).map_err(|_| CalendarError::OutOfRange)
}
