//! Writes versions of one table and says on standard output what was acknowledged.
//!
//! The tests of durability run it under `strace`, kill it, and take its disk away.
//!
//! ```text
//! write_versions FOLDER VERSIONS ROWS
//! ```
//!
//! Version `n` has `ROWS + n` rows. After a refusal it tries once more, so that a test
//! sees whether refusals last.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lake::{CommitInfo, Lake, LakeError, TablePath};
use lake_delta::{DeltaLake, Location};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("FOLDER VERSIONS ROWS");
    let (folder, versions, rows) = (next()?, next()?, next()?);
    let (versions, rows): (u64, u64) = (versions.parse()?, rows.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let lake = DeltaLake::open(Location::Folder(folder.into()))?;
        let table: TablePath = "durable/table".parse()?;
        say("opened")?;
        let mut refused = 0;
        for version in 0..versions {
            match write(&lake, &table, rows + version).await {
                Ok(version) => say(&format!("committed {version}"))?,
                Err(error) => {
                    say(&format!("refused {error}"))?;
                    refused += 1;
                    if refused == 2 {
                        break;
                    }
                }
            }
        }
        Ok(())
    })
}

async fn write(lake: &DeltaLake, table: &TablePath, rows: u64) -> Result<u64, LakeError> {
    let batches = rows.div_ceil(1_000);
    let mut writer = None;
    for number in 0..batches {
        let from = number * 1_000;
        let batch = batch(from, rows.min(from + 1_000));
        let batch = batch.map_err(|error| LakeError::failed("make rows", error))?;
        if writer.is_none() {
            writer = Some(lake.writer(table, batch.schema()).await?);
        }
        if let Some(writer) = &mut writer {
            writer.write(batch).await?;
        }
    }
    let writer = writer.ok_or_else(|| LakeError::failed("make rows", "no rows"))?;
    let info = CommitInfo {
        author: "test".into(),
        operation: "write_versions".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    Ok(writer.commit(info).await?.version)
}

fn batch(from: u64, to: u64) -> Result<RecordBatch, arrow::error::ArrowError> {
    let numbers: Vec<i64> = (from..to).filter_map(|number| i64::try_from(number).ok()).collect();
    let names: Vec<String> = numbers.iter().map(|number| format!("姓名{number}")).collect();
    RecordBatch::try_from_iter([
        ("编号", Arc::new(Int64Array::from(numbers)) as ArrayRef),
        ("姓名", Arc::new(StringArray::from(names)) as ArrayRef),
    ])
}

/// Says it at once: whoever kills this process has read it.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
