//! XLSX with one sheet, in constant memory.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::WriteError;
use super::cells::{Value, civil, plain_columns, push_date, push_timestamp, value};

/// Rows of a sheet below its header.
const DATA_ROWS: u32 = 1_048_575;
const COLUMNS: usize = 16_384;
/// Characters of a cell, counted in UTF-16 as Excel does.
const CELL_CHARS: usize = 32_767;
/// Integers up to here are exact in a cell.
const EXACT_INT: u64 = 1_000_000_000_000_000;

/// Writes batches as an XLSX workbook.
///
/// Rows go to a temporary file, so that memory does not grow with them. Texts
/// are text cells: nothing in a text can act as a formula. Numbers that a cell
/// would round, and dates before 1900-03-01, are written as text.
pub struct XlsxWriter<W: Write + Send> {
    output: W,
    workbook: Workbook,
    columns: Vec<String>,
    date: Format,
    date_time: Format,
    rows: u32,
}

impl<W: Write + Send> std::fmt::Debug for XlsxWriter<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("XlsxWriter")
            .field("columns", &self.columns)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> XlsxWriter<W> {
    /// Begins a workbook and writes its header.
    ///
    /// # Errors
    ///
    /// [`WriteError::TooManyColumns`] and [`WriteError::Xlsx`].
    pub fn new(output: W, schema: &SchemaRef) -> Result<Self, WriteError> {
        let columns: Vec<String> =
            schema.fields().iter().map(|field| field.name().clone()).collect();
        if columns.len() > COLUMNS {
            return Err(WriteError::TooManyColumns {
                limit: COLUMNS as u64,
                found: columns.len() as u64,
            });
        }
        let mut workbook = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        for (column, name) in (0_u16..).zip(&columns) {
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        Ok(Self {
            output,
            workbook,
            columns,
            date: Format::new().set_num_format("yyyy-mm-dd"),
            date_time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            rows: 0,
        })
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    ///
    /// [`WriteError::TooManyRows`], [`WriteError::TextTooLong`] and
    /// [`WriteError::Xlsx`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let columns = plain_columns(batch)?;
        let sheet = self.workbook.worksheet_from_index(0)?;
        for row in 0..batch.num_rows() {
            if self.rows >= DATA_ROWS {
                return Err(WriteError::TooManyRows { limit: u64::from(DATA_ROWS) });
            }
            self.rows += 1;
            let at = self.rows;
            for ((column, array), name) in (0_u16..).zip(&columns).zip(&self.columns) {
                match value(array.as_ref(), row) {
                    Value::Null => {}
                    Value::Boolean(value) => {
                        sheet.write_boolean(at, column, value)?;
                    }
                    Value::Int(value) if value.unsigned_abs() < EXACT_INT => {
                        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                        sheet.write_number(at, column, value as f64)?;
                    }
                    Value::Int(value) => {
                        sheet.write_string(at, column, value.to_string())?;
                    }
                    Value::Float(value) if value.is_finite() => {
                        sheet.write_number(at, column, value)?;
                    }
                    Value::Float(value) => {
                        sheet.write_string(at, column, value.to_string())?;
                    }
                    Value::Date(days) => match excel_date(i64::from(days)) {
                        Some(date) => {
                            sheet.write_datetime_with_format(at, column, &date, &self.date)?;
                        }
                        None => {
                            let mut text = String::new();
                            push_date(days, &mut text);
                            sheet.write_string(at, column, text)?;
                        }
                    },
                    Value::Timestamp(micros) => match excel_date_time(micros) {
                        Some(time) => {
                            sheet.write_datetime_with_format(at, column, &time, &self.date_time)?;
                        }
                        None => {
                            let mut text = String::new();
                            push_timestamp(micros, &mut text);
                            sheet.write_string(at, column, text)?;
                        }
                    },
                    Value::Text(text) => {
                        // Two UTF-16 units a character at most.
                        if text.len() > CELL_CHARS && text.encode_utf16().count() > CELL_CHARS {
                            return Err(WriteError::TextTooLong {
                                row: u64::from(at),
                                column: name.clone(),
                                limit: CELL_CHARS as u64,
                            });
                        }
                        sheet.write_string(at, column, text)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Packs the workbook and gives the receiver back.
    ///
    /// # Errors
    ///
    /// [`WriteError::Xlsx`] and [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.workbook.save_to_writer(&mut self.output)?;
        self.output.flush()?;
        Ok(self.output)
    }
}

/// Days from 1970-01-01 to 1900-03-01: before that day Excel counts one that never was.
const FIRST_DAY: i64 = -25_508;

fn excel_date(days: i64) -> Option<ExcelDateTime> {
    if days < FIRST_DAY {
        return None;
    }
    let (year, month, day) = civil(days);
    ExcelDateTime::from_ymd(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )
    .ok()
}

/// Excel keeps milliseconds; finer times stay text.
fn excel_date_time(micros: i64) -> Option<ExcelDateTime> {
    const DAY: i64 = 86_400_000_000;
    let rest = micros.rem_euclid(DAY);
    if rest % 1000 != 0 {
        return None;
    }
    let seconds = rest / 1_000_000;
    let fraction = f64::from(i32::try_from(rest % 1_000_000).ok()?) / 1e6;
    let second = f64::from(i32::try_from(seconds % 60).ok()?) + fraction;
    excel_date(micros.div_euclid(DAY))?
        .and_hms(u16::try_from(seconds / 3600).ok()?, u8::try_from(seconds / 60 % 60).ok()?, second)
        .ok()
}
