//! Sheets of XLSX and XLS workbooks.
//!
//! Cells become text and take the same way as the fields of a CSV file, so that
//! a table has the same types whichever way it comes. XLSX is read cell by cell;
//! only its table of shared strings is held in memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetVisible, Xls, Xlsx};
use vocabulary::Bilingual;

use crate::archive::check_workbook;
use crate::chunk::{Chunk, RowReject};
use crate::columns::{Evidence, Name, name_columns};
use crate::csv::{read_error, reads_like_a_remark};
use crate::delimiter::looks_like_header;
use crate::detect::Hint;
use crate::error::IngestError;
use crate::load::{Limits, summary};
use crate::pipeline::{Known, Settings, Source, limit_columns, on_large_stack, run, tally};
use crate::repair::{Filler, Found, Header, MOST_REGIONS, Mender, Region, SampleRow};
use crate::sink::{Reason, Sink};
use crate::summary::{Format, Kind, Summary};

/// Rows that are read for the header and the first guess of the types.
const SAMPLE_ROWS: usize = 4_096;
/// Size of a chunk.
const CHUNK_BYTES: usize = 1024 * 1024;
const CHUNK_ROWS: usize = 8_192;

/// A cell as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cell {
    text: String,
    /// A number of so many digits that the file has lost the last ones.
    damaged: bool,
}

impl AsRef<[u8]> for Cell {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// A row and its number in the sheet, from 1.
type NumberedRow = (u64, Vec<Cell>);

/// Names of the sheets in the order of the workbook; hidden ones are left out.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn sheet_names(
    path: &Path,
    format: Format,
    limits: &Limits,
) -> Result<Vec<String>, IngestError> {
    if format == Format::Xlsx {
        check_workbook(path, limits)?;
    }
    on_large_stack(|| Ok(Workbook::open(path, format)?.visible()))
}

