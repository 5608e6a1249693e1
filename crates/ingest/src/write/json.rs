//! JSON arrays and NDJSON.

use std::io::Write;

use arrow::array::{ArrayRef, RecordBatch};

use super::WriteError;
use super::cells::{Value, plain_columns, push_date, push_timestamp, value};

/// Objects as bytes, one after the other.
#[derive(Debug, Default)]
pub(super) struct Objects {
    keys: Vec<String>,
    pub(super) buffer: Vec<u8>,
    text: String,
}

impl Objects {
    /// Remembers the keys of a batch as JSON texts.
    pub(super) fn keys_of(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        if self.keys.len() != batch.num_columns() {
            self.keys = batch
                .schema_ref()
                .fields()
                .iter()
                .map(|field| serde_json::to_string(field.name()))
                .collect::<Result<_, _>>()
                .map_err(std::io::Error::from)?;
        }
        Ok(())
    }

    pub(super) fn push(&mut self, columns: &[ArrayRef], row: usize) -> Result<(), WriteError> {
        self.buffer.push(b'{');
        for at in 0..columns.len().min(self.keys.len()) {
            if at > 0 {
                self.buffer.push(b',');
            }
            if let Some(key) = self.keys.get(at) {
                self.buffer.extend_from_slice(key.as_bytes());
            }
            self.buffer.push(b':');
            self.push_value(columns, at, row)?;
        }
        self.buffer.push(b'}');
        Ok(())
    }

    /// A row without its keys.
    fn push_list(&mut self, columns: &[ArrayRef], row: usize) -> Result<(), WriteError> {
        self.buffer.push(b'[');
        for at in 0..columns.len() {
            if at > 0 {
                self.buffer.push(b',');
            }
            self.push_value(columns, at, row)?;
        }
        self.buffer.push(b']');
        Ok(())
    }

    fn push_value(
        &mut self,
        columns: &[ArrayRef],
        at: usize,
        row: usize,
    ) -> Result<(), WriteError> {
        if let Some(column) = columns.get(at) {
            self.text.clear();
            match value(column.as_ref(), row) {
                Value::Null => self.buffer.extend_from_slice(b"null"),
                Value::Boolean(value) => json(&mut self.buffer, &value)?,
                Value::Int(value) => json(&mut self.buffer, &value)?,
                // JSON has no infinity; serde_json writes null.
                Value::Float(value) => json(&mut self.buffer, &value)?,
                Value::Date(days) => {
                    push_date(days, &mut self.text);
                    json(&mut self.buffer, &self.text)?;
                }
                Value::Timestamp(micros) => {
                    push_timestamp(micros, &mut self.text);
                    json(&mut self.buffer, &self.text)?;
                }
                Value::Text(text) => json(&mut self.buffer, text)?,
            }
        }
        Ok(())
    }
}

/// The rows of a batch as one JSON array of arrays: the values without the names.
///
/// # Errors
///
/// [`WriteError::Arrow`] for a column that cannot be shown.
pub fn json_lists(batch: &RecordBatch) -> Result<Vec<u8>, WriteError> {
    let columns = plain_columns(batch)?;
    let mut objects = Objects::default();
    objects.buffer.push(b'[');
    for row in 0..batch.num_rows() {
        if row > 0 {
            objects.buffer.push(b',');
        }
        objects.push_list(&columns, row)?;
    }
    objects.buffer.push(b']');
    Ok(objects.buffer)
}

fn json<T: serde::Serialize + ?Sized>(buffer: &mut Vec<u8>, value: &T) -> Result<(), WriteError> {
    serde_json::to_writer(buffer, value).map_err(std::io::Error::from)?;
    Ok(())
}

/// Writes batches as one JSON array of objects, an object a line.
#[derive(Debug)]
pub struct JsonWriter<W: Write> {
    output: W,
    objects: Objects,
    empty: bool,
}

impl<W: Write> JsonWriter<W> {
    /// Begins an array.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn new(mut output: W) -> Result<Self, WriteError> {
        output.write_all(b"[")?;
        Ok(Self { output, objects: Objects::default(), empty: true })
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::Arrow`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let columns = plain_columns(batch)?;
        self.objects.keys_of(batch)?;
        for row in 0..batch.num_rows() {
            let before: &[u8] = if self.empty { b"\n" } else { b",\n" };
            self.objects.buffer.extend_from_slice(before);
            self.empty = false;
            self.objects.push(&columns, row)?;
        }
        self.output.write_all(&self.objects.buffer)?;
        self.objects.buffer.clear();
        Ok(())
    }

    /// Ends the array and gives the receiver back.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.output.write_all(b"\n]\n")?;
        self.output.flush()?;
        Ok(self.output)
    }
}

/// Writes batches as one JSON object a line.
#[derive(Debug)]
pub struct NdjsonWriter<W: Write> {
    output: W,
    objects: Objects,
}

impl<W: Write> NdjsonWriter<W> {
    /// Begins a file.
    pub fn new(output: W) -> Self {
        Self { output, objects: Objects::default() }
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::Arrow`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let columns = plain_columns(batch)?;
        self.objects.keys_of(batch)?;
        for row in 0..batch.num_rows() {
            self.objects.push(&columns, row)?;
            self.objects.buffer.push(b'\n');
        }
        self.output.write_all(&self.objects.buffer)?;
        self.objects.buffer.clear();
        Ok(())
    }

    /// Ends the file and gives the receiver back.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.output.flush()?;
        Ok(self.output)
    }
}
