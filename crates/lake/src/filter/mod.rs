//! The language of `where`: a small, safe part of SQL.
//!
//! ```text
//! 年龄 >= 18 and 性别 = '女'
//! "PM2.5 浓度" between 35 and 75 or 站点 in ('太原', '大同')
//! not (姓名 like '王%' or 备注 is null)
//! 地址 contains '平遥'
//! 日期 >= '2020-01-11' and 时刻 < '2020-01-11T08:00:00'
//! ```
//!
//! - A column is bare (letters of any script, digits, `_`) or in double quotes, a
//!   double quote inside doubled. Text is in single quotes, a single quote inside
//!   doubled. Numbers are bare. `true` and `false` are values. Keywords may be in
//!   any case.
//! - `= != <> < <= > >= in between like contains is null`, each of the worded ones
//!   with `not` too; `not`, `and`, `or` bind in this order; parentheses.
//! - A comparison is between a column and a value. Dates and instants are text in
//!   ISO 8601; an instant without offset means UTC where the column has a zone.
//! - `like` knows `%` (any text), `_` (one character) and `\` before them to mean
//!   themselves. Text compares by code point.
//! - Logic has three values as in SQL: a comparison with a missing value is unknown,
//!   and only rows for which the filter is true are kept. Missing values are found
//!   with `is null`.
//!
//! A text has at most [`LONGEST`] characters and [`DEEPEST`] levels of parentheses.
//!
//! Start at [`Filter::parse`]. What a column's type makes of it is in [`check`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

pub mod check;
mod literal;
mod parse;
pub mod token;

/// Most characters of a filter.
pub const LONGEST: usize = 8_192;
/// Most levels of parentheses and negations.
pub const DEEPEST: usize = 32;
/// Most values of an `in` list.
pub const LONGEST_LIST: usize = 1_000;

/// A parsed `where`. It does not say that the columns exist: see [`Filter::check`].
///
/// Written out, it is canonical: two texts that differ in spacing, case of keywords
/// or needless parentheses give the same text.
///
/// ```
/// # use lake::Filter;
/// let filter = Filter::parse("年龄>=18 AND (性别='女')")?;
/// assert_eq!(filter.to_string(), "\"年龄\" >= 18 and \"性别\" = '女'");
/// let wrong = Filter::parse("年龄 >=").unwrap_err();
/// assert_eq!(wrong.position, 6);
/// # Ok::<(), lake::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Filter(Node);

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {position}: {}", message.en)]
pub struct FilterError {
    /// The character, counted from 1; behind the last one if something is missing.
    pub position: usize,
    /// What is wrong.
    pub message: Bilingual,
}

impl FilterError {
    /// An error at a character.
    pub(crate) fn at(position: usize, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { position, message: Bilingual::new(zh, en) }
    }
}

/// One node of a filter.
#[derive(Clone, Debug)]
enum Node {
    /// All of them.
    And(Vec<Node>),
    /// Any of them.
    Or(Vec<Node>),
    /// The contrary.
    Not(Box<Node>),
    /// One test of one column.
    Test { column: String, position: usize, test: Test },
}

/// A test of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Compare(check::Comparison, Literal),
    In(Vec<Literal>),
    Null,
    Like(String),
    Between(Literal, Literal),
    Contains(String),
}

/// A value as it was written.
#[derive(Clone, Debug)]
struct Literal {
    value: Written,
    position: usize,
}

/// The three ways to write a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Written {
    Text(String),
    Number(String),
    Truth(bool),
}

// Where a thing stood does not make it another thing.
impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Literal {}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::And(a), Self::And(b)) | (Self::Or(a), Self::Or(b)) => a == b,
            (Self::Not(a), Self::Not(b)) => a == b,
            (
                Self::Test { column: a, test: left, .. },
                Self::Test { column: b, test: right, .. },
            ) => a == b && left == right,
            _ => false,
        }
    }
}

impl Eq for Node {}

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    ///
    /// [`FilterError`] with the character and what was expected there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::filter(text).map(Self)
    }

    /// The columns that it names, each once, in order of appearance.
    pub fn columns(&self) -> Vec<&str> {
        fn collect<'a>(node: &'a Node, columns: &mut Vec<&'a str>) {
            match node {
                Node::And(nodes) | Node::Or(nodes) => {
                    nodes.iter().for_each(|node| collect(node, columns));
                }
                Node::Not(node) => collect(node, columns),
                Node::Test { column, .. } => {
                    if !columns.contains(&column.as_str()) {
                        columns.push(column);
                    }
                }
            }
        }
        let mut columns = Vec::new();
        collect(&self.0, &mut columns);
        columns
    }

    /// Both filters at once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut nodes = Vec::new();
        for node in [self.0, other.0] {
            match node {
                Node::And(inner) => nodes.extend(inner),
                node => nodes.push(node),
            }
        }
        Self(Node::And(nodes))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Filter {
    type Error = FilterError;

    fn try_from(text: String) -> Result<Self, FilterError> {
        Self::parse(&text)
    }
}

impl From<Filter> for String {
    fn from(filter: Filter) -> Self {
        filter.to_string()
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl Node {
    /// How tightly it binds: a looser node inside a tighter one needs parentheses.
    fn binding(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Not(_) => 2,
            Self::Test { .. } => 3,
        }
    }

    fn inside(&self, outer: u8, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.binding() < outer {
            write!(formatter, "({self})")
        } else {
            write!(formatter, "{self}")
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nodes, word) = match self {
            Self::And(nodes) => (nodes, " and "),
            Self::Or(nodes) => (nodes, " or "),
            Self::Not(node) => {
                formatter.write_str("not ")?;
                return node.inside(2, formatter);
            }
            Self::Test { column, test, .. } => {
                write!(formatter, "\"{}\" {test}", column.replace('"', "\"\""))?;
                return Ok(());
            }
        };
        for (place, node) in nodes.iter().enumerate() {
            if place > 0 {
                formatter.write_str(word)?;
            }
            node.inside(self.binding() + 1, formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(op, literal) => write!(formatter, "{op} {literal}"),
            Self::In(literals) => {
                formatter.write_str("in (")?;
                for (place, literal) in literals.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{literal}")?;
                }
                formatter.write_str(")")
            }
            Self::Null => formatter.write_str("is null"),
            Self::Like(pattern) => write!(formatter, "like {}", quoted(pattern)),
            Self::Between(low, high) => write!(formatter, "between {low} and {high}"),
            Self::Contains(text) => write!(formatter, "contains {}", quoted(text)),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Written::Text(text) => formatter.write_str(&quoted(text)),
            Written::Number(text) => formatter.write_str(text),
            Written::Truth(truth) => write!(formatter, "{truth}"),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
