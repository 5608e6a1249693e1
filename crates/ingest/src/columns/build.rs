//! A chunk of text rows → an Arrow batch, and the rows that do not fit.
//!
//! Works column by column: each loop knows one type, so that it is short and
//! the values go straight into the buffer of the array.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, Date32Array, Float64Array, Int64Array,
    RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;

use super::classify::{
    Class, LONGEST_MARK, Notation, boolean, classify, mark_bit, mark_index, trim,
};
use super::evidence::{Evidence, Typing};
use super::remark::is_remark;
use super::{dates, numbers};
use crate::chunk::{Chunk, Lines, POSITION, widen_commas};
use crate::pipeline::Plan;
use crate::sink::{Reason, Reject, raw, shown};
use crate::summary::Kind;

/// What became of a chunk.
#[derive(Debug)]
pub(crate) struct Built {
    /// The rows that fit.
    pub(crate) batch: RecordBatch,
    /// The rows that do not, in the order of the file.
    pub(crate) rejects: Vec<Reject>,
    /// What the values were, a column each.
    pub(crate) evidence: Vec<Evidence>,
}

/// Builds the batch of a chunk by the plan.
///
/// # Errors
///
/// Only if the arrays contradict each other, which would be a defect here, or
/// if a field is no UTF-8, which the caller has excluded.
pub(crate) fn build(chunk: &Chunk, plan: &Plan) -> Result<Built, ArrowError> {
    let rows = chunk.row_count();
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(plan.columns.len());
    let mut all_evidence = Vec::with_capacity(plan.columns.len());
    let mut misfits = remarks(chunk);
    let mut sparse = HashMap::new();
    for (column, planned) in plan.columns.iter().enumerate() {
        let mut values = Values {
            chunk,
            column,
            typing: planned.typing,
            notation: plan.notation,
            text_marks: plan.text_marks,
            evidence: Evidence::default(),
            misfits: &mut misfits,
            sparse: &mut sparse,
            validity: Validity::default(),
        };
        arrays.push(values.array(planned.watched)?);
        all_evidence.push(values.evidence);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&plan.schema), arrays, &options)?;
    misfits.sort_unstable();
    misfits.dedup_by_key(|(row, _)| *row);
    let batch = if misfits.is_empty() { batch } else { without(&batch, &misfits)? };
    let rejects = rejects(chunk, plan, &misfits);
    Ok(Built { batch, rejects, evidence: all_evidence })
}

/// Rows that are remarks although every column could take them: text in the first
/// field alone, which begins as remarks do.
fn remarks(chunk: &Chunk) -> Vec<(usize, usize)> {
    let is_one = |marks: &[u32]| {
        chunk.columns >= 3
            // Nearly every row is told by its second field.
            && chunk.field(marks, 1).is_empty()
            && is_remark(&chunk.field(marks, 0))
            && chunk.filled(marks) == 1
    };
    chunk.rows().enumerate().filter(|(_, marks)| is_one(marks)).map(|(row, _)| (row, 0)).collect()
}

/// The batch without the rows that do not fit.
fn without(batch: &RecordBatch, misfits: &[(usize, usize)]) -> Result<RecordBatch, ArrowError> {
    let mut keep = BooleanBufferBuilder::new(batch.num_rows());
    keep.append_n(batch.num_rows(), true);
    for (row, _) in misfits {
        keep.set_bit(*row, false);
    }
    arrow::compute::filter_record_batch(batch, &BooleanArray::new(keep.finish(), None))
}

/// Loops over the values of one column.
struct Values<'a> {
    chunk: &'a Chunk,
    column: usize,
    typing: Typing,
    notation: Notation,
    /// The marks that mean "no value" in a text column.
    text_marks: u32,
    evidence: Evidence,
    misfits: &'a mut Vec<(usize, usize)>,
    /// Whether most of a row is empty, for the rows where it mattered.
    sparse: &'a mut HashMap<usize, bool>,
    validity: Validity,
}

