//! Loads a file, with a profile and to Parquet, and says how long it took.
//!
//! `load_csv FILE [parse | profile | parquet]`: what is done besides parsing;
//! `parquet` (the default) profiles and writes `FILE.parquet`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::env::args_os;
use std::error::Error;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use ingest::{Hint, Limits, Observer, Progress, Reject, Sink, SinkError, load_observed};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use quality::SharedProfiler;

struct Profiles {
    profiler: SharedProfiler,
    on: bool,
}

impl Observer for Profiles {
    fn observe(&self, batch: &RecordBatch) {
        if self.on && self.profiler.update(batch).is_err() {
            self.profiler.start_over();
        }
    }

    fn start_over(&self) {
        self.profiler.start_over();
    }
}

struct Target {
    path: Option<PathBuf>,
    writer: Option<ArrowWriter<File>>,
    schema: Option<SchemaRef>,
    rows: usize,
}

impl Sink for Target {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), SinkError> {
        self.rows = 0;
        self.schema = Some(schema.clone());
        if let Some(path) = &self.path {
            let properties =
                WriterProperties::builder().set_compression(Compression::SNAPPY).build();
            let file = File::create(path).map_err(SinkError::new)?;
            let writer = ArrowWriter::try_new(file, schema, Some(properties));
            self.writer = Some(writer.map_err(SinkError::new)?);
        }
        Ok(())
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        self.rows += batch.num_rows();
        match &mut self.writer {
            Some(writer) => writer.write(&batch).map_err(SinkError::new),
            None => Ok(()),
        }
    }

    fn reject(&mut self, _reject: Reject) -> Result<(), SinkError> {
        Ok(())
    }

    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = args_os().skip(1);
    let usage = "load_csv FILE [parse | profile | parquet]";
    let path = PathBuf::from(arguments.next().ok_or(usage)?);
    let mode = arguments.next().map(|mode| mode.to_string_lossy().into_owned());
    let (profile, write) = match mode.as_deref() {
        Some("parse") => (false, false),
        Some("profile") => (true, false),
        None | Some("parquet") => (true, true),
        Some(_) => return Err(usage.into()),
    };
    let observer = Profiles { profiler: SharedProfiler::new(), on: profile };
    let mut target = Target {
        path: write.then(|| path.with_extension("parquet")),
        writer: None,
        schema: None,
        rows: 0,
    };
    let hint = Hint { file_name: path.to_string_lossy().into_owned(), ..Hint::default() };
    let start = Instant::now();
    let summary = load_observed(&path, &hint, &Limits::default(), &observer, &mut target)?;
    if let Some(writer) = target.writer {
        writer.close()?;
    }
    let schema = target.schema.ok_or("the load did not begin")?;
    let profile = observer.profiler.finish(&schema)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} rows, {} rejected, {} bytes, {} passes in {seconds:.2} s",
        summary.rows, summary.rejected, summary.bytes, summary.passes
    );
    for (column, plan) in profile.columns.iter().zip(&summary.columns) {
        println!(
            "{}: {:?}, {} missing, {}{} distinct, {} to {}, most often {}",
            column.name,
            plan.kind,
            column.missing,
            if column.distinct_exact { "" } else { "about " },
            column.distinct,
            column.min.as_deref().unwrap_or("–"),
            column.max.as_deref().unwrap_or("–"),
            column.top.first().map_or("–", |top| top.value.as_str()),
        );
    }
    Ok(())
}
