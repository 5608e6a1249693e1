//! The process of a statement.

use std::io::{self, Read, Write};

use futures::StreamExt;
use lake::{Lake, LakeError};
use rlimit::Resource;

use super::frames::{Frame, Request, Wire};
use crate::settings::Settings;
use crate::tables::DeltaLake;

/// Seconds of processor time beyond those that the statement may take: it has two threads,
/// and starts.
const MORE_SECONDS: u64 = 5;

/// Reads one statement from the standard input, runs it under the bounds that come with it,
/// and writes frames to the standard output. For a process of its own: the bounds hold for
/// all of it.
///
/// # Errors
///
/// What stands in the way of reading and writing; what is wrong with the statement is
/// written.
pub fn serve_statement() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    // It was started ahead, and is not needed any more.
    if text.is_empty() {
        return Ok(());
    }
    let request: Request = serde_json::from_str(&text).map_err(io::Error::other)?;
    bound(&request)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut output = io::stdout().lock();
    match runtime.block_on(answer(&request, &mut output)) {
        Ok(()) => Ok(()),
        Err(Stopped::Output(error)) => Err(error),
        Err(Stopped::Statement(error)) => Frame::Error(Wire::from(&error)).write(&mut output),
    }
}

/// What the system lets this process have.
fn bound(request: &Request) -> io::Result<()> {
    let seconds = request.limits().timeout.as_secs().saturating_mul(2) + MORE_SECONDS;
    for (resource, most) in [
        (Resource::DATA, request.data_bytes),
        (Resource::CPU, seconds),
        (Resource::FSIZE, request.spill_bytes),
        (Resource::CORE, 0),
    ] {
        rlimit::setrlimit(resource, most, most)?;
    }
    Ok(())
}

/// Why an answer ended early.
enum Stopped {
    Statement(LakeError),
    Output(io::Error),
}

impl From<LakeError> for Stopped {
    fn from(error: LakeError) -> Self {
        Self::Statement(error)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

async fn answer(request: &Request, output: &mut impl Write) -> Result<(), Stopped> {
    let settings = Settings {
        // One statement, one after another in it.
        threads: 1,
        queries: 1,
        decoded_bytes: 0,
        spill_folder: Some(request.folder().to_owned()),
        sql_spill_bytes: request.spill_bytes,
        sql_memory_bytes: usize::try_from(request.limits().memory_bytes).unwrap_or(usize::MAX),
        ..Settings::default()
    };
    let lake = DeltaLake::beside(request.location()?, settings)?;
    let Some(tables) = request.tables()? else {
        Frame::Tables(lake.sql_tables(&request.text, &request.limits()).await?).write(output)?;
        return Ok(());
    };
    let mut found = lake.sql(&tables, &request.text, &request.limits()).await?;
    Frame::Schema(found.schema).write(output)?;
    let mut told = lake::Scanned::default();
    loop {
        let next = found.batches.next().await;
        let cost = found.meter.read();
        if cost != told {
            Frame::Cost { rows: cost.rows, bytes: cost.bytes }.write(output)?;
            told = cost;
        }
        match next {
            None => break,
            Some(batch) => Frame::Batch(batch?).write(output)?,
        }
    }
    Frame::End.write(output)?;
    Ok(())
}
