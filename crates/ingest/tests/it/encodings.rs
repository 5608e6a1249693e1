//! Encodings, recognized and declared.

use ingest::{Hint, IngestError, Limits, Reason, detect};

use crate::spool::{OneFile, csv, load_path};

const TEXT: &str = "姓名,城市\n张三,太原\n李四,大同\n";

fn gb18030(text: &str) -> Vec<u8> {
    // Characters that the encoder of the web leaves out are written by hand below.
    let (bytes, _, failed) = encoding_rs::GB18030.encode(text);
    assert!(!failed);
    bytes.into_owned()
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let order = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    let mark = mark.then_some(0xFEFF);
    mark.into_iter().chain(text.encode_utf16()).flat_map(order).collect()
}

#[test]
fn text_is_the_same_in_every_encoding() {
    let files = [
        (TEXT.as_bytes().to_vec(), "UTF-8"),
        (format!("\u{FEFF}{TEXT}").into_bytes(), "UTF-8"),
        (gb18030(TEXT), "gb18030"),
        (utf16(TEXT, true, true), "UTF-16LE"),
        (utf16(TEXT, false, true), "UTF-16BE"),
        (utf16(TEXT, true, false), "UTF-16LE"),
        (utf16(TEXT, false, false), "UTF-16BE"),
    ];
    for (bytes, encoding) in files {
        let loaded = csv(&bytes).unwrap();
        assert_eq!(loaded.summary.encoding, encoding);
        assert_eq!(loaded.names(), ["姓名", "城市"], "{encoding}");
        assert_eq!(loaded.column(0), ["张三", "李四"], "{encoding}");
        assert_eq!(loaded.column(1), ["太原", "大同"], "{encoding}");
    }
}

#[test]
fn two_characters_of_gb18030_that_could_be_utf8_are_chinese() {
    let loaded = csv(gb18030("n,城市\n1,太原\n")).unwrap();
    assert_eq!(loaded.column(1), ["太原"]);
    let loaded = csv("n,слово\n1,привет\n2,Ελλάδα\n").unwrap();
    assert_eq!(loaded.column(1), ["привет", "Ελλάδα"]);
}

#[test]
fn traditional_chinese_in_big5_is_told_from_gbk() {
    let text = "姓名,城市,備註\n陳大文,臺北市,戶籍遷入資料\n李小龍,香港,現居住地址不詳\n";
    let (bytes, _, failed) = encoding_rs::BIG5.encode(text);
    assert!(!failed);
    let loaded = csv(bytes.as_ref()).unwrap();
    assert_eq!(loaded.summary.encoding, "Big5");
    assert_eq!(loaded.column(2), ["戶籍遷入資料", "現居住地址不詳"]);
    // The same characters, which GBK has too.
    let loaded = csv(gb18030(text)).unwrap();
    assert_eq!(loaded.summary.encoding, "gb18030");
    assert_eq!(loaded.column(2), ["戶籍遷入資料", "現居住地址不詳"]);
}

#[test]
fn rare_characters_of_gb18030_are_kept() {
    // 𠮷 has four bytes, U+E5E5 cannot be written, U+E000 is private use.
    let text = "名,n\n𠮷野家,1\n㐂\u{E000},2\n";
    let loaded = csv(gb18030(text)).unwrap();
    assert_eq!(loaded.column(0), ["𠮷野家", "㐂\u{E000}"]);
}

#[test]
fn a_wrong_declared_encoding_is_named_with_line_and_offset() {
    let mut file = OneFile::new("table.csv", gb18030("a,b\n1,x\n2,大同\n"));
    file.hint.encoding = Some("UTF-8".to_owned());
    let error = file.load().unwrap_err();
    let IngestError::WrongEncoding { declared, line, offset, looks_like } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((declared.as_str(), *line, *offset), ("UTF-8", 3, 10));
    assert_eq!(looks_like, "gb18030");
    assert!(error.remedy().en.contains("gb18030"));

    let mut file = OneFile::new("table.csv", "a,b\n1,太原市的数据\n");
    file.hint.encoding = Some("GBK".to_owned());
    let error = file.load().unwrap_err();
    assert!(
        matches!(&error, IngestError::WrongEncoding { line: 2, offset: 6, looks_like, .. }
            if looks_like == "UTF-8"),
        "{error:?}"
    );

    let mut file = OneFile::new("table.csv", TEXT);
    file.hint.encoding = Some("UTF-16".to_owned());
    assert!(matches!(file.load(), Err(IngestError::WrongEncoding { .. })));
}

