//! Values on a grid that the caller gives: clamped to bounds, rounded to a step,
//! and whole numbers from then on.
//!
//! Each value is read by itself, whatever stands in other rows. Rounding here can only
//! make an answer less accurate, never less private.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use serde::{Deserialize, Serialize};

use super::{Decimal, DpError};

/// Most steps between a bound and 0: whole numbers up to here are exact as `f64`.
const MOST_STEPS: i64 = 1 << 53;

/// What is known of a column from outside the table: values below `lower` count as
/// `lower`, those above `upper` as `upper`, and all are rounded to the nearest `step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The least value, a whole multiple of the step.
    pub lower: Decimal,
    /// The greatest value, a whole multiple of the step.
    pub upper: Decimal,
    /// The step of the grid, above 0.
    pub step: Decimal,
}

impl Bounds {
    /// The grid in whole steps.
    pub(super) fn grid(&self, column: &str) -> Result<Grid, DpError> {
        let order = || DpError::BoundsOrder {
            column: column.to_owned(),
            lower: self.lower.to_string(),
            upper: self.upper.to_string(),
            step: self.step.to_string(),
        };
        if self.step.digits() <= 0 {
            return Err(order());
        }
        let (lower, upper) = (self.steps(self.lower, column)?, self.steps(self.upper, column)?);
        if lower >= upper {
            return Err(order());
        }
        Ok(Grid { lower, upper, digits: self.step.digits(), places: self.step.places() })
    }

    fn steps(&self, bound: Decimal, column: &str) -> Result<i64, DpError> {
        let scaled = |digits: i128, places: u32| {
            10_i128.checked_pow(places).and_then(|scale| digits.checked_mul(scale))
        };
        let steps = || {
            let dividend = scaled(bound.digits(), self.step.places())?;
            let divisor = scaled(self.step.digits(), bound.places())?;
            (dividend % divisor == 0).then(|| dividend / divisor)
        };
        let steps = steps().and_then(|steps| i64::try_from(steps).ok());
        steps.filter(|steps| steps.abs() <= MOST_STEPS).ok_or_else(|| DpError::OffGrid {
            column: column.to_owned(),
            bound: bound.to_string(),
            step: self.step.to_string(),
        })
    }
}

/// Bounds in whole steps, and the step `digits / 10^places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) lower: i64,
    pub(super) upper: i64,
    digits: i128,
    places: u32,
}

impl Grid {
    /// The greater distance of a bound from a middle.
    pub(super) fn reach(&self, middle: i64) -> u64 {
        middle.abs_diff(self.lower).max(middle.abs_diff(self.upper))
    }

    /// A number of steps as a value.
    pub(super) fn value(&self, steps: f64) -> f64 {
        steps * self.digits as f64 / 10_f64.powi(self.places.cast_signed())
    }

    /// Each cell in steps; `None` for nulls and for what is no number (`NaN`, or a text
    /// that cannot be read).
    ///
    /// # Errors
    ///
    /// [`DpError::NotNumeric`] for types that hold neither numbers nor texts.
    pub(super) fn read(&self, name: &str, array: &ArrayRef) -> Result<Vec<Option<i64>>, DpError> {
        match array.data_type() {
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => {
                let cast = cast(name, array, &DataType::Int64)?;
                let cells = cast.as_primitive::<Int64Type>().iter();
                Ok(cells.map(|cell| Some(self.steps_of_whole(i128::from(cell?), 0))).collect())
            }
            DataType::Decimal128(_, scale) => {
                let scale = *scale;
                let cells = array.as_primitive::<Decimal128Type>().iter();
                Ok(cells.map(|cell| Some(self.steps_of_whole(cell?, scale))).collect())
            }
            _ => {
                let cells = numbers(name, array)?.into_iter();
                Ok(cells.map(|cell| self.steps_of_float(cell?)).collect())
            }
        }
    }

