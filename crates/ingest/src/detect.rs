//! What a file is, from its content first and its name second.

use std::path::Path;

use encoding_rs::{Encoding, UTF_8};
use serde::{Deserialize, Serialize};

use crate::csv::{Declared, read_head};
use crate::delimiter::{Layout, NoLayout, Wishes, layout};
use crate::encoding::{self, Guess, by_label, guess, head_text};
use crate::error::IngestError;
use crate::load::Limits;
use crate::repair::Repair;
use crate::sheet;
use crate::summary::Format;

/// Bytes of a file that are searched for its format, encoding and header.
pub(crate) const HEAD_BYTES: u64 = 4 * 1024 * 1024;

/// What the user says about a file. Everything but the name may be left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The name that the file had where it came from.
    pub file_name: String,
    /// Encoding label, such as `UTF-8`, `GB18030`, `GBK` or `UTF-16LE`.
    pub encoding: Option<String>,
    /// The delimiter of a CSV file.
    pub delimiter: Option<u8>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// The sheet of a workbook; the first visible one if left open.
    pub sheet: Option<String>,
    /// Repairs of a workbook that a person agreed to.
    #[serde(default)]
    pub repairs: Vec<Repair>,
}

/// What the head of a file shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// The format.
    pub format: Format,
    /// The encoding of its text; `binary` where the format has its own.
    pub encoding: String,
    /// The delimiter of a CSV file.
    pub delimiter: Option<char>,
    /// Whether the first row seems to name the columns.
    pub header: bool,
    /// The sheets of a workbook, in its order.
    pub sheets: Vec<String>,
}

/// Finds out what a file is. Reads its head only; a workbook is unpacked once to
/// measure it, since its sheets cannot be listed safely before.
///
/// # Errors
///
/// [`IngestError::Empty`], [`IngestError::UnknownFormat`],
/// [`IngestError::UnknownEncoding`], [`IngestError::Read`], and for workbooks
/// what [`load`](crate::load) says.
pub fn detect(path: &Path, hint: &Hint) -> Result<Detected, IngestError> {
    let (head, whole) = read_head(path, HEAD_BYTES)?;
    let format = format(&head, whole, hint)?;
    let binary = |sheets| Detected {
        format,
        encoding: "binary".to_owned(),
        delimiter: None,
        header: true,
        sheets,
    };
    match format {
        Format::Parquet => Ok(binary(Vec::new())),
        Format::Xlsx | Format::Xls => {
            Ok(binary(sheet::sheet_names(path, format, &Limits::default())?))
        }
        Format::Json | Format::Ndjson => {
            let text = Text::of(&head, whole, hint)?;
            Ok(Detected {
                format,
                encoding: text.encoding.name().to_owned(),
                delimiter: None,
                header: false,
                sheets: Vec::new(),
            })
        }
        Format::Csv => {
            let text = Text::of(&head, whole, hint)?;
            let layout = text.layout(&head, whole, hint)?;
            Ok(Detected {
                format,
                encoding: text.encoding.name().to_owned(),
                delimiter: Some(layout.delimiter()),
                header: layout.has_header,
                sheets: Vec::new(),
            })
        }
    }
}

/// The encoding of a text file.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) encoding: &'static Encoding,
    pub(crate) bom: usize,
    pub(crate) only_ascii: bool,
    /// Set if the user declared the encoding.
    pub(crate) declared: Option<Declared>,
}

impl Text {
    /// The encoding that was declared, or that the head shows.
    ///
    /// # Errors
    ///
    /// [`IngestError::UnknownEncoding`], [`IngestError::WrongEncoding`] and
    /// [`IngestError::UnknownFormat`].
    pub(crate) fn of(head: &[u8], whole: bool, hint: &Hint) -> Result<Self, IngestError> {
        let found = guess(head, whole);
        let declared = hint.encoding.as_deref().map(str::trim).filter(|label| !label.is_empty());
        let Some(label) = declared else {
            let Guess { encoding, bom, only_ascii } =
                found.ok_or_else(|| IngestError::UnknownFormat {
                    looks_like: "binary data, or text of an encoding that is not known".to_owned(),
                })?;
            return Ok(Self { encoding, bom, only_ascii, declared: None });
        };
        let mut wanted = by_label(label)?;
        let looks_like = encoding::looks_like(head, whole);
        if let Some(found) = found {
            // "UTF-16" leaves the byte order to the mark.
            let utf16 = wanted.name().starts_with("UTF-16");
            if utf16 && found.encoding.name().starts_with("UTF-16") {
                wanted = found.encoding;
            }
            let contradicts = found.encoding != wanted
                && (found.bom > 0 || utf16 || !found.only_ascii)
                && !(wanted == UTF_8 && found.bom == 0);
            if contradicts {
                return Err(contradiction(head, label, found));
            }
        }
        let bom = found.filter(|found| found.encoding == wanted).map_or(0, |found| found.bom);
        let declared = Some(Declared { name: label.to_owned(), looks_like });
        Ok(Self { encoding: wanted, bom, only_ascii: false, declared })
    }

