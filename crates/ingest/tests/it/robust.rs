//! No bytes make the reader panic, and blocks do not show.

use ingest::{Hint, IngestError, Limits};
use proptest::prelude::*;

use crate::spool::{OneFile, csv, load_path};

fn load_any(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    match OneFile::new(name, bytes).load() {
        Err(IngestError::Internal { message }) => {
            Err(TestCaseError::fail(format!("{name}: {message}")))
        }
        _ => Ok(()),
    }
}

const NAMES: [&str; 6] = ["t.csv", "t.json", "t.ndjson", "t.xlsx", "t.xls", "t.parquet"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), name in 0_usize..6) {
        load_any(NAMES[name], &bytes)?;
        for start in [&b"PK\x03\x04"[..], b"PAR1", &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], b"[{", b"\xFF\xFE"] {
            load_any(NAMES[name], &[start, &bytes].concat())?;
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a\"\r\n,;\t|，1.\\-:{}\\[\\]太0 ]{0,200}", name in 0_usize..3) {
        load_any(NAMES[name], text.as_bytes())?;
    }

    #[test]
    fn every_record_is_a_row_or_a_reject(
        records in prop::collection::vec(("[a-z0-9\"太]{1,8}", "(\"[a-z,\n太]{0,6}\"|[a-z0-9]{0,6})"), 1..60),
    ) {
        let mut text = String::from("first,second\n");
        for (one, two) in &records {
            text.push_str(&format!("x{one},{two}\n"));
        }
        let mut file = OneFile::new("t.csv", &text);
        file.hint = Hint { delimiter: Some(b','), header: Some(true), ..file.hint };
        let loaded = file.load().unwrap();
        prop_assert_eq!(loaded.summary.rows + loaded.summary.rejected, records.len() as u64);
        prop_assert_eq!(loaded.summary.rejected, 0, "{:?}", loaded.rejects);
    }
}

#[test]
fn a_small_corpus_of_awkward_files_makes_no_panic() {
    let files: [&[u8]; 14] = [
        b"\xEF\xBB\xBF",
        b"\"",
        b"\"\"",
        b"\"\"\"",
        b",",
        b"\n,\n",
        b"\r\r\r",
        b"a\r\nb\rc\nd",
        b"\x1F\x1F\x1F",
        b"\xFF\xFE",
        b"\xFF\xFEa",
        b"{",
        b"[[[[",
        b"PAR1PAR1PAR1",
    ];
    for bytes in files {
        for name in NAMES {
            if let Err(IngestError::Internal { message }) = OneFile::new(name, bytes).load() {
                panic!("{name} {bytes:?}: {message}");
            }
        }
    }
}

#[test]
fn quoted_texts_across_blocks_are_whole() {
    // Each record is about a third of a block, with quotes and line breaks inside.
    let body = "say \"\"hi\"\",\r\n太原 ".repeat(16_000);
    let mut text = String::from("id,text\n");
    for row in 0..40 {
        text.push_str(&format!("{row},\"{body}{row}\"\n"));
    }
    let loaded = csv(&text).unwrap();
    assert_eq!(loaded.summary.rows, 40);
    let expected = body.replace("\"\"", "\"");
    for (row, value) in loaded.column(1).iter().enumerate() {
        assert_eq!(*value, format!("{expected}{row}"));
    }
}

#[test]
fn wide_characters_across_blocks_are_whole_in_every_encoding() {
    let line = "太原市小店区平阳路街道,1,值\n";
    let count = 8 * 1024 * 1024 / line.len();
    let text = format!("地址，数，注\n{}", line.replace(',', "，").repeat(count));
    let (gb18030, _, _) = encoding_rs::GB18030.encode(&text);
    let utf16: Vec<u8> =
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &gb18030, &utf16] {
        let file = OneFile::new("t.csv", bytes);
        let loaded = load_path(&file.path, &file.hint, &Limits::default()).unwrap();
        assert_eq!(loaded.summary.rows, count as u64);
        assert_eq!(loaded.summary.rejected, 0);
        assert!(loaded.column(0).iter().all(|value| value == "太原市小店区平阳路街道"));
    }
}
