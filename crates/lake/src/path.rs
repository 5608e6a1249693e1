//! The address of a table inside the lake.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest allowed segment, in characters.
const LONGEST_SEGMENT: usize = 64;
/// Most segments of a path.
const MOST_SEGMENTS: usize = 4;

/// Address of a table: `asset-id/dataset`.
///
/// One to four segments of `a–z`, `0–9` and `-`, each at most 64 characters. A
/// value is therefore safe as a folder name and as part of a URL. It does not
/// say that the table exists.
///
/// ```
/// # use lake::TablePath;
/// let path: TablePath = "0192f0c1/air-quality".parse()?;
/// assert_eq!(path.as_str(), "0192f0c1/air-quality");
/// assert!("../etc".parse::<TablePath>().is_err());
/// # Ok::<(), lake::TablePathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TablePath(String);

/// Why a text is not a [`TablePath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a table path: 1 to 4 segments of a-z, 0-9 and `-` are needed")]
pub struct TablePathError {
    /// The text that was given.
    pub text: String,
}

impl TablePath {
    /// Joins segments to a path.
    ///
    /// # Errors
    ///
    /// [`TablePathError`] if a segment has another character or length.
    pub fn new(segments: &[&str]) -> Result<Self, TablePathError> {
        segments.join("/").parse()
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments, at least one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl FromStr for TablePath {
    type Err = TablePathError;

    fn from_str(text: &str) -> Result<Self, TablePathError> {
        let sound = |segment: &str| {
            !segment.is_empty()
                && segment.len() <= LONGEST_SEGMENT
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if text.split('/').count() <= MOST_SEGMENTS && text.split('/').all(sound) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TablePathError { text: text.chars().take(200).collect() })
        }
    }
}

impl TryFrom<String> for TablePath {
    type Error = TablePathError;

    fn try_from(text: String) -> Result<Self, TablePathError> {
        text.parse()
    }
}

impl From<TablePath> for String {
    fn from(path: TablePath) -> Self {
        path.0
    }
}

impl fmt::Display for TablePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
