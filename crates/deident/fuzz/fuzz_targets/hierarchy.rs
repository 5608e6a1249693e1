//! A file of a hierarchy, whatever it holds: it is read and used, or refused.
#![no_main]

#[path = "../../tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|text: &str| fuzzed::hierarchy(text));
