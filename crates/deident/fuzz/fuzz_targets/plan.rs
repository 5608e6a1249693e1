//! A file of a plan, whatever it holds: it is read and carried out, or refused.
#![no_main]

#[path = "../../tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|text: &str| fuzzed::plan(text));
