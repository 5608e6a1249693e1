//! Exports: what is written reads back the same, and nothing acts as a formula.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use ingest::write::{CsvOptions, CsvWriter, JsonWriter, NdjsonWriter, WriteError, XlsxWriter};
use proptest::prelude::*;

use crate::spool::{OneFile, texts};

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn sample() -> RecordBatch {
    table(vec![
        ("名", Arc::new(StringArray::from(vec![Some("太原, \"并\""), None, Some("x\ny")]))),
        ("n", Arc::new(Int64Array::from(vec![Some(1), None, Some(-3)]))),
        ("x", Arc::new(Float64Array::from(vec![Some(0.1), Some(1e10), None]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("day", Arc::new(Date32Array::from(vec![Some(18_272), None, Some(0)]))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![Some(3_600_000_000), None, Some(1_500)])),
        ),
    ])
}

fn csv(batch: &RecordBatch, bom: bool) -> Vec<u8> {
    let mut writer = CsvWriter::new(Vec::new(), &batch.schema(), CsvOptions { bom }).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap()
}

fn xlsx(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = XlsxWriter::new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap()
}

#[test]
fn csv_follows_rfc_4180() {
    let text = String::from_utf8(csv(&sample(), true)).unwrap();
    assert_eq!(
        text,
        "\u{FEFF}名,n,x,ok,day,at\r\n\
         \"太原, \"\"并\"\"\",1,0.1,true,2020-01-11,1970-01-01T01:00:00\r\n\
         ,,10000000000,,,\r\n\
         \"x\ny\",-3,,false,1970-01-01,1970-01-01T00:00:00.001500\r\n"
    );
}

#[test]
fn every_format_reads_back_as_the_same_table() {
    let batch = sample();
    let mut json = JsonWriter::new(Vec::new()).unwrap();
    json.write(&batch).unwrap();
    let mut lines = NdjsonWriter::new(Vec::new());
    lines.write(&batch).unwrap();
    for (name, bytes) in [
        ("t.csv", csv(&batch, false)),
        ("t.json", json.finish().unwrap()),
        ("t.ndjson", lines.finish().unwrap()),
    ] {
        let loaded = OneFile::new(name, bytes).load().unwrap();
        assert_eq!(loaded.batch, batch, "{name}");
    }
    let loaded = OneFile::new("t.xlsx", xlsx(&batch)).load().unwrap();
    for column in 0..5 {
        assert_eq!(loaded.column(column), texts(batch.column(column)));
    }
}

#[test]
fn an_empty_array_is_still_json() {
    assert_eq!(JsonWriter::new(Vec::new()).unwrap().finish().unwrap(), b"[\n]\n");
}

const FORMULAS: [&str; 9] =
    ["=cmd|'/C calc'!A0", "=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "－A1"];

#[test]
fn formulas_are_neutralized_in_csv() {
    let batch = table(vec![("=head", Arc::new(StringArray::from(FORMULAS.to_vec())))]);
    let text = String::from_utf8(csv(&batch, false)).unwrap();
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        let cell = line.trim_start_matches('"');
        assert!(cell.starts_with('\''), "{line:?}");
    }
    let plain = table(vec![("a", Arc::new(StringArray::from(vec!["-5", "+86", "a=b"])))]);
    assert_eq!(String::from_utf8(csv(&plain, false)).unwrap(), "a\r\n-5\r\n+86\r\na=b\r\n");
}

#[test]
fn texts_are_never_formulas_in_xlsx() {
    let batch = table(vec![("=head", Arc::new(StringArray::from(FORMULAS.to_vec())))]);
    let bytes = xlsx(&batch);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes.clone())).unwrap();
    let mut xml = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
    assert!(xml.contains("=cmd"));
    assert!(!xml.contains("<f>"), "{xml}");
    let loaded = OneFile::new("t.xlsx", bytes).load().unwrap();
    assert_eq!(loaded.column(0)[1], "=1+1");
}

#[test]
fn what_a_sheet_cannot_hold_is_an_error_that_advises_csv() {
    let long = table(vec![("a", Arc::new(StringArray::from(vec!["x".repeat(40_000)])))]);
    let mut writer = XlsxWriter::new(Vec::new(), &long.schema()).unwrap();
    let error = writer.write(&long).unwrap_err();
    assert!(matches!(error, WriteError::TextTooLong { row: 1, .. }), "{error:?}");

    let many = table(vec![("n", Arc::new(Int64Array::from(vec![1; 1_048_576])))]);
    let mut writer = XlsxWriter::new(Vec::new(), &many.schema()).unwrap();
    let error = writer.write(&many).unwrap_err();
    assert!(matches!(error, WriteError::TooManyRows { limit: 1_048_575 }));
    assert!(error.remedy().zh.contains("CSV"));
}

#[test]
fn numbers_that_a_cell_would_round_are_text_in_xlsx() {
    let batch = table(vec![("n", Arc::new(Int64Array::from(vec![1_234_567_890_123_456_789])))]);
    let loaded = OneFile::new("t.xlsx", xlsx(&batch)).load().unwrap();
    assert_eq!(loaded.column(0), ["1234567890123456789"]);
}

/// Texts that make a text column, and are not changed on purpose.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z太原，。\"',;|\n\r\u{1F600}𠮷 ]{1,20}".prop_map(|text| format!("x{text}x"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_batch_written_as_csv_reads_back_as_the_same_values(
        rows in prop::collection::vec(
            (
                prop::option::of(text()),
                prop::option::of(-999_999_999_999_999_i64..=999_999_999_999_999),
                prop::option::of(prop::num::f64::NORMAL),
                // A row with a lone text could be taken for a remark.
                any::<bool>().prop_map(Some),
                prop::option::of(-700_000_i32..2_900_000),
                prop::option::of(-60_000_000_000_000_000_i64..200_000_000_000_000_000),
            ),
            1..40,
        ),
    ) {
        // One value of each type, so that each column has one.
        let mut rows = rows;
        rows.push((Some("x".into()), Some(1), Some(0.5), Some(true), Some(1), Some(1)));
        let batch = table(vec![
            ("文", Arc::new(rows.iter().map(|row| row.0.clone()).collect::<StringArray>())),
            ("i", Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>())),
            ("f", Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>())),
            ("b", Arc::new(rows.iter().map(|row| row.3).collect::<BooleanArray>())),
            ("d", Arc::new(rows.iter().map(|row| row.4).collect::<Date32Array>())),
            ("t", Arc::new(rows.iter().map(|row| row.5).collect::<TimestampMicrosecondArray>())),
        ]);
        let mut file = OneFile::new("t.csv", csv(&batch, false));
        file.hint.header = Some(true);
        let loaded = file.load().unwrap();
        prop_assert_eq!(loaded.summary.rejected, 0, "{:?}", loaded.rejects);
        prop_assert_eq!(loaded.batch.columns(), batch.columns());
    }
}
