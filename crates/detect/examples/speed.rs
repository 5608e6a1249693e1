//! How fast a table is read: `cargo run --release -p detect --example speed -- FILE.csv[.gz]`.
//!
//! Prints megabytes of the file per second of CPU time, best of several runs over
//! the table in memory: once for the decisions on columns alone, once with every
//! span as well.

use std::io::Read as _;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use detect::{ColumnFinding, Detector, SpanLog};

const RUNS: usize = 15;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("which file? speed FILE.csv[.gz]")?;
    let mut bytes = std::fs::read(&path)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
        bytes = plain;
    }
    let batches = batches(&bytes)?;
    let megabytes = bytes.len() as f64 / 1e6;
    let (columns_ms, findings) = best(|| {
        let mut detector = Detector::new(&schema_of(&batches));
        batches.iter().for_each(|batch| detector.update(batch));
        detector.finish()
    })?;
    let mut found = 0;
    let (spans_ms, _) = best(|| {
        let mut detector = Detector::new(&schema_of(&batches));
        let mut log = SpanLog::new();
        batches.iter().for_each(|batch| detector.update_with(batch, &mut log));
        let findings = detector.finish();
        found = log.settle(&findings).len();
        findings
    })?;
    let mut report = String::new();
    for ColumnFinding { name, kind, cells, hit_rate, .. } in &findings {
        let kind = kind.map_or("-", detect::Kind::as_str);
        report += &format!("{name:<24} {kind:<18} {cells:>10} cells, rate {hit_rate:.3}\n");
    }
    report += &format!("{megabytes:.2} MB, {found} spans\n");
    report +=
        &format!("columns only: {columns_ms:.2} ms, {:.0} MB/s\n", megabytes / columns_ms * 1e3);
    report += &format!("with spans:   {spans_ms:.2} ms, {:.0} MB/s\n", megabytes / spans_ms * 1e3);
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes())?;
    Ok(())
}

/// The table, every column as text.
fn batches(csv: &[u8]) -> Result<Vec<RecordBatch>, Failure> {
    let (header, _) = Format::default().with_header(true).infer_schema(csv, Some(1))?;
    let fields: Vec<Field> = header
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), DataType::Utf8, true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let reader = ReaderBuilder::new(schema).with_header(true).with_batch_size(8192).build(csv)?;
    Ok(reader.collect::<Result<_, _>>()?)
}

fn schema_of(batches: &[RecordBatch]) -> Arc<Schema> {
    batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema)
}

/// The least CPU time of several runs, in milliseconds, and what the last gave.
fn best<T>(mut run: impl FnMut() -> T) -> Result<(f64, T), Failure> {
    let mut least = f64::INFINITY;
    let mut last = None;
    for _ in 0..RUNS {
        let start = cpu_ms();
        last = Some(run());
        least = least.min(cpu_ms() - start);
    }
    Ok((least, last.ok_or("no run was made")?))
}

/// CPU time of this thread.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
