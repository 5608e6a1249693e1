//! CSV by RFC 4180, UTF-8.

use std::io::Write;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::WriteError;
use super::cells::{Value, acts_as_formula, plain_columns, push_date, push_timestamp, value};

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// Begin with a byte order mark, by which Excel knows UTF-8.
    pub bom: bool,
}

/// Writes batches as CSV with a header and CRLF line ends.
///
/// A text that could act as a formula gets an apostrophe in front. No value is
/// an empty field; the empty text is `""`.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    output: W,
    line: Vec<u8>,
    text: String,
    columns: usize,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a file and writes its header.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn new(mut output: W, schema: &SchemaRef, options: CsvOptions) -> Result<Self, WriteError> {
        if options.bom {
            output.write_all("\u{FEFF}".as_bytes())?;
        }
        let columns = schema.fields().len();
        let mut writer = Self { output, line: Vec::new(), text: String::new(), columns };
        for (at, field) in schema.fields().iter().enumerate() {
            if at > 0 {
                writer.line.push(b',');
            }
            push_text(&mut writer.line, field.name());
        }
        writer.end_line()?;
        writer.flush_lines()?;
        Ok(writer)
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::Arrow`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let columns = plain_columns(batch)?;
        for row in 0..batch.num_rows() {
            self.row(&columns, row);
            self.end_line()?;
        }
        self.flush_lines()
    }

    fn row(&mut self, columns: &[ArrayRef], row: usize) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                self.line.push(b',');
            }
            self.text.clear();
            match value(column.as_ref(), row) {
                // A lone empty field would be a blank line.
                Value::Null if self.columns == 1 => self.text.push_str("\"\""),
                Value::Null => {}
                Value::Boolean(value) => self.text.push_str(if value { "true" } else { "false" }),
                Value::Int(value) => push_display(&mut self.text, value),
                Value::Float(value) => push_float(&mut self.text, value),
                Value::Date(days) => push_date(days, &mut self.text),
                Value::Timestamp(micros) => push_timestamp(micros, &mut self.text),
                Value::Text(text) => push_text(&mut self.line, text),
            }
            self.line.extend_from_slice(self.text.as_bytes());
        }
    }

    fn end_line(&mut self) -> Result<(), WriteError> {
        self.line.extend_from_slice(b"\r\n");
        if self.line.len() >= 64 * 1024 {
            self.flush_lines()?;
        }
        Ok(())
    }

    fn flush_lines(&mut self) -> Result<(), WriteError> {
        self.output.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }

    /// Ends the file and gives the receiver back.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.flush_lines()?;
        self.output.flush()?;
        Ok(self.output)
    }
}

fn push_display(text: &mut String, value: impl std::fmt::Display) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(text, "{value}");
}

/// The shortest form that reads back as the same number. Very large and very
/// small numbers have an exponent: without one they would look like codes.
fn push_float(text: &mut String, value: f64) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = match value.abs() {
        0.0 | 1e-5..1e15 => write!(text, "{value}"),
        _ if value.is_finite() => write!(text, "{value:e}"),
        _ => write!(text, "{value}"),
    };
}

/// A text as a field: quoted where needed, an apostrophe where it could act.
fn push_text(line: &mut Vec<u8>, text: &str) {
    let guard = acts_as_formula(text);
    let quoted = text.is_empty()
        || text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
        || text.starts_with([' ', '\t'])
        || text.ends_with([' ', '\t']);
    if quoted {
        line.push(b'"');
    }
    if guard {
        line.push(b'\'');
    }
    if quoted {
        for byte in text.bytes() {
            if byte == b'"' {
                line.push(b'"');
            }
            line.push(byte);
        }
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}
