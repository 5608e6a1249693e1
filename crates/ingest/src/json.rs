//! JSON: one array of objects, or one object a line (NDJSON).
//!
//! The array is streamed element by element, never held as a whole. The keys of
//! all objects together are the columns; a key that shows up late starts another
//! pass. Nested values stay JSON text. A line that is no JSON is a reject; an
//! array that is no JSON is an error, since the rest of it has no meaning.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::chunk::{Chunk, RowReject};
use crate::columns::{Evidence, Name, name_columns};
use crate::csv::{TextReader, Utf8Stream, read_error};
use crate::detect::Text;
use crate::error::IngestError;
use crate::load::{Limits, summary};
use crate::pipeline::{Known, Settings, Source, limit_columns, on_large_stack, run, tally};
use crate::sink::{Reason, Sink};
use crate::summary::{Format, Summary};

const CHUNK_BYTES: usize = 1024 * 1024;
const CHUNK_ROWS: usize = 8_192;
/// Elements or lines that are read for the columns and the first guess of the types.
const SAMPLE_ROWS: u64 = 20_000;
/// Bytes that are read for them.
const SAMPLE_BYTES: usize = 4 * 1024 * 1024;

/// Reads a JSON or NDJSON file.
///
/// # Errors
///
/// [`IngestError::Json`], [`IngestError::Empty`] and those of the pipeline.
pub(crate) fn load(
    path: &Path,
    format: Format,
    text: &Text,
    settings: &Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Summary, IngestError> {
    let source = JsonSource {
        path: path.to_owned(),
        format,
        text: text.clone(),
        limits: settings.limits.clone(),
    };
    let known = source.sample(settings)?;
    let outcome = run(&source, known, settings, sink)?;
    Ok(summary(format, text.encoding.name(), None, outcome, Vec::new(), settings))
}

/// A JSON file as a source of rows.
struct JsonSource {
    path: PathBuf,
    format: Format,
    text: Text,
    limits: Limits,
}

/// What the reader hands to a worker.
enum Part {
    /// Whole lines, to be parsed by the worker.
    Lines { bytes: Vec<u8>, first_line: u64, bytes_done: u64 },
    /// Elements that the reader has parsed.
    Rows(Chunk),
}

impl JsonSource {
    /// Columns and evidence from the first rows.
    fn sample(&self, settings: &Settings<'_>) -> Result<Vec<Known>, IngestError> {
        let mut parts: Vec<Chunk> = Vec::new();
        let mut complete = true;
        let mut columns: Vec<String> = Vec::new();
        // Twice: first for the keys, then for the values under them.
        for round in 0..2 {
            let names = name_columns(columns.iter().cloned());
            let (mut rows, mut bytes) = (0, 0);
            parts.clear();
            let read = on_large_stack(|| {
                self.read(&names, &mut |part| {
                    let chunk = self.parse(part, &names)?;
                    rows += chunk.records;
                    bytes += chunk.bytes.len();
                    parts.push(chunk);
                    if rows >= SAMPLE_ROWS || bytes >= SAMPLE_BYTES {
                        complete = false;
                        return Err(IngestError::Cancelled);
                    }
                    Ok(())
                })
            });
            match read {
                Ok(()) | Err(IngestError::Cancelled) => {}
                Err(error) => return Err(error),
            }
            if round == 0 {
                for name in parts.iter().flat_map(|chunk| &chunk.new_columns) {
                    if !columns.contains(name) {
                        columns.push(name.clone());
                    }
                }
                limit_columns(columns.len(), &self.limits)?;
            }
        }
        if columns.is_empty() {
            return Err(IngestError::Empty);
        }
        let names = name_columns(columns);
        let mut evidence = vec![Evidence::default(); names.len()];
        for chunk in &parts {
            tally(chunk, &mut evidence, settings.notation);
        }
        Ok(names
            .into_iter()
            .zip(evidence)
            .map(|(name, evidence)| Known { name, evidence, complete })
            .collect())
    }

    fn parse(&self, part: Part, columns: &[Name]) -> Result<Chunk, IngestError> {
        match part {
            Part::Rows(chunk) => Ok(chunk),
            Part::Lines { bytes, first_line, bytes_done } => {
                let mut rows = Rows::new(columns, &self.limits);
                for (line, text) in (first_line..).zip(bytes.split(|byte| *byte == b'\n')) {
                    if !text.trim_ascii().is_empty() {
                        rows.push_text(line, text);
                    }
                }
                let mut chunk = rows.take();
                chunk.bytes_done = bytes_done;
                Ok(chunk)
            }
        }
    }

    fn open(&self) -> Result<Utf8Stream, IngestError> {
        let reader = TextReader::open(&self.path, self.text.encoding, self.text.bom, None)?;
        Ok(Utf8Stream::new(reader))
    }

    fn record_bytes(&self) -> u64 {
        (self.limits.field_bytes as u64).saturating_mul(4).max(1 << 20)
    }

    fn read_lines(
        &self,
        emit: &mut dyn FnMut(Part) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let mut stream = self.open()?;
        let mut rest: Vec<u8> = Vec::new();
        let mut line = 1;
        loop {
            let read = stream
                .by_ref()
                .take(CHUNK_BYTES as u64)
                .read_to_end(&mut rest)
                .map_err(|source| read_error(&self.path, source))?;
            let end = if read == 0 {
                rest.len()
            } else {
                memchr::memrchr(b'\n', &rest).map_or(0, |at| at + 1)
            };
            if end > 0 {
                let after = rest.split_off(end);
                let bytes = std::mem::replace(&mut rest, after);
                let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
                let bytes_done = stream.bytes_done();
                emit(Part::Lines { bytes, first_line: line, bytes_done })?;
                line += lines;
            } else if rest.len() as u64 > self.record_bytes() {
                return Err(IngestError::Json {
                    line,
                    column: 1,
                    message: format!("the line is longer than {} bytes", self.record_bytes()),
                });
            }
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn read_array(
        &self,
        columns: &[Name],
        emit: &mut dyn FnMut(Part) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let budget = Rc::new(Cell::new(self.record_bytes()));
        let done = Rc::new(Cell::new(0));
        let metered =
            Metered { stream: self.open()?, budget: Rc::clone(&budget), done: Rc::clone(&done) };
        let mut rows = Rows::new(columns, &self.limits);
        let mut number = 0;
        let mut on_element = |raw: Box<RawValue>| {
            number += 1;
            budget.set(self.record_bytes());
            rows.push_text(number, raw.get().as_bytes());
            if rows.is_full() {
                let mut chunk = rows.take();
                chunk.bytes_done = done.get();
                emit(Part::Rows(chunk))?;
            }
            Ok(())
        };
        let mut failure = None;
        let mut parser = serde_json::Deserializer::from_reader(BufReader::new(metered));
        let elements = Elements { on_element: &mut on_element, failure: &mut failure };
        let read = parser.deserialize_seq(elements).and_then(|()| parser.end());
        if let Some(failure) = failure {
            return Err(failure);
        }
        if let Err(error) = read {
            let (line, column) = (error.line() as u64, error.column() as u64);
            return Err(match error.io_error_kind() {
                Some(kind) if kind != io::ErrorKind::FileTooLarge => {
                    read_error(&self.path, io::Error::from(kind))
                }
                _ => IngestError::Json { line, column, message: error.to_string() },
            });
        }
        let mut chunk = rows.take();
        chunk.bytes_done = done.get();
        emit(Part::Rows(chunk))
    }
}

impl Source for JsonSource {
    type Part = (Part, Vec<Name>);

    fn read(
        &self,
        columns: &[Name],
        emit: &mut dyn FnMut(Self::Part) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        Self::read(self, columns, &mut |part| emit((part, columns.to_vec())))
    }

    fn chunk(&self, part: Self::Part, _columns: usize) -> Result<Chunk, IngestError> {
        self.parse(part.0, &part.1)
    }
}

impl JsonSource {
    fn read(
        &self,
        columns: &[Name],
        emit: &mut dyn FnMut(Part) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        match self.format {
            Format::Ndjson => self.read_lines(emit),
            _ => self.read_array(columns, emit),
        }
    }
}

/// Refuses an element that would fill the memory.
struct Metered {
    stream: Utf8Stream,
    budget: Rc<Cell<u64>>,
    done: Rc<Cell<u64>>,
}

impl Read for Metered {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(target)?;
        self.done.set(self.stream.bytes_done());
        let left = self.budget.get().checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, "an element of the array is too long")
        })?;
        self.budget.set(left);
        Ok(read)
    }
}

