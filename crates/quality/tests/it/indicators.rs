//! Indicators of GB/T 36344-2018.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use quality::{Context, Direction, Indicator, Profiler, indicators};

fn find<'a>(all: &'a [Indicator], code: &str) -> &'a Indicator {
    all.iter().find(|one| one.code == code).unwrap()
}

fn all(context: &Context) -> Vec<Indicator> {
    let ids = Int64Array::from(vec![Some(1), Some(2), Some(2), None]);
    let names = StringArray::from(vec![Some("a"), None, Some("c"), Some("d")]);
    let columns: Vec<(&str, arrow::array::ArrayRef)> =
        vec![("id", Arc::new(ids)), ("name", Arc::new(names))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut profiler = Profiler::new(&batch.schema());
    profiler.update(&batch).unwrap();
    indicators(&profiler.finish(), context)
}

#[test]
fn an_indicator_keeps_its_raw_counts() {
    let context = Context { quarantined: 1, keys: vec!["id".to_owned()], ..Context::default() };
    let all = all(&context);
    let counts = |code| (find(&all, code).a, find(&all, code).b);
    assert_eq!(counts("0201"), (6, 8));
    assert_eq!(counts("0202"), (2, 4));
    assert_eq!(counts("0302"), (4, 5));
    assert_eq!(counts("0304"), (2, 3));
    assert_eq!(find(&all, "0201").value(), Some(0.75));
    assert_eq!(find(&all, "0304").column.as_deref(), Some("id"));
    assert!(all.iter().all(|one| one.direction == Direction::Up && !one.name.zh.is_empty()));
}

#[test]
fn only_mandatory_columns_count_for_completeness() {
    let context = Context { mandatory: vec!["name".to_owned()], ..Context::default() };
    let all = all(&context);
    assert_eq!((find(&all, "0201").a, find(&all, "0201").b), (3, 4));
    assert_eq!((find(&all, "0202").a, find(&all, "0202").b), (3, 4));
}

#[test]
fn an_empty_table_has_no_ratio() {
    let batch = RecordBatch::try_from_iter(vec![(
        "n",
        Arc::new(Int64Array::from(Vec::<i64>::new())) as arrow::array::ArrayRef,
    )])
    .unwrap();
    let profile = Profiler::new(&batch.schema()).finish();
    for one in indicators(&profile, &Context::default()) {
        assert_eq!(one.value(), None);
    }
}
