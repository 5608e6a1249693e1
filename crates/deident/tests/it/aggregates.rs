//! Tables of groups with small cells suppressed.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::util::display::array_value_to_string;
use deident::aggregate::{AggregateError, Aggregation, Aggregator, Suppressed};
use proptest::prelude::*;

fn aggregate(settings: &Aggregation, batches: &[RecordBatch]) -> RecordBatch {
    let mut aggregator = Aggregator::new(settings, &batches[0].schema()).unwrap();
    for batch in batches {
        aggregator.update(batch).unwrap();
    }
    aggregator.finish().unwrap()
}

fn rows(rows: &[(u8, u8, i64)]) -> RecordBatch {
    let text = |n: u8| n.to_string();
    RecordBatch::try_from_iter([
        ("a", Arc::new(StringArray::from_iter_values(rows.iter().map(|r| text(r.0)))) as ArrayRef),
        ("b", Arc::new(StringArray::from_iter_values(rows.iter().map(|r| text(r.1)))) as ArrayRef),
        ("x", Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.2))) as ArrayRef),
    ])
    .unwrap()
}

fn by(columns: &[&str], min_rows: u64) -> Aggregation {
    Aggregation {
        by: columns.iter().map(|name| (*name).to_owned()).collect(),
        measures: vec!["x".to_owned()],
        min_rows,
        ..Aggregation::default()
    }
}

#[test]
fn the_counts_sums_and_means_of_the_ten_rows_are_right() {
    // The handbook's ten rows with the age as the measure: three groups by sex and age band.
    let ten = [(1, 0, 20), (1, 0, 20), (1, 0, 20), (1, 0, 21), (1, 2, 23)].into_iter().chain([
        (2, 0, 20),
        (2, 0, 20),
        (2, 2, 22),
        (2, 2, 22),
        (2, 2, 23),
    ]);
    let batch = rows(&ten.collect::<Vec<_>>());
    let found = aggregate(&by(&["a", "b"], 2), &[batch]);
    let line = |row: usize| -> Vec<String> {
        let cell = |array: &ArrayRef| {
            if array.is_null(row) {
                "—".into()
            } else {
                array_value_to_string(array, row).unwrap()
            }
        };
        found.columns().iter().map(cell).collect()
    };
    assert_eq!(line(0), ["1", "0", "4", "81.0", "20.25", "—"]);
    assert_eq!(line(1), ["1", "2", "—", "—", "—", "primary"]);
    assert_eq!(line(2), ["2", "0", "2", "40.0", "20.0", "—"]);
    assert_eq!(line(3)[..4], ["2", "2", "3", "67.0"]);
    assert_eq!(found.schema().field(3).name(), "sum(x)");
}

#[test]
fn a_cell_that_one_contribution_dominates_is_suppressed() {
    let batch = rows(&[(1, 0, 1_000), (1, 0, 30), (1, 0, 20), (2, 0, 50), (2, 0, 60), (2, 0, 70)]);
    let settings = Aggregation { dominance_percent: Some(10.0), ..by(&["a"], 3) };
    let mut aggregator = Aggregator::new(&settings, &batch.schema()).unwrap();
    aggregator.update(&batch).unwrap();
    assert_eq!(aggregator.suppressed(), Suppressed { small: 0, dominated: 1 });
    let found = aggregator.finish().unwrap();
    let marks = found.column_by_name("suppressed").unwrap();
    assert!(marks.is_valid(0) && marks.is_null(1));
}

#[test]
fn decimals_nulls_and_what_is_no_number_are_summed_as_they_should_be() {
    let prices =
        Decimal128Array::from(vec![Some(150), None, Some(250)]).with_precision_and_scale(9, 2);
    let reals = Float64Array::from(vec![Some(1.0), Some(f64::NAN), Some(f64::INFINITY)]);
    for (array, expected) in [
        (Arc::new(prices.unwrap()) as ArrayRef, Some(4.0)),
        // One finite value of three is one person's.
        (Arc::new(reals) as ArrayRef, None),
    ] {
        let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
        let found = aggregate(&by(&[], 2), &[batch]);
        let sums = found.column(1).as_primitive::<Float64Type>();
        assert_eq!(sums.iter().next().flatten(), expected);
    }
}