#[test]
fn a_right_declared_encoding_is_used() {
    let mut file = OneFile::new("table.csv", gb18030(TEXT));
    for label in ["GB18030", "gbk", "GB2312"] {
        file.hint.encoding = Some(label.to_owned());
        assert_eq!(file.load().unwrap().column(1), ["太原", "大同"]);
    }
    file.hint.encoding = Some("klingon".to_owned());
    assert!(matches!(file.load(), Err(IngestError::UnknownEncoding { .. })));
}

#[test]
fn an_encoding_that_shows_late_is_still_found() {
    // More ASCII than the head of a file that is looked at.
    let mut bytes = b"a,b\n".to_vec();
    while bytes.len() < 6 * 1024 * 1024 {
        bytes.extend_from_slice(b"1,plain text of no special kind\n");
    }
    bytes.extend(gb18030("2,太原\n3,山西省大同市\n"));
    let loaded = csv(&bytes).unwrap();
    assert_eq!(loaded.summary.encoding, "gb18030");
    let names = loaded.column(1);
    assert_eq!(names[names.len() - 2..], ["太原", "山西省大同市"]);
}

#[test]
fn rows_with_bytes_that_are_no_text_are_rejected_one_by_one() {
    let mut bytes =
        "a,b\n1,太原\n2,大同\n3,朔州\n4,忻州\n5,阳泉\n6,吕梁\n7,晋中\n".as_bytes().to_vec();
    bytes.extend(b"8,b\xFFd\n9,\xC0\xAF\n10,\xED\xA0\x80\n11,\n");
    let loaded = csv(&bytes).unwrap();
    assert_eq!(loaded.column(0), ["1", "2", "3", "4", "5", "6", "7", "11"]);
    let lines: Vec<u64> = loaded.rejects.iter().map(|reject| reject.line).collect();
    assert_eq!(lines, [9, 10, 11]);
    let expected = Reason::InvalidBytes { encoding: "UTF-8".to_owned() };
    assert!(loaded.rejects.iter().all(|reject| reject.reason == expected));
    assert_eq!(loaded.rejects[0].raw, "8,b\u{FFFD}d");
}

#[test]
fn rows_with_bytes_that_are_no_gb18030_are_rejected_one_by_one() {
    let mut bytes = gb18030(&"1,太原市小店区\n".repeat(40));
    bytes.extend(b"2,\x81\x20\n");
    bytes.extend(gb18030("3,大同\n"));
    let file = OneFile::new("table.csv", [b"a,b\n".as_slice(), &bytes].concat());
    let loaded = file.load().unwrap();
    assert_eq!(loaded.summary.rows, 41);
    assert_eq!((loaded.rejects[0].line, loaded.rejects[0].reason.code()), (42, "invalid_bytes"));
}

#[test]
fn nul_and_control_characters_inside_a_text_are_kept() {
    let loaded = csv("a,b\n1,x\u{0}y\n2,\u{202E}x\u{200B}\n").unwrap();
    assert_eq!(loaded.column(1), ["x\u{0}y", "\u{202E}x\u{200B}"]);
}

#[test]
fn every_delimiter_and_line_break_is_recognized() {
    for delimiter in [',', ';', '\t', '|', '，'] {
        for line_break in ["\n", "\r\n", "\r"] {
            let text = ["城市,值", "太原,1", "\"大同,市\",2", "朔州,3", ""]
                .join(line_break)
                .replace(',', &delimiter.to_string());
            let loaded = csv(&text).unwrap();
            assert_eq!(loaded.summary.delimiter, Some(delimiter), "{text:?}");
            let quoted = format!("大同{delimiter}市");
            assert_eq!(loaded.column(0), ["太原", quoted.as_str(), "朔州"], "{text:?}");
            assert_eq!(loaded.column(1), ["1", "2", "3"], "{text:?}");
        }
    }
}

#[test]
fn a_declared_delimiter_and_header_are_used() {
    let mut file = OneFile::new("table.csv", "1:2\n3:4\n");
    file.hint = Hint { delimiter: Some(b':'), header: Some(true), ..file.hint };
    let loaded = file.load().unwrap();
    assert_eq!(loaded.names(), ["1", "2"]);
    file.hint.header = Some(false);
    let loaded = load_path(&file.path, &file.hint, &Limits::default()).unwrap();
    assert_eq!(loaded.names(), ["列1", "列2"]);
    assert_eq!(loaded.summary.rows, 2);
}

#[test]
fn detection_reads_only_the_head() {
    let file = OneFile::new("data.txt", gb18030(TEXT));
    let detected = detect(&file.path, &file.hint).unwrap();
    assert_eq!(detected.encoding, "gb18030");
    assert_eq!(detected.delimiter, Some(','));
    assert!(detected.header);
}
