//! XLSX workbooks, sound and hostile.

use std::io::{Cursor, Write};

use ingest::{Format, IngestError, Limits, detect};
use rust_xlsxwriter::{ExcelDateTime, Formula, Workbook};
use zip::write::SimpleFileOptions;

use crate::spool::{OneFile, load_path};

fn workbook(fill: impl FnOnce(&mut Workbook)) -> OneFile {
    let mut book = Workbook::new();
    fill(&mut book);
    OneFile::new("t.xlsx", book.save_to_buffer().unwrap())
}

#[test]
fn cells_get_the_types_of_their_values() {
    let file = workbook(|book| {
        let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        let sheet = book.add_worksheet();
        for (column, name) in (0..).zip(["名", "n", "x", "day", "ok", "code"]) {
            sheet.write_string(0, column, name).unwrap();
        }
        for row in 1..4_u32 {
            sheet.write_string(row, 0, "太原").unwrap();
            sheet.write_number(row, 1, row).unwrap();
            sheet.write_number(row, 2, f64::from(row) / 4.0).unwrap();
            let day = ExcelDateTime::from_ymd(2020, 1, 10 + u8::try_from(row).unwrap()).unwrap();
            sheet.write_datetime_with_format(row, 3, &day, &date).unwrap();
            sheet.write_boolean(row, 4, row == 1).unwrap();
            sheet.write_string(row, 5, format!("00{row}")).unwrap();
        }
        sheet.write_formula(4, 1, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write_string(4, 0, "大同").unwrap();
    });
    let loaded = file.load().unwrap();
    assert_eq!(loaded.summary.format, Format::Xlsx);
    assert_eq!(loaded.kinds(), ["Text", "Int64", "Float64", "Date", "Boolean", "Text"]);
    assert_eq!(loaded.column(1), ["1", "2", "3", "∅"]);
    assert_eq!(loaded.column(2), ["0.25", "0.5", "0.75", "∅"]);
    assert_eq!(loaded.column(3), ["2020-01-11", "2020-01-12", "2020-01-13", "∅"]);
    assert_eq!(loaded.column(5), ["001", "002", "003", "∅"]);
}

#[test]
fn long_numbers_in_numeric_cells_are_text_with_a_note() {
    let file = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "证件").unwrap();
        sheet.write_number(1, 0, 110_101_199_001_011_234_f64).unwrap();
    });
    let loaded = file.load().unwrap();
    assert_eq!(loaded.kinds(), ["Text"]);
    assert_eq!(loaded.column(0), ["110101199001011232"]);
    assert!(loaded.summary.columns[0].notes[0].zh.contains("15 位"));
}

#[test]
fn the_sheet_that_is_asked_for_is_read() {
    let file = workbook(|book| {
        for name in ["甲", "乙"] {
            let sheet = book.add_worksheet();
            sheet.set_name(name).unwrap();
            sheet.write_string(0, 0, "列").unwrap();
            sheet.write_string(1, 0, name).unwrap();
        }
    });
    assert_eq!(detect(&file.path, &file.hint).unwrap().sheets, ["甲", "乙"]);
    let mut hint = file.hint.clone();
    assert_eq!(file.load().unwrap().column(0), ["甲"]);
    hint.sheet = Some("乙".to_owned());
    let loaded = load_path(&file.path, &hint, &Limits::default()).unwrap();
    assert_eq!(loaded.column(0), ["乙"]);
    hint.sheet = Some("丙".to_owned());
    let error = load_path(&file.path, &hint, &Limits::default()).unwrap_err();
    assert!(matches!(error, IngestError::NoSheet { .. }));
    assert!(error.remedy().zh.contains("甲, 乙"));
}