    /// Delimiter and header.
    ///
    /// # Errors
    ///
    /// [`IngestError::Empty`] and [`IngestError::HeaderTooLong`].
    pub(crate) fn layout(
        &self,
        head: &[u8],
        whole: bool,
        hint: &Hint,
    ) -> Result<Layout, IngestError> {
        let text = head_text(self.encoding, head.get(self.bom..).unwrap_or_default(), whole);
        let wishes = Wishes { delimiter: hint.delimiter, header: hint.header };
        layout(&text, whole, wishes).map_err(|error| match error {
            NoLayout::Empty => IngestError::Empty,
            NoLayout::TooLong => IngestError::HeaderTooLong { limit_bytes: HEAD_BYTES },
        })
    }
}

/// The head is text, and of another encoding than declared.
fn contradiction(head: &[u8], label: &str, found: Guess) -> IngestError {
    let at =
        if found.bom > 0 { 0 } else { head.iter().position(|byte| !byte.is_ascii()).unwrap_or(0) };
    let before = head.get(..at).unwrap_or_default();
    IngestError::WrongEncoding {
        declared: label.to_owned(),
        line: 1 + memchr::memchr_iter(b'\n', before).count() as u64,
        offset: at as u64,
        looks_like: found.encoding.name().to_owned(),
    }
}

/// The format of a file.
///
/// # Errors
///
/// [`IngestError::Empty`], [`IngestError::Encrypted`] and
/// [`IngestError::UnknownFormat`].
pub(crate) fn format(head: &[u8], whole: bool, hint: &Hint) -> Result<Format, IngestError> {
    if head.is_empty() {
        return Err(IngestError::Empty);
    }
    let name = hint.file_name.to_ascii_lowercase();
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if has_extension(&name, "parquet") {
        return Err(IngestError::Parquet {
            message: "the file does not begin with the mark `PAR1`".to_owned(),
        });
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Format::Xlsx);
    }
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        let package: Vec<u8> =
            "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        if memchr::memmem::find(head, &package).is_some() {
            return Err(IngestError::Encrypted);
        }
        return Ok(Format::Xls);
    }
    if let Some(looks_like) = foreign(head) {
        return Err(IngestError::UnknownFormat { looks_like: looks_like.to_owned() });
    }
    json(head, whole, hint, &name).map_or(Ok(Format::Csv), Ok)
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// Formats that are known and not read.
fn foreign(head: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 12] = [
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"\x1F\x8B", "a gzip file"),
        (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"BZh", "a bzip2 file"),
        (b"\xFD7zXZ", "an xz file"),
        (b"\x28\xB5\x2F\xFD", "a zstd file"),
        (b"SQLite format 3", "an SQLite database"),
        (b"PK\x05\x06", "an empty ZIP archive"),
    ];
    if let Some((_, name)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Some(name);
    }
    let start = head.trim_ascii_start();
    let start: Vec<u8> = start.iter().take(15).map(u8::to_ascii_lowercase).collect();
    if [&b"<html"[..], b"<!doctype html", b"<table"].iter().any(|mark| start.starts_with(mark)) {
        return Some("an HTML page");
    }
    if start.starts_with(b"<?xml") {
        return Some("an XML document");
    }
    let sample = head.get(..head.len().min(64 * 1024)).unwrap_or_default();
    let text16 =
        guess(sample, false).is_some_and(|guess| guess.encoding.name().starts_with("UTF-16"));
    let controls = sample
        .iter()
        .filter(|byte| matches!(byte, 0..=8 | 0x0E..=0x1A | 0x1C..=0x1E | 0x7F))
        .count();
    (!text16 && controls * 20 > sample.len()).then_some("binary data")
}

/// JSON shows in the first characters.
fn json(head: &[u8], whole: bool, hint: &Hint, name: &str) -> Option<Format> {
    let text = Text::of(head, whole, hint).ok()?;
    let text = head_text(text.encoding, head.get(text.bom..).unwrap_or_default(), whole);
    let start = text.trim_ascii_start();
    let named_lines = has_extension(name, "ndjson") || has_extension(name, "jsonl");
    match start.first() {
        Some(b'[') => {
            let next = start.get(1..).unwrap_or_default().trim_ascii_start().first();
            let named = has_extension(name, "json");
            (matches!(next, Some(b'{' | b']')) || named).then_some(Format::Json)
        }
        Some(b'{') => {
            let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let object = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
            if object || named_lines {
                Some(Format::Ndjson)
            } else {
                has_extension(name, "json").then_some(Format::Json)
            }
        }
        _ if named_lines => Some(Format::Ndjson),
        _ => None,
    }
}
