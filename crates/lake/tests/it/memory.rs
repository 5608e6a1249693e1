//! The lake in memory keeps every promise of the port.

use lake::MemoryLake;
use tokio::runtime::Runtime;

use crate::conformance as promise;

#[test]
fn the_memory_lake_keeps_every_promise() {
    Runtime::new().unwrap().block_on(promise::every_promise(&MemoryLake::new()));
}

#[test]
fn pages_together_are_the_sorted_table() {
    let runtime = Runtime::new().unwrap();
    promise::pages_together_are_the_sorted_table(&MemoryLake::new(), 400, &|work| {
        runtime.block_on(work);
    });
}
