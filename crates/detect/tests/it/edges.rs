//! Edges: every Arrow type, nulls, empty tables, one row, parts.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    Float64Array, Int64Array, LargeStringArray, ListArray, NullArray, RecordBatch, StringArray,
    StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int32Type, Schema};
use detect::{Detector, Kind, Role};
use proptest::prelude::*;

use crate::shared::{Numbers, column, findings, table};

#[test]
fn no_arrow_type_makes_it_panic() {
    let dictionary: DictionaryArray<Int32Type> =
        vec![Some("13812345678"), None, Some("a")].into_iter().collect();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
        Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("b")])),
        Arc::new(StringViewArray::from(vec![Some("a"), None, Some("b")])),
        Arc::new(dictionary),
        Arc::new(list),
        Arc::new(NullArray::new(3)),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(13_812_345_678)])),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(f64::INFINITY)])),
        Arc::new(Decimal128Array::from(vec![Some(5), None, Some(7)])),
        Arc::new(Date32Array::from(vec![Some(1), None, Some(i32::MAX)])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None, Some(i64::MAX)])),
        Arc::new(BinaryArray::from(vec![Some(&[0xff_u8, 0][..]), None, Some(&[][..])])),
    ];
    for array in arrays {
        let batch = RecordBatch::try_from_iter([("c", array)]).unwrap();
        assert_eq!(findings(&batch).len(), 1);
    }
}

#[test]
fn an_empty_table_has_no_identifiers_and_says_so() {
    assert!(Detector::new(&Schema::empty()).finish().is_empty());
    let found = column("身份证号", []);
    assert_eq!((found.kind, found.role, found.cells), (None, Role::None, 0));
    assert!(found.hit_rate.abs() < f64::EPSILON && found.distinct_share.abs() < f64::EPSILON);
}

#[test]
fn one_row_is_enough() {
    let found = column("x", [Numbers(9).citizen_id()]);
    assert_eq!((found.kind, found.role), (Some(Kind::CitizenId), Role::Direct));
    let found = column("手机", ["13812345678".to_owned()]);
    assert_eq!(found.kind, Some(Kind::Mobile));
}

#[test]
fn numbers_stored_as_integers_are_read_too() {
    let phones: ArrayRef = Arc::new(Int64Array::from_iter_values(
        (0..100).map(|n| 13_800_000_000 + n * 7_919_777 % 99_999_999),
    ));
    let batch = RecordBatch::try_from_iter([("tel", phones)]).unwrap();
    assert_eq!(findings(&batch)[0].kind, Some(Kind::Mobile));
}

#[test]
fn a_batch_with_fewer_columns_does_no_harm() {
    let wide = table(&[("a", vec!["1".to_owned()]), ("b", vec!["2".to_owned()])]);
    let narrow = table(&[("a", vec!["3".to_owned()])]);
    let mut detector = Detector::new(&wide.schema());
    detector.update(&wide);
    detector.update(&narrow);
    assert_eq!(detector.finish().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn reading_in_parts_equals_reading_at_once(seed in 0_u64..1000, cut in 0_usize..60) {
        let mut numbers = Numbers(seed);
        let notes: Vec<String> = (0..60)
            .map(|n| match n % 4 {
                0 => numbers.citizen_id(),
                1 => format!("电话138{}", numbers.digits(8)),
                2 => numbers.digits(18),
                _ => String::new(),
            })
            .collect();
        let batch = table(&[("备注", notes)]);
        let mut whole = Detector::new(&batch.schema());
        whole.update(&batch);
        let mut first = Detector::new(&batch.schema());
        first.update(&batch.slice(0, cut));
        let mut second = Detector::new(&batch.schema());
        second.update(&batch.slice(cut, 60 - cut));
        first.merge(second);
        prop_assert_eq!(first.rows(), whole.rows());
        prop_assert_eq!(first.finish(), whole.finish());
    }
}
