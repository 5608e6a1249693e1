//! Tests of the Delta lake: the promises of the port, and those of this adapter.

#[cfg(test)]
mod bucket;
#[cfg(test)]
#[path = "../../../lake/tests/it/conformance.rs"]
mod conformance;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod files;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod racing;
#[cfg(test)]
mod sql;
