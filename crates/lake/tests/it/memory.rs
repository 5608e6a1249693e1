//! The lake in memory keeps every promise of the port.

use lake::MemoryLake;
use tokio::runtime::Runtime;

use crate::conformance as promise;

#[test]
fn the_memory_lake_keeps_every_promise() {
    Runtime::new().unwrap().block_on(promise::every_promise(&MemoryLake::new()));
}

#[test]
fn differences_lead_from_one_version_to_the_other() {
    let runtime = Runtime::new().unwrap();
    promise::differences_lead_from_one_version_to_the_other(&MemoryLake::new(), 200, &|work| {
        runtime.block_on(work);
    });
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(promise::a_key_that_stands_twice_is_refused(&MemoryLake::new()));
}

#[test]
fn pages_together_are_the_sorted_table() {
    let runtime = Runtime::new().unwrap();
    promise::pages_together_are_the_sorted_table(&MemoryLake::new(), 400, &|work| {
        runtime.block_on(work);
    });
}
