//! Checks of a packed workbook before anything parses it.
//!
//! A workbook is a ZIP file of XML. Sizes that it declares may be lies, so every
//! XML part is unpacked once and measured; nothing of it is kept.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use crate::csv::read_error;
use crate::error::IngestError;
use crate::load::Limits;

/// Parts of a workbook.
const PARTS: usize = 10_000;
/// Below this size no ratio is suspicious: sheets of zeros pack very well.
const RATIO_FROM_BYTES: u64 = 16 * 1024 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// Checks number of parts, unpacked sizes, and that no part declares entities.
///
/// # Errors
///
/// [`IngestError::TooManyParts`], [`IngestError::UnpackedTooLarge`],
/// [`IngestError::UnpackRatio`], [`IngestError::XmlEntities`],
/// [`IngestError::UnknownFormat`] for ZIP files of other content, and
/// [`IngestError::Workbook`] for damaged ones.
pub(crate) fn check_workbook(path: &Path, limits: &Limits) -> Result<(), IngestError> {
    let file = File::open(path).map_err(|source| read_error(path, source))?;
    let damaged =
        |error: zip::result::ZipError| IngestError::Workbook { message: error.to_string() };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    if archive.len() > PARTS {
        return Err(IngestError::TooManyParts { found: archive.len() as u64, limit: PARTS as u64 });
    }
    known_content(&archive)?;
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(damaged)?;
        if part.encrypted() {
            return Err(IngestError::Encrypted);
        }
        let name = part.name().map_err(damaged)?.into_owned();
        let lower = name.to_ascii_lowercase();
        if lower.ends_with(".xml") || lower.ends_with(".rels") {
            let packed = part.compressed_size();
            unpacked += measure(&mut part, &name, packed, unpacked, limits)?;
        }
    }
    Ok(())
}

fn known_content<R: Read + std::io::Seek>(archive: &ZipArchive<R>) -> Result<(), IngestError> {
    let has =
        |name: &str| archive.file_names().flatten().any(|found| found.eq_ignore_ascii_case(name));
    let looks_like = if has("xl/workbook.bin") {
        "a binary workbook (XLSB)"
    } else if has("word/document.xml") {
        "a Word document"
    } else if has("mimetype") {
        "an OpenDocument file"
    } else if !has("[Content_Types].xml") {
        "a ZIP archive"
    } else {
        return Ok(());
    };
    Err(IngestError::UnknownFormat { looks_like: looks_like.to_owned() })
}

/// Unpacks one part and returns its true size.
fn measure(
    part: &mut impl Read,
    name: &str,
    packed: u64,
    before: u64,
    limits: &Limits,
) -> Result<u64, IngestError> {
    let mut buffer = vec![0_u8; BUFFER_BYTES];
    let mut kept = 0;
    let mut size = 0;
    loop {
        let free = buffer.get_mut(kept..).unwrap_or_default();
        let read = part
            .read(free)
            .map_err(|error| IngestError::Workbook { message: format!("`{name}`: {error}") })?;
        if read == 0 {
            return Ok(size);
        }
        size += read as u64;
        if before + size > limits.unpacked_bytes {
            return Err(IngestError::UnpackedTooLarge {
                part: name.to_owned(),
                limit_bytes: limits.unpacked_bytes,
            });
        }
        if size > RATIO_FROM_BYTES && size > packed.max(1).saturating_mul(limits.unpack_ratio) {
            return Err(IngestError::UnpackRatio {
                part: name.to_owned(),
                limit: limits.unpack_ratio,
            });
        }
        let filled = kept + read;
        let seen = buffer.get(..filled).unwrap_or_default();
        if [&b"<!DOCTYPE"[..], b"<!ENTITY"]
            .iter()
            .any(|mark| memchr::memmem::find(seen, mark).is_some())
        {
            return Err(IngestError::XmlEntities { part: name.to_owned() });
        }
        // A mark may be cut by the end of the buffer.
        kept = filled.min(9);
        buffer.copy_within(filled - kept..filled, 0);
    }
}
