//! Tables as text: every cell exactly as the file has it, with no type guessed.
//!
//! ```text
//! Input ─▶ TextTable ─▶ rows of text      CSV as it stands, the others put into text
//!   │                                     a folder is one table, file after file
//!   └────▶ BatchTable ─▶ RecordBatches    for what wants types
//! ```
//!
//! A CSV file is read here, since `ingest` gives columns types and reads `?` as "no
//! value", and a quasi-identifier must meet the leaves of its hierarchy letter by
//! letter. Other formats come through `ingest` and are put into text. Nothing of a table
//! is kept: each pass reads it anew.

mod batches;
mod database;
mod delimited;
mod error;
mod input;
mod text_batch;
mod typed;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ::deident::hierarchy::{HierarchyError, Spec, read_table};
use ::deident::{Bounded, Counted, Memory, TupleTable};
use encoding_rs::Encoding;

pub(crate) use batches::{BatchTable, Batches, PassError, feed};
pub(crate) use error::ReadError;
pub(crate) use input::{Input, Source, files_of};
pub(crate) use text_batch::TextBatch;

use database::DatabaseTable;
use typed::StartOver;

/// A table as text.
#[derive(Debug)]
pub(crate) struct TextTable {
    /// The place as it is shown.
    path: PathBuf,
    parts: Vec<Part>,
    pub(crate) header: Vec<String>,
}

/// One file of a table, or all of a database's table.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    form: Form,
    /// Cells of a row.
    width: usize,
    /// Where each column of the table stands, if not in the same order.
    order: Option<Vec<usize>>,
}

/// How the rows come out.
#[derive(Debug)]
enum Form {
    /// Text with a delimiter.
    Delimited { encoding: &'static Encoding, delimiter: char },
    /// What `ingest` reads.
    Typed {
        /// Whether the file states the types itself.
        is_declared: bool,
    },
    /// A table of a database.
    Database(DatabaseTable),
}

/// Sees the rows of a table.
pub(crate) trait RowReader {
    /// The rows come from the first one on; what was seen before does not count.
    fn begin(&mut self) -> Result<(), ReadError>;

    /// One row, with its line in the file (or its number, where a file has no lines).
    fn row(&mut self, line: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError>;
}

impl TextTable {
    /// Finds out how a table is read; the columns named must be there. Of a database only
    /// these are read, or all if none is named.
    pub(crate) fn open(input: &Input, names: &[String]) -> Result<Self, ReadError> {
        let shown = input.shown().to_owned();
        let path = match &input.source {
            Source::Path(path) => path,
            Source::Database(address) => {
                let mut table = DatabaseTable::open(&shown, address)?;
                places_in(&table.header(), names)
                    .map_err(|name| no_column(&shown, name, &table.header()))?;
                if !names.is_empty() {
                    table.only(names);
                }
                let header = table.header();
                let (form, width) = (Form::Database(table), header.len());
                let part = Part { path: shown.clone(), form, width, order: None };
                return Ok(Self { path: shown, parts: vec![part], header });
            }
        };
        let files = files_of(path).map_err(|(path, source)| ReadError::Io { path, source })?;
        let mut files = files.iter();
        let first = files.next().ok_or_else(|| ReadError::NoFiles { path: shown.clone() })?;
        let (part, header) = Part::open(first, names)?;
        let mut table = Self { path: shown, parts: vec![part], header };
        for file in files {
            let (mut part, header) =
                Part::open(file, &table.header).map_err(|error| table.difference(first, error))?;
            if let Some(more) = header.iter().find(|name| !table.header.contains(name)) {
                return Err(ReadError::OtherColumns {
                    path: file.clone(),
                    first: first.clone(),
                    difference: format!("`{more}` is more"),
                });
            }
            if header != table.header {
                part.order = Some(places_in(&header, &table.header).unwrap_or_default());
            }
            table.parts.push(part);
        }
        Ok(table)
    }

    /// Of a later file of a folder, what it lacks of the first one's columns.
    fn difference(&self, first: &Path, error: ReadError) -> ReadError {
        match error {
            ReadError::NoColumn { path, name, .. } => ReadError::OtherColumns {
                path,
                first: first.to_owned(),
                difference: format!("`{name}` is missing"),
            },
            other => other,
        }
    }