/// Reads one sheet.
///
/// # Errors
///
/// [`IngestError::NoSheet`], [`IngestError::Workbook`], [`IngestError::Encrypted`],
/// the errors of [`check_workbook`], and those of the pipeline.
pub(crate) fn load(
    path: &Path,
    format: Format,
    hint: &Hint,
    settings: &Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Summary, IngestError> {
    if format == Format::Xlsx {
        check_workbook(path, settings.limits)?;
    }
    let sheets = on_large_stack(|| Ok(Workbook::open(path, format)?.visible()))?;
    let sheet = chosen(&sheets, hint)?;
    let mut source = SheetSource {
        path: path.to_owned(),
        format,
        sheet,
        rows_before: 0,
        limits: settings.limits.clone(),
        bytes: settings.bytes_total,
        mender: Mender::default(),
    };
    let (sample, complete) = on_large_stack(|| source.sample())?;
    let layout = Layout::of(&sample, hint.header)?;
    limit_columns(layout.header.len(), settings.limits)?;
    let found = on_large_stack(|| {
        // A sheet whose regions cannot be read is read as it was before.
        let regions = source.regions().unwrap_or_default();
        Ok(layout.found(&sample, &regions, hint.header))
    })?;
    let (mender, made, open) = found.agreed(&hint.repairs);
    let mut notes = layout.notes;
    let (header, rows_before) = match &mender.header {
        Some((last, names)) => {
            notes.retain(|note| *note != unnamed());
            (names.clone(), *last)
        }
        None => (layout.header, layout.rows_before),
    };
    source.rows_before = rows_before;
    let header = header.into_iter().enumerate();
    let names = name_columns(header.map(|(column, name)| mender.name(column, name)));
    source.mender = mender;
    let mut evidence = vec![Evidence::default(); names.len()];
    let mut chunk = Chunk::listed(names.len());
    let mut filler = Filler::new(&source.mender.fills);
    for (line, row) in sample.iter().filter(|(line, _)| *line > source.rows_before) {
        source.push(&mut chunk, *line, row, &mut filler);
    }
    tally(&chunk, &mut evidence, settings.notation);
    let known = names
        .into_iter()
        .zip(evidence)
        .map(|(name, evidence)| Known { name, evidence, complete })
        .collect();
    let outcome = run(&source, known, settings, sink)?;
    if sheets.len() > 1 {
        let (name, count) = (&source.sheet, sheets.len());
        notes.push(Bilingual::new(
            format!("工作簿有 {count} 个工作表，读入的是“{name}”"),
            format!("the workbook has {count} sheets; `{name}` was read"),
        ));
    }
    for repair in &made {
        let label = repair.repair.label();
        notes.push(Bilingual::new(
            format!("按同意的办法修整过：{}", label.zh),
            format!("repaired as agreed: {}", label.en),
        ));
    }
    let read = summary(format, "binary", None, outcome, notes, settings);
    Ok(Summary { repaired: made, proposals: open, ..read })
}

/// What is said where no row names the columns.
fn unnamed() -> Bilingual {
    Bilingual::new(
        "首行像是数据，列名由系统给出",
        "the first row looks like data; the columns were named by position",
    )
}

fn chosen(sheets: &[String], hint: &Hint) -> Result<String, IngestError> {
    let wanted = hint.sheet.as_deref();
    sheets
        .iter()
        .find(|name| wanted.is_none_or(|wanted| wanted == name.as_str()))
        .cloned()
        .ok_or_else(|| IngestError::NoSheet {
            wanted: wanted.unwrap_or("1").to_owned(),
            present: sheets.join(", "),
        })
}

/// Header and titles of a sheet.
struct Layout {
    header: Vec<String>,
    /// Number of the last row that is no data.
    rows_before: u64,
    /// Number of the first row behind the titles.
    first: u64,
    notes: Vec<Bilingual>,
}

impl Layout {
    fn of(sample: &[NumberedRow], wish: Option<bool>) -> Result<Self, IngestError> {
        let filled = |row: &[Cell]| row.iter().filter(|cell| !cell.text.is_empty()).count();
        let width = sample.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
        let titles = sample.iter().take(6).take_while(|(_, row)| width >= 3 && filled(row) <= 1);
        let titles = match titles.count() {
            6 => 0,
            titles if titles == sample.len() => 0,
            titles => titles,
        };
        let body = sample.get(titles..).unwrap_or_default();
        let ((line, first), rest) = body.split_first().ok_or(IngestError::Empty)?;
        let rows: Vec<&[Cell]> = rest.iter().take(300).map(|(_, row)| row.as_slice()).collect();
        let has_header = wish.unwrap_or_else(|| looks_like_header(first, &rows));
        let mut notes = Vec::new();
        if titles > 0 {
            notes.push(Bilingual::new(
                format!("表头之前的 {titles} 行标题未作为数据"),
                format!("{titles} title rows above the header are not data"),
            ));
        }
        let (mut header, rows_before) = if has_header {
            (first.iter().map(|cell| cell.text.clone()).collect(), *line)
        } else {
            notes.push(unnamed());
            (Vec::new(), line.saturating_sub(1))
        };
        header.resize(body.iter().map(|(_, row)| row.len()).max().unwrap_or(1), String::new());
        Ok(Self { header, rows_before, first: *line, notes })
    }

    /// What can be repaired in the sheet.
    fn found(&self, sample: &[NumberedRow], regions: &[Region], wish: Option<bool>) -> Found {
        let texts = |row: &[Cell]| row.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        let rows: Vec<(u64, Vec<String>)> =
            sample.iter().map(|(line, row)| (*line, texts(row))).collect();
        let is_named = self.rows_before == self.first;
        let is_merged = regions.iter().any(|region| region.rows.0 == self.first);
        let header = if !is_named && is_merged && wish.is_none() {
            // Empty cells of a merged header make it look like data.
            let row = rows.iter().find(|(line, _)| *line == self.first);
            let mut texts = row.map(|(_, texts)| texts.clone()).unwrap_or_default();
            texts.resize(self.header.len(), String::new());
            let is_named = texts.iter().all(|text| crate::repair::is_name(text));
            let row = if is_named { self.first } else { self.rows_before };
            Header { row, is_named, texts: if is_named { texts } else { self.header.clone() } }
        } else {
            Header { row: self.rows_before, is_named, texts: self.header.clone() }
        };
        let rows: Vec<SampleRow<'_>> =
            rows.iter().map(|(line, texts)| (*line, texts.as_slice())).collect();
        Found::of(&header, &rows, regions)
    }
}

/// One sheet as a source of rows.
#[derive(Debug)]
struct SheetSource {
    path: PathBuf,
    format: Format,
    sheet: String,
    rows_before: u64,
    limits: Limits,
    bytes: u64,
    mender: Mender,
}

impl SheetSource {
    /// The first rows, and whether they are all.
    fn sample(&self) -> Result<(Vec<NumberedRow>, bool), IngestError> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        let mut complete = true;
        Workbook::open(&self.path, self.format)?.rows(&self.sheet, &mut |line, row, _| {
            if rows.len() >= SAMPLE_ROWS || bytes > CHUNK_BYTES * 8 {
                complete = false;
                return Ok(false);
            }
            bytes += row.iter().map(|cell| cell.text.len() + 32).sum::<usize>();
            rows.push((line, row.to_vec()));
            Ok(true)
        })?;
        Ok((rows, complete))
    }

    /// The merged regions of the sheet.
    fn regions(&self) -> Result<Vec<Region>, IngestError> {
        Workbook::open(&self.path, self.format)?.regions(&self.sheet)
    }

    /// One row into the chunk, repaired as it was agreed to, or into its rejects.
    fn push(&self, chunk: &mut Chunk, line: u64, row: &[Cell], filler: &mut Filler<'_>) {
        let columns = chunk.columns;
        let long = row.iter().position(|cell| cell.text.len() > self.limits.field_bytes);
        let reason = if let Some(column) = long {
            Some((Reason::TooLong { limit_bytes: self.limits.field_bytes as u64 }, Some(column)))
        } else if row.len() > columns {
            let (expected, found) = (columns as u64, row.len() as u64);
            Some((Reason::FieldCount { expected, found }, None))
        } else if columns >= 3
            && row.len() == 1
            && row.iter().all(|cell| reads_like_a_remark(cell.as_ref()))
        {
            Some((Reason::Footnote, None))
        } else {
            None
        };
        let text = |column: usize| row.get(column).map_or("", |cell| cell.text.as_str());
        let filled = filler.values(line, text);
        let mut mended: Vec<Cow<'_, str>> = Vec::with_capacity(row.len());
        let mut unclear = None;
        for (column, cell) in row.iter().enumerate() {
            let text = self.mender.cell(column, &cell.text);
            if text.is_none() {
                unclear = unclear.or(Some((Reason::Misfit { kind: Kind::Float64 }, Some(column))));
            }
            mended.push(text.unwrap_or_default());
        }
        for (column, value) in filled {
            if mended.len() <= column {
                mended.resize(column + 1, Cow::Borrowed(""));
            }
            if let Some(slot) = mended.get_mut(column) {
                *slot = Cow::Owned(value);
            }
        }
        let reason = reason.or(unclear);
        let Some((reason, column)) = reason else {
            for (column, cell) in row.iter().enumerate() {
                if cell.damaged && !chunk.damaged.contains(&column) {
                    chunk.damaged.push(column);
                }
            }
            chunk.push_row(line, mended.iter().map(|text| text.as_bytes()));
            return;
        };
        let start = chunk.bytes.len();
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                chunk.bytes.push(b',');
            }
            let kept = cell.text.len().min(crate::sink::RAW_BYTES);
            chunk.bytes.extend_from_slice(cell.as_ref().get(..kept).unwrap_or_default());
        }
        let end = chunk.bytes.len();
        chunk.records += 1;
        let value = column.filter(|_| matches!(reason, Reason::Misfit { .. }));
        let value = value.and_then(|column| row.get(column)).map(|cell| cell.text.clone());
        chunk.rejects.push(RowReject { start, end, line: Some(line), reason, value, column });
    }
}

