//! HTTP: pages for people, an API for programs, protocols that others define.
//!
//! The area names are those of `platform`. A handler reads: extract → call →
//! convert; there is no rule and no SQL here. `router.rs` lists every URL.

mod app;
mod conditional;
mod desk;
mod extract;
mod form;
mod gate;
mod headers;
mod idempotency;
mod inbox;
mod limits;
mod map;
mod metrics;
mod open;
mod openapi;
mod paper;
mod parts;
mod people;
mod precondition;
mod problem;
mod protocols;
mod ratings;
mod registry;
mod requests;
mod reuses;
mod router;
mod session;
mod stamp;
mod step;
mod summary;
mod topics;
mod trust;
mod view;
mod visitor;

pub use app::{App, DemoAccount, Loading, LoadingStep, Site};
pub use limits::{AddressError, Addresses, LimitSettings, Limits, Rate, RateChanges, RefillError};
pub use metrics::Metrics;
pub use openapi::document;
pub use router::{monitoring, router};
pub use view::{Lang, Pages};
