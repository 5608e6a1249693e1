//! Tests of the lake port and of the lake in memory.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod memory;
