//! The way of a file: limits, dispatch by format, summary.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::columns::{Evidence, Notation, name_columns};
use crate::csv::{CsvSource, read_error, read_head};
use crate::delimiter::Layout;
use crate::detect::{HEAD_BYTES, Hint, Text, format};
use crate::encoding::by_label;
use crate::error::IngestError;
use crate::pipeline::{Known, Outcome, Settings, limit_columns, run, tally};
use crate::sink::{NoObserver, Observer, Sink};
use crate::summary::{Format, Summary};
use crate::{json, parquet_file, sheet};

/// What a load may use, and how it decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Columns of a table.
    pub columns: usize,
    /// Bytes of one field.
    pub field_bytes: usize,
    /// Bytes that a workbook may have when unpacked.
    pub unpacked_bytes: u64,
    /// How many times its packed size a part of a workbook may have.
    pub unpack_ratio: u64,
    /// Rejected rows that are delivered; all are counted.
    pub rejects_kept: u64,
    /// A column is typed when at most this share of its values does not fit.
    pub misfit_share: f64,
    /// Most rows of a batch.
    pub batch_rows: usize,
}

impl Default for Limits {
    /// Limits that fit a server with a few gigabytes of memory.
    fn default() -> Self {
        Self {
            columns: 16_384,
            field_bytes: 16 * 1024 * 1024,
            unpacked_bytes: 1024 * 1024 * 1024,
            unpack_ratio: 250,
            rejects_kept: 100_000,
            misfit_share: 0.005,
            batch_rows: 65_536,
        }
    }
}

/// Reads a file into batches and rejects.
///
/// - The sink is called from this thread, in the order of the file.
/// - Memory is bounded by a few blocks, whatever the size of the file; workbooks
///   also hold their table of strings.
///
/// # Errors
///
/// Any [`IngestError`]. What was delivered before must then be thrown away.
pub fn load(
    path: &Path,
    hint: &Hint,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Summary, IngestError> {
    load_observed(path, hint, limits, &NoObserver, sink)
}

/// As [`load`], with an observer that sees each batch on the thread that made it.
///
/// # Errors
///
/// As [`load`].
pub fn load_observed(
    path: &Path,
    hint: &Hint,
    limits: &Limits,
    observer: &dyn Observer,
    sink: &mut dyn Sink,
) -> Result<Summary, IngestError> {
    let bytes = std::fs::metadata(path).map_err(|source| read_error(path, source))?.len();
    let (head, whole) = read_head(path, HEAD_BYTES)?;
    let format = format(&head, whole, hint)?;
    let settings =
        Settings { limits, notation: Notation::CommaGroups, bytes_total: bytes, observer };
    match format {
        Format::Csv => {
            let text = Text::of(&head, whole, hint)?;
            let file = File { path, head: &head, whole, hint };
            match load_csv(&file, &text, settings, sink) {
                // The head was ASCII, and what came later shows the encoding.
                Err(IngestError::WrongEncoding { looks_like, .. })
                    if text.declared.is_none() && text.only_ascii =>
                {
                    observer.start_over();
                    let text = Text { encoding: by_label(&looks_like)?, only_ascii: false, ..text };
                    load_csv(&file, &text, settings, sink)
                }
                result => result,
            }
        }
        Format::Xlsx | Format::Xls => sheet::load(path, format, hint, &settings, sink),
        Format::Json | Format::Ndjson => {
            let text = Text::of(&head, whole, hint)?;
            json::load(path, format, &text, &settings, sink)
        }
        Format::Parquet => parquet_file::load(path, &settings, sink),
    }
}

struct File<'a> {
    path: &'a Path,
    head: &'a [u8],
    whole: bool,
    hint: &'a Hint,
}

/// Blocks that are read for the first guess of the types.
const SAMPLE_BLOCKS: usize = 4;