impl Source for SheetSource {
    type Part = Chunk;

    fn read(
        &self,
        columns: &[Name],
        emit: &mut dyn FnMut(Chunk) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let mut chunk = Chunk::listed(columns.len());
        let mut filler = Filler::new(&self.mender.fills);
        Workbook::open(&self.path, self.format)?.rows(&self.sheet, &mut |line, row, share| {
            if line <= self.rows_before {
                return Ok(true);
            }
            self.push(&mut chunk, line, row, &mut filler);
            if chunk.bytes.len() > CHUNK_BYTES || chunk.row_count() >= CHUNK_ROWS {
                let mut full = std::mem::replace(&mut chunk, Chunk::listed(columns.len()));
                full.bytes_done = portion(self.bytes, share);
                emit(full)?;
            }
            Ok(true)
        })?;
        chunk.bytes_done = self.bytes;
        emit(chunk)
    }

    fn chunk(&self, part: Chunk, _columns: usize) -> Result<Chunk, IngestError> {
        Ok(part)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a size, for a progress bar"
)]
fn portion(bytes: u64, share: f64) -> u64 {
    (bytes as f64 * share.clamp(0.0, 1.0)) as u64
}

enum Workbook {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    Xls(Box<Xls<BufReader<File>>>),
}

/// Receives row number, cells and the share of the sheet that is read; false stops.
type OnRow<'a> = dyn FnMut(u64, &[Cell], f64) -> Result<bool, IngestError> + 'a;