/// Hands each element of an array to a function.
struct Elements<'a> {
    on_element: &'a mut dyn FnMut(Box<RawValue>) -> Result<(), IngestError>,
    failure: &'a mut Option<IngestError>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(raw) = array.next_element::<Box<RawValue>>()? {
            if let Err(error) = (self.on_element)(raw) {
                *self.failure = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// The members of an object in their order, values as JSON text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Collects objects as rows of a chunk.
struct Rows<'a> {
    index: HashMap<&'a str, usize>,
    limits: &'a Limits,
    chunk: Chunk,
    /// The fields of the current row.
    fields: Vec<String>,
}

impl<'a> Rows<'a> {
    fn new(columns: &'a [Name], limits: &'a Limits) -> Self {
        let index =
            columns.iter().enumerate().map(|(at, name)| (name.source.as_str(), at)).collect();
        Self {
            index,
            limits,
            chunk: Chunk::listed(columns.len()),
            fields: vec![String::new(); columns.len()],
        }
    }

    fn is_full(&self) -> bool {
        self.chunk.bytes.len() > CHUNK_BYTES || self.chunk.records >= CHUNK_ROWS as u64
    }

    fn take(&mut self) -> Chunk {
        let columns = self.chunk.columns;
        std::mem::replace(&mut self.chunk, Chunk::listed(columns))
    }

