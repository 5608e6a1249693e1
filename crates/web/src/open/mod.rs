//! The open portal over HTTP: pages for people, an API for programs.

pub(crate) mod api;
pub(crate) mod differences;
pub(crate) mod distribution;
pub(crate) mod download;
pub(crate) mod pages;
mod part;
mod pieces;
pub(crate) mod places;
pub(crate) mod rows;
pub(crate) mod sql;
