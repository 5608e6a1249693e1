//! JSON arrays and NDJSON.

use ingest::{Format, IngestError};

use crate::spool::OneFile;

#[test]
fn an_array_of_objects_is_a_table_of_all_keys() {
    let text = r#"[
        {"名": "太原", "n": 1, "ok": true, "since": "2020-01-11"},
        {"名": "大同", "n": 2.5, "extra": {"a": [1, 2]}},
        {"n": null, "名": "朔\"州\u5dde"}
    ]"#;
    let loaded = OneFile::new("t.json", text).load().unwrap();
    assert_eq!(loaded.summary.format, Format::Json);
    assert_eq!(loaded.names(), ["名", "n", "ok", "since", "extra"]);
    assert_eq!(loaded.kinds(), ["Text", "Float64", "Boolean", "Date", "Text"]);
    assert_eq!(loaded.column(0), ["太原", "大同", "朔\"州州"]);
    assert_eq!(loaded.column(1), ["1.0", "2.5", "∅"]);
    assert_eq!(loaded.column(4), ["∅", r#"{"a": [1, 2]}"#, "∅"]);
}

#[test]
fn bad_lines_of_ndjson_are_rejected_and_the_others_are_kept() {
    let text = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\n\n[3]\n{\"a\":4,\"b\":\"\\ud800\"}\n{\"a\":5}\n";
    let loaded = OneFile::new("t.ndjson", text).load().unwrap();
    assert_eq!(loaded.summary.format, Format::Ndjson);
    assert_eq!(loaded.column(0), ["1", "5"]);
    let found: Vec<(u64, &str)> =
        loaded.rejects.iter().map(|reject| (reject.line, reject.reason.code())).collect();
    assert_eq!(found, [(2, "json_syntax"), (4, "not_an_object"), (5, "json_syntax")]);
    assert_eq!(loaded.summary.rejected, 3);
}

#[test]
fn a_key_that_shows_up_late_becomes_a_column() {
    let mut text = String::new();
    for row in 0..40_000 {
        text.push_str(&format!("{{\"n\":{row}}}\n"));
    }
    text.push_str("{\"n\":1,\"late\":7}\n{\"n\":2,\"late\":8}\n");
    let loaded = OneFile::new("t.jsonl", text).load().unwrap();
    assert_eq!(loaded.names(), ["n", "late"]);
    assert_eq!(loaded.kinds(), ["Int64", "Int64"]);
    let late = loaded.column(1);
    assert_eq!(late[40_000..], ["7", "8"]);
    assert_eq!(late[0], "∅");
}

#[test]
fn a_broken_array_is_an_error_with_its_place() {
    let error = OneFile::new("t.json", "[{\"a\":1},\n{\"a\":}]").load().unwrap_err();
    assert!(matches!(error, IngestError::Json { line: 2, column: 6, .. }), "{error:?}");
    let error = OneFile::new("t.json", "[{\"a\":1}").load().unwrap_err();
    assert!(matches!(error, IngestError::Json { .. }));
    let error = OneFile::new("t.json", "[{\"a\":1}] trailing").load().unwrap_err();
    assert!(matches!(error, IngestError::Json { .. }));
    let error = OneFile::new("t.json", "{\n\"a\":1}").load().unwrap_err();
    assert!(matches!(error, IngestError::Json { .. }));
    assert!(matches!(OneFile::new("t.json", "[]").load(), Err(IngestError::Empty)));
}

#[test]
fn deep_nesting_and_large_numbers_are_kept_as_text() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("[{{\"d\":{deep},\"n\":1e400,\"m\":18446744073709551616}}]");
    let loaded = OneFile::new("t.json", text).load().unwrap();
    assert_eq!(loaded.column(0)[0].len(), deep.len());
    assert_eq!(loaded.column(1), ["1e400"]);
    assert_eq!(loaded.column(2), ["18446744073709551616"]);
}

#[test]
fn json_in_other_encodings_is_read() {
    let (bytes, _, _) = encoding_rs::GB18030.encode("[{\"城市\":\"太原\"},{\"城市\":\"大同\"}]");
    let loaded = OneFile::new("t.json", bytes).load().unwrap();
    assert_eq!(loaded.column(0), ["太原", "大同"]);
}
