//! Tables as text: every cell exactly as the file has it, with no type guessed.
//!
//! A CSV file is read here, since `ingest` gives columns types and reads `?` as "no
//! value", and a quasi-identifier must meet the leaves of its hierarchy letter by
//! letter. Other formats come through `ingest` and are put into text.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ::deident::delimited::{OpenQuote, Rows};
use ::deident::hierarchy::{HierarchyError, Spec, read_table};
use ::deident::{Bounded, Counted, Memory, TupleTable};
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use encoding_rs::{Decoder, DecoderResult, Encoding};

/// Why a file cannot be used: file, line, column and the remedy in one sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{}: cannot be read ({source}); check the path and the permissions", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Ingest { path: PathBuf, source: ingest::IngestError },
    #[error("{}: no rows; give a file with a header and at least one row", path.display())]
    NoRows { path: PathBuf },
    #[error("{}, line 1: no column `{name}` in the header, which has {header}; correct the name", path.display())]
    NoColumn { path: PathBuf, name: String, header: String },
    #[error("{}, {source}", path.display())]
    Quote { path: PathBuf, source: OpenQuote },
    #[error("{}, line {line}: {found} fields where the header has {expected}; correct that line", path.display())]
    Fields { path: PathBuf, line: usize, found: usize, expected: usize },
    #[error("{}, line {line}: the line does not end within 64 MiB; is this a table?", path.display())]
    LongRow { path: PathBuf, line: usize },
    #[error("{}, line {line}: bytes that are not {encoding}; save the file as UTF-8", path.display())]
    Encoding { path: PathBuf, line: usize, encoding: String },
    #[error("{}: no hierarchy for column `{column}`; add a file `{column}.csv` or `<name>_hierarchy_{column}.csv`", folder.display())]
    NoHierarchy { folder: PathBuf, column: String },
    #[error("{}: {source}; correct the hierarchy of column `{column}`", path.display())]
    Hierarchy { path: PathBuf, column: String, source: HierarchyError },
    #[error("{}, line {line}: the value `{value}` of column `{column}` has no line in {}; add one there", path.display(), hierarchy.display())]
    MissingLeaf { path: PathBuf, line: usize, column: String, value: String, hierarchy: PathBuf },
    #[error("{}: cannot be written ({source}); check the folder and the space left", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Tuples { path: PathBuf, source: ::deident::TupleError },
}

/// A table as text. It is read from its file each time: nothing of it is kept.
#[derive(Debug)]
pub(crate) struct TextTable {
    path: PathBuf,
    form: Form,
    pub(crate) header: Vec<String>,
}

/// How the rows come out of the file.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Text with a delimiter.
    Delimited { encoding: &'static Encoding, delimiter: char },
    /// What `ingest` reads.
    Typed,
}

/// Sees a row of text with its line, and says whether it wants more.
type See<'a> = dyn FnMut(usize, &[Cow<'_, str>]) -> Result<ControlFlow<()>, ReadError> + 'a;

/// Sees the rows of a table.
pub(crate) trait RowReader {
    /// The rows come from the first one on; what was seen before does not count.
    fn begin(&mut self) -> Result<(), ReadError>;

    /// One row, with its line in the file (or its number, where a file has no lines).
    fn row(&mut self, line: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError>;
}

impl TextTable {
    /// Finds out how a file is read; the columns named must be there.
    pub(crate) fn open(path: &Path, names: &[String]) -> Result<Self, ReadError> {
        let failed = |source| ReadError::Ingest { path: path.to_owned(), source };
        if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
            return Err(ReadError::NoRows { path: path.to_owned() });
        }
        let detected = ingest::detect(path, &ingest::Hint::default()).map_err(failed)?;
        if detected.format != ingest::Format::Csv {
            // Only a Parquet file has all its columns at its head.
            let enough = detected.format == ingest::Format::Parquet;
            let mut table = Self { path: path.to_owned(), form: Form::Typed, header: Vec::new() };
            table.header = table.typed(None, enough)?;
            table.places(names)?;
            return Ok(table);
        }
        let known = Encoding::for_label(detected.encoding.as_bytes());
        let encoding = known.unwrap_or(encoding_rs::UTF_8);
        let mut table = Self { path: path.to_owned(), form: Form::Typed, header: Vec::new() };
        for delimiter in [detected.delimiter.unwrap_or(','), ';', ',', '\t'] {
            table.form = Form::Delimited { encoding, delimiter };
            table.header = table.first_row(encoding, delimiter)?;
            if table.places(names).is_ok() {
                break;
            }
        }
        table.places(names)?;
        Ok(table)
    }

