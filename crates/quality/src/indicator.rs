//! Quality indicators of GB/T 36344-2018 (数据质量评价指标).
//!
//! An indicator is a ratio A / B. Both counts are kept, since regional variants
//! of the standard turn some ratios round (Shanghai DB31 has `1 − A/B` for two),
//! and weights are a local policy.

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::profile::TableProfile;

/// Whether more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher is better.
    Up,
    /// Lower is better.
    Down,
}

/// One quality indicator with its raw counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Code in GB/T 36344-2018, such as `0201`.
    pub code: String,
    /// Name in the standard.
    pub name: Bilingual,
    /// The column that it measures; the whole table if there is none.
    pub column: Option<String>,
    /// A: what meets the requirement.
    pub a: u64,
    /// B: what was evaluated.
    pub b: u64,
    /// Whether more is better.
    pub direction: Direction,
}

impl Indicator {
    /// A / B, from 0 to 1; nothing where nothing was evaluated.
    ///
    /// # Source
    ///
    /// GB/T 36344-2018, general form X = A / B.
    pub fn value(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let ratio = self.a as f64 / self.b as f64;
        (self.b > 0).then_some(ratio)
    }
}

/// What the profile alone does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Columns that must have a value in every row. Empty: all columns.
    pub mandatory: Vec<String>,
    /// Rows in which every mandatory column has a value, if the caller counted
    /// them. Left open, `0202` is given only where all columns are mandatory, or
    /// one is.
    pub complete_rows: Option<u64>,
    /// Rows that were refused on the way in because they do not fit.
    pub quarantined: u64,
    /// Columns whose values must be unique.
    pub keys: Vec<String>,
}

/// The indicators that follow from a profile.
///
/// - `0201` elements with a value among those that should have one, in the
///   mandatory columns;
/// - `0202` rows with all mandatory values among all rows;
/// - `0302` rows that have the expected types among all rows that arrived;
/// - `0304` different values among the values of a key column, one indicator a
///   key. An estimate where the number of different values is one.
///
/// Indicators that need a rule, a reference or a second data set are made where
/// those are known.
///
/// # Source
///
/// GB/T 36344-2018, 0201, 0202, 0302 and 0304.
///
/// ```
/// # use quality::{Context, TableProfile, indicators};
/// let profile = TableProfile { rows: 90, complete_rows: 90, columns: Vec::new() };
/// let context = Context { quarantined: 10, ..Context::default() };
/// let format = indicators(&profile, &context).into_iter().find(|one| one.code == "0302").unwrap();
/// assert_eq!((format.a, format.b, format.value()), (90, 100, Some(0.9)));
/// ```
pub fn indicators(profile: &TableProfile, context: &Context) -> Vec<Indicator> {
    let mut all = Vec::new();
    let mandatory: Vec<_> = profile
        .columns
        .iter()
        .filter(|column| context.mandatory.is_empty() || context.mandatory.contains(&column.name))
        .collect();
    let expected = profile.rows.saturating_mul(mandatory.len() as u64);
    let missing: u64 = mandatory.iter().map(|column| column.missing).sum();
    all.push(Indicator {
        code: "0201".to_owned(),
        name: Bilingual::new("数据元素完整性", "completeness of data elements"),
        column: None,
        a: expected.saturating_sub(missing),
        b: expected,
        direction: Direction::Up,
    });
    let complete = context.complete_rows.or(match mandatory.as_slice() {
        _ if context.mandatory.is_empty() => Some(profile.complete_rows),
        [] => Some(profile.rows),
        [only] => Some(profile.rows.saturating_sub(only.missing)),
        _ if missing == 0 => Some(profile.rows),
        _ => None,
    });
    if let Some(complete) = complete {
        all.push(Indicator {
            code: "0202".to_owned(),
            name: Bilingual::new("数据记录完整性", "completeness of data records"),
            column: None,
            a: complete,
            b: profile.rows,
            direction: Direction::Up,
        });
    }
    all.push(Indicator {
        code: "0302".to_owned(),
        name: Bilingual::new("数据格式合规性", "conformity of data formats"),
        column: None,
        a: profile.rows,
        b: profile.rows.saturating_add(context.quarantined),
        direction: Direction::Up,
    });
    for column in profile.columns.iter().filter(|column| context.keys.contains(&column.name)) {
        let values = profile.rows.saturating_sub(column.missing);
        all.push(Indicator {
            code: "0304".to_owned(),
            name: Bilingual::new("数据唯一性", "uniqueness of data"),
            column: Some(column.name.clone()),
            a: column.distinct.min(values),
            b: values,
            direction: Direction::Up,
        });
    }
    all
}
