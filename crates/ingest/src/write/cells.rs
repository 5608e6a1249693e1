//! Values as text, and cells that could act as formulas.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::summary::Kind;

/// Brings columns of other types to text, so that writers know six types only.
pub(super) fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        known if Kind::of(known).is_some() => Ok(array.clone()),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => arrow::compute::cast(array, &DataType::Int64),
        DataType::Float16 | DataType::Float32 => arrow::compute::cast(array, &DataType::Float64),
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            arrow::compute::cast(array, &DataType::Utf8)
        }
        _ => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
            let texts: arrow::array::StringArray = (0..array.len())
                .map(|row| array.is_valid(row).then(|| formatter.value(row).to_string()))
                .collect();
            Ok(std::sync::Arc::new(texts))
        }
    }
}

/// The columns of a batch in our six types.
pub(super) fn plain_columns(batch: &RecordBatch) -> Result<Vec<ArrayRef>, ArrowError> {
    batch.columns().iter().map(plain).collect()
}

/// One value of a column in one of our six types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Int(i64),
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01.
    Timestamp(i64),
    Text(&'a str),
}

/// The value of a row.
pub(super) fn value(array: &dyn Array, row: usize) -> Value<'_> {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        DataType::Int64 => {
            Value::Int(array.as_primitive::<arrow::datatypes::Int64Type>().value(row))
        }
        DataType::Float64 => {
            Value::Float(array.as_primitive::<arrow::datatypes::Float64Type>().value(row))
        }
        DataType::Date32 => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(..) => {
            Value::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row)),
        _ => Value::Null,
    }
}

/// Appends a date as `YYYY-MM-DD`.
pub(super) fn push_date(days: i32, text: &mut String) {
    use std::fmt::Write as _;
    let (year, month, day) = civil(i64::from(days));
    // Writing to a string cannot fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}");
}

/// Appends `YYYY-MM-DDTHH:MM:SS`, and the fraction where there is one.
pub(super) fn push_timestamp(micros: i64, text: &mut String) {
    use std::fmt::Write as _;
    const DAY: i64 = 86_400_000_000;
    let (year, month, day) = civil(micros.div_euclid(DAY));
    let rest = micros.rem_euclid(DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        let _ = write!(text, ".{fraction:06}");
    }
}

/// Year, month and day of a day count.
///
/// # Source
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Whether a spreadsheet program could take this text for a formula.
///
/// A plain number such as `-5` or `+86` is none.
///
/// # Source
///
/// OWASP, "CSV Injection"; the full-width signs are read as their ASCII forms by
/// spreadsheet programs with East Asian input.
pub(crate) fn acts_as_formula(text: &str) -> bool {
    match text.chars().next() {
        Some('=' | '@' | '\t' | '\r' | '\n' | '＝' | '＠') => true,
        Some('+' | '-' | '＋' | '－') => !is_plain_number(text),
        _ => false,
    }
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    text.len() - digits.len() == 1
        && digits.starts_with(|char: char| char.is_ascii_digit())
        && digits.chars().all(|char| char.is_ascii_digit() || char == '.')
        && digits.chars().filter(|char| *char == '.').count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_alone_make_a_formula_and_numbers_do_not() {
        for text in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "＝1", "－A1", "--1"]
        {
            assert!(acts_as_formula(text), "{text}");
        }
        for text in ["", "-5", "+86", "-0.25", "a=b", "太原", "1-2"] {
            assert!(!acts_as_formula(text), "{text}");
        }
    }

    #[test]
    fn dates_are_written_in_iso_form() {
        let mut text = String::new();
        push_date(0, &mut text);
        text.push(' ');
        push_date(-1, &mut text);
        text.push(' ');
        push_date(18_272, &mut text);
        text.push(' ');
        push_timestamp(-1, &mut text);
        assert_eq!(text, "1970-01-01 1969-12-31 2020-01-11 1969-12-31T23:59:59.999999");
    }
}
