//! An error with everything that led to it, in one line for the log.

use std::error::Error;

/// An error and its sources, set apart by colons. For operators: a message may name what
/// a caller must not see.
///
/// ```
/// let error: Box<dyn std::error::Error> = "no table".into();
/// assert_eq!(vocabulary::error_chain(error.as_ref()), "no table");
/// ```
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
