//! Protocols that others define.

pub(crate) mod dcat;