#[test]
fn titles_and_footnotes_of_a_sheet_are_no_data() {
    let file = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "山西省统计表").unwrap();
        for (column, name) in (0..).zip(["地区", "人口", "面积"]) {
            sheet.write_string(1, column, name).unwrap();
        }
        for row in 2..5 {
            sheet.write_string(row, 0, "太原").unwrap();
            sheet.write_number(row, 1, row).unwrap();
            sheet.write_number(row, 2, row * 2).unwrap();
        }
        sheet.write_string(5, 0, "注：人口为年末数。").unwrap();
    });
    let loaded = file.load().unwrap();
    assert_eq!(loaded.names(), ["地区", "人口", "面积"]);
    assert_eq!(loaded.column(1), ["2", "3", "4"]);
    assert_eq!((loaded.rejects[0].line, loaded.rejects[0].reason.code()), (6, "footnote"));
}

#[test]
fn a_large_sheet_is_read_in_the_order_of_its_rows() {
    let file = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "n").unwrap();
        sheet.write_string(0, 1, "x").unwrap();
        for row in 0..30_000_u32 {
            sheet.write_number(row + 1, 0, row).unwrap();
            sheet.write_string(row + 1, 1, format!("row {row}")).unwrap();
        }
    });
    let loaded = file.load().unwrap();
    assert_eq!(loaded.summary.rows, 30_000);
    assert_eq!(loaded.column(1)[29_999], "row 29999");
}

/// An XLSX file with one sheet whose XML is given.
fn packed(sheet: &[u8], repeat: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let parts: [(&str, &str); 5] = [
        (
            "xl/styles.xml",
            r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"#,
        ),
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
        ),
    ];
    for (name, text) in parts {
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    for _ in 0..repeat {
        archive.write_all(sheet).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_parsed() {
    let zeros = vec![b' '; 1024 * 1024];
    let file = OneFile::new("bomb.xlsx", packed(&zeros, 64));
    let error = file.load().unwrap_err();
    assert!(matches!(error, IngestError::UnpackRatio { .. }), "{error:?}");
    let limits =
        Limits { unpacked_bytes: 1024 * 1024, unpack_ratio: u64::MAX, ..Limits::default() };
    let error = load_path(&file.path, &file.hint, &limits).unwrap_err();
    assert!(matches!(error, IngestError::UnpackedTooLarge { .. }), "{error:?}");
    assert!(matches!(detect(&file.path, &file.hint), Err(IngestError::UnpackRatio { .. })));
}

#[test]
fn xml_entities_are_refused() {
    let sheet = br#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"#;
    let error = OneFile::new("t.xlsx", packed(sheet, 1)).load().unwrap_err();
    assert!(matches!(error, IngestError::XmlEntities { .. }), "{error:?}");
}

#[test]
fn too_many_parts_and_other_archives_are_refused() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for part in 0..10_001 {
        archive.start_file(format!("p{part}"), SimpleFileOptions::default()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    let error = OneFile::new("t.xlsx", bytes).load().unwrap_err();
    assert!(matches!(error, IngestError::TooManyParts { found: 10_001, .. }));

    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("../../etc/passwd", SimpleFileOptions::default()).unwrap();
    let bytes = archive.finish().unwrap().into_inner();
    let error = OneFile::new("t.xlsx", bytes).load().unwrap_err();
    assert!(matches!(error, IngestError::UnknownFormat { .. }), "{error:?}");
}

#[test]
fn dates_of_the_1904_calendar_are_read() {
    let sheet = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>day</t></is></c></row><row r="2"><c r="A2" s="1"><v>42379</v></c></row><row r="3"><c r="A3" t="d"><v>2020-01-12</v></c></row></sheetData></worksheet>"#;
    let loaded = OneFile::new("t.xlsx", packed(sheet.as_bytes(), 1)).load().unwrap();
    assert_eq!(loaded.column(0), ["2020-01-11", "2020-01-12"]);
}

#[test]
fn a_cut_or_changed_workbook_is_an_error() {
    let whole = packed(b"<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>", 1);
    for length in [4, 100, whole.len() / 2, whole.len() - 1] {
        let error = OneFile::new("t.xlsx", &whole[..length]).load().unwrap_err();
        assert!(
            matches!(error, IngestError::Workbook { .. } | IngestError::UnknownFormat { .. }),
            "{error:?}"
        );
    }
}
