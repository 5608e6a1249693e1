//! The gate over HTTP.

pub(crate) mod api;
pub(crate) mod pages;
