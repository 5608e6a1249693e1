//! A written value as a value of a column's type.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use vocabulary::Bilingual;

use crate::filter::Written;

/// Where a written number stands among the values of a type.
#[derive(Debug)]
pub(super) enum Bound {
    /// It is one of them.
    Exact(ArrayRef),
    /// It lies between two; `below` is the next smaller one.
    Between { below: ArrayRef },
    /// It is smaller than all.
    Below,
    /// It is larger than all.
    Above,
}

/// Places a written value among the values of `kind`; the error says what is wanted.
pub(super) fn bound(written: &Written, kind: &DataType) -> Result<Bound, Bilingual> {
    match (kind, written) {
        (DataType::Utf8, Written::Text(text)) => {
            Ok(Bound::Exact(Arc::new(StringArray::from(vec![text.as_str()]))))
        }
        (DataType::Utf8, _) => {
            Err(Bilingual::new("值须加单引号", "put the value in single quotes"))
        }
        (DataType::Boolean, Written::Truth(truth)) => {
            Ok(Bound::Exact(Arc::new(BooleanArray::from(vec![*truth]))))
        }
        (DataType::Boolean, _) => Err(Bilingual::new("值须为 true 或 false", "use true or false")),
        (DataType::Int8, Written::Number(text)) => {
            whole(text, i64::from(i8::MIN), i64::from(i8::MAX), kind)
        }
        (DataType::Int16, Written::Number(text)) => {
            whole(text, i64::from(i16::MIN), i64::from(i16::MAX), kind)
        }
        (DataType::Int32, Written::Number(text)) => {
            whole(text, i64::from(i32::MIN), i64::from(i32::MAX), kind)
        }
        (DataType::Int64, Written::Number(text)) => whole(text, i64::MIN, i64::MAX, kind),
        (DataType::Decimal128(precision, scale), Written::Number(text)) => {
            decimal(text, *precision, *scale)
        }
        (DataType::Float32 | DataType::Float64, Written::Number(text)) => float(text, kind),
        (
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Decimal128(..)
            | DataType::Float32
            | DataType::Float64,
            _,
        ) => Err(Bilingual::new("值须为不加引号的数字", "use a number without quotes")),
        (DataType::Date32, Written::Text(text)) => day(text),
        (DataType::Date32, _) => {
            Err(Bilingual::new("值须为日期，如 '2020-01-11'", "use a date such as '2020-01-11'"))
        }
        (DataType::Timestamp(_, zone), Written::Text(text)) => {
            let micros = instant(text, zone.is_some())?;
            let array = TimestampMicrosecondArray::from(vec![micros]);
            Ok(Bound::Exact(Arc::new(array.with_timezone_opt(zone.clone()))))
        }
        (DataType::Timestamp(..), _) => Err(instant_wanted()),
        _ => Err(Bilingual::new("只能用 is null 判断", "only `is null` can be asked")),
    }
}

/// A number as a multiple of `10^-scale`: the next smaller multiple, and whether
/// something is left over. `None` if it has more digits than can be held.
fn scaled(text: &str, scale: u32) -> Option<(i128, bool)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all: String = format!("{whole}{fraction}");
    // The decimal point stands behind this many digits.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(scale);
    let significant = all.trim_start_matches('0').len();
    if significant == 0 {
        return Some((0, false));
    }
    let kept = if point <= 0 {
        String::new()
    } else {
        let point = usize::try_from(point).ok()?;
        if point > all.len() {
            let zeros = point - all.len();
            if zeros > 40 {
                return None;
            }
            all.extend(std::iter::repeat_n('0', zeros));
        }
        all.chars().take(point).collect()
    };
    let rest = all.chars().skip(kept.len()).any(|digit| digit != '0');
    let size: i128 = if kept.trim_start_matches('0').is_empty() { 0 } else { kept.parse().ok()? };
    let floor = match (negative, rest) {
        (false, _) => size,
        (true, false) => -size,
        (true, true) => -size - 1,
    };
    Some((floor, rest))
}