    fn push_text(&mut self, line: u64, text: &[u8]) {
        let members: Result<Members<'_>, _> = serde_json::from_slice(text);
        let members = match members {
            Ok(members) => members,
            Err(error) if error.is_data() => {
                let object = text.trim_ascii_start().first() == Some(&b'{');
                let reason = if object {
                    Reason::JsonSyntax { message: error.to_string() }
                } else {
                    Reason::NotAnObject
                };
                return self.reject(line, text, reason, None);
            }
            Err(error) => {
                let reason = if std::str::from_utf8(text).is_err() {
                    Reason::InvalidBytes { encoding: "UTF-8".to_owned() }
                } else {
                    Reason::JsonSyntax { message: error.to_string() }
                };
                return self.reject(line, text, reason, None);
            }
        };
        self.fields.iter_mut().for_each(String::clear);
        for (key, raw) in members.0 {
            let Some(column) = self.index.get(key.as_str()).copied() else {
                // One more than allowed is enough to refuse the file.
                if !self.chunk.new_columns.contains(&key)
                    && self.chunk.new_columns.len() <= self.limits.columns
                {
                    self.chunk.new_columns.push(key);
                }
                continue;
            };
            let raw = raw.get();
            let value = match raw.as_bytes().first() {
                Some(b'"') => match serde_json::from_str::<String>(raw) {
                    Ok(value) => value,
                    Err(error) => {
                        let reason = Reason::JsonSyntax { message: error.to_string() };
                        return self.reject(line, text, reason, Some(column));
                    }
                },
                _ if raw == "null" => String::new(),
                _ => raw.to_owned(),
            };
            if value.len() > self.limits.field_bytes {
                let limit_bytes = self.limits.field_bytes as u64;
                return self.reject(line, text, Reason::TooLong { limit_bytes }, Some(column));
            }
            if let Some(field) = self.fields.get_mut(column) {
                *field = value;
            }
        }
        self.chunk.push_row(line, self.fields.iter().map(String::as_bytes));
    }

    fn reject(&mut self, line: u64, text: &[u8], reason: Reason, column: Option<usize>) {
        let start = self.chunk.bytes.len();
        let kept = text.len().min(crate::sink::RAW_BYTES + 4);
        self.chunk.bytes.extend_from_slice(text.get(..kept).unwrap_or_default());
        let end = self.chunk.bytes.len();
        self.chunk.records += 1;
        self.chunk.rejects.push(RowReject {
            start,
            end,
            line: Some(line),
            reason,
            value: None,
            column,
        });
    }
}