impl Workbook {
    fn open(path: &Path, format: Format) -> Result<Self, IngestError> {
        let file = BufReader::new(File::open(path).map_err(|source| read_error(path, source))?);
        if format == Format::Xls {
            return match Xls::new(file) {
                Ok(xls) => Ok(Self::Xls(Box::new(xls))),
                Err(calamine::XlsError::Password) => Err(IngestError::Encrypted),
                Err(error) => Err(IngestError::Workbook { message: error.to_string() }),
            };
        }
        match Xlsx::new(file) {
            Ok(xlsx) => Ok(Self::Xlsx(Box::new(xlsx))),
            Err(calamine::XlsxError::Password) => Err(IngestError::Encrypted),
            Err(error) => Err(IngestError::Workbook { message: error.to_string() }),
        }
    }

    fn visible(&self) -> Vec<String> {
        let sheets = match self {
            Self::Xlsx(book) => book.sheets_metadata(),
            Self::Xls(book) => book.sheets_metadata(),
        };
        sheets
            .iter()
            .filter(|sheet| {
                sheet.visible == SheetVisible::Visible
                    && sheet.typ == calamine::SheetType::WorkSheet
            })
            .map(|sheet| sheet.name.clone())
            .collect()
    }

    /// The merged regions of a sheet.
    fn regions(self, sheet: &str) -> Result<Vec<Region>, IngestError> {
        let merged = match self {
            Self::Xlsx(mut book) => {
                book.merge_cells_by_sheet_name(sheet).map_err(|error| workbook_error(&error))?
            }
            Self::Xls(book) => {
                book.merge_cells_by_sheet_name(sheet).map_err(|error| workbook_error(&error))?
            }
        };
        let region = |merged: &calamine::Dimensions| Region {
            rows: (u64::from(merged.start.0) + 1, u64::from(merged.end.0) + 1),
            columns: (merged.start.1 as usize, merged.end.1 as usize),
        };
        if merged.len() > MOST_REGIONS {
            return Ok(Vec::new());
        }
        Ok(merged.iter().map(region).filter(Region::is_sound).collect())
    }

    /// Calls `on_row` for each row that has a filled cell, in the order of the file.
    fn rows(self, sheet: &str, on_row: &mut OnRow<'_>) -> Result<(), IngestError> {
        match self {
            Self::Xlsx(book) => xlsx_rows(*book, sheet, on_row),
            Self::Xls(book) => xls_rows(*book, sheet, on_row),
        }
    }
}

fn workbook_error(error: &dyn std::error::Error) -> IngestError {
    IngestError::Workbook { message: error.to_string() }
}

