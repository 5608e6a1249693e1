//! Files that are wrong, each with what must happen.

use std::fs::File;
use std::io::{BufWriter, Write};

use ingest::{Hint, IngestError, Limits, Reason, load};
use vocabulary::ErrorKind;

use crate::spool::{Kept, OneFile, csv, load_path};

#[test]
fn an_empty_file_is_an_error() {
    for bytes in ["", "\n\n", "\u{FEFF}"] {
        let error = csv(bytes).unwrap_err();
        assert!(matches!(error, IngestError::Empty), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!error.remedy().zh.is_empty());
    }
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    for bytes in ["a,b,c\n", "a,b,c", "\u{FEFF}a,b,c\r\n\r\n"] {
        let loaded = csv(bytes).unwrap();
        assert_eq!((loaded.summary.rows, loaded.summary.rejected), (0, 0));
        assert_eq!(loaded.names(), ["a", "b", "c"]);
        assert_eq!(loaded.begun, 1);
    }
}

#[test]
fn ten_thousand_columns_are_read() {
    let header: Vec<String> = (0..10_000).map(|column| format!("c{column}")).collect();
    let row: Vec<String> = (0..10_000).map(|column| (column % 97).to_string()).collect();
    let text = format!("{}\n{}\n", header.join(","), vec![row.join(","); 50].join("\n"));
    let loaded = csv(text).unwrap();
    assert_eq!(loaded.summary.rows, 50);
    assert_eq!(loaded.summary.columns.len(), 10_000);
    assert_eq!(loaded.column(9_999)[49], (9_999 % 97).to_string());
}

#[test]
fn too_many_columns_are_an_error_that_says_how_many() {
    let header: Vec<String> = (0..20_000).map(|column| format!("c{column}")).collect();
    let error = csv(header.join(",") + "\n").unwrap_err();
    assert!(matches!(error, IngestError::TooManyColumns { found: 20_000, limit: 16_384 }));
}

#[test]
fn a_field_of_100_megabytes_is_rejected_and_the_other_rows_are_kept() {
    let file = OneFile::new("table.csv", "");
    let mut output = BufWriter::new(File::create(&file.path).unwrap());
    output.write_all(b"id,text\n1,short\n2,\"").unwrap();
    let megabyte = vec![b'x'; 1024 * 1024];
    for _ in 0..100 {
        output.write_all(&megabyte).unwrap();
    }
    output.write_all(b" line\nbreak\"\n3,short\n").unwrap();
    output.flush().unwrap();
    let loaded = file.load().unwrap();
    assert_eq!(loaded.column(0), ["1", "3"]);
    assert_eq!(loaded.rejects.len(), 1);
    let reject = &loaded.rejects[0];
    assert_eq!(reject.line, 3);
    assert_eq!(reject.reason, Reason::TooLong { limit_bytes: 16 * 1024 * 1024 });
    assert!(reject.raw.len() <= 64 * 1024);
    assert!(reject.value.chars().count() < 1_100);
}

#[test]
fn a_field_over_the_limit_is_rejected_by_its_line() {
    let limits = Limits { field_bytes: 10, ..Limits::default() };
    let file = OneFile::new("table.csv", "a,b\n1,ok\n2,01234567890\n3,ok\n");
    let loaded = load_path(&file.path, &file.hint, &limits).unwrap();
    assert_eq!(loaded.column(0), ["1", "3"]);
    assert_eq!(loaded.rejects[0].line, 3);
    assert_eq!(loaded.rejects[0].reason.code(), "too_long");
}