    /// `whole / 10^scale` in steps, halves away from zero.
    fn steps_of_whole(&self, whole: i128, scale: i8) -> i64 {
        let power = i32::from(scale) - self.places.cast_signed();
        let factor = 10_i128.checked_pow(power.unsigned_abs());
        let fraction = factor.and_then(|factor| {
            if power > 0 {
                Some((whole, self.digits.checked_mul(factor)?))
            } else {
                Some((whole.checked_mul(factor)?, self.digits))
            }
        });
        match fraction {
            Some((dividend, divisor)) => self.clamp(round(dividend, divisor)),
            // Too long for whole numbers; in floating point it is a clamped value as well.
            None => self
                .steps_of_float(whole as f64 / 10_f64.powi(i32::from(scale)))
                .unwrap_or(self.lower),
        }
    }

    fn steps_of_float(&self, value: f64) -> Option<i64> {
        let steps = (value * 10_f64.powi(self.places.cast_signed()) / self.digits as f64).round();
        if steps.is_nan() {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
        let steps = steps as i64;
        Some(steps.clamp(self.lower, self.upper))
    }

    fn clamp(&self, steps: i128) -> i64 {
        let steps = steps.clamp(i128::from(self.lower), i128::from(self.upper));
        i64::try_from(steps).unwrap_or(self.lower)
    }
}

/// Each cell as the nearest floating-point number; `None` for nulls and for texts that
/// are no number.
///
/// # Errors
///
/// [`DpError::NotNumeric`] for types that hold neither numbers nor texts.
pub(super) fn numbers(name: &str, array: &ArrayRef) -> Result<Vec<Option<f64>>, DpError> {
    if !array.data_type().is_numeric() && !is_text(array.data_type()) {
        return Err(not_numeric(name, array));
    }
    let cast = cast(name, array, &DataType::Float64)?;
    Ok(cast.as_primitive::<Float64Type>().iter().collect())
}

/// What cannot be cast becomes null; only the types decide whether this fails.
fn cast(name: &str, array: &ArrayRef, to: &DataType) -> Result<ArrayRef, DpError> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|_| not_numeric(name, array))
}

fn not_numeric(name: &str, array: &ArrayRef) -> DpError {
    DpError::NotNumeric { name: name.to_owned(), data_type: array.data_type().to_string() }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => is_text(value) || value.is_numeric(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        _ => false,
    }
}

/// The nearest whole number to a quotient, halves away from zero; `divisor` above 0.
fn round(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let up = rest.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2);
    if up { quotient + dividend.signum() } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(lower: &str, upper: &str, step: &str) -> Grid {
        let [lower, upper, step] = [lower, upper, step].map(|text| text.parse().unwrap());
        Bounds { lower, upper, step }.grid("x").unwrap()
    }

    #[test]
    fn values_are_clamped_and_rounded_half_away_from_zero() {
        let fen = grid("-1", "5000", "0.01");
        assert_eq!((fen.lower, fen.upper), (-100, 500_000));
        assert_eq!(fen.steps_of_whole(12, 0), 1200);
        assert_eq!(fen.steps_of_whole(12_345, 3), 1235);
        assert_eq!(fen.steps_of_whole(-5, 3), -1);
        assert_eq!(fen.steps_of_whole(i128::MAX, -38), 500_000);
        assert_eq!(fen.steps_of_whole(i128::MIN, 38), -100);
        assert_eq!(fen.steps_of_float(12.345_1), Some(1235));
        assert_eq!(fen.steps_of_float(f64::INFINITY), Some(500_000));
        assert_eq!(fen.steps_of_float(f64::NEG_INFINITY), Some(-100));
        assert_eq!(fen.steps_of_float(f64::NAN), None);
        assert!((fen.value(1235.0) - 12.35).abs() < 1e-12);
        let fives = grid("0", "100", "5");
        assert_eq!([7, 8, 12, 13].map(|whole| fives.steps_of_whole(whole, 0)), [1, 2, 2, 3]);
    }
}
