//! The shared data, where it is at hand, and small tables.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use detect::{ColumnFinding, Detector};

/// A file of the shared data; `None` (said in one line) where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        Some(file)
    } else {
        println!("left out: no shared data at {path}");
        None
    }
}

/// A table of text columns.
pub(crate) fn table(columns: &[(&str, Vec<String>)]) -> RecordBatch {
    RecordBatch::try_from_iter(
        columns.iter().map(|(name, values)| {
            (*name, Arc::new(StringArray::from_iter_values(values)) as ArrayRef)
        }),
    )
    .unwrap()
}

/// The finding of one column alone in its table.
pub(crate) fn column(name: &str, values: impl IntoIterator<Item = String>) -> ColumnFinding {
    let batch = table(&[(name, values.into_iter().collect())]);
    findings(&batch).remove(0)
}

/// The findings of a table.
pub(crate) fn findings(batch: &RecordBatch) -> Vec<ColumnFinding> {
    let mut detector = Detector::new(&batch.schema());
    detector.update(batch);
    detector.finish()
}

/// Numbers that look made up and are the same every time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The next number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 20) % bound
    }

    /// A string of digits that does not start with 0.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        let first = 1 + self.below(9);
        let rest: String = (1..length).map(|_| self.below(10).to_string()).collect();
        format!("{first}{rest}")
    }

    /// A citizen id with a right check digit.
    pub(crate) fn citizen_id(&mut self) -> String {
        let body = format!(
            "1401{:02}{}{:02}{:02}{:03}",
            1 + self.below(20),
            1950 + self.below(60),
            1 + self.below(12),
            1 + self.below(28),
            self.below(1000)
        );
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: usize =
            body.bytes().zip(weights).map(|(byte, weight)| usize::from(byte - b'0') * weight).sum();
        format!("{body}{}", b"10X98765432"[sum % 11] as char)
    }
}