fn load_csv(
    file: &File<'_>,
    text: &Text,
    settings: Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Summary, IngestError> {
    let layout = text.layout(file.head, file.whole, file.hint)?;
    limit_columns(layout.header.len(), settings.limits)?;
    let settings = Settings { notation: layout.notation(), ..settings };
    let names = name_columns(layout.header.iter().cloned());
    let source = CsvSource {
        path: file.path.to_owned(),
        encoding: text.encoding,
        bom: text.bom,
        declared: text.declared.clone(),
        only_ascii: text.only_ascii,
        dialect: layout.dialect,
        skip: layout.skip,
        limits: settings.limits.clone(),
    };
    let (evidence, complete) = sample(&source, names.len(), &settings)?;
    let known = names
        .into_iter()
        .zip(evidence)
        .map(|(name, evidence)| Known { name, evidence, complete })
        .collect();
    let outcome = run(&source, known, &settings, sink)?;
    let notes = notes(&layout, text);
    Ok(summary(
        Format::Csv,
        text.encoding.name(),
        Some(layout.delimiter()),
        outcome,
        notes,
        &settings,
    ))
}

/// Evidence from the first blocks and from places further on, and whether that
/// is the whole file.
fn sample(
    source: &CsvSource,
    columns: usize,
    settings: &Settings<'_>,
) -> Result<(Vec<Evidence>, bool), IngestError> {
    let mut evidence = vec![Evidence::default(); columns];
    let mut blocks = source.blocks()?;
    for _ in 0..SAMPLE_BLOCKS {
        match blocks.next_block()? {
            Some(block) => {
                tally(&source.fields(block, columns)?, &mut evidence, settings.notation);
            }
            None => return Ok((evidence, true)),
        }
    }
    if blocks.next_block()?.is_none() {
        // Exactly as long as the sample: the pass will confirm the types.
        return Ok((evidence, false));
    }
    if source.encoding == encoding_rs::UTF_8 && !source.dialect.wide_comma() {
        for place in 1..PLACES {
            let start = settings.bytes_total / PLACES * place;
            let bytes = lines_at(source, start).map_err(|error| read_error(&source.path, error))?;
            if std::str::from_utf8(&bytes).is_err() {
                continue;
            }
            let chunk = source.indexed(bytes, columns);
            if chunk.rejects.is_empty() {
                tally(&chunk, &mut evidence, settings.notation);
            }
        }
    }
    Ok((evidence, false))
}

/// Places of the file that are looked at before the first pass.
const PLACES: u64 = 12;
/// Bytes that are read at each.
const PLACE_BYTES: u64 = 64 * 1024;

/// Whole lines near a place of the file. Inside a quoted text they are no
/// records; then some have a wrong number of fields, and the place is not used.
fn lines_at(source: &CsvSource, start: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(&source.path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(PLACE_BYTES).read_to_end(&mut bytes)?;
    let newline = source.dialect.newline;
    let from = memchr::memchr(newline, &bytes).map_or(bytes.len(), |at| at + 1);
    let to = memchr::memrchr(newline, &bytes).map_or(0, |at| at + 1);
    Ok(bytes.get(from..to).unwrap_or_default().to_vec())
}

fn notes(layout: &Layout, text: &Text) -> Vec<Bilingual> {
    let mut notes = Vec::new();
    if layout.titles > 0 {
        let count = layout.titles;
        notes.push(Bilingual::new(
            format!("表头之前的 {count} 行标题未作为数据"),
            format!("{count} title lines above the header are not data"),
        ));
    }
    if !layout.has_header {
        notes.push(Bilingual::new(
            "首行像是数据，列名由系统给出",
            "the first row looks like data; the columns were named by position",
        ));
    }
    if text.declared.is_none() && !text.only_ascii {
        let name = text.encoding.name();
        notes.push(Bilingual::new(
            format!("编码由内容识别为 {name}"),
            format!("the encoding was recognized as {name}"),
        ));
    }
    notes
}

/// The summary of a load.
pub(crate) fn summary(
    format: Format,
    encoding: &str,
    delimiter: Option<char>,
    outcome: Outcome,
    notes: Vec<Bilingual>,
    settings: &Settings<'_>,
) -> Summary {
    Summary {
        format,
        encoding: encoding.to_owned(),
        delimiter,
        rows: outcome.rows,
        rejected: outcome.rejected,
        bytes: settings.bytes_total,
        passes: outcome.passes,
        columns: outcome.columns,
        notes,
        repaired: Vec::new(),
        proposals: Vec::new(),
    }
}
