//! Rows as RDF, in N-Triples: a subject a row, a property a column.
//!
//! # Source
//!
//! The direct mapping of "Generating RDF from Tabular Data on the Web" (W3C, 2015),
//! minimal mode, but with an address for each row in place of a blank node.

use std::fmt::Write as _;
use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::WriteError;
use super::cells::{Value, plain_columns, push_date, push_timestamp, value};

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Writes batches as N-Triples. The first column of each batch is the number of the row,
/// which is part of the row's address and no property.
#[derive(Debug)]
pub struct TriplesWriter<W: Write> {
    output: W,
    /// What stands before the number of a row.
    rows: String,
    /// The properties of the columns behind the first.
    properties: Vec<String>,
}

impl<W: Write> TriplesWriter<W> {
    /// Begins a document.
    ///
    /// - `schema`: that of the batches, the number of the row in front.
    /// - `rows`: the address of a row, without its number.
    /// - `columns`: the address of a column, without its name.
    pub fn new(output: W, schema: &SchemaRef, rows: &str, columns: &str) -> Self {
        let names = schema.fields().iter().skip(1);
        let properties =
            names.map(|field| format!("<{columns}{}>", percent(field.name()))).collect();
        Self { output, rows: rows.to_owned(), properties }
    }

    /// Writes the rows of a batch. A missing value makes no statement.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::Arrow`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let columns = plain_columns(batch)?;
        let mut text = String::new();
        let Some((numbers, cells)) = columns.split_first() else { return Ok(()) };
        for row in 0..batch.num_rows() {
            let Value::Int(number) = value(numbers.as_ref(), row) else { continue };
            for (property, column) in self.properties.iter().zip(cells) {
                let before = text.len();
                // Writing to a string cannot fail.
                let _ = write!(text, "<{}{number}> {property} ", self.rows);
                if push_object(value(column.as_ref(), row), &mut text) {
                    text.push_str(" .\n");
                } else {
                    text.truncate(before);
                }
            }
        }
        self.output.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Ends the document and gives the receiver back.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.output.flush()?;
        Ok(self.output)
    }
}

/// Appends a value as a literal; false if there is none.
fn push_object(value: Value<'_>, text: &mut String) -> bool {
    let kind = match value {
        Value::Null => return false,
        Value::Text(words) => {
            text.push('"');
            for c in words.chars() {
                match c {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    c if c.is_control() => {
                        let _ = write!(text, "\\u{:04X}", u32::from(c));
                    }
                    c => text.push(c),
                }
            }
            text.push('"');
            return true;
        }
        Value::Boolean(truth) => {
            let _ = write!(text, "\"{truth}\"");
            "boolean"
        }
        Value::Int(number) => {
            let _ = write!(text, "\"{number}\"");
            "integer"
        }
        Value::Float(number) => {
            let _ = match number {
                number if number.is_finite() => write!(text, "\"{number:e}\""),
                number if number.is_nan() => write!(text, "\"NaN\""),
                number => write!(text, "\"{}INF\"", if number < 0.0 { "-" } else { "" }),
            };
            "double"
        }
        Value::Date(days) => {
            text.push('"');
            push_date(days, text);
            text.push('"');
            "date"
        }
        Value::Timestamp(micros) => {
            text.push('"');
            push_timestamp(micros, text);
            text.push('"');
            "dateTime"
        }
    };
    let _ = write!(text, "^^<{XSD}{kind}>");
    true
}

/// A name as part of an address.
fn percent(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_row_says_what_its_columns_hold() {
        let number: ArrayRef = Arc::new(Int64Array::from(vec![0, 7]));
        let name: ArrayRef = Arc::new(StringArray::from(vec![Some("a\"b\n"), None]));
        let size: ArrayRef = Arc::new(Float64Array::from(vec![1.5, 0.0]));
        let batch =
            RecordBatch::try_from_iter([("_row", number), ("名", name), ("a b", size)]).unwrap();
        let mut writer =
            TriplesWriter::new(Vec::new(), &batch.schema(), "http://x/r/", "http://x/c#");
        writer.write(&batch).unwrap();
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        let double = "^^<http://www.w3.org/2001/XMLSchema#double>";
        let expected = format!(
            "<http://x/r/0> <http://x/c#%E5%90%8D> \"a\\\"b\\n\" .\n\
             <http://x/r/0> <http://x/c#a%20b> \"1.5e0\"{double} .\n\
             <http://x/r/7> <http://x/c#a%20b> \"0e0\"{double} .\n"
        );
        assert_eq!(text, expected);
    }
}