impl Values<'_> {
    fn array(&mut self, watched: bool) -> Result<ArrayRef, ArrowError> {
        let compact = self.typing.compact_dates;
        let notation = self.notation;
        Ok(match self.typing.kind {
            Kind::Boolean => {
                let values = self.each(boolean);
                Arc::new(BooleanArray::new(values.into(), self.validity.finish()))
            }
            Kind::Int64 => {
                let values = self.each_or(numbers::plain_int, |text| numbers::int(text, notation));
                Arc::new(Int64Array::new(ScalarBuffer::from(values), self.validity.finish()))
            }
            Kind::Float64 => {
                let values =
                    self.each_or(numbers::plain_float, |text| numbers::float(text, notation));
                Arc::new(Float64Array::new(ScalarBuffer::from(values), self.validity.finish()))
            }
            Kind::Date => {
                let values = self.each_or(dates::iso_date, |text| dates::date(text, compact));
                Arc::new(Date32Array::new(ScalarBuffer::from(values), self.validity.finish()))
            }
            Kind::Timestamp => {
                let values = self.each(|text| dates::timestamp(text, compact));
                Arc::new(TimestampMicrosecondArray::new(
                    ScalarBuffer::from(values),
                    self.validity.finish(),
                ))
            }
            Kind::Text => Arc::new(self.text(watched)?),
        })
    }

    fn each<T: Default>(&mut self, parse: impl Fn(&[u8]) -> Option<T>) -> Vec<T> {
        self.each_or(|_| None, parse)
    }

    /// Parses each value by `fast`, and where that gives nothing, trimmed by `slow`.
    fn each_or<T: Default>(
        &mut self,
        fast: impl Fn(&[u8]) -> Option<T>,
        slow: impl Fn(&[u8]) -> Option<T>,
    ) -> Vec<T> {
        let chunk = self.chunk;
        let mut values = Vec::with_capacity(chunk.row_count());
        let mut fitting = 0_u64;
        for (row, marks) in chunk.rows().enumerate() {
            if let Some(value) = chunk.plain_field(marks, self.column).and_then(&fast) {
                values.push(value);
                self.validity.valid();
                fitting += 1;
                continue;
            }
            let field = chunk.field(marks, self.column);
            let trimmed = trim(&field);
            match slow(trimmed) {
                Some(value) => {
                    values.push(value);
                    self.validity.valid();
                    fitting += 1;
                }
                None => {
                    values.push(T::default());
                    self.validity.null(row);
                    self.missing(row, marks, trimmed);
                }
            }
        }
        self.evidence.add(self.typing.bulk_class(), false, fitting);
        values
    }

    /// A value that did not parse: nothing, a missing mark, or a misfit.
    fn missing(&mut self, row: usize, marks: &[u32], trimmed: &[u8]) {
        if trimmed.is_empty() {
            self.evidence.add(Class::Empty, false, 1);
        } else if let Some(mark) = mark_index(trimmed) {
            self.evidence.mark(mark);
            self.evidence.add(Class::Mark, false, 1);
        } else {
            let class = classify(trimmed, self.notation);
            let sparse = self.is_sparse(row, marks);
            self.evidence.add(class, sparse, 1);
            self.misfits.push((row, self.column));
        }
    }

    fn text(&mut self, watched: bool) -> Result<StringArray, ArrowError> {
        let chunk = self.chunk;
        let mut bytes: Vec<u8> = Vec::with_capacity(self.text_size());
        let mut offsets: Vec<i32> = Vec::with_capacity(chunk.row_count() + 1);
        offsets.push(0);
        let (mut fitting, mut empty, mut missing) = (0_u64, 0_u64, 0_u64);
        for (row, marks) in chunk.rows().enumerate() {
            let complex;
            let field = match chunk.plain_field(marks, self.column) {
                Some(field) => field,
                None => {
                    complex = chunk.field(marks, self.column);
                    complex.as_ref()
                }
            };
            if field.is_empty() {
                self.validity.null(row);
                empty += 1;
            } else if self.is_missing(field) {
                self.validity.null(row);
                missing += 1;
            } else {
                self.validity.valid();
                bytes.extend_from_slice(field);
                fitting += 1;
                if watched {
                    self.watch(row, marks, field);
                }
            }
            // A chunk is below 1 GiB.
            offsets.push(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        }
        self.evidence.add(Class::Empty, false, empty);
        self.evidence.add(Class::Mark, false, missing);
        if !watched {
            self.evidence.add(Class::Text, false, fitting);
        }
        StringArray::try_new(
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Buffer::from_vec(bytes),
            self.validity.finish(),
        )
    }

    /// Whether a text is a mark that means "no value" in a text column. Marks that do
    /// not are remembered too: another column may show that they do.
    #[inline]
    fn is_missing(&mut self, field: &[u8]) -> bool {
        // No mark begins with a digit, and most short texts do.
        if field.len() > LONGEST_MARK || field.first().is_some_and(u8::is_ascii_digit) {
            return false;
        }
        let Some(mark) = mark_index(trim(field)) else { return false };
        self.evidence.mark(mark);
        self.text_marks & mark_bit(mark) != 0
    }

    /// Found once a row, however many of its values do not fit.
    fn is_sparse(&mut self, row: usize, marks: &[u32]) -> bool {
        *self.sparse.entry(row).or_insert_with(|| self.chunk.is_sparse(marks))
    }

    /// Bytes to reserve for the texts: the size of the column in the first rows,
    /// times the rows.
    fn text_size(&self) -> usize {
        let rows = self.chunk.row_count();
        let seen = rows.min(64);
        let bytes: usize = self
            .chunk
            .rows()
            .take(seen)
            .map(|marks| {
                let from = marks.get(self.column).map_or(0, |mark| mark & POSITION);
                let to = marks.get(self.column + 1).map_or(0, |mark| mark & POSITION);
                to.saturating_sub(from) as usize
            })
            .sum();
        bytes.checked_div(seen).map_or(0, |mean| (mean + 1) * rows).min(self.chunk.bytes.len())
    }

    fn watch(&mut self, row: usize, marks: &[u32], field: &[u8]) {
        let class = classify(field, self.notation);
        let sparse = class == Class::Text && self.is_sparse(row, marks);
        self.evidence.add(class, sparse, 1);
    }
}

