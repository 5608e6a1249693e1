//! The site over HTTP, without a network: every page renders, the API answers as
//! its description says, and what is odd is refused politely.

mod api;
mod pages;
mod site;
#[path = "../../../platform/tests/it/stage.rs"]
mod stage;