#[test]
fn settings_and_columns_that_do_not_fit_are_refused() {
    let batch = rows(&[(1, 1, 1)]);
    let schema = batch.schema();
    for settings in [
        by(&["a"], 1),
        by(&["nope"], 2),
        Aggregation { measures: vec!["a".to_owned()], ..by(&["b"], 2) },
        Aggregation { dominance_percent: Some(f64::NAN), ..by(&["a"], 2) },
    ] {
        let error = Aggregator::new(&settings, &schema).unwrap_err();
        assert!(matches!(error, AggregateError::Column { .. }), "{settings:?}");
    }
    let empty = aggregate(&by(&["a", "b"], 2), &[batch.slice(0, 0)]);
    assert_eq!((empty.num_rows(), empty.num_columns()), (0, 6));
    let written = "by = [\"a\"]\nmeasures = [\"x\"]\nmin_rows = 5\ncomplementary = true";
    let read: Aggregation = toml::from_str(written).unwrap();
    assert_eq!(read, Aggregation { complementary: true, ..by(&["a"], 5) });
    assert!(toml::from_str::<Aggregation>("by = []\nmin_rows = 5\nmin_row = 3").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_small_cell_of_an_aggregate_is_shown(
        table in proptest::collection::vec((0_u8..4, 0_u8..4, 0_i64..100), 1..60),
        min_rows in 2_u64..6, cut in 0_usize..60, complementary in any::<bool>(),
    ) {
        let batch = rows(&table);
        let settings = Aggregation { complementary, ..by(&["a", "b"], min_rows) };
        let whole = aggregate(&settings, std::slice::from_ref(&batch));
        let cut = cut.min(table.len());
        let parts = [batch.slice(0, cut), batch.slice(cut, table.len() - cut)];
        prop_assert_eq!(&aggregate(&settings, &parts), &whole);
        let mut true_rows: HashMap<(String, String), i64> = HashMap::new();
        for (a, b, _) in &table {
            *true_rows.entry((a.to_string(), b.to_string())).or_default() += 1;
        }
        let text = |column: usize, row| array_value_to_string(whole.column(column), row).unwrap();
        let counts = whole.column(2).as_primitive::<Int64Type>();
        for row in 0..whole.num_rows() {
            let rows = true_rows[&(text(0, row), text(1, row))];
            let small = rows < i64::try_from(min_rows).unwrap();
            let shown = counts.is_valid(row);
            prop_assert!(!shown || (!small && counts.value(row) == rows));
            prop_assert_eq!(shown, whole.column(3).is_valid(row));
            prop_assert_eq!(shown, whole.column(5).is_null(row));
            // Without further suppression only small cells go.
            prop_assert!(complementary || shown != small);
        }
    }

    #[test]
    fn no_line_of_an_aggregate_has_exactly_one_suppressed_cell(
        table in proptest::collection::vec((0_u8..4, 0_u8..4, 0_i64..100), 1..60),
    ) {
        let settings = Aggregation { complementary: true, ..by(&["a", "b"], 3) };
        let found = aggregate(&settings, &[rows(&table)]);
        for column in [0, 1] {
            let mut lines: HashMap<String, (u32, u32)> = HashMap::new();
            for row in 0..found.num_rows() {
                let line = array_value_to_string(found.column(column), row).unwrap();
                let (cells, hidden) = lines.entry(line).or_default();
                *cells += 1;
                *hidden += u32::from(found.column(5).is_valid(row));
            }
            prop_assert!(lines.values().all(|(cells, hidden)| *cells == 1 || *hidden != 1));
        }
    }
}