/// Whether a number that cannot be held is below or above everything.
fn beyond(text: &str) -> Bound {
    if text.starts_with('-') { Bound::Below } else { Bound::Above }
}

fn whole(text: &str, least: i64, most: i64, kind: &DataType) -> Result<Bound, Bilingual> {
    let Some((floor, rest)) = scaled(text, 0) else {
        return Ok(beyond(text));
    };
    if floor < i128::from(least) {
        return Ok(Bound::Below);
    }
    if floor > i128::from(most) || (rest && floor == i128::from(most)) {
        return Ok(Bound::Above);
    }
    let value = i64::try_from(floor).map_err(|_| unreadable())?;
    let array: ArrayRef = Arc::new(Int64Array::from(vec![value]));
    let array = cast(&array, kind)?;
    Ok(if rest { Bound::Between { below: array } } else { Bound::Exact(array) })
}

fn decimal(text: &str, precision: u8, scale: i8) -> Result<Bound, Bilingual> {
    let places = u32::try_from(scale).map_err(|_| unreadable())?;
    let most = 10_i128.checked_pow(u32::from(precision)).map_or(i128::MAX, |power| power - 1);
    let Some((floor, rest)) = scaled(text, places) else {
        return Ok(beyond(text));
    };
    if floor < -most {
        return Ok(Bound::Below);
    }
    if floor > most || (rest && floor == most) {
        return Ok(Bound::Above);
    }
    let array: ArrayRef = Arc::new(
        Decimal128Array::from(vec![floor])
            .with_precision_and_scale(precision, scale)
            .map_err(|_| unreadable())?,
    );
    Ok(if rest { Bound::Between { below: array } } else { Bound::Exact(array) })
}

fn float(text: &str, kind: &DataType) -> Result<Bound, Bilingual> {
    let value: f64 = text.parse().map_err(|_| unreadable())?;
    // The stored zero is the positive one.
    let array: ArrayRef = Arc::new(Float64Array::from(vec![value + 0.0]));
    Ok(Bound::Exact(cast(&array, kind)?))
}

fn day(text: &str) -> Result<Bound, Bilingual> {
    let wanted =
        || Bilingual::new("值须为日期，如 '2020-01-11'", "use a date such as '2020-01-11'");
    if text.len() != 10 {
        return Err(wanted());
    }
    let day: Date = text.parse().map_err(|_| wanted())?;
    let span = date(1970, 1, 1).until((Unit::Day, day)).map_err(|_| wanted())?;
    Ok(Bound::Exact(Arc::new(Date32Array::from(vec![span.get_days()]))))
}

fn instant(text: &str, zoned: bool) -> Result<i64, Bilingual> {
    if zoned && let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_microsecond());
    }
    // A civil parse would silently leave out an offset.
    let clock = text.split_once(['T', ' ', 't']).map_or("", |(_, clock)| clock);
    if clock.contains(['Z', 'z', '+', '-', '[']) {
        return Err(instant_wanted());
    }
    let civil: DateTime = text.parse().map_err(|_| instant_wanted())?;
    let at = TimeZone::UTC.to_timestamp(civil).map_err(|_| instant_wanted())?;
    Ok(at.as_microsecond())
}

fn instant_wanted() -> Bilingual {
    Bilingual::new(
        "值须为日期时间，如 '2020-01-11T08:00:00'（无时区字段不带时差）",
        "use a date-time such as '2020-01-11T08:00:00', without offset if the column has no zone",
    )
}

fn cast(array: &ArrayRef, kind: &DataType) -> Result<ArrayRef, Bilingual> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cast = cast_with_options(array, kind, &strict).map_err(|_| unreadable())?;
    if cast.null_count() > 0 { Err(unreadable()) } else { Ok(cast) }
}

fn unreadable() -> Bilingual {
    Bilingual::new("值不可用", "the value cannot be used")
}
