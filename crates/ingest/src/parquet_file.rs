//! Parquet files: checked before they are trusted, then brought to our types.
//!
//! Nested values become JSON text, times with a zone become UTC, decimals of up
//! to 15 digits become doubles and longer ones text.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow::compute::{CastOptions, cast_with_options, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::json::writer::{LineDelimited, WriterBuilder};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;
use vocabulary::Bilingual;

use crate::columns::{Name, name_columns};
use crate::csv::read_error;
use crate::error::IngestError;
use crate::load::Limits;
use crate::pipeline::{
    READER_STACK_BYTES, Settings, deliver, guarded, limit_columns, on_large_stack,
};
use crate::sink::{Progress, Reason, Reject, Sink, shown};
use crate::summary::{ColumnPlan, Format, Kind, Summary};

const BATCH_ROWS: usize = 8_192;
const ROW_GROUPS: usize = 100_000;

/// Reads a Parquet file.
///
/// # Errors
///
/// [`IngestError::Parquet`] if the file contradicts itself, and what the sink says.
pub(crate) fn load(
    path: &Path,
    settings: &Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Summary, IngestError> {
    let metadata = on_large_stack(|| checked_metadata(path, settings))?;
    let source = metadata.schema().fields().clone();
    limit_columns(source.len(), settings.limits)?;
    let names = name_columns(source.iter().map(|field| field.name().clone()));
    let targets: Vec<Target> = source.iter().map(|field| Target::of(field.data_type())).collect();
    let fields: Vec<Field> = names
        .iter()
        .zip(&targets)
        .map(|(name, target)| Field::new(&name.name, target.kind.data_type(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let expected = rows_of(metadata.metadata());
    sink.begin(Arc::clone(&schema)).map_err(IngestError::Sink)?;

    let convert = Convert { schema, targets: &targets, names: &names };
    let counts = stream(path, metadata, &convert, settings, expected, sink)?;
    if counts.rows + counts.rejected != expected {
        let found = counts.rows + counts.rejected;
        return Err(damaged(format!("the footer says {expected} rows and {found} are there")));
    }
    Ok(Summary {
        format: Format::Parquet,
        encoding: "binary".to_owned(),
        delimiter: None,
        rows: counts.rows,
        rejected: counts.rejected,
        bytes: settings.bytes_total,
        passes: 1,
        columns: plans(&names, &targets),
        notes: Vec::new(),
        repaired: Vec::new(),
        proposals: Vec::new(),
    })
}

fn plans(names: &[Name], targets: &[Target]) -> Vec<ColumnPlan> {
    names
        .iter()
        .zip(targets)
        .map(|(name, target)| ColumnPlan {
            name: name.name.clone(),
            source_name: name.source.clone(),
            kind: target.kind,
            missing_marks: Vec::new(),
            notes: name.notes.iter().chain(&target.note).cloned().collect(),
        })
        .collect()
}

fn damaged(message: String) -> IngestError {
    IngestError::Parquet { message }
}

/// The footer, after its claims are compared with the file.
fn checked_metadata(
    path: &Path,
    settings: &Settings<'_>,
) -> Result<ArrowReaderMetadata, IngestError> {
    let mut file = File::open(path).map_err(|source| read_error(path, source))?;
    let size = settings.bytes_total;
    if size < 12 {
        return Err(damaged("the file is too short to be one".to_owned()));
    }
    let mut tail = [0_u8; 8];
    file.seek(SeekFrom::Start(size - 8))
        .and_then(|_| file.read_exact(&mut tail))
        .map_err(|source| read_error(path, source))?;
    let [a, b, c, d, magic @ ..] = tail;
    if &magic != b"PAR1" {
        return Err(damaged("the file does not end with the mark `PAR1`: it is cut".to_owned()));
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer > size - 12 {
        return Err(damaged(format!(
            "the footer says it has {footer} bytes, more than the file of {size}"
        )));
    }
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| damaged(error.to_string()))?;
    check_groups(metadata.metadata(), size, settings.limits)?;
    Ok(metadata)
}

fn check_groups(metadata: &ParquetMetaData, size: u64, limits: &Limits) -> Result<(), IngestError> {
    let groups = metadata.row_groups();
    if groups.len() > ROW_GROUPS {
        return Err(damaged(format!("the footer lists {} row groups", groups.len())));
    }
    let mut rows: i64 = 0;
    for (number, group) in groups.iter().enumerate() {
        if group.num_rows() < 0 {
            return Err(damaged(format!("row group {number} claims a negative number of rows")));
        }
        rows = rows
            .checked_add(group.num_rows())
            .ok_or_else(|| damaged("the footer claims more rows than can be counted".to_owned()))?;
        for column in group.columns() {
            let packed = u64::try_from(column.compressed_size()).ok();
            let unpacked = u64::try_from(column.uncompressed_size()).ok();
            let start = column
                .dictionary_page_offset()
                .unwrap_or_else(|| column.data_page_offset())
                .min(column.data_page_offset());
            let end = u64::try_from(start).ok().zip(packed).map(|(start, size)| start + size);
            if end.is_none_or(|end| end > size) {
                return Err(damaged(format!(
                    "row group {number}: column `{}` lies outside the file",
                    column.column_path()
                )));
            }
            if unpacked.is_none_or(|bytes| bytes > limits.unpacked_bytes) {
                return Err(IngestError::UnpackedTooLarge {
                    part: column.column_path().to_string(),
                    limit_bytes: limits.unpacked_bytes,
                });
            }
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        return Err(damaged(format!(
            "the footer says {} rows and its row groups {rows}",
            metadata.file_metadata().num_rows()
        )));
    }
    Ok(())
}

fn rows_of(metadata: &ParquetMetaData) -> u64 {
    u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0)
}

#[derive(Default)]
struct Counts {
    rows: u64,
    rejected: u64,
    kept: u64,
}

/// A batch and its rejects, or what went wrong.
type Answer = Result<(RecordBatch, Vec<Reject>), IngestError>;

/// Reads and converts on one thread, delivers on this one.
fn stream(
    path: &Path,
    metadata: ArrowReaderMetadata,
    convert: &Convert<'_>,
    settings: &Settings<'_>,
    expected: u64,
    sink: &mut dyn Sink,
) -> Result<Counts, IngestError> {
    thread::scope(|scope| {
        let (sender, answers) = sync_channel::<Answer>(3);
        thread::Builder::new()
            .name("ingest-read".to_owned())
            .stack_size(READER_STACK_BYTES)
            .spawn_scoped(scope, move || {
                let read = guarded(|| {
                    let file = File::open(path).map_err(|source| read_error(path, source))?;
                    let batches =
                        ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                            .with_batch_size(BATCH_ROWS)
                            .build()
                            .map_err(|error| damaged(error.to_string()))?;
                    let mut row = 1;
                    for batch in batches {
                        let batch = batch.map_err(|error| damaged(error.to_string()))?;
                        let converted = convert.batch(&batch, row)?;
                        row += batch.num_rows() as u64;
                        settings.observer.observe(&converted.0);
                        if sender.send(Ok(converted)).is_err() {
                            break;
                        }
                    }
                    Ok(())
                });
                if let Err(error) = read
                    && sender.send(Err(error)).is_err()
                {
                    tracing::debug!("the error of the reader came too late");
                }
            })
            .map_err(|error| IngestError::Internal { message: error.to_string() })?;
        let mut counts = Counts::default();
        for answer in answers {
            let (batch, rejects) = answer.map_err(|error| match error {
                // A reader of a damaged file may panic; that is no defect of ours.
                IngestError::Internal { message } => damaged(message),
                error => error,
            })?;
            counts.rows += batch.num_rows() as u64;
            counts.rejected += rejects.len() as u64;
            deliver(batch, settings.limits.batch_rows, sink)?;
            for reject in rejects {
                if counts.kept < settings.limits.rejects_kept {
                    counts.kept += 1;
                    sink.reject(reject).map_err(IngestError::Sink)?;
                }
            }
            let done = counts.rows + counts.rejected;
            let bytes = u128::from(settings.bytes_total) * u128::from(done.min(expected))
                / u128::from(expected.max(1));
            let progress = Progress {
                bytes_done: u64::try_from(bytes).unwrap_or(settings.bytes_total),
                bytes_total: settings.bytes_total,
                rows: counts.rows,
                rejected: counts.rejected,
                pass: 1,
            };
            if let ControlFlow::Break(()) = sink.progress(progress) {
                return Err(IngestError::Cancelled);
            }
        }
        Ok(counts)
    })
}

/// What a column becomes.
struct Target {
    kind: Kind,
    nested: bool,
    note: Option<Bilingual>,
}

impl Target {
    fn of(data_type: &DataType) -> Self {
        let plain = |kind| Self { kind, nested: false, note: None };
        match data_type {
            DataType::Boolean => plain(Kind::Boolean),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64 => plain(Kind::Int64),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => plain(Kind::Float64),
            DataType::Decimal32(precision, _)
            | DataType::Decimal64(precision, _)
            | DataType::Decimal128(precision, _)
            | DataType::Decimal256(precision, _) => {
                plain(if *precision <= 15 { Kind::Float64 } else { Kind::Text })
            }
            DataType::Date32 => plain(Kind::Date),
            DataType::Date64 => plain(Kind::Timestamp),
            DataType::Timestamp(_, None) => plain(Kind::Timestamp),
            DataType::Timestamp(_, Some(_)) => Self {
                kind: Kind::Timestamp,
                nested: false,
                note: Some(Bilingual::new(
                    "带时区的时间已换算为世界协调时（UTC）",
                    "times with a zone were converted to UTC",
                )),
            },
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::Struct(_)
            | DataType::Map(..)
            | DataType::Union(..) => Self {
                kind: Kind::Text,
                nested: true,
                note: Some(Bilingual::new(
                    "嵌套的值以 JSON 文本保存",
                    "nested values are kept as JSON text",
                )),
            },
            _ => plain(Kind::Text),
        }
    }
}

/// Brings batches to our types.
struct Convert<'a> {
    schema: Arc<Schema>,
    targets: &'a [Target],
    names: &'a [Name],
}

impl Convert<'_> {
    /// The batch in our types, without the rows whose values have no place in
    /// them, which are rejected. `first_row` is the number of its first row.
    fn batch(
        &self,
        batch: &RecordBatch,
        first_row: u64,
    ) -> Result<(RecordBatch, Vec<Reject>), IngestError> {
        let rows = batch.num_rows();
        let mut rejects: Vec<(usize, Reject)> = Vec::new();
        let mut arrays = Vec::with_capacity(batch.num_columns());
        for ((array, target), name) in batch.columns().iter().zip(self.targets).zip(self.names) {
            let converted = convert(array, target)?;
            if converted.null_count() > array.logical_null_count() {
                lost(array, &converted, target, name, first_row, &mut rejects);
            }
            arrays.push(converted);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let mut converted =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
                .map_err(|error| damaged(error.to_string()))?;
        rejects.sort_by_key(|(row, _)| *row);
        rejects.dedup_by_key(|(row, _)| *row);
        if !rejects.is_empty() {
            let mut keep = BooleanBufferBuilder::new(rows);
            keep.append_n(rows, true);
            for (row, _) in &rejects {
                keep.set_bit(*row, false);
            }
            converted = filter_record_batch(&converted, &keep.finish().into())
                .map_err(|error| damaged(error.to_string()))?;
        }
        Ok((converted, rejects.into_iter().map(|(_, reject)| reject).collect()))
    }
}

/// Values that had no place in the target type.
fn lost(
    before: &ArrayRef,
    after: &ArrayRef,
    target: &Target,
    name: &Name,
    first_row: u64,
    rejects: &mut Vec<(usize, Reject)>,
) {
    let nulls = before.logical_nulls();
    let text = cast_with_options(before, &DataType::Utf8, &CastOptions::default()).ok();
    for row in 0..before.len() {
        let was_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        if was_null || after.is_valid(row) {
            continue;
        }
        let value = text
            .as_ref()
            .and_then(|text| text.as_string_opt::<i32>())
            .filter(|text| text.is_valid(row))
            .map(|text| shown(text.value(row)))
            .unwrap_or_default();
        rejects.push((
            row,
            Reject {
                line: first_row + row as u64,
                column: Some(name.name.clone()),
                raw: value.clone(),
                value,
                reason: Reason::Misfit { kind: target.kind },
            },
        ));
    }
}

fn convert(array: &ArrayRef, target: &Target) -> Result<ArrayRef, IngestError> {
    let failed = |error: arrow::error::ArrowError| damaged(error.to_string());
    if target.nested {
        return nested(array).map_err(failed);
    }
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let wanted = target.kind.data_type();
    let plain = match array.data_type() {
        DataType::Timestamp(_, Some(_)) => {
            let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
            let micros = cast_with_options(array, &utc, &options).map_err(failed)?;
            let values = micros
                .as_primitive_opt::<arrow::datatypes::TimestampMicrosecondType>()
                .ok_or_else(|| damaged("a time column holds no times".to_owned()))?;
            return Ok(Arc::new(values.clone().with_timezone_opt::<&str>(None)));
        }
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => {
            let bytes = cast_with_options(array, &DataType::Binary, &options).map_err(failed)?;
            let bytes = bytes
                .as_binary_opt::<i32>()
                .ok_or_else(|| damaged("a binary column holds no bytes".to_owned()))?;
            let texts: StringArray = bytes.iter().map(|value| value.map(text_or_hex)).collect();
            return Ok(Arc::new(texts));
        }
        _ => array,
    };
    cast_with_options(plain, &wanted, &options).map_err(failed)
}

/// Many writers store text as plain bytes.
fn text_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => bytes.iter().fold(String::from("0x"), |text, byte| format!("{text}{byte:02x}")),
    }
}

/// One JSON text a row.
fn nested(array: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let field = Field::new("v", array.data_type().clone(), true);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::clone(array)])?;
    let mut writer =
        WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
    writer.write(&batch)?;
    writer.finish()?;
    let lines = writer.into_inner();
    let texts: StringArray = lines
        .split(|byte| *byte == b'\n')
        .take(array.len())
        .map(|line| {
            let value = line.strip_prefix(b"{\"v\":").and_then(|rest| rest.strip_suffix(b"}"))?;
            (value != b"null").then(|| String::from_utf8_lossy(value).into_owned())
        })
        .collect();
    Ok(Arc::new(texts))
}
