//! Observers, and limits of batches.

use std::sync::Mutex;

use arrow::array::RecordBatch;
use ingest::{Limits, Observer, load_observed};
use quality::SharedProfiler;

use crate::spool::{Kept, OneFile};

struct Profiles(SharedProfiler, Mutex<u64>);

impl Observer for Profiles {
    fn observe(&self, batch: &RecordBatch) {
        self.0.update(batch).unwrap();
        *self.1.lock().unwrap() += batch.num_rows() as u64;
    }

    fn start_over(&self) {
        self.0.start_over();
        *self.1.lock().unwrap() = 0;
    }
}

#[test]
fn an_observer_sees_each_delivered_row_once() {
    let mut text = String::from("n,x\n");
    for row in 0..1_200_000 {
        text.push_str(&format!("{row},{}\n", row % 3));
    }
    // The type changes in the end, so that the pass begins again.
    text.push_str("0.5,\n");
    let file = OneFile::new("table.csv", text);
    let observer = Profiles(SharedProfiler::new(), Mutex::new(0));
    let mut kept = Kept::default();
    let limits = Limits { batch_rows: 1_000, ..Limits::default() };
    let summary = load_observed(&file.path, &file.hint, &limits, &observer, &mut kept).unwrap();
    assert_eq!(summary.passes, 2);
    assert_eq!(*observer.1.lock().unwrap(), summary.rows);
    assert!(kept.batches.iter().all(|batch| batch.num_rows() <= 1_000));
    let profile = observer.0.finish(&kept.schema.unwrap()).unwrap();
    assert_eq!(profile.rows, 1_200_001);
    assert_eq!(profile.columns[0].kind, "float64");
    assert_eq!(profile.columns[1].distinct, 3);
    assert_eq!(profile.columns[1].missing, 1);
}
