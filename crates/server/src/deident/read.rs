//! Tables as text: every cell exactly as the file has it, with no type guessed.
//!
//! A CSV file is read here, since `ingest` gives columns types and reads `?` as "no
//! value", and a quasi-identifier must meet the leaves of its hierarchy letter by
//! letter. Other formats come through `ingest` and are put into text.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ::deident::TupleTable;
use ::deident::delimited::{OpenQuote, Rows, write_row};
use ::deident::hierarchy::{HierarchyError, Spec, read_table};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};

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
    #[error("{}, line {line}: bytes that are not {encoding}; save the file as UTF-8", path.display())]
    Encoding { path: PathBuf, line: usize, encoding: String },
    #[error("{}: no hierarchy for column `{column}`; add a file `{column}.csv` or `<name>_hierarchy_{column}.csv`", folder.display())]
    NoHierarchy { folder: PathBuf, column: String },
    #[error("{}: {source}; correct the hierarchy of column `{column}`", path.display())]
    Hierarchy { path: PathBuf, column: String, source: HierarchyError },
    #[error("{}, line {line}: the value `{value}` of column `{column}` has no line in {}; add one there", path.display(), hierarchy.display())]
    MissingLeaf { path: PathBuf, line: usize, column: String, value: String, hierarchy: PathBuf },
    #[error("{}: {source}", path.display())]
    Tuples { path: PathBuf, source: ::deident::TupleError },
}

/// A table as text.
#[derive(Debug)]
pub(crate) struct TextTable {
    path: PathBuf,
    text: String,
    pub(crate) delimiter: char,
    pub(crate) header: Vec<String>,
}

impl TextTable {
    /// Reads a file; the columns named must be there.
    pub(crate) fn open(path: &Path, names: &[String]) -> Result<Self, ReadError> {
        let failed = |source| ReadError::Ingest { path: path.to_owned(), source };
        if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
            return Err(ReadError::NoRows { path: path.to_owned() });
        }
        let detected = ingest::detect(path, &ingest::Hint::default()).map_err(failed)?;
        let (text, delimiters) = if detected.format == ingest::Format::Csv {
            let text = decoded(path, &detected.encoding)?;
            (text, vec![detected.delimiter.unwrap_or(','), ';', ',', '\t'])
        } else {
            let mut lines = Lines::default();
            let limits = ingest::Limits::default();
            ingest::load(path, &ingest::Hint::default(), &limits, &mut lines).map_err(failed)?;
            (lines.text, vec![','])
        };
        let mut table = Self { path: path.to_owned(), text, delimiter: ',', header: Vec::new() };
        for delimiter in delimiters {
            table.delimiter = delimiter;
            let mut fields = Vec::new();
            table.rows().read(&mut fields).map_err(|source| table.quote(source))?;
            table.header = fields.iter().map(|field| field.trim().to_owned()).collect();
            if table.places(names).is_ok() {
                break;
            }
        }
        table.places(names)?;
        Ok(table)
    }

    fn rows(&self) -> Rows<'_> {
        Rows::new(&self.text, self.delimiter)
    }

    fn quote(&self, source: OpenQuote) -> ReadError {
        ReadError::Quote { path: self.path.clone(), source }
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

    /// Shows each row with its line number.
    pub(crate) fn each<'a>(
        &'a self,
        mut see: impl FnMut(usize, &[Cow<'a, str>]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut rows = self.rows();
        let mut fields = Vec::new();
        rows.read(&mut fields).map_err(|source| self.quote(source))?;
        let expected = self.header.len();
        while rows.read(&mut fields).map_err(|source| self.quote(source))? {
            if fields.len() != expected {
                let (line, found) = (rows.line(), fields.len());
                return Err(ReadError::Fields { path: self.path.clone(), line, found, expected });
            }
            see(rows.line(), &fields)?;
        }
        Ok(())
    }

    /// Counts the distinct tuples of some columns.
    pub(crate) fn count(&self, names: &[String]) -> Result<TupleTable, ReadError> {
        let places = self.places(names)?;
        let mut builder = TupleTable::builder(names);
        let failed = |source| ReadError::Tuples { path: self.path.clone(), source };
        self.each(|_, fields| {
            let row: Vec<Option<&str>> =
                places.iter().map(|place| fields.get(*place).map(AsRef::as_ref)).collect();
            builder.push(&row).map_err(failed)
        })?;
        let tuples = builder.finish();
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
        tuples: &TupleTable,
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
        let places = self.places(&[column.to_owned()])?;
        let mut first = None;
        self.each(|line, fields| {
            let here = places.iter().any(|place| fields.get(*place).is_some_and(|f| f == value));
            if here && first.is_none() {
                first = Some(line);
            }
            Ok(())
        })?;
        Ok(first.unwrap_or_default())
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
    let known = encoding_rs::Encoding::for_label(encoding.as_bytes());
    let (text, _, bad) = known.unwrap_or(encoding_rs::UTF_8).decode(&bytes);
    if bad {
        let before = text.split('\u{fffd}').next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let (path, encoding) = (path.to_owned(), encoding.to_owned());
        return Err(ReadError::Encoding { path, line, encoding });
    }
    Ok(text.into_owned())
}

/// Receives what `ingest` reads, as lines of text.
#[derive(Debug, Default)]
struct Lines {
    text: String,
}

impl ingest::Sink for Lines {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), ingest::SinkError> {
        self.text.clear();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        write_row(&mut self.text, ',', names);
        Ok(())
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), ingest::SinkError> {
        let options = FormatOptions::default();
        let columns: Result<Vec<_>, _> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect();
        let columns = columns.map_err(ingest::SinkError::new)?;
        for row in 0..batch.num_rows() {
            let cells: Vec<String> =
                columns.iter().map(|column| column.value(row).to_string()).collect();
            write_row(&mut self.text, ',', cells.iter().map(String::as_str));
        }
        Ok(())
    }

    fn reject(&mut self, reject: ingest::Reject) -> Result<(), ingest::SinkError> {
        let message = reject.reason.message();
        let text = format!("line {}: {}; correct the row", reject.line, message.en);
        Err(ingest::SinkError::new(text))
    }

    fn progress(&mut self, _: ingest::Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