#[test]
fn ragged_rows_are_rejected_and_the_others_are_kept() {
    let loaded = csv("a,b,c\n1,2,3\n1,2\n4,5,6\n1,2,3,4\n7,8,9\n1,2,3,,\n").unwrap();
    assert_eq!(loaded.column(0), ["1", "4", "7", "1"]);
    let found: Vec<(u64, Reason)> =
        loaded.rejects.iter().map(|reject| (reject.line, reject.reason.clone())).collect();
    assert_eq!(
        found,
        [
            (3, Reason::FieldCount { expected: 3, found: 2 }),
            (5, Reason::FieldCount { expected: 3, found: 4 }),
        ]
    );
    assert_eq!(loaded.rejects[0].raw, "1,2");
}

#[test]
fn a_row_that_does_not_fit_is_kept_with_line_column_value_and_reason() {
    let mut text = String::from("id,when\n");
    for row in 0..1_000 {
        text.push_str(&format!("{row},2020-01-11\n"));
    }
    text.push_str("1000,soon\n");
    let loaded = csv(text).unwrap();
    assert_eq!(loaded.kinds(), ["Int64", "Date"]);
    assert_eq!(loaded.summary.rows, 1_000);
    let reject = &loaded.rejects[0];
    assert_eq!(reject.line, 1_002);
    assert_eq!(reject.column.as_deref(), Some("when"));
    assert_eq!(reject.value, "soon");
    assert_eq!(reject.reason, Reason::Misfit { kind: ingest::Kind::Date });
    assert_eq!(reject.raw, "1000,soon");
    assert!(reject.reason.message().zh.contains("日期"));
}

#[test]
fn rows_and_rejects_add_up_to_the_records_of_the_file() {
    let mut text = String::from("id,n\n");
    for row in 0..50_000 {
        match row % 1_000 {
            7 => text.push_str("ragged\n"),
            9 => text.push_str(&format!("{row},x\n")),
            _ => text.push_str(&format!("{row},{}\n", row % 10)),
        }
    }
    let loaded = csv(text).unwrap();
    assert_eq!(loaded.summary.rows, 49_900);
    assert_eq!(loaded.summary.rejected, 100);
    assert_eq!(loaded.rejects.len(), 100);
    assert!(loaded.rejects.is_sorted_by_key(|reject| reject.line));
}

#[test]
fn rejects_beyond_the_limit_are_counted_and_not_kept() {
    let text = format!("a,b\n{}{}", "1,2\n".repeat(10), "1\n".repeat(10));
    let file = OneFile::new("table.csv", text);
    let limits = Limits { rejects_kept: 3, ..Limits::default() };
    let loaded = load_path(&file.path, &file.hint, &limits).unwrap();
    assert_eq!((loaded.rejects.len(), loaded.summary.rejected), (3, 10));
}

#[test]
fn an_unclosed_quote_is_an_error_with_its_line() {
    let error = csv("a,b\n1,2\n3,\"open\n4,5\n").unwrap_err();
    assert!(matches!(error, IngestError::UnclosedQuote { line: 3 }), "{error:?}");
    assert!(error.remedy().en.contains("line 3"));
}

#[test]
fn text_after_a_closing_quote_is_rejected() {
    let loaded = csv("a,b\n1,\"x\"\n2,\"x\"y\n3,\"x\" \n4,5\" pipe\n").unwrap();
    assert_eq!(loaded.column(0), ["1", "3", "4"]);
    assert_eq!(loaded.column(1), ["x", "x", "5\" pipe"]);
    assert_eq!((loaded.rejects[0].line, loaded.rejects[0].reason.code()), (3, "quote"));
}

#[test]
fn a_footnote_between_the_rows_is_rejected_as_one() {
    let mut text = String::from("地区,指标,数值,年份,备注\n");
    for row in 0..300 {
        text.push_str(&format!("太原,人口,{row},2020,\n"));
    }
    text.push_str("注：数据来源于统计年鉴,,,,\n");
    text.push_str("大同,,,,\n");
    text.push_str("数据截至年底\n");
    let loaded = csv(text).unwrap();
    assert_eq!(loaded.kinds()[2..4], ["Int64", "Int64"]);
    assert_eq!(loaded.summary.rows, 301);
    let reasons: Vec<&Reason> = loaded.rejects.iter().map(|reject| &reject.reason).collect();
    assert_eq!(reasons, [&Reason::Footnote, &Reason::Footnote]);
    assert_eq!(loaded.rejects[0].line, 302);
}