fn xlsx_rows(
    mut book: Xlsx<BufReader<File>>,
    sheet: &str,
    on_row: &mut OnRow<'_>,
) -> Result<(), IngestError> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| workbook_error(&error))?;
    let last = f64::from(cells.dimensions().end.0.max(1));
    let mut row: Vec<Cell> = Vec::new();
    let mut number = None;
    while let Some(cell) = cells.next_cell().map_err(|error| workbook_error(&error))? {
        let (line, column) = cell.get_position();
        if number != Some(line) {
            if let Some(done) = number
                && !row.is_empty()
                && !on_row(u64::from(done) + 1, &row, f64::from(done) / last)?
            {
                return Ok(());
            }
            row.clear();
            number = Some(line);
        }
        put(&mut row, column, cell_of(cell.get_value()));
    }
    if let Some(done) = number
        && !row.is_empty()
    {
        on_row(u64::from(done) + 1, &row, 1.0)?;
    }
    Ok(())
}

fn xls_rows(
    mut book: Xls<BufReader<File>>,
    sheet: &str,
    on_row: &mut OnRow<'_>,
) -> Result<(), IngestError> {
    let range = book.worksheet_range(sheet).map_err(|error| workbook_error(&error))?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let height = u32::try_from(range.height().max(1)).unwrap_or(u32::MAX);
    let mut row = Vec::new();
    for (at, cells) in range.rows().enumerate() {
        row.clear();
        for (column, value) in (first_column..).zip(cells) {
            put(&mut row, column, cell_of(&borrowed(value)));
        }
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let share = f64::from(at) / f64::from(height);
        if !row.is_empty() && !on_row(u64::from(first_row) + u64::from(at) + 1, &row, share)? {
            break;
        }
    }
    Ok(())
}

/// Puts a cell into its column; empty cells at the end of a row are not there.
fn put(row: &mut Vec<Cell>, column: u32, cell: Cell) {
    if cell.text.is_empty() {
        return;
    }
    let column = column as usize;
    if row.len() <= column {
        row.resize(column + 1, Cell::default());
    }
    if let Some(slot) = row.get_mut(column) {
        *slot = cell;
    }
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(value) => DataRef::SharedString(value),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(value) => DataRef::DateTimeIso(value.clone()),
        Data::DurationIso(value) => DataRef::DurationIso(value.clone()),
        Data::Error(value) => DataRef::Error(value.clone()),
        Data::Empty => DataRef::Empty,
    }
}

fn cell_of(value: &DataRef<'_>) -> Cell {
    let text = match value {
        DataRef::Int(value) => Cow::Owned(value.to_string()),
        DataRef::Float(value) => return number(*value),
        DataRef::String(value) => Cow::Borrowed(value.as_str()),
        DataRef::SharedString(value) => Cow::Borrowed(*value),
        DataRef::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        DataRef::DateTime(value) => Cow::Owned(date_time(value)),
        DataRef::DateTimeIso(value) | DataRef::DurationIso(value) => Cow::Borrowed(value.as_str()),
        DataRef::Error(value) => Cow::Owned(value.to_string()),
        DataRef::Empty => Cow::Borrowed(""),
    };
    Cell { text: text.into_owned(), damaged: false }
}

/// A numeric cell. Above 15 digits the cell has lost what a number had.
fn number(value: f64) -> Cell {
    if value.fract() == 0.0 && value.abs() >= 1e15 && value.abs() < 1e25 {
        return Cell { text: format!("{value:.0}"), damaged: true };
    }
    // Shortest text that reads back as the same number.
    let plain = value.to_string();
    Cell { text: if plain.len() > 25 { format!("{value:e}") } else { plain }, damaged: false }
}

fn date_time(value: &ExcelDateTime) -> String {
    if value.is_duration() || value.as_f64() < 1.0 {
        return duration(value.as_f64());
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}

/// Days as `h:mm:ss`.
fn duration(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    if !(0.0..1e12).contains(&seconds) {
        return days.to_string();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    let seconds = seconds as u64;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
