//! What the public asks of the portal, over HTTP (互动交流).
//!
//! ```text
//! pages/   list, form, one case, one's own case: for anyone, without signing in
//! desk/    the cases that a desk answers, and its steps
//! api.rs   the same for programs
//! granted.rs   the data that an answer granted, for both
//! ```

pub(crate) mod api;
pub(crate) mod desk;
pub(crate) mod granted;
pub(crate) mod pages;
mod view;
mod words;

/// Whether a page of this area, of reuses or of ratings takes a form from someone who has not signed in.
pub(crate) fn takes_forms_of_anyone(path: &str) -> bool {
    ["/requests/new", "/requests/own", "/reuses/new"].iter().any(|form| path.starts_with(form))
        || path.starts_with("/dataset/") && path.ends_with("/rating")
}
