//! Profiles of tables.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use proptest::prelude::*;
use quality::{ColumnProfile, Profiler, SharedProfiler, TableProfile};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn profile(batches: &[RecordBatch]) -> TableProfile {
    let mut profiler = Profiler::new(&batches[0].schema());
    for batch in batches {
        profiler.update(batch).unwrap();
    }
    profiler.finish()
}

fn one(array: ArrayRef) -> ColumnProfile {
    profile(&[batch(vec![("c", array)])]).columns.remove(0)
}

#[test]
fn numbers_have_moments_bins_and_frequent_values() {
    let column = one(Arc::new(Float64Array::from(vec![
        Some(1.0),
        Some(2.0),
        Some(2.0),
        Some(7.0),
        None,
        Some(f64::NAN),
    ])));
    assert_eq!(column.missing, 1);
    assert_eq!((column.min.as_deref(), column.max.as_deref()), (Some("1"), Some("7")));
    assert_eq!(column.mean, Some(3.0));
    assert!((column.std_dev.unwrap() - 5.5_f64.sqrt()).abs() < 1e-12);
    assert_eq!((column.distinct, column.distinct_exact), (4, true));
    assert_eq!((column.top[0].value.as_str(), column.top[0].count), ("2", 2));
    assert_eq!(column.histogram.iter().map(|bin| bin.count).sum::<u64>(), 4);
}

#[test]
fn large_integers_keep_their_last_digit() {
    let column = one(Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX, 0])));
    assert_eq!(column.min.unwrap(), i64::MIN.to_string());
    assert_eq!(column.max.unwrap(), i64::MAX.to_string());
    assert_eq!(column.distinct, 3);
    assert_eq!(column.histogram.iter().map(|bin| bin.count).sum::<u64>(), 3);
}

#[test]
fn dates_and_times_are_shown_as_such() {
    let days = one(Arc::new(Date32Array::from(vec![Some(0), Some(18_272), None])));
    assert_eq!(days.kind, "date");
    assert_eq!(
        (days.min.as_deref(), days.max.as_deref()),
        (Some("1970-01-01"), Some("2020-01-11"))
    );
    assert_eq!(days.mean, None);
    assert!(days.histogram.iter().all(|bin| bin.from.len() == 10), "{:?}", days.histogram);
    let times = one(Arc::new(TimestampMicrosecondArray::from(vec![0, 1_500_000])));
    assert_eq!(times.max.as_deref(), Some("1970-01-01T00:00:01.500"));
}

#[test]
fn texts_have_lengths_in_characters() {
    let column = one(Arc::new(StringArray::from(vec![
        Some("太原"),
        Some("a"),
        Some("太原"),
        None,
        Some("hello"),
    ])));
    assert_eq!((column.shortest_chars, column.longest_chars), (Some(1), Some(5)));
    assert_eq!((column.min.as_deref(), column.max.as_deref()), (Some("a"), Some("太原")));
    assert_eq!((column.top[0].value.as_str(), column.top[0].count), ("太原", 2));
    assert_eq!(column.distinct, 3);
    assert!(column.histogram.is_empty());
}

#[test]
fn booleans_are_counted() {
    let column = one(Arc::new(BooleanArray::from(vec![Some(true), None, Some(true), Some(false)])));
    assert_eq!((column.distinct, column.missing), (2, 1));
    assert_eq!((column.top[0].value.as_str(), column.top[0].count), ("true", 2));
}

#[test]
fn an_empty_table_has_a_profile() {
    let column = one(Arc::new(Int64Array::from(Vec::<Option<i64>>::new())));
    assert_eq!((column.distinct, column.missing), (0, 0));
    assert_eq!((column.min, column.mean, column.std_dev), (None, None, None));
    assert!(column.histogram.is_empty() && column.top.is_empty());
}

#[test]
fn a_batch_of_another_schema_is_refused() {
    let one = batch(vec![("a", Arc::new(Int64Array::from(vec![1])))]);
    let two = batch(vec![("a", Arc::new(StringArray::from(vec!["x"])))]);
    let mut profiler = Profiler::new(&one.schema());
    assert!(profiler.update(&two).is_err());
    assert!(profiler.merge(Profiler::new(&two.schema())).is_err());
    assert_eq!(profiler.finish().rows, 0);
}

/// 400,000 rows: a key, a text that is different in each row, and one value in
/// every third row.
fn large() -> Vec<RecordBatch> {
    (0..40)
        .map(|part| {
            let rows = || (0..10_000_i64).map(move |row| part * 10_000 + row);
            let scattered = rows().map(|row| row.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64));
            let common = rows().map(|row| if row % 3 == 0 { 7 } else { row * 1_000_003 });
            batch(vec![
                ("key", Arc::new(Int64Array::from_iter_values(scattered))),
                (
                    "text",
                    Arc::new(StringArray::from_iter_values(
                        rows().map(|row| format!("text {row}")),
                    )),
                ),
                ("common", Arc::new(Int64Array::from_iter_values(common))),
                (
                    "word",
                    Arc::new(StringArray::from_iter_values(rows().map(|row| {
                        if row % 4 == 0 { "often".to_owned() } else { format!("w{row}") }
                    }))),
                ),
            ])
        })
        .collect()
}

