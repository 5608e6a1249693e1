//! The promises of the port, kept by DataFusion and by the decoded tables.

use std::collections::BTreeMap;

use lake_delta::{DeltaLake, Location, Settings};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::bucket::Bucket;
use crate::conformance as promise;

/// A lake in a new folder. Without memory for decoded tables, DataFusion answers.
pub(crate) fn lake(decoded_bytes: usize) -> (TempDir, DeltaLake) {
    let folder = TempDir::new().unwrap();
    let settings = Settings { decoded_bytes, ..Settings::default() };
    let lake = DeltaLake::with_settings(Location::Folder(folder.path().to_path_buf()), settings);
    (folder, lake.unwrap())
}

#[test]
fn datafusion_keeps_every_promise() {
    let (_folder, lake) = lake(0);
    Runtime::new().unwrap().block_on(promise::every_promise(&lake));
}

#[test]
fn decoded_tables_keep_every_promise() {
    let (_folder, lake) = lake(64 << 20);
    Runtime::new().unwrap().block_on(promise::every_promise(&lake));
}

/// Object stores have no folders to move and no syncs: this one is in memory.
#[test]
fn an_object_store_keeps_every_promise() {
    let settings = Settings { decoded_bytes: 0, ..Settings::default() };
    let url = "memory:///some/lake".parse().unwrap();
    let location = Location::Url { url, options: BTreeMap::new() };
    let lake = DeltaLake::with_settings(location, settings).unwrap();
    Runtime::new().unwrap().block_on(promise::every_promise(&lake));
}

#[test]
fn a_bucket_keeps_every_promise() {
    let Some(bucket) = Bucket::start() else { return };
    let lake = DeltaLake::open(bucket.location()).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(lake.assure()).unwrap();
    runtime.block_on(promise::every_promise(&lake));
}

#[test]
fn a_bucket_that_ignores_conditions_is_refused() {
    let Some(bucket) = Bucket::careless() else { return };
    let lake = DeltaLake::open(bucket.location()).unwrap();
    let error = Runtime::new().unwrap().block_on(lake.assure()).unwrap_err();
    let said = vocabulary::error_chain(&error);
    assert!(said.contains("ignores conditional writes"), "{said}");
}

#[test]
fn pages_of_datafusion_together_are_the_sorted_table() {
    let (_folder, lake) = lake(0);
    let runtime = Runtime::new().unwrap();
    promise::pages_together_are_the_sorted_table(&lake, 24, &|work| runtime.block_on(work));
}

#[test]
fn pages_of_decoded_tables_together_are_the_sorted_table() {
    let (_folder, lake) = lake(64 << 20);
    let runtime = Runtime::new().unwrap();
    promise::pages_together_are_the_sorted_table(&lake, 60, &|work| runtime.block_on(work));
}

#[test]
fn differences_of_datafusion_lead_from_one_version_to_the_other() {
    let (_folder, lake) = lake(0);
    let runtime = Runtime::new().unwrap();
    promise::differences_lead_from_one_version_to_the_other(&lake, 12, &|work| {
        runtime.block_on(work);
    });
    runtime.block_on(promise::a_key_that_stands_twice_is_refused(&lake));
}
