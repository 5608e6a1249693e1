//! The promises of the port, kept by DataFusion and by the decoded tables.

use std::collections::BTreeMap;

use lake_delta::{DeltaLake, Location, Settings};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::Url;
use uuid::Uuid;

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

/// Runs only if `FENHE_TEST_S3` names a bucket, its options behind a question mark:
/// `s3://bucket/lake?aws_endpoint=http://localhost:5000&aws_allow_http=true&…`.
#[test]
fn a_bucket_keeps_every_promise() {
    let Some(bucket) = std::env::var_os("FENHE_TEST_S3") else {
        eprintln!("left out: FENHE_TEST_S3 is not set");
        return;
    };
    let mut url: Url = bucket.to_str().unwrap().parse().unwrap();
    let options: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    url.set_query(None);
    // A folder of its own: the promises begin with an empty lake.
    url.set_path(&format!("{}/{}", url.path(), Uuid::new_v4()));
    let lake = DeltaLake::open(Location::Url { url, options }).unwrap();
    Runtime::new().unwrap().block_on(promise::every_promise(&lake));
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
