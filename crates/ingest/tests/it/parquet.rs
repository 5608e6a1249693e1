//! Parquet files, sound and lying.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal128Array, Int32Array, ListArray, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;
use ingest::{IngestError, Kind};
use parquet::arrow::ArrowWriter;

use crate::spool::OneFile;

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn sound() -> Vec<u8> {
    parquet(vec![
        ("n", Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]))),
        ("name", Arc::new(StringArray::from(vec!["太原", "大同", "朔州"]))),
    ])
}

#[test]
fn columns_are_brought_to_six_types() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let money = Decimal128Array::from(vec![150, 250, 350]).with_precision_and_scale(10, 2).unwrap();
    let long = Decimal128Array::from(vec![1, 2, 3]).with_precision_and_scale(30, 2).unwrap();
    let times = TimestampNanosecondArray::from(vec![1_500, 0, -1]).with_timezone("+08:00");
    let file = OneFile::new(
        "t.parquet",
        parquet(vec![
            ("n", Arc::new(Int32Array::from(vec![1, 2, 3]))),
            ("money", Arc::new(money)),
            ("long", Arc::new(long)),
            ("at", Arc::new(times)),
            ("list", Arc::new(lists)),
            ("raw", Arc::new(BinaryArray::from(vec!["太".as_bytes(), b"\xFF\x01", b""]))),
        ]),
    );
    let loaded = file.load().unwrap();
    assert_eq!(loaded.kinds(), ["Int64", "Float64", "Text", "Timestamp", "Text", "Text"]);
    assert_eq!(loaded.column(1), ["1.5", "2.5", "3.5"]);
    assert_eq!(loaded.column(2), ["0.01", "0.02", "0.03"]);
    assert_eq!(loaded.column(4), ["[1,null]", "∅", "[]"]);
    assert_eq!(loaded.column(5), ["太", "0xff01", ""]);
    assert_eq!(loaded.summary.columns[3].kind, Kind::Timestamp);
    assert_eq!(loaded.summary.columns[3].notes.len(), 1);
}

#[test]
fn integers_beyond_the_range_are_rejected_by_row() {
    let numbers = UInt64Array::from(vec![1, u64::MAX, 3]);
    let loaded = OneFile::new("t.parquet", parquet(vec![("n", Arc::new(numbers))])).load().unwrap();
    assert_eq!(loaded.column(0), ["1", "3"]);
    assert_eq!(
        (loaded.rejects[0].line, loaded.rejects[0].value.as_str()),
        (2, "18446744073709551615")
    );
}

#[test]
fn a_cut_parquet_file_is_an_error_that_says_so() {
    let bytes = sound();
    for length in [4, 8, 11, bytes.len() / 2, bytes.len() - 1] {
        let error = OneFile::new("t.parquet", &bytes[..length]).load().unwrap_err();
        assert!(matches!(error, IngestError::Parquet { .. }), "{length}: {error:?}");
        assert!(error.remedy().en.contains("export it again"));
    }
}

#[test]
fn a_file_that_is_no_parquet_is_refused_by_its_mark() {
    let error = OneFile::new("t.parquet", "a,b\n1,2\n").load().unwrap_err();
    assert!(error.to_string().contains("PAR1"), "{error}");
}

#[test]
fn a_footer_that_lies_about_its_length_is_refused() {
    let mut bytes = sound();
    let at = bytes.len() - 8;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = OneFile::new("t.parquet", &bytes).load().unwrap_err();
    assert!(error.to_string().contains("more than the file"), "{error}");
}

#[test]
fn no_changed_byte_of_a_parquet_file_makes_the_reader_panic() {
    let bytes = sound();
    let mut errors = 0;
    for at in (4..bytes.len()).step_by(3) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xFF;
        match OneFile::new("t.parquet", &changed).load() {
            Ok(loaded) => assert_eq!(loaded.summary.rows, 3),
            Err(IngestError::Internal { message }) => panic!("byte {at}: {message}"),
            Err(_) => errors += 1,
        }
    }
    assert!(errors > 0);
}
