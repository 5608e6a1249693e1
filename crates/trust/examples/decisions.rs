//! How long the policies take to decide: `cargo run --release -p trust --example decisions`.

#![expect(clippy::print_stdout, reason = "it measures and prints")]

use std::hint::black_box;
use std::time::Instant;

use trust::{Action, Caller, Resource};

const DECISIONS: usize = 20_000;

fn main() {
    let caller = Caller::system(jiff::Timestamp::UNIX_EPOCH);
    let asset = Resource::of_kind("asset").with_id("one").in_state("draft");
    let mut nanos: Vec<u128> = (0..DECISIONS)
        .map(|_| {
            let began = Instant::now();
            black_box(caller.can(Action::EditAsset, &asset));
            began.elapsed().as_nanos()
        })
        .collect();
    nanos.sort_unstable();
    let at = |share: usize| nanos.get(DECISIONS * share / 100).copied().unwrap_or_default() / 1_000;
    println!("{DECISIONS} decisions: median {} µs, p99 {} µs", at(50), at(99));
}