#[test]
fn a_footnote_does_not_make_a_short_column_text() {
    let loaded = csv("地区,a,b,c,d\n太原,1,2,3,4\n大同,5,6,7,8\n,,另见附件,,\n").unwrap();
    assert_eq!(loaded.kinds(), ["Text", "Int64", "Int64", "Int64", "Int64"]);
    assert_eq!(loaded.summary.rows, 2);
    assert_eq!(loaded.rejects[0].reason, Reason::Footnote);
    assert_eq!(loaded.rejects[0].column.as_deref(), Some("b"));
    assert_eq!(loaded.rejects[0].value, "另见附件");
}

#[test]
fn a_lone_value_or_key_is_no_footnote() {
    let number = "1".repeat(14);
    let text = format!("地区,a,b,c\n太原,1,2,好\n大同,,,\n{number},,,\n,,,一句话。\n");
    let loaded = csv(text).unwrap();
    assert_eq!((loaded.summary.rows, loaded.summary.rejected), (4, 0));
}

#[test]
fn many_misfits_in_a_wide_table_take_no_longer_than_their_number() {
    let width = 3_000;
    let row = |value: &str| vec![value; width].join(",") + "\n";
    let header: Vec<String> = (0..width).map(|column| format!("c{column}")).collect();
    let text = header.join(",") + "\n" + &row("1").repeat(1_500) + &row("x").repeat(400);
    let loaded = csv(text).unwrap();
    assert_eq!(loaded.kinds()[0], "Text");
    assert_eq!(loaded.summary.rows, 1_900);
}

#[test]
fn duplicate_and_empty_column_names_are_made_unique_with_a_note() {
    let loaded = csv("name,name,,name_2\na,b,c,d\n").unwrap();
    assert_eq!(loaded.names(), ["name", "name_2", "列3", "name_2_2"]);
    assert_eq!(loaded.summary.columns[1].source_name, "name");
    assert_eq!(loaded.summary.columns[1].notes.len(), 1);
    assert_eq!(loaded.summary.columns[0].notes.len(), 0);
}

#[test]
fn bytes_of_no_known_format_are_refused_by_name() {
    for (bytes, word) in [
        (&b"%PDF-1.7 ..."[..], "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"<html><table></table></html>", "HTML"),
        (b"\x00\x01\x02\x03\x00\x05\x01\x02\x03\x04\x05\x06", "binary"),
    ] {
        let error = csv(bytes).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(matches!(error, IngestError::UnknownFormat { .. }));
    }
}

#[test]
fn a_load_can_be_cancelled() {
    let text = format!("a\n{}", "1\n".repeat(3_000_000));
    let file = OneFile::new("table.csv", text);
    let mut kept = Kept { cancel_at_rows: Some(1), ..Kept::default() };
    let error = load(&file.path, &file.hint, &Limits::default(), &mut kept).unwrap_err();
    assert!(matches!(error, IngestError::Cancelled));
}

#[test]
fn progress_ends_at_the_size_of_the_file() {
    let text = format!("a\n{}", "1\n".repeat(3_000_000));
    let file = OneFile::new("table.csv", text);
    let mut kept = Kept::default();
    let summary = load(&file.path, &file.hint, &Limits::default(), &mut kept).unwrap();
    let last = kept.progress.last().unwrap();
    assert_eq!((last.bytes_done, last.bytes_total), (summary.bytes, summary.bytes));
    assert_eq!(last.rows, 3_000_000);
    assert!(kept.progress.is_sorted_by_key(|progress| progress.bytes_done));
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = load_path(&folder.path().join("gone.csv"), &Hint::default(), &Limits::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "could not read `gone.csv`");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
