//! Values that come out of a row.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sea_orm::{QueryResult, TryGetable};
use vocabulary::Fen;
use vocabulary::time::parse_utc_text;

use crate::Error;

/// One row of a result.
#[derive(Debug)]
pub struct Row(pub(crate) QueryResult);

/// Where in the row: by name, or by position from 0.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// The column's name.
    Name(&'a str),
    /// The column's position, from 0.
    Position(usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(formatter, "column `{name}`"),
            Self::Position(position) => write!(formatter, "column {position}"),
        }
    }
}

/// A type that can be read from one column.
pub trait Column: Sized {
    /// Reads the column; `None` if it is NULL.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if the column holds another type, or text that the
    /// type does not accept.
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error>;

    /// Reads the column.
    ///
    /// # Errors
    ///
    /// As [`Column::read_nullable`], and if the column is NULL.
    fn read(row: &Row, at: At<'_>) -> Result<Self, Error> {
        Self::read_nullable(row, at)?.ok_or_else(|| Error::corrupt(format!("{at} is empty")))
    }
}

/// A type that is made from one row.
///
/// Every [`Column`] is one (of its first column), and so are pairs, triples and
/// quadruples of columns; a struct names its columns:
///
/// ```
/// # use store::{Error, FromRow, Row};
/// struct Body { name: String, members: i64, closed: Option<jiff::Timestamp> }
///
/// impl FromRow for Body {
///     fn from_row(row: &Row) -> Result<Self, Error> {
///         Ok(Self {
///             name: row.get("name_zh")?,
///             members: row.get("members")?,
///             closed: row.get("closed_at")?,
///         })
///     }
/// }
/// ```
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if a column is not what it must be.
    fn from_row(row: &Row) -> Result<Self, Error>;
}

impl Row {
    /// The value of the column `name`; `Option<_>` where it may be NULL.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if the column is missing, NULL, or of another type.
    pub fn get<T: Column>(&self, name: &str) -> Result<T, Error> {
        T::read(self, At::Name(name))
    }

    /// Reads a JSON column into a type.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if the text is not JSON of that shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let text: String = self.get(name)?;
        serde_json::from_str(&text)
            .map_err(|error| Error::corrupt(format!("column `{name}`: {error}")))
    }

    /// Reads text and parses it; for [`text_column!`](crate::text_column).
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if the type does not accept the text.
    pub fn parse_nullable<T>(&self, at: At<'_>) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let Some(text) = self.engine::<String>(at)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| Error::corrupt(format!("{at}: {error}")))
    }

    fn engine<T: TryGetable>(&self, at: At<'_>) -> Result<Option<T>, Error> {
        let read = match at {
            At::Name(name) => self.0.try_get_by::<Option<T>, _>(name),
            At::Position(position) => self.0.try_get_by::<Option<T>, _>(position),
        };
        read.map_err(|error| Error::corrupt(format!("{at}: {error}")))
    }

    fn integer(&self, at: At<'_>) -> Result<Option<i64>, Error> {
        self.engine::<i64>(at).or_else(|error| match self.engine::<i32>(at) {
            // PostgreSQL's INTEGER, as in `SELECT 1`.
            Ok(number) => Ok(number.map(i64::from)),
            Err(_) => Err(error),
        })
    }
}

impl<T: Column> FromRow for T {
    fn from_row(row: &Row) -> Result<Self, Error> {
        T::read(row, At::Position(0))
    }
}

impl<A: Column, B: Column> FromRow for (A, B) {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok((A::read(row, At::Position(0))?, B::read(row, At::Position(1))?))
    }
}

impl<A: Column, B: Column, C: Column> FromRow for (A, B, C) {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok((
            A::read(row, At::Position(0))?,
            B::read(row, At::Position(1))?,
            C::read(row, At::Position(2))?,
        ))
    }
}

impl<A: Column, B: Column, C: Column, D: Column> FromRow for (A, B, C, D) {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok((
            A::read(row, At::Position(0))?,
            B::read(row, At::Position(1))?,
            C::read(row, At::Position(2))?,
            D::read(row, At::Position(3))?,
        ))
    }
}

impl<T: Column> Column for Option<T> {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        T::read_nullable(row, at).map(Some)
    }

    fn read(row: &Row, at: At<'_>) -> Result<Self, Error> {
        T::read_nullable(row, at)
    }
}

impl Column for String {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        row.engine(at)
    }
}

impl Column for Vec<u8> {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        row.engine(at)
    }
}

impl Column for f64 {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        row.engine(at)
    }
}

impl Column for i64 {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        row.integer(at)
    }
}

impl Column for bool {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        match row.integer(at)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(other) => Err(Error::corrupt(format!("{at}: `{other}` is neither 0 nor 1"))),
        }
    }
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
                let Some(number) = row.integer(at)? else { return Ok(None) };
                Self::try_from(number)
                    .map(Some)
                    .map_err(|_| Error::corrupt(format!("{at}: `{number}` is out of range")))
            }
        }
    )+};
}

integers!(u64, u32, u16, u8, i32, usize);

impl Column for Fen {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        Ok(row.integer(at)?.map(Self::new))
    }
}

/// Only the form that [`params!`](crate::params) writes: another would not sort.
impl Column for Timestamp {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        let Some(text) = row.engine::<String>(at)? else { return Ok(None) };
        parse_utc_text(&text).map(Some).map_err(|error| Error::corrupt(format!("{at}: {error}")))
    }
}

impl Column for serde_json::Value {
    fn read_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, Error> {
        row.parse_nullable(at)
    }
}