/// The validity of a column; costs nothing until the first null.
#[derive(Default)]
struct Validity {
    bits: Option<BooleanBufferBuilder>,
}

impl Validity {
    #[inline]
    fn valid(&mut self) {
        if let Some(bits) = &mut self.bits {
            bits.append(true);
        }
    }

    fn null(&mut self, row: usize) {
        self.bits
            .get_or_insert_with(|| {
                let mut bits = BooleanBufferBuilder::new(row + 1024);
                bits.append_n(row, true);
                bits
            })
            .append(false);
    }

    fn finish(&mut self) -> Option<NullBuffer> {
        self.bits.take().map(|mut bits| NullBuffer::new(bits.finish()))
    }
}

/// The refused rows of a chunk, with their line numbers, in the order of the file.
fn rejects(chunk: &Chunk, plan: &Plan, misfits: &[(usize, usize)]) -> Vec<Reject> {
    if misfits.is_empty() && chunk.rejects.is_empty() {
        return Vec::new();
    }
    let width = chunk.columns + 1;
    let mut found: Vec<(usize, Reject)> = Vec::with_capacity(misfits.len() + chunk.rejects.len());
    for (row, column) in misfits {
        let Some(marks) = chunk.marks.get(row * width..(row + 1) * width) else { continue };
        let Some(planned) = plan.columns.get(*column) else { continue };
        let start = marks.first().map_or(0, |mark| mark & POSITION) as usize;
        let reason = if chunk.is_sparse(marks) {
            Reason::Footnote
        } else {
            Reason::Misfit { kind: planned.typing.kind }
        };
        let line = match &chunk.lines {
            Lines::Listed(lines) => lines.get(*row).copied().unwrap_or(0),
            Lines::Counted { .. } => 0,
        };
        found.push((
            start,
            Reject {
                line,
                column: Some(planned.name.name.clone()),
                value: shown(&String::from_utf8_lossy(&chunk.field(marks, *column))),
                reason,
                raw: original(chunk, &chunk.raw(marks)),
            },
        ));
    }
    for reject in &chunk.rejects {
        let bytes = chunk.bytes.get(reject.start..reject.end).unwrap_or_default();
        let text = original(chunk, bytes);
        found.push((
            reject.start,
            Reject {
                line: reject.line.unwrap_or(0),
                column: reject
                    .column
                    .and_then(|column| plan.columns.get(column))
                    .map(|planned| planned.name.name.clone()),
                value: shown(reject.value.as_deref().unwrap_or(&text)),
                reason: reject.reason.clone(),
                raw: text,
            },
        ));
    }
    found.sort_by_key(|(start, _)| *start);
    if let Lines::Counted { first, newline } = chunk.lines {
        let mut line = first;
        let mut counted = 0;
        for (start, reject) in &mut found {
            let between = chunk.bytes.get(counted..*start).unwrap_or_default();
            line += memchr::memchr_iter(newline, between).count() as u64;
            counted = (*start).max(counted);
            reject.line = line;
        }
    }
    found.into_iter().map(|(_, reject)| reject).collect()
}

/// The row as it stood in the file.
fn original(chunk: &Chunk, bytes: &[u8]) -> String {
    if chunk.wide_comma { raw(&widen_commas(bytes)) } else { raw(bytes) }
}