    /// Every column that there is, also those of a database that are not read.
    pub(crate) fn all_columns(&self) -> Vec<String> {
        match self.parts.first().map(|part| &part.form) {
            Some(Form::Database(table)) => table.all_columns(),
            _ => self.header.clone(),
        }
    }

    /// The delimiter of the file; a comma for files that have none.
    pub(crate) fn delimiter(&self) -> char {
        match self.parts.first().map(|part| &part.form) {
            Some(Form::Delimited { delimiter, .. }) => *delimiter,
            _ => ',',
        }
    }

    /// A file whose types follow from its cells, which one cell can change for all; `None`
    /// if there is none.
    pub(crate) fn guessed(&self) -> Option<&Path> {
        let guesses = |part: &&Part| matches!(part.form, Form::Typed { is_declared: false });
        self.parts.iter().find(guesses).map(|part| part.path.as_path())
    }

    /// Where columns stand.
    pub(crate) fn places(&self, names: &[String]) -> Result<Vec<usize>, ReadError> {
        places_in(&self.header, names).map_err(|name| no_column(&self.path, name, &self.header))
    }

    /// Shows each row to a reader.
    pub(crate) fn read(&self, reader: &mut dyn RowReader) -> Result<(), ReadError> {
        reader.begin()?;
        self.read_before(self.parts.len(), reader)
    }

    /// Shows the rows of the parts before one.
    fn read_before(&self, end: usize, reader: &mut dyn RowReader) -> Result<(), ReadError> {
        for (number, part) in self.parts.iter().enumerate().take(end) {
            part.read(reader, &|reader| {
                reader.begin()?;
                self.read_before(number, reader)
            })?;
        }
        Ok(())
    }

    /// Counts the distinct tuples of some columns, all of them in memory.
    ///
    /// - `what`: what needs them so, for whoever must allow more memory.
    pub(crate) fn whole(
        &self,
        names: &[String],
        memory: &Memory,
        what: &'static str,
    ) -> Result<TupleTable, ReadError> {
        let spilled = |source| ReadError::Spill { path: self.path.clone(), source };
        self.count(names, memory)?.into_whole(what).map_err(spilled)
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
        let spec = Spec::Table(read_table(&decoded(&path, "UTF-8")?).map_err(wrong)?);
        let values = tuples.values(column).unwrap_or_default();
        match spec.build(values.iter().map(Option::as_deref)) {
            Ok(_) => Ok(spec),
            Err(HierarchyError::MissingLeaf { value }) => {
                let (file, line) = self.line_of(column, &value)?;
                Err(ReadError::MissingLeaf {
                    path: file,
                    line,
                    column: column.to_owned(),
                    value,
                    hierarchy: path,
                })
            }
            Err(source) => Err(wrong(source)),
        }
    }

    /// The first file and line that has a value.
    fn line_of(&self, column: &str, value: &str) -> Result<(PathBuf, usize), ReadError> {
        let place = self.places(&[column.to_owned()])?.first().copied().unwrap_or_default();
        for part in &self.parts {
            let mut finder = Finder { place, value, first: None };
            part.read(&mut finder, &|finder| finder.begin())?;
            if let Some(line) = finder.first {
                return Ok((part.path.clone(), line));
            }
        }
        Ok((self.path.clone(), 0))
    }
}

impl Part {
    /// Finds out how a file is read, and its columns; those named must be there.
    fn open(path: &Path, names: &[String]) -> Result<(Self, Vec<String>), ReadError> {
        let failed = |source| ReadError::Ingest { path: path.to_owned(), source };
        if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
            return Err(ReadError::NoRows { path: path.to_owned() });
        }
        let detected = ingest::detect(path, &ingest::Hint::default()).map_err(failed)?;
        let part = |form, width| Self { path: path.to_owned(), form, width, order: None };
        let lacks = |name, header: &[String]| no_column(path, name, header);
        if detected.format != ingest::Format::Csv {
            // Only a Parquet file has all its columns at its head.
            let is_declared = detected.format == ingest::Format::Parquet;
            let header = typed::names(path, is_declared)?;
            places_in(&header, names).map_err(|name| lacks(name, &header))?;
            return Ok((part(Form::Typed { is_declared }, header.len()), header));
        }
        let known = Encoding::for_label(detected.encoding.as_bytes());
        let encoding = known.unwrap_or(encoding_rs::UTF_8);
        let mut wrong = None;
        for delimiter in [detected.delimiter.unwrap_or(','), ';', ',', '\t'] {
            let header = first_row(path, encoding, delimiter)?;
            match places_in(&header, names) {
                Ok(_) => {
                    let form = Form::Delimited { encoding, delimiter };
                    return Ok((part(form, header.len()), header));
                }
                Err(name) => {
                    wrong.get_or_insert_with(|| lacks(name, &header));
                }
            }
        }
        Err(wrong.unwrap_or(ReadError::NoRows { path: path.to_owned() }))
    }