#[test]
fn estimates_above_the_limit_are_close_and_say_so() {
    let batches = large();
    let profile = profile(&batches);
    let near =
        |found: u64, truth: u64, percent: u64| found.abs_diff(truth) * 100 <= truth * percent;
    for (column, truth) in profile.columns.iter().zip([400_000, 400_000, 266_667, 300_001]) {
        assert!(!column.distinct_exact && !column.top_exact, "{}", column.name);
        assert!(near(column.distinct, truth, 3), "{} {}", column.name, column.distinct);
    }
    let common = &profile.columns[2].top[0];
    assert_eq!(common.value, "7");
    assert!(near(common.count, 133_334, 5), "{}", common.count);
    let often = &profile.columns[3].top[0];
    assert_eq!(often.value, "often");
    assert!(near(often.count, 100_000, 5), "{}", often.count);
    assert!(profile.columns[0].top.is_empty());
    let text = &profile.columns[1];
    assert_eq!((text.min.as_deref(), text.max.as_deref()), (Some("text 0"), Some("text 99999")));
    assert_eq!((text.shortest_chars, text.longest_chars), (Some(6), Some(11)));
    assert_eq!(profile.columns[2].histogram.iter().map(|bin| bin.count).sum::<u64>(), 400_000);
}

#[test]
fn estimates_of_parts_merge() {
    let batches = large();
    let whole = profile(&batches);
    let mut merged = Profiler::new(&batches[0].schema());
    for part in batches.chunks(13) {
        let mut profiler = Profiler::new(&batches[0].schema());
        part.iter().for_each(|batch| profiler.update(batch).unwrap());
        merged.merge(profiler).unwrap();
    }
    let merged = merged.finish();
    for (one, two) in merged.columns.iter().zip(&whole.columns) {
        assert_eq!(one.distinct, two.distinct, "{}", one.name);
        assert_eq!((&one.min, &one.max), (&two.min, &two.max));
        assert_eq!(one.longest_chars, two.longest_chars);
        assert_eq!(one.top.first().map(|top| &top.value), two.top.first().map(|top| &top.value));
    }
}

#[test]
fn a_shared_profiler_sees_what_all_threads_see() {
    let batches = large();
    let shared = SharedProfiler::new();
    std::thread::scope(|scope| {
        for part in batches.chunks(10) {
            let shared = &shared;
            scope.spawn(move || part.iter().for_each(|batch| shared.update(batch).unwrap()));
        }
    });
    let profile = shared.finish(&batches[0].schema()).unwrap();
    assert_eq!(profile.rows, 400_000);
    assert_eq!(profile.complete_rows, 400_000);
}

#[test]
fn a_profile_is_stored_and_read_back() {
    let stored = profile(&[batch(vec![("n", Arc::new(Int64Array::from(vec![1, 2])))])]);
    let text = serde_json::to_string(&stored).unwrap();
    assert_eq!(serde_json::from_str::<TableProfile>(&text).unwrap(), stored);
}

/// Counts must be equal; means and bin ends may differ in the last place.
fn same(one: &ColumnProfile, two: &ColumnProfile) -> bool {
    let near = |one: Option<f64>, two: Option<f64>| match (one, two) {
        (Some(one), Some(two)) => (one - two).abs() <= 1e-9 * one.abs().max(two.abs()).max(1.0),
        (one, two) => one == two,
    };
    let total = |column: &ColumnProfile| column.histogram.iter().map(|bin| bin.count).sum::<u64>();
    near(one.mean, two.mean)
        && near(one.std_dev, two.std_dev)
        && total(one) == total(two)
        && (one.missing, one.distinct, &one.min, &one.max, &one.top)
            == (two.missing, two.distinct, &two.min, &two.max, &two.top)
        && (one.shortest_chars, one.longest_chars) == (two.shortest_chars, two.longest_chars)
}

fn rows() -> impl Strategy<Value = Vec<(Option<i64>, Option<f64>, Option<String>)>> {
    let int = prop_oneof![-5_i64..5, -100_000_i64..100_000, any::<i64>()];
    let float = prop_oneof![-1.0_f64..1.0, -1e9_f64..1e9];
    prop::collection::vec(
        (prop::option::of(int), prop::option::of(float), prop::option::of("[a-c太]{0,3}")),
        1..200,
    )
}

fn to_batch(rows: &[(Option<i64>, Option<f64>, Option<String>)]) -> RecordBatch {
    batch(vec![
        ("i", Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>())),
        ("f", Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>())),
        ("t", Arc::new(rows.iter().map(|row| row.2.clone()).collect::<StringArray>())),
    ])
}

proptest! {
    #[test]
    fn merged_profiles_equal_the_profile_of_the_whole(rows in rows(), cut in 0_usize..200) {
        let cut = cut.min(rows.len());
        let whole = profile(&[to_batch(&rows)]);
        let mut one = Profiler::new(&to_batch(&rows).schema());
        let mut two = one.clone();
        one.update(&to_batch(&rows[..cut])).unwrap();
        two.update(&to_batch(&rows[cut..])).unwrap();
        one.merge(two).unwrap();
        let merged = one.finish();
        prop_assert_eq!(merged.rows, whole.rows);
        prop_assert_eq!(merged.complete_rows, whole.complete_rows);
        for (one, two) in merged.columns.iter().zip(&whole.columns) {
            prop_assert!(same(one, two), "{:?}\n{:?}", one, two);
        }
    }

    #[test]
    fn bins_and_missing_values_add_up_to_the_rows(rows in rows()) {
        let profile = profile(&[to_batch(&rows)]);
        for column in &profile.columns[..2] {
            let binned: u64 = column.histogram.iter().map(|bin| bin.count).sum();
            prop_assert_eq!(binned + column.missing, profile.rows);
            prop_assert!(column.histogram.len() <= 20);
        }
    }
}
