//! Random small tables of three columns, in which classes of every size come about.

use arrow::array::RecordBatch;
use deident::{Metric, QuasiColumn, Spec};
use proptest::prelude::*;

use crate::shared::table;

pub(crate) const COLUMNS: [&str; 3] = ["a", "b", "c"];

pub(crate) type Row = (u8, u8, u8);

/// Fewer than `most` rows, and at least one.
pub(crate) fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0_u8..12, 0_u8..6, 0_u8..3), 1..most)
}

/// The cells of a row.
pub(crate) fn texts((a, b, c): &Row) -> [String; 3] {
    [a.to_string(), format!("{}{b}", b / 2), c.to_string()]
}

/// The rows as a batch.
pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let texts: Vec<[String; 3]> = rows.iter().map(texts).collect();
    let column = |place: usize| texts.iter().map(|row| row[place].as_str()).collect();
    table(&[("a", column(0)), ("b", column(1)), ("c", column(2))])
}

/// The columns with a hierarchy of each kind.
pub(crate) fn columns() -> Vec<QuasiColumn> {
    vec![
        QuasiColumn::new("a", Spec::intervals(&[2.0, 6.0])),
        QuasiColumn::new("b", Spec::Prefix { steps: vec![1] }),
        QuasiColumn::new("c", Spec::Flat),
    ]
}

/// Any metric.
pub(crate) fn metrics() -> impl Strategy<Value = Metric> {
    prop_oneof![
        Just(Metric::Loss),
        Just(Metric::LossGeometric),
        Just(Metric::Aecs),
        Just(Metric::Dm),
        Just(Metric::Entropy),
        Just(Metric::NormalizedEntropy),
        Just(Metric::EntropyLoss),
        Just(Metric::Ambiguity),
        Just(Metric::Precision),
    ]
}
