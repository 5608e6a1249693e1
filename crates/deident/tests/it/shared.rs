//! The shared reference data, where it is at hand, and small tables.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationSecondArray, FixedSizeBinaryArray, Float64Array, Int8Array, Int32Array,
    IntervalYearMonthArray, LargeStringArray, ListArray, NullArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{Field, Int32Type};

/// A file of the shared data; `None` (said in one line) where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        Some(file)
    } else {
        println!("left out: no shared data at {path}");
        None
    }
}

/// A table of text columns.
pub(crate) fn table(columns: &[(&str, Vec<&str>)]) -> RecordBatch {
    RecordBatch::try_from_iter(
        columns
            .iter()
            .map(|(name, values)| (*name, Arc::new(StringArray::from(values.clone())) as ArrayRef)),
    )
    .unwrap()
}

/// A table from a CSV file with plain fields.
pub(crate) fn csv(text: &str, separator: char) -> RecordBatch {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(separator).collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(separator).collect()).collect();
    let columns: Vec<(&str, Vec<&str>)> = header
        .iter()
        .enumerate()
        .map(|(place, name)| (*name, rows.iter().map(|row| row[place]).collect()))
        .collect();
    table(&columns)
}

/// A column of every type that matters, three rows with a null in each that can have one.
pub(crate) fn every_type() -> Vec<ArrayRef> {
    let text = StringArray::from(vec![Some("a"), None, Some("")]);
    let dictionary: DictionaryArray<Int32Type> =
        vec![Some("a"), None, Some("a")].into_iter().collect();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let field = Arc::new(Field::new("x", arrow::datatypes::DataType::Utf8, true));
    let structs = StructArray::from(vec![(field, Arc::new(text.clone()) as ArrayRef)]);
    vec![
        Arc::new(text),
        Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("b")])),
        Arc::new(StringViewArray::from(vec![Some("a"), None, Some("b")])),
        Arc::new(dictionary),
        Arc::new(list),
        Arc::new(structs),
        Arc::new(NullArray::new(3)),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(Int8Array::from(vec![Some(1), None, Some(i8::MIN)])),
        Arc::new(Int32Array::from(vec![Some(1), None, Some(3)])),
        Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(3)])),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(f64::INFINITY)])),
        Arc::new(Decimal128Array::from(vec![Some(5), None, Some(7)])),
        Arc::new(Date32Array::from(vec![Some(1), None, Some(i32::MAX)])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None, Some(i64::MAX)])),
        Arc::new(DurationSecondArray::from(vec![Some(1), None, Some(3)])),
        Arc::new(IntervalYearMonthArray::from(vec![Some(1), None, Some(3)])),
        Arc::new(BinaryArray::from(vec![Some(&[0xff_u8, 0][..]), None, Some(&[][..])])),
        Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8], [2], [3]].iter()).unwrap()),
    ]
}