    /// Shows each row; the reader was begun before.
    fn read(
        &self,
        reader: &mut dyn RowReader,
        start_over: &StartOver<'_>,
    ) -> Result<(), ReadError> {
        let Some(order) = &self.order else { return self.read_as_is(reader, start_over) };
        let mut reader = Reordered { reader, order, start_over };
        self.read_as_is(&mut reader, &|reader| reader.begin())
    }

    fn read_as_is(
        &self,
        reader: &mut dyn RowReader,
        start_over: &StartOver<'_>,
    ) -> Result<(), ReadError> {
        match &self.form {
            Form::Typed { .. } => typed::each_row(&self.path, reader, start_over),
            Form::Database(table) => table.each(&mut |row, cells| {
                let cells: Vec<Cow<'_, str>> =
                    cells.iter().map(|cell| Cow::Borrowed(cell.unwrap_or_default())).collect();
                reader.row(row, &cells)?;
                Ok(ControlFlow::Continue(()))
            }),
            Form::Delimited { encoding, delimiter } => {
                let mut is_header = true;
                delimited::each_row(&self.path, encoding, *delimiter, &mut |line, fields| {
                    if std::mem::take(&mut is_header) {
                        return Ok(ControlFlow::Continue(()));
                    }
                    let (found, expected) = (fields.len(), self.width);
                    if found != expected {
                        let path = self.path.clone();
                        return Err(ReadError::Fields { path, line, found, expected });
                    }
                    reader.row(line, fields)?;
                    Ok(ControlFlow::Continue(()))
                })
            }
        }
    }
}

fn first_row(
    path: &Path,
    encoding: &'static Encoding,
    delimiter: char,
) -> Result<Vec<String>, ReadError> {
    let mut header = Vec::new();
    delimited::each_row(path, encoding, delimiter, &mut |_, fields| {
        header = fields.iter().map(|field| field.trim().to_owned()).collect();
        Ok(ControlFlow::Break(()))
    })?;
    Ok(header)
}

/// Where names stand in a header; the first that does not, if there is one.
fn places_in<'a>(header: &[String], names: &'a [String]) -> Result<Vec<usize>, &'a str> {
    let place = |name: &'a String| header.iter().position(|have| have == name).ok_or(name.as_str());
    names.iter().map(place).collect()
}

fn no_column(path: &Path, name: &str, header: &[String]) -> ReadError {
    let (path, name, header) = (path.to_owned(), name.to_owned(), header.join(", "));
    ReadError::NoColumn { path, name, header }
}

/// Puts the cells of a file into the order of the table.
struct Reordered<'a> {
    reader: &'a mut dyn RowReader,
    order: &'a [usize],
    start_over: &'a StartOver<'a>,
}

impl RowReader for Reordered<'_> {
    fn begin(&mut self) -> Result<(), ReadError> {
        (self.start_over)(self.reader)
    }

    fn row(&mut self, line: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        let ordered: Vec<Cow<'_, str>> =
            self.order.iter().filter_map(|place| cells.get(*place).cloned()).collect();
        self.reader.row(line, &ordered)
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
