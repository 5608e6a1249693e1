//! Noise (加噪) of a stated distribution, from a key.
//!
//! The noise of a cell is a keyed function of its column, its row and its value. The
//! same table with the same key is given the same noise, so that many releases of it
//! cannot be averaged; a value that changed from one release to the next is given
//! new noise, so that two releases cannot be subtracted.
//!
//! It promises no differential privacy: the noise is rounded like any floating point
//! number, and values far out stay far out.

use std::f64::consts::TAU;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellType, Real};
use super::condition::Bound;
use super::error::TransformError;
use super::operation::{Rows, Treated};
use crate::keys::{Keys, Prf, Usage, unit};

/// The distribution of noise; its mean is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `f(x) = exp(−|x| / scale) / (2·scale)`; variance `2·scale²`.
    Laplace,
    /// Normal distribution; `scale` is its standard deviation.
    Gaussian,
    /// Even over `[−scale, scale]`; variance `scale² / 3`.
    Uniform,
}

impl Shape {
    /// A draw for scale 1 from two uniform words.
    fn draw(self, [first, second]: [u64; 2]) -> f64 {
        let u = unit(first);
        match self {
            Self::Laplace => {
                let centred = u - 0.5;
                -centred.signum() * (1.0 - 2.0 * centred.abs()).ln()
            }
            Self::Gaussian => (-2.0 * u.ln()).sqrt() * (TAU * unit(second)).cos(),
            Self::Uniform => 2.0 * u - 1.0,
        }
    }
}

/// Noise is added to numbers.
///
/// Source: Kim, "A method for limiting disclosure in microdata based on random noise
/// and transformation", ASA 1986; Hundepool et al., Wiley 2012, chapter 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Name of the key that the noise is drawn with.
    pub key: String,
    /// Its distribution.
    pub distribution: Shape,
    /// A positive number: in the unit of the column, or a share of the value if the
    /// noise is multiplicative.
    pub scale: f64,
    /// `value · (1 + noise)` instead of `value + noise`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiplicative: bool,
    /// What comes out smaller becomes this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Bound>,
    /// What comes out greater becomes this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Bound>,
}

/// [`Noise`] made ready.
#[derive(Debug, Clone)]
pub(crate) struct Noising {
    settings: Noise,
    cells: CellType,
    prf: Prf,
    min: Option<Cell>,
    max: Option<Cell>,
}

impl Noising {
    pub(crate) fn new(
        settings: &Noise,
        column: &str,
        data_type: &DataType,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        let cells = CellType::of(data_type).filter(CellType::is_number).ok_or_else(|| {
            TransformError::Type {
                transform: "noise",
                treats: "numbers (for dates there is `date_shift`)",
                found: data_type.clone(),
            }
        })?;
        if !settings.scale.is_finite() || settings.scale <= 0.0 {
            let rule = "a scale is a positive number";
            return Err(TransformError::parameter("scale", &settings.scale, rule));
        }
        let bound = |name, bound: &Option<Bound>| {
            bound.as_ref().map(|bound| bound.cell(name, &cells)).transpose()
        };
        let (min, max) = (bound("min", &settings.min)?, bound("max", &settings.max)?);
        if let (Some(low), Some(high), Some(shown)) = (&min, &max, &settings.max)
            && low >= high
        {
            return Err(TransformError::parameter("max", shown, "`min` must be below `max`"));
        }
        if cells.is_unsigned() && min.is_none() {
            let rule = "the column cannot be negative; write a `min`, 0 for example";
            return Err(TransformError::parameter("min", "nothing", rule));
        }
        let prf = keys.derive(&settings.key, Usage::Noise, column)?;
        Ok(Self { settings: settings.clone(), cells, prf, min, max })
    }

    pub(crate) fn apply(
        &self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Treated, TransformError> {
        let (least, most) = self.cells.range();
        let mut limited = 0;
        let mut noisy = |row: u64, cell: Cell| {
            let cell = match cell {
                Cell::Whole(number) => Cell::Whole(self.whole(row, number)),
                Cell::Real(Real(number)) => Cell::Real(Real(self.real(row, number))),
                Cell::Text(text) => Cell::Text(text),
            };
            if super::condition::is_nan(&cell) {
                return cell;
            }
            let cell = self.min.iter().fold(cell, |cell, min| cell.max(min.clone()));
            let cell = self.max.iter().fold(cell, |cell, max| cell.min(max.clone()));
            let Cell::Whole(number) = cell else { return cell };
            limited += u64::from(number < least || number > most);
            Cell::Whole(number.clamp(least, most))
        };
        let cells = self.cells.read(array)?.into_iter().zip(rows.numbers);
        let cells = cells.map(|(cell, row)| cell.map(|cell| noisy(*row, cell))).collect();
        Ok(Treated { array: self.cells.write(cells)?, emptied: 0, limited })
    }

    fn draw(&self, row: u64, value: &[u8]) -> f64 {
        let [first, second, ..] = self.prf.words(&[&row.to_le_bytes(), value]);
        self.settings.scale * self.settings.distribution.draw([first, second])
    }

    #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 stops at the ends")]
    fn whole(&self, row: u64, number: i128) -> i128 {
        let noise = self.draw(row, &number.to_le_bytes());
        let units = if self.settings.multiplicative { number as f64 } else { self.cells.units() };
        number.saturating_add((noise * units).round() as i128)
    }

    fn real(&self, row: u64, number: f64) -> f64 {
        let noise = self.draw(row, &number.to_bits().to_le_bytes());
        if self.settings.multiplicative { number * (1.0 + noise) } else { number + noise }
    }
}
