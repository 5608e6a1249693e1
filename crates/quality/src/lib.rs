//! What the values of a table look like, and the quality indicators of
//! GB/T 36344-2018 that follow from it.
//!
//! ```text
//! batches ─▶ Profiler ─▶ TableProfile ─▶ indicators ─▶ Indicator { code, A, B }
//!            one pass, memory independent of rows
//! ```
//!
//! A profiler sees each batch once, in any order; two profilers of parts of a
//! table merge into one of the whole. Counts, extremes, means and histograms are
//! then the same as those of one profiler over everything. Numbers of distinct
//! values and frequent values are exact up to a limit and estimates above it,
//! and say so.
//!
//! Invariants (each is also the name of a test):
//! - `merged_profiles_equal_the_profile_of_the_whole`
//! - `bins_and_missing_values_add_up_to_the_rows`
//! - `an_indicator_keeps_its_raw_counts`
//!
//! Start at [`Profiler`], or at [`SharedProfiler`] where several threads see the
//! batches. This crate knows no file and no table format.

mod indicator;
mod profile;

pub use indicator::{Context, Direction, Indicator, indicators};
pub use profile::{
    Bin, ColumnProfile, Kind, ProfileError, Profiler, SharedProfiler, TableProfile, TopValue,
};
