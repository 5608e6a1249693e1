//! Days and places as they stand in a text.

use crate::chars::{DIGIT, class};
use crate::check::is_day;

/// Reads up to `most` digits at `at`: their value and where they end.
fn number(bytes: &[u8], at: usize, most: usize) -> Option<(u32, usize)> {
    let digits = bytes.get(at..)?.iter().take(most).take_while(|byte| byte.is_ascii_digit());
    let mut value = 0;
    let mut end = at;
    for digit in digits {
        value = value * 10 + u32::from(digit - b'0');
        end += 1;
    }
    (end > at).then_some((value, end))
}

/// Where a day ends that begins with the run `start..end`: `1985年3月2日`,
/// `1985-03-02`, `19850302`.
pub(crate) fn day_end(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    if end - start == 8 {
        let (year, at) = number(bytes, start, 4)?;
        let (month, at) = number(bytes, at, 2)?;
        let (day, at) = number(bytes, at, 2)?;
        return is_day(year, month, day).then_some(at);
    }
    let (year, at) = number(bytes, start, 4)?;
    let starts = |at: usize, mark: &str| {
        bytes.get(at..).is_some_and(|rest| rest.starts_with(mark.as_bytes()))
    };
    if starts(at, "年") {
        let (month, at) = number(bytes, at + 3, 2)?;
        if !starts(at, "月") {
            return None;
        }
        let at = at + 3;
        let Some((day, at)) = number(bytes, at, 2) else {
            return is_day(year, month, 1).then_some(at);
        };
        let to = if starts(at, "日") { at + 3 } else { at };
        return is_day(year, month, day).then_some(to);
    }
    let mark = *bytes.get(at)?;
    if !matches!(mark, b'-' | b'/' | b'.') {
        return None;
    }
    let (month, at) = number(bytes, at + 1, 2)?;
    if bytes.get(at) != Some(&mark) {
        return None;
    }
    let (day, at) = number(bytes, at + 1, 2)?;
    let ends = bytes.get(at).is_none_or(|byte| class(*byte) != DIGIT);
    (ends && is_day(year, month, day)).then_some(at)
}

/// A degree with at least four decimals: its value and where it ends.
fn degree(bytes: &[u8], at: usize) -> Option<(f64, usize)> {
    let digits = at + usize::from(bytes.get(at) == Some(&b'-'));
    let (_, point) = number(bytes, digits, 3)?;
    if bytes.get(point) != Some(&b'.') {
        return None;
    }
    let decimals = bytes.get(point + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    let end = point + 1 + decimals;
    let value = std::str::from_utf8(bytes.get(at..end)?).ok()?.parse().ok()?;
    (4..=15).contains(&decimals).then_some((value, end))
}

/// Where a pair of degrees ends that begins at `at`: one of the pair is a
/// longitude from 73 to 136 and the other a latitude from 3 to 54, the bounds of
/// the country.
pub(crate) fn pair_of_degrees(bytes: &[u8], at: usize) -> Option<usize> {
    let (first, end) = degree(bytes, at)?;
    let marks = bytes.get(end..)?;
    let joint =
        [", ", "，", ",", " ", ";", "、"].iter().find(|mark| marks.starts_with(mark.as_bytes()))?;
    let (second, end) = degree(bytes, end + joint.len())?;
    let longitude = |degree: f64| (73.0..=136.0).contains(&degree);
    let latitude = |degree: f64| (3.0..=54.0).contains(&degree);
    let fits = longitude(first) && latitude(second) || latitude(first) && longitude(second);
    fits.then_some(end)
}
