//! Rounding (取整) to a base or to significant places.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellType, Real};
use super::condition::Bound;
use super::error::TransformError;
use super::operation::Treated;

/// Numbers are rounded to the nearest multiple of `base`, or to `digits` significant
/// places. A number in the middle goes away from zero. Exactly one of the two stands
/// in it.
///
/// Source: Hundepool et al., "Statistical Disclosure Control", Wiley 2012, chapter 3.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// A positive number in the unit of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Bound>,
    /// Significant places, 1 to 17.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
}

/// [`Round`] made ready.
#[derive(Debug, Clone)]
pub(crate) struct Rounding {
    cells: CellType,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    WholeBase(i128),
    RealBase(f64),
    Digits(u32),
}

impl Rounding {
    pub(crate) fn new(settings: &Round, data_type: &DataType) -> Result<Self, TransformError> {
        let cells = CellType::of(data_type).filter(CellType::is_number).ok_or_else(|| {
            TransformError::Type { transform: "round", treats: "numbers", found: data_type.clone() }
        })?;
        let step = match (&settings.base, settings.digits) {
            (Some(base), None) => match base.cell("base", &cells)? {
                Cell::Whole(base) if base > 0 => Step::WholeBase(base),
                Cell::Real(Real(base)) if base > 0.0 => Step::RealBase(base),
                _ => {
                    let rule = "a base is a positive number";
                    return Err(TransformError::parameter("base", base, rule));
                }
            },
            (None, Some(digits @ 1..=17)) => Step::Digits(digits),
            (None, Some(digits)) => {
                let rule = "significant places are 1 to 17";
                return Err(TransformError::parameter("digits", &digits, rule));
            }
            (both, _) => {
                let found = if both.is_some() { "both" } else { "neither" };
                let rule = "write either `base` or `digits`";
                return Err(TransformError::parameter("round", found, rule));
            }
        };
        Ok(Self { cells, step })
    }

    pub(crate) fn apply(&self, array: &ArrayRef) -> Result<Treated, TransformError> {
        let (least, most) = self.cells.range();
        let mut limited = 0;
        let mut rounded = |cell: Cell| match cell {
            Cell::Whole(number) => {
                let wide = self.whole(number);
                let fits = wide.clamp(least, most);
                limited += u64::from(fits != wide);
                Cell::Whole(fits)
            }
            Cell::Real(Real(number)) => Cell::Real(Real(self.real(number))),
            Cell::Text(text) => Cell::Text(text),
        };
        let cells = self.cells.read(array)?;
        let cells = cells.into_iter().map(|cell| cell.map(&mut rounded)).collect();
        Ok(Treated { array: self.cells.write(cells)?, emptied: 0, limited })
    }

    fn whole(&self, number: i128) -> i128 {
        let base = match self.step {
            Step::WholeBase(base) => base,
            Step::RealBase(_) => return number,
            Step::Digits(digits) => {
                let places = number.unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
                10_i128.checked_pow(places.saturating_sub(digits)).unwrap_or(1)
            }
        };
        let rest = number.rem_euclid(base);
        let Some(down) = number.checked_sub(rest) else { return number };
        let up = rest > base - rest || (rest == base - rest && number > 0);
        if up { down.saturating_add(base) } else { down }
    }

    fn real(&self, number: f64) -> f64 {
        if !number.is_finite() {
            return number;
        }
        let rounded = match self.step {
            // One part in a whole number, as 0.1: dividing gives the nearest decimal.
            Step::RealBase(base) if is_whole(base.recip()) => {
                let parts = base.recip().round();
                (number * parts).round() / parts
            }
            Step::RealBase(base) => (number / base).round() * base,
            Step::WholeBase(_) => number,
            Step::Digits(digits) => {
                let places = digits.saturating_sub(1) as usize;
                format!("{number:.places$e}").parse().unwrap_or(number)
            }
        };
        if rounded.is_finite() { rounded + 0.0 } else { number }
    }
}

fn is_whole(number: f64) -> bool {
    number >= 1.0 && (number - number.round()).abs() < 1e-9 * number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounding(settings: &Round, data_type: &DataType) -> Rounding {
        Rounding::new(settings, data_type).unwrap()
    }

    #[test]
    fn the_middle_goes_away_from_zero() {
        let ten = Round { base: Some(10.into()), digits: None };
        let whole = rounding(&ten, &DataType::Int64);
        let found = [-16, -15, -14, -5, 0, 4, 5, 15].map(|number| whole.whole(number));
        assert_eq!(found, [-20, -20, -10, -10, 0, 0, 10, 20]);
        let tenth = Round { base: Some(0.1.into()), digits: None };
        let real = rounding(&tenth, &DataType::Float64);
        assert_eq!([0.25, 0.34, -0.25, 1e300].map(|x| real.real(x)), [0.3, 0.3, -0.3, 1e300]);
    }

    #[test]
    fn the_widest_decimals_are_rounded_or_stay() {
        let end = 10_i128.pow(38) - 1;
        let wide =
            Round { base: Some("99999999999999999999999999999999999999".into()), digits: None };
        let whole = rounding(&wide, &DataType::Decimal128(38, 0));
        assert_eq!([end, -end, 1, -1].map(|number| whole.whole(number)), [end, -end, 0, 0]);
        let one = Round { base: None, digits: Some(1) };
        let whole = rounding(&one, &DataType::Decimal128(38, 0));
        assert_eq!(whole.whole(-end), -(end + 1));
    }

    #[test]
    fn significant_places_are_kept() {
        let two = Round { base: None, digits: Some(2) };
        let whole = rounding(&two, &DataType::Int64);
        assert_eq!([12_345, 999, 7, 0, -151].map(|x| whole.whole(x)), [12_000, 1_000, 7, 0, -150]);
        let real = rounding(&two, &DataType::Float64);
        assert_eq!([0.012_345, 149.9].map(|x| real.real(x)), [0.012, 150.0]);
    }
}
