//! Registration of assets over HTTP.

pub(crate) mod api;
pub(crate) mod entry;
pub(crate) mod pages;
pub(crate) mod upload;
pub(crate) mod view;