    /// The delimiter of the file; a comma for files that have none.
    pub(crate) fn delimiter(&self) -> char {
        match self.form {
            Form::Delimited { delimiter, .. } => delimiter,
            Form::Typed => ',',
        }
    }

    fn first_row(
        &self,
        encoding: &'static Encoding,
        delimiter: char,
    ) -> Result<Vec<String>, ReadError> {
        let mut header = Vec::new();
        self.delimited(encoding, delimiter, &mut |_, fields| {
            header = fields.iter().map(|field| field.trim().to_owned()).collect();
            Ok(ControlFlow::Break(()))
        })?;
        Ok(header)
    }

    fn quote(&self, source: OpenQuote) -> ReadError {
        ReadError::Quote { path: self.path.clone(), source }
    }

    /// Shows each row of text, the header included, until `see` has enough.
    fn delimited(
        &self,
        encoding: &'static Encoding,
        delimiter: char,
        see: &mut See<'_>,
    ) -> Result<(), ReadError> {
        let mut pieces = Pieces::open(&self.path, encoding)?;
        let mut line = 1;
        loop {
            let last = !pieces.more()?;
            let text = pieces.waiting.as_str();
            let mut rows = Rows::at(text, delimiter, line);
            let mut fields = Vec::new();
            let rest = loop {
                let before = rows.rest();
                match rows.read(&mut fields) {
                    Ok(false) => {
                        line = rows.next_line();
                        break "";
                    }
                    // The row may go on in the next piece.
                    Err(_) if !last && before.len() < LONGEST_ROW => break before,
                    Ok(true) if !last && rows.rest().is_empty() && !before.ends_with('\n') => {
                        if before.len() >= LONGEST_ROW {
                            return Err(ReadError::LongRow { path: self.path.clone(), line });
                        }
                        break before;
                    }
                    Err(source) => return Err(self.quote(source)),
                    Ok(true) => {
                        line = rows.next_line();
                        if see(rows.line(), &fields)?.is_break() {
                            return Ok(());
                        }
                    }
                }
            };
            if last {
                return Ok(());
            }
            let kept = rest.len();
            pieces.keep(kept);
        }
    }

    /// Reads the rows with `ingest`; gives the names of the columns.
    ///
    /// - `head_only`: without a reader, stop where the first rows would come.
    fn typed(
        &self,
        reader: Option<&mut dyn RowReader>,
        head_only: bool,
    ) -> Result<Vec<String>, ReadError> {
        let mut cells =
            Cells { reader, head_only, names: Vec::new(), row: 0, failed: None, has_enough: false };
        let limits = ingest::Limits::default();
        let read = ingest::load(&self.path, &ingest::Hint::default(), &limits, &mut cells);
        match (read, cells.failed) {
            (_, Some(failed)) => Err(failed),
            (Err(source), None) if !cells.has_enough => {
                Err(ReadError::Ingest { path: self.path.clone(), source })
            }
            _ => Ok(cells.names),
        }
    }

    /// Where columns stand.
    pub(crate) fn places(&self, names: &[String]) -> Result<Vec<usize>, ReadError> {
        let place = |name: &String| {
            self.header.iter().position(|have| have == name).ok_or_else(|| ReadError::NoColumn {
                path: self.path.clone(),
                name: name.clone(),
                header: self.header.join(", "),
            })
        };
        names.iter().map(place).collect()
    }

