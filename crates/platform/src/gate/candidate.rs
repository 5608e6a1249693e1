//! The candidate for release while it is being made: every released batch is
//! counted, profiled, inspected and digested as it passes.

use arrow::array::{Array as _, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use deident::{Applied, Applier, TupleTable};
use detect::{ColumnFinding, Detector};
use ingest::write::{CsvOptions, CsvWriter};
use sha2::Digest as _;

use super::exposure::{AttackFact, Counted, Exposure};
use super::left_out::LeftOut;
use super::measure::{deident, detector_for};
use super::release::RowsDigest;
use super::restore::{Digests, RestorationFact};
use crate::Error;

/// Rows shown before and after.
const SHOWN: usize = 10;

/// What is gathered for the tests that come after the last row.
pub(super) struct Tests {
    /// Columns that may be digests.
    pub(super) digests: Digests,
    /// What the attacks need, where a person may be pointed at.
    pub(super) exposure: Option<Exposure>,
}

/// The candidate while it is being made.
pub(super) struct Candidate {
    applier: Applier,
    schema: SchemaRef,
    quasi: Vec<String>,
    counted: deident::TupleTableBuilder,
    profiler: quality::Profiler,
    detector: Detector,
    csv: CsvWriter<Digester>,
    before: Vec<Vec<Option<String>>>,
    after: Vec<Option<Vec<Option<String>>>>,
    /// The same plan, for the rows that are shown.
    probe: Applier,
    tests: Tests,
    left_out: LeftOut,
    /// Place of the next row of the version.
    place: u64,
}

/// What was found of a finished candidate.
pub(super) struct CandidateFacts {
    /// Rows read, released and suppressed.
    pub(super) applied: Applied,
    /// The columns that count as quasi-identifiers.
    pub(super) quasi: Vec<String>,
    /// Tuples of those and of the sensitive columns.
    pub(super) tuples: TupleTable,
    /// The profile.
    pub(super) profile: quality::TableProfile,
    /// What detection finds in it.
    pub(super) findings: Vec<ColumnFinding>,
    /// What attacks found out with it.
    pub(super) attacks: Vec<AttackFact>,
    /// Columns of digests that were tried to be restored.
    pub(super) restorations: Vec<RestorationFact>,
    /// The digests of its rows.
    pub(super) digest: RowsDigest,
    /// The first rows of the version, as text.
    pub(super) before: Vec<Vec<Option<String>>>,
    /// What became of them; `None` for a suppressed row.
    pub(super) after: Vec<Option<Vec<Option<String>>>>,
}

impl Candidate {
    /// Begins; `probe` is a second applier of the same plan, `empty` a batch of the
    /// version without rows. The rows of `left_out` are left out whatever the plan says.
    pub(super) fn new(
        mut applier: Applier,
        probe: Applier,
        empty: &RecordBatch,
        columns: &Counted,
        tests: Tests,
        left_out: LeftOut,
    ) -> Result<Self, Error> {
        let released = applier.apply(empty).map_err(deident)?;
        let counted = columns.all();
        let schema = released.schema();
        let csv = CsvWriter::new(Digester::default(), &schema, CsvOptions { bom: false })
            .map_err(deident)?;
        Ok(Self {
            schema: SchemaRef::clone(&schema),
            counted: TupleTable::builder(&counted),
            profiler: quality::Profiler::new(&schema),
            detector: detector_for(&released),
            csv,
            applier,
            quasi: columns.quasi.clone(),
            before: Vec::new(),
            after: Vec::new(),
            probe,
            tests,
            left_out,
            place: 0,
        })
    }

    /// The schema of the candidate.
    pub(super) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Applies the plan to a batch of the version and measures what it becomes.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let marks = self.left_out.marks(self.place, batch.num_rows());
        self.place += u64::try_from(batch.num_rows()).unwrap_or(0);
        for (row, is_left_out) in (0..batch.num_rows()).zip(&marks) {
            if self.before.len() >= SHOWN {
                break;
            }
            let one = batch.slice(row, 1);
            self.before.extend(texts(&one)?);
            let released = self.probe.apply(&one).map_err(deident)?;
            self.after.push(texts(&released)?.pop().filter(|_| !is_left_out));
        }
        self.tests.digests.take(batch)?;
        let kept: BooleanArray = marks.iter().map(|is_left_out| Some(!is_left_out)).collect();
        let batch = &filter_record_batch(batch, &kept).map_err(deident)?;
        if let Some(exposure) = &mut self.tests.exposure {
            exposure.take(batch)?;
        }
        let released = self.applier.apply(batch).map_err(deident)?;
        self.counted.update(&released).map_err(deident)?;
        self.profiler.update(&released).map_err(deident)?;
        self.detector.update(&released);
        self.csv.write(&released).map_err(deident)?;
        Ok(released)
    }

    /// Ends the measurements and tries the attacks.
    pub(super) fn finish(self) -> Result<CandidateFacts, Error> {
        let attacks = self.tests.exposure.map_or_else(|| Ok(Vec::new()), Exposure::attack)?;
        let (mut applied, left_out) = (self.applier.applied(), self.left_out.len());
        applied.rows_in += left_out;
        applied.suppressed += left_out;
        Ok(CandidateFacts {
            attacks,
            restorations: self.tests.digests.try_out()?,
            applied,
            quasi: self.quasi,
            tuples: self.counted.finish(),
            profile: self.profiler.finish(),
            findings: self.detector.finish(),
            digest: self.csv.finish().map_err(deident)?.finish(),
            before: self.before,
            after: self.after,
        })
    }
}

/// The rows of a batch as text.
pub(super) fn texts(batch: &RecordBatch) -> Result<Vec<Vec<Option<String>>>, Error> {
    let options = FormatOptions::default();
    let formatters = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<Vec<_>, _>>()
        .map_err(deident)?;
    let cells = |row: usize| {
        let columns = batch.columns().iter().zip(&formatters);
        columns
            .map(|(column, formatter)| {
                (!column.is_null(row)).then(|| formatter.value(row).to_string())
            })
            .collect()
    };
    Ok((0..batch.num_rows()).map(cells).collect())
}

/// Takes bytes in and keeps their digests only.
#[derive(Default)]
struct Digester {
    bytes: u64,
    sha256: sha2::Sha256,
    sm3: sm3::Sm3,
}

impl Digester {
    fn finish(self) -> RowsDigest {
        RowsDigest {
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
            sm3: hex::encode(self.sm3.finalize()),
        }
    }
}

impl std::io::Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.sha256.update(bytes);
        self.sm3.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
