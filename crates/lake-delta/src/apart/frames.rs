//! What a process is told, and what it says: one JSON text in, frames out.
//!
//! ```text
//! frame = kind (1 byte) · length (4 bytes, little endian) · payload
//! T names of tables   S columns   B rows   C cost so far   Z end   X error
//! ```

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use lake::{LakeError, LimitKind, QueryLimits, TablePath};
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::location::Location;

/// The longest payload that is believed.
const LONGEST: usize = 1 << 30;

/// A table by the name that a statement gives it, and its version.
pub(super) type Named = (String, TablePath, Option<u64>);

/// A statement, and what it may use.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    lake: WireLocation,
    folder: PathBuf,
    pub(super) data_bytes: u64,
    pub(super) spill_bytes: u64,
    memory_bytes: u64,
    milliseconds: u64,
    rows: u64,
    pub(super) text: String,
    /// Name, path and version; without any, only their names are asked for.
    tables: Option<Vec<(String, String, Option<u64>)>>,
}

#[derive(Debug, Serialize, Deserialize)]
enum WireLocation {
    Folder(PathBuf),
    Url(String, BTreeMap<String, String>),
}

impl Request {
    /// - `data_bytes`: memory of the whole process; `spill_bytes`: disk in `folder`.
    pub(super) fn new(
        location: &Location,
        folder: &Path,
        data_bytes: u64,
        spill_bytes: u64,
        limits: &QueryLimits,
        text: &str,
        tables: Option<&[Named]>,
    ) -> Self {
        let lake = match location {
            Location::Folder(folder) => WireLocation::Folder(folder.clone()),
            Location::Url { url, options } => WireLocation::Url(url.to_string(), options.clone()),
        };
        let named = |(name, table, version): &Named| (name.clone(), table.to_string(), *version);
        Self {
            lake,
            folder: folder.to_owned(),
            data_bytes,
            spill_bytes,
            memory_bytes: limits.memory_bytes,
            milliseconds: u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX),
            rows: limits.rows,
            text: text.to_owned(),
            tables: tables.map(|tables| tables.iter().map(named).collect()),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn limits(&self) -> QueryLimits {
        QueryLimits {
            memory_bytes: self.memory_bytes,
            timeout: Duration::from_millis(self.milliseconds),
            rows: self.rows,
        }
    }

    pub(super) fn location(&self) -> io::Result<Location> {
        Ok(match &self.lake {
            WireLocation::Folder(folder) => Location::Folder(folder.clone()),
            WireLocation::Url(url, options) => Location::Url {
                url: url.parse().map_err(io::Error::other)?,
                options: options.clone(),
            },
        })
    }

    /// The tables, `None` where only their names are asked for.
    pub(super) fn tables(&self) -> io::Result<Option<Vec<Named>>> {
        let Some(tables) = &self.tables else { return Ok(None) };
        let mut named = Vec::with_capacity(tables.len());
        for (name, table, version) in tables {
            named.push((name.clone(), table.parse().map_err(io::Error::other)?, *version));
        }
        Ok(Some(named))
    }
}

/// What a process says.
#[derive(Debug)]
pub(super) enum Frame {
    Tables(Vec<String>),
    Schema(SchemaRef),
    Batch(RecordBatch),
    Cost { rows: u64, bytes: u64 },
    End,
    Error(Wire),
}

/// An error on its way between processes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Wire {
    Sql { zh: String, en: String },
    Memory,
    Disk,
    Time,
    Rows,
    Queue,
    Other(String),
}

impl From<&LakeError> for Wire {
    fn from(error: &LakeError) -> Self {
        match error {
            LakeError::Limit { kind } => match kind {
                LimitKind::Memory => Self::Memory,
                LimitKind::Disk => Self::Disk,
                LimitKind::Time => Self::Time,
                LimitKind::Rows => Self::Rows,
                LimitKind::Queue => Self::Queue,
            },
            LakeError::Sql { message } => {
                Self::Sql { zh: message.zh.clone(), en: message.en.clone() }
            }
            other => Self::Other(vocabulary::error_chain(other)),
        }
    }
}