    /// Shows each row to a reader.
    pub(crate) fn read(&self, reader: &mut dyn RowReader) -> Result<(), ReadError> {
        let Form::Delimited { encoding, delimiter } = self.form else {
            return self.typed(Some(reader), false).map(|_| ());
        };
        reader.begin()?;
        let expected = self.header.len();
        let mut is_header = true;
        self.delimited(encoding, delimiter, &mut |line, fields| {
            if std::mem::take(&mut is_header) {
                return Ok(ControlFlow::Continue(()));
            }
            if fields.len() != expected {
                let found = fields.len();
                return Err(ReadError::Fields { path: self.path.clone(), line, found, expected });
            }
            reader.row(line, fields)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Counts the distinct tuples of some columns, within a bound of memory.
    pub(crate) fn count(&self, names: &[String], memory: &Memory) -> Result<Counted, ReadError> {
        let mut counter = Counter {
            path: &self.path,
            names,
            places: self.places(names)?,
            memory,
            builder: TupleTable::builder(names).within(memory),
        };
        self.read(&mut counter)?;
        let failed = |source| ReadError::Tuples { path: self.path.clone(), source };
        let tuples = counter.builder.finish().map_err(failed)?;
        if tuples.rows() == 0 {
            return Err(ReadError::NoRows { path: self.path.clone() });
        }
        Ok(tuples)
    }

    /// The hierarchy of a counted column from its file, which must have a line for
    /// each value of the column.
    pub(crate) fn hierarchy(
        &self,
        folder: &Path,
        column: &str,
        tuples: &Counted,
    ) -> Result<Spec, ReadError> {
        let path = hierarchy_file(folder, column)?;
        let wrong = |source| {
            let (path, column) = (path.clone(), column.to_owned());
            ReadError::Hierarchy { path, column, source }
        };
        let text = decoded(&path, "UTF-8")?;
        let spec = Spec::Table(read_table(&text).map_err(wrong)?);
        let values = tuples.values(column).unwrap_or_default();
        match spec.build(values.iter().map(Option::as_deref)) {
            Ok(_) => Ok(spec),
            Err(HierarchyError::MissingLeaf { value }) => Err(ReadError::MissingLeaf {
                path: self.path.clone(),
                line: self.line_of(column, &value)?,
                column: column.to_owned(),
                value,
                hierarchy: path,
            }),
            Err(source) => Err(wrong(source)),
        }
    }

    /// The first line that has a value.
    fn line_of(&self, column: &str, value: &str) -> Result<usize, ReadError> {
        let place = self.places(&[column.to_owned()])?.first().copied().unwrap_or_default();
        let mut finder = Finder { place, value, first: None };
        self.read(&mut finder)?;
        Ok(finder.first.unwrap_or_default())
    }
}

/// Counts tuples.
struct Counter<'a> {
    path: &'a Path,
    names: &'a [String],
    places: Vec<usize>,
    memory: &'a Memory,
    builder: Bounded,
}

impl RowReader for Counter<'_> {
    fn begin(&mut self) -> Result<(), ReadError> {
        self.builder = TupleTable::builder(self.names).within(self.memory);
        Ok(())
    }

    fn row(&mut self, _: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        let row: Vec<Option<&str>> =
            self.places.iter().map(|place| cells.get(*place).map(AsRef::as_ref)).collect();
        self.builder
            .push(&row)
            .map_err(|source| ReadError::Tuples { path: self.path.to_owned(), source })
    }
}

/// Finds the first line of a value.
struct Finder<'a> {
    place: usize,
    value: &'a str,
    first: Option<usize>,
}

impl RowReader for Finder<'_> {
    fn begin(&mut self) -> Result<(), ReadError> {
        self.first = None;
        Ok(())
    }

    fn row(&mut self, line: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        if self.first.is_none() && cells.get(self.place).is_some_and(|cell| cell == self.value) {
            self.first = Some(line);
        }
        Ok(())
    }
}

fn hierarchy_file(folder: &Path, column: &str) -> Result<PathBuf, ReadError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|source| ReadError::Io { path: folder.to_owned(), source })?;
    let (plain, long) = (format!("{column}.csv"), format!("_hierarchy_{column}.csv"));
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            name == plain.as_str() || name.ends_with(&long)
        })
        .collect();
    found.sort();
    let none = || ReadError::NoHierarchy { folder: folder.to_owned(), column: column.to_owned() };
    found.into_iter().next().ok_or_else(none)
}

/// The text of a file in an encoding.
fn decoded(path: &Path, encoding: &str) -> Result<String, ReadError> {
    let bytes =
        std::fs::read(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    let known = Encoding::for_label(encoding.as_bytes());
    let (text, _, bad) = known.unwrap_or(encoding_rs::UTF_8).decode(&bytes);
    if bad {
        let before = text.split('\u{fffd}').next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let (path, encoding) = (path.to_owned(), encoding.to_owned());
        return Err(ReadError::Encoding { path, line, encoding });
    }
    Ok(text.into_owned())
}

/// The text of a file, piece by piece.
struct Pieces<'a> {
    path: &'a Path,
    file: File,
    encoding: &'static Encoding,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Text that is not read yet.
    waiting: String,
    /// Line breaks in what was read.
    lines: usize,
}

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 20;
/// A row that is longer is none, or has a quote that is never closed.
const LONGEST_ROW: usize = 64 << 20;

