//! Another engine reads our tables in place.

use std::process::Command;

use lake::Lake;
use lake_delta::{DeltaLake, Location};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::conformance::{LIMITS, path, residents, store};

/// Runs only if `FENHE_PYTHON` names a Python that has DuckDB and its Delta extension.
#[test]
fn duckdb_reads_every_version() {
    let Some(python) = std::env::var_os("FENHE_PYTHON") else {
        eprintln!("left out: FENHE_PYTHON is not set");
        return;
    };
    let folder = TempDir::new().unwrap();
    let table = path("engines/residents");
    let lake = DeltaLake::open(Location::Folder(folder.path().to_path_buf())).unwrap();
    Runtime::new().unwrap().block_on(async {
        // Beyond a checkpoint.
        for _ in 0..11 {
            store(&lake, &table, &[residents()]).await;
        }
        store(&lake, &table, &[residents().slice(0, 5).project(&[0, 1]).unwrap()]).await;
        assert_eq!(lake.count(&table, None, None, &LIMITS).await.unwrap(), 5);
    });
    let read = |version: Option<u64>| {
        let output = Command::new(&python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/duckdb_reads.py"))
            .arg(folder.path().join(table.as_str()))
            .args(version.map(|version| version.to_string()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let newest = read(None);
    assert_eq!(newest["columns"], serde_json::json!(["_row", "姓名", "年龄"]));
    assert_eq!(newest["rows"][4], serde_json::json!(["4", "100%棉", "18"]));
    assert_eq!(newest["rows"].as_array().unwrap().len(), 5);
    let old = read(Some(10));
    let row = old["rows"][0].as_array().unwrap();
    assert_eq!(old["rows"].as_array().unwrap().len(), 8);
    assert_eq!(old["columns"][3], "收入（元）");
    assert_eq!((&row[4], &row[5]), (&"1.00".into(), &"true".into()));
    assert_eq!(row[6], "2020-01-11");
    assert!(row[7].as_str().unwrap().starts_with("2020-01-11 00:00:00"), "{row:?}");
    assert_eq!(old["rows"][2][1], serde_json::Value::Null);
}
