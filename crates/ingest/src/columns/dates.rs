//! Dates and times of day as people write them in tables.

/// Microseconds of a day.
pub(super) const DAY_MICROS: i64 = 86_400_000_000;

/// Days from 1970-01-01 of a date that exists, years 1 to 9999.
///
/// # Source
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `days_from_civil`.
#[inline]
pub(super) fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    if day > 28 && day > month_days(year, month) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted - era * 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn month_days(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYY-MM-DD` exactly, or nothing.
#[inline]
pub(super) fn iso_date(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let mut wrong = 0_u8;
    let mut digit = |byte: u8| {
        let value = byte.wrapping_sub(b'0');
        wrong |= u8::from(value > 9);
        i32::from(value)
    };
    let year = digit(y1) * 1000 + digit(y2) * 100 + digit(y3) * 10 + digit(y4);
    let month = digit(m1) * 10 + digit(m2);
    let day = digit(d1) * 10 + digit(d2);
    if wrong != 0 {
        return None;
    }
    days(year, month, day)
}

/// `YYYYMMDD` of a date between 1900 and 2099.
pub(super) fn compact_date(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, m1, m2, d1, d2] = text else {
        return None;
    };
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |byte: u8| i32::from(byte.wrapping_sub(b'0'));
    let year = digit(y1) * 1000 + digit(y2) * 100 + digit(y3) * 10 + digit(y4);
    if !(1900..=2099).contains(&year) {
        return None;
    }
    days(year, digit(m1) * 10 + digit(m2), digit(d1) * 10 + digit(d2))
}

/// What a text with a date in front is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// A date alone, in days.
    Date(i32),
    /// A date and a time of day, in microseconds.
    DateTime(i64),
}

/// Reads a date with or without a time of day.
pub(super) fn moment(text: &[u8]) -> Option<Moment> {
    let mut rest = Cursor(text);
    let year = rest.number(4, 4)?;
    let (month, day) = match rest.take()? {
        mark @ (b'-' | b'/' | b'.') => {
            let month = rest.number(1, 2)?;
            if rest.take()? != mark {
                return None;
            }
            (month, rest.number(1, 2)?)
        }
        first => {
            rest.continue_with(first, "年")?;
            let month = rest.number(1, 2)?;
            rest.expect("月")?;
            let day = rest.number(1, 2)?;
            rest.expect("日").or_else(|| rest.expect("号"))?;
            (month, day)
        }
    };
    let date = days(year, month, day)?;
    if rest.0.is_empty() {
        return Some(Moment::Date(date));
    }
    let gap = rest.spaces();
    let has_t = gap == 0 && matches!(rest.0.first(), Some(b'T' | b't'));
    if has_t {
        rest.take()?;
    }
    let after_day = text.len() > 10 && !text.is_ascii();
    if gap == 0 && !has_t && !after_day {
        return None;
    }
    let micros = time_of_day(rest)?;
    Some(Moment::DateTime(i64::from(date) * DAY_MICROS + micros))
}

/// `8:00`, `08:00:00`, `08:00:00.123456`, `8时`, `8时30分`, `8时30分15秒`.
fn time_of_day(mut rest: Cursor<'_>) -> Option<i64> {
    let hour = rest.number(1, 2)?;
    let (mut minute, mut second, mut micros) = (0, 0, 0);
    if rest.0.first() == Some(&b':') {
        rest.take()?;
        minute = rest.number(2, 2)?;
        if rest.0.first() == Some(&b':') {
            rest.take()?;
            second = rest.number(2, 2)?;
            if rest.0.first() == Some(&b'.') {
                rest.take()?;
                micros = rest.fraction()?;
            }
        }
    } else {
        rest.expect("时").or_else(|| rest.expect("點")).or_else(|| rest.expect("点"))?;
        if !rest.0.is_empty() {
            minute = rest.number(1, 2)?;
            rest.expect("分")?;
            if !rest.0.is_empty() {
                second = rest.number(1, 2)?;
                rest.expect("秒")?;
            }
        }
    }
    if !rest.0.is_empty() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some(seconds * 1_000_000 + micros)
}

/// What is left of a text.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self, min: usize, max: usize) -> Option<i32> {
        let digits = self.0.iter().take(max).take_while(|byte| byte.is_ascii_digit()).count();
        if digits < min {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        Some(number.iter().fold(0, |value, byte| value * 10 + i32::from(byte - b'0')))
    }

    fn expect(&mut self, word: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(word.as_bytes())?;
        Some(())
    }

    /// The same when the first byte is already taken.
    fn continue_with(&mut self, first: u8, word: &str) -> Option<()> {
        let (expected, rest) = word.as_bytes().split_first()?;
        if *expected != first {
            return None;
        }
        self.0 = self.0.strip_prefix(rest)?;
        Some(())
    }

    fn spaces(&mut self) -> usize {
        let count = self.0.iter().take_while(|byte| **byte == b' ').count();
        self.0 = self.0.split_at(count).1;
        count
    }

    /// One to nine decimals of a second; what is finer than a microsecond must be zero.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        let nanos = (0..9).fold(0_i64, |value, at| {
            value * 10 + number.get(at).map_or(0, |byte| i64::from(byte - b'0'))
        });
        (nanos % 1000 == 0).then_some(nanos / 1000)
    }
}

/// The value as a date, if it is one.
pub(super) fn date(text: &[u8], compact: bool) -> Option<i32> {
    if let Some(days) = iso_date(text) {
        return Some(days);
    }
    match moment(text) {
        Some(Moment::Date(days)) => Some(days),
        Some(Moment::DateTime(_)) => None,
        None if compact => compact_date(text),
        None => None,
    }
}

/// The value as a point in time, if it is a date or a date with a time.
pub(super) fn timestamp(text: &[u8], compact: bool) -> Option<i64> {
    match moment(text) {
        Some(Moment::Date(days)) => Some(i64::from(days) * DAY_MICROS),
        Some(Moment::DateTime(micros)) => Some(micros),
        None if compact => Some(i64::from(compact_date(text)?) * DAY_MICROS),
        None => None,
    }
}
