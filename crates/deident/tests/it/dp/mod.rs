//! Differential privacy: draws, costs, the ledger, and what one person can change.

#![expect(clippy::cast_possible_truncation, reason = "small whole figures of these tests")]

mod answers;
mod draws;
mod ledger;
mod neighbours;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use deident::dp::{
    Answer, Bounds, Collector, Cost, Decimal, Delta, Epsilon, Ledger, Noise, Query, Release, Rho,
    Statistic, Unit,
};
use rand::rngs::StdRng;

pub(super) const KEY: [u8; 16] = [9; 16];

pub(super) fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

pub(super) fn rho(text: &str) -> Rho {
    text.parse().unwrap()
}

pub(super) fn delta(text: &str) -> Delta {
    text.parse().unwrap()
}

pub(super) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(super) fn pure(text: &str) -> Cost {
    Cost::Pure { epsilon: epsilon(text) }
}

pub(super) fn laplace(text: &str) -> Noise {
    Noise::Laplace { epsilon: epsilon(text) }
}

/// So large an ε that no noise is left: the figure comes out exact.
pub(super) fn no_noise() -> Noise {
    laplace("1000000000")
}

pub(super) fn bounds(lower: &str, upper: &str, step: &str) -> Option<Bounds> {
    Some(Bounds { lower: decimal(lower), upper: decimal(upper), step: decimal(step) })
}

pub(super) fn persons(most_rows: u32) -> Unit {
    Unit::Person { column: "id".to_owned(), most_rows }
}

pub(super) fn each_row(statistic: Statistic) -> Query {
    Query { unit: Unit::OneRowOnePerson, statistic }
}

/// Rows of a person, a value and a category.
pub(super) type Row = (u8, i64, u8);

pub(super) fn batch(rows: &[Row]) -> RecordBatch {
    let ids: StringArray = rows.iter().map(|row| Some(format!("p{}", row.0))).collect();
    let values: Int64Array = rows.iter().map(|row| Some(row.1)).collect();
    let kinds: StringArray = rows.iter().map(|row| Some(format!("k{}", row.2))).collect();
    RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("x", Arc::new(values) as ArrayRef),
        ("kind", Arc::new(kinds) as ArrayRef),
    ])
    .unwrap()
}

pub(super) fn ask(query: &Query, batches: &[RecordBatch], rng: &mut StdRng) -> Release {
    let mut collector = Collector::new(query.clone(), KEY).unwrap();
    for batch in batches {
        collector.update(batch).unwrap();
    }
    let mut ledger = Ledger::new("test", collector.cost());
    let permit = ledger.reserve("test", collector.cost(), "2024-01-01T00:00:00Z", None).unwrap();
    collector.release(permit, rng).unwrap()
}

pub(super) fn figure(release: &Release) -> f64 {
    let Answer::Figure { figure } = &release.answer else { panic!("{release:?}") };
    figure.value
}

pub(super) fn counts(release: &Release) -> BTreeMap<String, f64> {
    let Answer::Histogram { counts, .. } = &release.answer else { panic!("{release:?}") };
    counts.iter().map(|count| (count.category.clone(), count.count.value)).collect()
}

/// The 1 − 10⁻⁶ quantile of χ², by Wilson and Hilferty's cube.
pub(super) fn critical(degrees: f64) -> f64 {
    let part = 2.0 / (9.0 * degrees);
    degrees * (1.0 - part + 4.753_4 * part.sqrt()).powi(3)
}