impl From<Wire> for LakeError {
    fn from(wire: Wire) -> Self {
        let kind = match wire {
            Wire::Sql { zh, en } => return Self::Sql { message: Bilingual::new(zh, en) },
            Wire::Other(text) => return Self::failed("run a statement", io::Error::other(text)),
            Wire::Memory => LimitKind::Memory,
            Wire::Disk => LimitKind::Disk,
            Wire::Time => LimitKind::Time,
            Wire::Rows => LimitKind::Rows,
            Wire::Queue => LimitKind::Queue,
        };
        Self::Limit { kind }
    }
}

impl Frame {
    /// Writes it.
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let (kind, payload) = match self {
            Self::Tables(names) => (b'T', serde_json::to_vec(names).map_err(io::Error::other)?),
            Self::Schema(schema) => (b'S', arrow_bytes(schema, None)?),
            Self::Batch(batch) => (b'B', arrow_bytes(&batch.schema(), Some(batch))?),
            Self::Cost { rows, bytes } => {
                (b'C', serde_json::to_vec(&(rows, bytes)).map_err(io::Error::other)?)
            }
            Self::End => (b'Z', Vec::new()),
            Self::Error(wire) => (b'X', serde_json::to_vec(wire).map_err(io::Error::other)?),
        };
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        output.write_all(&[kind])?;
        output.write_all(&length.to_le_bytes())?;
        output.write_all(&payload)?;
        output.flush()
    }
}

/// A schema, and perhaps a batch of it, as an Arrow IPC stream.
fn arrow_bytes(schema: &Schema, batch: Option<&RecordBatch>) -> io::Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema).map_err(io::Error::other)?;
    if let Some(batch) = batch {
        writer.write(batch).map_err(io::Error::other)?;
    }
    writer.into_inner().map_err(io::Error::other)
}

/// Reads frames.
pub(super) struct Reader<R>(R);

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self(input)
    }

    /// The next frame; `None` where the process ended.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut head = [0_u8; 5];
        match self.0.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let [kind, a, b, c, d] = head;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).map_err(io::Error::other)?;
        if length > LONGEST {
            return Err(io::Error::other("a frame is too long"));
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload)?;
        let json = io::Error::other::<serde_json::Error>;
        Ok(Some(match kind {
            b'T' => Frame::Tables(serde_json::from_slice(&payload).map_err(json)?),
            b'C' => {
                let (rows, bytes) = serde_json::from_slice(&payload).map_err(json)?;
                Frame::Cost { rows, bytes }
            }
            b'X' => Frame::Error(serde_json::from_slice(&payload).map_err(json)?),
            b'Z' => Frame::End,
            b'S' | b'B' => {
                let read = StreamReader::try_new(io::Cursor::new(payload), None);
                let mut read = read.map_err(io::Error::other)?;
                match read.next() {
                    None => Frame::Schema(read.schema()),
                    Some(batch) => Frame::Batch(batch.map_err(io::Error::other)?),
                }
            }
            _ => return Err(io::Error::other("a frame of no known kind")),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field};

    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        let schema = Arc::new(Schema::new(vec![Field::new("数", DataType::Int64, true)]));
        let column = Arc::new(Int64Array::from(vec![Some(1), None]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
        let mut told = Vec::new();
        let limit = LakeError::Limit { kind: LimitKind::Disk };
        for frame in [
            Frame::Tables(vec!["甲".to_owned()]),
            Frame::Schema(Arc::clone(&schema)),
            Frame::Cost { rows: 3, bytes: 5 },
            Frame::Batch(batch.clone()),
            Frame::Error(Wire::from(&limit)),
            Frame::End,
        ] {
            frame.write(&mut told).unwrap();
        }
        let mut reader = Reader::new(told.as_slice());
        let mut next = || reader.next().unwrap();
        assert!(matches!(next(), Some(Frame::Tables(names)) if names == ["甲"]));
        assert!(matches!(next(), Some(Frame::Schema(heard)) if heard == schema));
        assert!(matches!(next(), Some(Frame::Cost { rows: 3, bytes: 5 })));
        assert!(matches!(next(), Some(Frame::Batch(heard)) if heard == batch));
        let Some(Frame::Error(wire)) = next() else { panic!("an error was said") };
        assert!(matches!(LakeError::from(wire), LakeError::Limit { kind: LimitKind::Disk }));
        assert!(matches!(next(), Some(Frame::End)));
        assert!(next().is_none());
    }
}