impl<'a> Pieces<'a> {
    fn open(path: &'a Path, encoding: &'static Encoding) -> Result<Self, ReadError> {
        let file =
            File::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        let decoder = encoding.new_decoder_with_bom_removal();
        let (bytes, waiting) = (vec![0; PIECE_BYTES], String::new());
        Ok(Self { path, file, encoding, decoder, bytes, waiting, lines: 0 })
    }

    /// Adds the next piece of text; `false` if that was the last one.
    fn more(&mut self) -> Result<bool, ReadError> {
        let failed = |source| ReadError::Io { path: self.path.to_owned(), source };
        let count = self.file.read(&mut self.bytes).map_err(failed)?;
        let last = count == 0;
        let mut input = self.bytes.get(..count).unwrap_or_default();
        loop {
            let room = self.decoder.max_utf8_buffer_length_without_replacement(input.len());
            self.waiting.reserve(room.unwrap_or(PIECE_BYTES));
            let (result, read) =
                self.decoder.decode_to_string_without_replacement(input, &mut self.waiting, last);
            input = input.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return Ok(!last),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    return Err(ReadError::Encoding {
                        path: self.path.to_owned(),
                        line: self.lines + line_breaks(&self.waiting) + 1,
                        encoding: self.encoding.name().to_owned(),
                    });
                }
            }
        }
    }

    /// Forgets what was read but for its last `kept` bytes.
    fn keep(&mut self, kept: usize) {
        let read = self.waiting.len().saturating_sub(kept);
        self.lines += line_breaks(self.waiting.get(..read).unwrap_or_default());
        self.waiting.drain(..read);
    }
}

fn line_breaks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Receives what `ingest` reads, and shows it as rows of text.
struct Cells<'a> {
    reader: Option<&'a mut dyn RowReader>,
    head_only: bool,
    names: Vec<String>,
    row: usize,
    failed: Option<ReadError>,
    has_enough: bool,
}

impl Cells<'_> {
    /// Keeps the reader's own error: `ingest` knows only its text.
    fn note(&mut self, result: Result<(), ReadError>) -> Result<(), ingest::SinkError> {
        result.map_err(|error| {
            let told = ingest::SinkError::new(error.to_string());
            self.failed = Some(error);
            told
        })
    }

    fn show(&mut self, columns: &[Column]) -> Result<(), ReadError> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let rows = columns.first().map_or(0, |column| column.ends.len());
        let mut cells = Vec::with_capacity(columns.len());
        for row in 0..rows {
            cells.clear();
            cells.extend(columns.iter().map(|column| Cow::Borrowed(column.cell(row))));
            self.row += 1;
            reader.row(self.row, &cells)?;
        }
        Ok(())
    }
}

/// A row that does not fit ends the reading: nothing is left out silently.
pub(super) fn does_not_fit(reject: &ingest::Reject) -> ingest::SinkError {
    let message = reject.reason.message();
    ingest::SinkError::new(format!("line {}: {}; correct the row", reject.line, message.en))
}

/// The cells of a column of a batch as text, one after the other.
struct Column {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl Column {
    fn of(array: &dyn Array) -> Result<Self, ArrowError> {
        let options = FormatOptions::default();
        let format = ArrayFormatter::try_new(array, &options)?;
        let mut column = Self { text: String::new(), ends: Vec::with_capacity(array.len()) };
        for row in 0..array.len() {
            format.value(row).write(&mut column.text)?;
            column.ends.push(column.text.len());
        }
        Ok(column)
    }

    fn cell(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(row).copied().unwrap_or_default();
        self.text.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}

impl ingest::Sink for Cells<'_> {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), ingest::SinkError> {
        self.names = schema.fields().iter().map(|field| field.name().clone()).collect();
        self.row = 0;
        let begun = self.reader.as_mut().map_or(Ok(()), |reader| reader.begin());
        self.note(begun)
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), ingest::SinkError> {
        if self.head_only {
            self.has_enough = true;
            return Err(ingest::SinkError::new("the columns are known"));
        }
        let columns: Result<Vec<Column>, _> =
            batch.columns().iter().map(|column| Column::of(column.as_ref())).collect();
        let shown = self.show(&columns.map_err(ingest::SinkError::new)?);
        self.note(shown)
    }

    fn reject(&mut self, reject: ingest::Reject) -> Result<(), ingest::SinkError> {
        Err(does_not_fit(&reject))
    }

    fn progress(&mut self, _: ingest::Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
