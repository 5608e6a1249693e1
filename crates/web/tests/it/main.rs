//! The site over HTTP, without a network: every page renders, the API answers as
//! its description says, and what is odd is refused politely.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod api;
mod ckan;
mod desk;
mod harvest;
mod limits;
mod pages;
mod requests;
mod site;
#[expect(dead_code, reason = "the pages are tested on one engine, the areas on both")]
#[path = "../../../platform/tests/it/stage.rs"]
mod stage;
mod summaries;
