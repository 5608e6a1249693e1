//! Working days (工作日) of mainland China, from the yearly notices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use vocabulary::ErrorKind;

use crate::embedded;

/// What kind of day a date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// Monday to Friday, and no holiday.
    Workday,
    /// Saturday or Sunday.
    Weekend,
    /// A day off by the notice, weekends inside it included.
    Holiday,
    /// A Saturday or Sunday that the notice makes a working day (调休上班).
    MakeupWorkday,
}

impl DayKind {
    /// Whether offices work.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Workday | Self::MakeupWorkday)
    }
}

/// Why a date cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The holidays of a year are not known. They are never guessed.
    #[error("the holidays of {year} are not published yet; add the State Council notice")]
    NotPublished {
        /// The year that has no calendar.
        year: i16,
    },

    /// The date lies outside the years -9999 to 9999.
    #[error("the date is out of range")]
    OutOfRange,

    /// A number of working days or hours is no span of the calendar.
    #[error("this period does not count calendar days, months or years")]
    Unit,

    /// A calendar file is wrong.
    #[error("the calendar file is wrong: {0}")]
    File(String),
}

impl CalendarError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPublished { .. } => ErrorKind::Unavailable,
            Self::OutOfRange | Self::Unit | Self::File(_) => ErrorKind::Invalid,
        }
    }
}

/// The notice behind a year of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarYear {
    /// Title of the notice.
    pub notice: String,
    /// Its document number.
    #[serde(default)]
    pub number: Option<String>,
    /// Document number of a later notice that changed it.
    #[serde(default)]
    pub amended_by: Option<String>,
    /// Where the texts are published.
    #[serde(default)]
    pub url: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: Vec<YearTable>,
}

#[derive(Deserialize)]
struct YearTable {
    year: i16,
    #[serde(flatten)]
    notice: CalendarYear,
    holiday: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    /// First and last day off.
    off: [Date; 2],
    #[serde(default)]
    work: Vec<Date>,
}

/// Holidays and make-up working days, by year.
///
/// A calendar knows the years whose notice it holds; for every other year each
/// question is an error that names the year. The notice for a year may also shift
/// days in the last week of the year before, so the last days of the newest year are
/// final only when the next notice is in.
///
/// Basis: 全国年节及纪念日放假办法, and the yearly notices named in `data/calendar`.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    years: BTreeMap<i16, CalendarYear>,
    off: BTreeMap<Date, String>,
    work: BTreeSet<Date>,
}

static CHINA: LazyLock<Calendar> = LazyLock::new(|| {
    let file: File = embedded("calendar/china.toml", include_str!("../data/calendar/china.toml"));
    let mut calendar = Calendar::default();
    calendar.add(file);
    calendar
});

impl Calendar {
    /// The calendar that this version of the software holds: 2019 to 2026.
    pub fn china() -> &'static Self {
        &CHINA
    }

    /// This calendar with the years of a file added; a year that is there is replaced.
    ///
    /// So that operators add a new notice without a new version. The form is that of
    /// `crates/law/data/calendar/china.toml`.
    ///
    /// # Errors
    ///
    /// [`CalendarError::File`] if the text is no such file.
    pub fn with_years(&self, toml_text: &str) -> Result<Self, CalendarError> {
        let file: File =
            toml::from_str(toml_text).map_err(|error| CalendarError::File(error.to_string()))?;
        let mut calendar = self.clone();
        calendar.add(file);
        Ok(calendar)
    }

    fn add(&mut self, file: File) {
        for table in file.year {
            self.off.retain(|day, _| day.year() != table.year);
            self.work.retain(|day| day.year() != table.year);
            self.years.insert(table.year, table.notice);
            for holiday in table.holiday {
                let [first, last] = holiday.off;
                let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
                self.off.extend(
                    days.take_while(|day| *day <= last).map(|day| (day, holiday.name.clone())),
                );
                self.work.extend(holiday.work);
            }
        }
    }

    /// The years that are known, with their notices.
    pub fn years(&self) -> impl Iterator<Item = (i16, &CalendarYear)> {
        self.years.iter().map(|(year, notice)| (*year, notice))
    }

    /// The last day that can be computed; `None` for an empty calendar.
    pub fn last_day(&self) -> Option<Date> {
        let (year, _) = self.years.last_key_value()?;
        Date::new(*year, 12, 31).ok()
    }

    /// What kind of day a date is.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if the year is not in this calendar.
    pub fn kind(&self, day: Date) -> Result<DayKind, CalendarError> {
        if !self.years.contains_key(&day.year()) {
            return Err(CalendarError::NotPublished { year: day.year() });
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        Ok(if self.off.contains_key(&day) {
            DayKind::Holiday
        } else if !weekend {
            DayKind::Workday
        } else if self.work.contains(&day) {
            DayKind::MakeupWorkday
        } else {
            DayKind::Weekend
        })
    }

    /// The name of the holiday that a day belongs to, in Chinese.
    pub fn holiday_name(&self, day: Date) -> Option<&str> {
        self.off.get(&day).map(String::as_str)
    }

    /// Whether offices work on a day.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if the year is not in this calendar.
    ///
    /// ```
    /// # use law::Calendar;
    /// # use jiff::civil::date;
    /// let calendar = Calendar::china();
    /// assert!(!calendar.is_working_day(date(2026, 2, 20))?); // 春节
    /// assert!(calendar.is_working_day(date(2026, 2, 28))?); // a Saturday, 上班
    /// # Ok::<(), law::CalendarError>(())
    /// ```
    pub fn is_working_day(&self, day: Date) -> Result<bool, CalendarError> {
        Ok(self.kind(day)?.is_working())
    }

    /// The n-th working day after a day; the day itself does not count.
    ///
    /// For n = 0 it is the day itself, whatever its kind.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if the count reaches a year without a calendar.
    pub fn add_working_days(&self, start: Date, n: u32) -> Result<Date, CalendarError> {
        let mut day = start;
        let mut left = n;
        while left > 0 {
            day = day.tomorrow().map_err(|_| CalendarError::OutOfRange)?;
            if self.is_working_day(day)? {
                left -= 1;
            }
        }
        Ok(day)
    }

    /// The working days after `start`, up to and with `end`; 0 if `end` is not later.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if a year between has no calendar.
    pub fn working_days_between(&self, start: Date, end: Date) -> Result<u32, CalendarError> {
        let mut day = start;
        let mut count = 0;
        while day < end {
            day = day.tomorrow().map_err(|_| CalendarError::OutOfRange)?;
            count += u32::from(self.is_working_day(day)?);
        }
        Ok(count)
    }

    /// The day itself if offices work, else the next day on which they do.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotPublished`] if that leads into a year without a calendar.
    pub fn on_or_after(&self, day: Date) -> Result<Date, CalendarError> {
        if self.is_working_day(day)? { Ok(day) } else { self.add_working_days(day, 1) }
    }
}
