//! An error with everything that led to it, in one line.

use std::error::Error;

/// An error and its sources, set apart by colons; what the error itself says already is not
/// said again. For operators: a message may name what a caller must not see.
///
/// ```
/// let error: Box<dyn std::error::Error> = "no table".into();
/// assert_eq!(vocabulary::error_chain(error.as_ref()), "no table");
/// ```
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::error_chain;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Told {
        text: &'static str,
        source: Option<Box<Told>>,
    }

    #[test]
    fn every_cause_is_said_and_none_twice() {
        let disk = Told { text: "disk full", source: None };
        let file = Told { text: "a.csv: disk full", source: Some(Box::new(disk)) };
        let run = Told { text: "nothing was written", source: Some(Box::new(file)) };
        assert_eq!(error_chain(&run), "nothing was written: a.csv: disk full");
    }
}
