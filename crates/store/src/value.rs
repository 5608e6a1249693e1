//! Values that go into a statement.

use jiff::Timestamp;
use vocabulary::{
    AccountId, AssetId, CaseNumber, CreditCode, DataLevel, DivisionCode, EntryId, Fen, GateRunId,
    ItemId, JobId, RefusalCode, ReleaseId, ReuseId, SummaryId, UploadId, VersionId, time::utc_text,
};

use crate::Error;

/// One value for a placeholder. Made by [`params!`](crate::params).
#[derive(Clone, Debug, PartialEq)]
pub struct Value(Inner);

#[derive(Clone, Debug, PartialEq)]
enum Inner {
    Text(Option<String>),
    Integer(Option<i64>),
    Real(Option<f64>),
    Bytes(Option<Vec<u8>>),
    TooLarge(u64),
}

impl Value {
    /// Text, or no value.
    pub fn text(text: Option<String>) -> Self {
        Self(Inner::Text(text))
    }

    pub(crate) fn into_engine(self) -> Result<sea_orm::Value, Error> {
        Ok(match self.0 {
            Inner::Text(text) => sea_orm::Value::String(text),
            Inner::Integer(number) => sea_orm::Value::BigInt(number),
            Inner::Real(number) => sea_orm::Value::Double(number),
            Inner::Bytes(bytes) => sea_orm::Value::Bytes(bytes),
            Inner::TooLarge(number) => return Err(Error::TooLarge(number)),
        })
    }
}

/// A type that can stand in [`params!`](crate::params).
///
/// Types of an area get it, and [`Column`](crate::Column) with it, from
/// [`text_column!`](crate::text_column).
pub trait ToValue {
    /// No value, with the type that PostgreSQL must be told.
    const NULL: Value;

    /// The value as it is stored.
    fn to_value(&self) -> Value;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const NULL: Value = T::NULL;

    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    const NULL: Value = T::NULL;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Self::NULL, ToValue::to_value)
    }
}

impl ToValue for str {
    const NULL: Value = Value(Inner::Text(None));

    fn to_value(&self) -> Value {
        Value(Inner::Text(Some(self.to_owned())))
    }
}

impl ToValue for String {
    const NULL: Value = Value(Inner::Text(None));

    fn to_value(&self) -> Value {
        Value(Inner::Text(Some(self.clone())))
    }
}

impl ToValue for serde_json::Value {
    const NULL: Value = Value(Inner::Text(None));

    fn to_value(&self) -> Value {
        Value(Inner::Text(Some(self.to_string())))
    }
}

impl ToValue for Timestamp {
    const NULL: Value = Value(Inner::Text(None));

    fn to_value(&self) -> Value {
        Value(Inner::Text(Some(utc_text(*self))))
    }
}

impl ToValue for [u8] {
    const NULL: Value = Value(Inner::Bytes(None));

    fn to_value(&self) -> Value {
        Value(Inner::Bytes(Some(self.to_vec())))
    }
}

impl<const N: usize> ToValue for [u8; N] {
    const NULL: Value = Value(Inner::Bytes(None));

    fn to_value(&self) -> Value {
        Value(Inner::Bytes(Some(self.to_vec())))
    }
}

impl ToValue for Vec<u8> {
    const NULL: Value = Value(Inner::Bytes(None));

    fn to_value(&self) -> Value {
        Value(Inner::Bytes(Some(self.clone())))
    }
}

impl ToValue for bool {
    const NULL: Value = Value(Inner::Integer(None));

    fn to_value(&self) -> Value {
        Value(Inner::Integer(Some(i64::from(*self))))
    }
}

impl ToValue for f64 {
    const NULL: Value = Value(Inner::Real(None));

    fn to_value(&self) -> Value {
        Value(Inner::Real(Some(*self)))
    }
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl ToValue for $type {
            const NULL: Value = Value(Inner::Integer(None));

            fn to_value(&self) -> Value {
                Value(Inner::Integer(Some(i64::from(*self))))
            }
        }
    )+};
}

integers!(i64, i32, i16, u32, u16, u8);

/// Money is stored in fen, the smallest unit.
impl ToValue for Fen {
    const NULL: Value = Value(Inner::Integer(None));

    fn to_value(&self) -> Value {
        Value(Inner::Integer(Some(self.fen())))
    }
}

impl ToValue for u64 {
    const NULL: Value = Value(Inner::Integer(None));

    fn to_value(&self) -> Value {
        Value(
            i64::try_from(*self)
                .map_or(Inner::TooLarge(*self), |number| Inner::Integer(Some(number))),
        )
    }
}

impl ToValue for usize {
    const NULL: Value = Value(Inner::Integer(None));

    fn to_value(&self) -> Value {
        u64::try_from(*self).map_or(Value(Inner::TooLarge(u64::MAX)), |number| number.to_value())
    }
}

/// The values of a statement: `params![id, "text", None::<String>, 7, now]`.
///
/// Takes anything that is [`ToValue`], by value or by reference.
#[macro_export]
macro_rules! params {
    () => { ::std::vec::Vec::<$crate::Value>::new() };
    ($($value:expr),+ $(,)?) => {
        ::std::vec![$($crate::ToValue::to_value(&$value)),+]
    };
}

/// Placeholders for a list of values, as in `IN ($2, $3, $4)`.
///
/// - `first`: the number of the first placeholder.
/// - `count`: how many; at most some thousands, for the engines have a limit. With 0
///   the list is empty, which PostgreSQL refuses: ask nothing then.
///
/// ```
/// assert_eq!(store::placeholders(2, 3), "$2, $3, $4");
/// ```
pub fn placeholders(first: usize, count: usize) -> String {
    let numbers: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    numbers.join(", ")
}

/// Makes types that are written with `Display` and read with `FromStr` usable
/// in [`params!`] and [`Row::get`](crate::Row::get): states, codes, identifiers.
#[macro_export]
macro_rules! text_column {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::ToValue for $type {
            const NULL: $crate::Value = <str as $crate::ToValue>::NULL;

            fn to_value(&self) -> $crate::Value {
                $crate::Value::text(::std::option::Option::Some(
                    ::std::string::ToString::to_string(self),
                ))
            }
        }

        impl $crate::Column for $type {
            fn read_nullable(
                row: &$crate::Row,
                at: $crate::At<'_>,
            ) -> ::std::result::Result<::std::option::Option<Self>, $crate::Error> {
                row.parse_nullable(at)
            }
        }
    )+};
}

text_column!(
    AccountId,
    AssetId,
    CaseNumber,
    CreditCode,
    DataLevel,
    DivisionCode,
    EntryId,
    GateRunId,
    ItemId,
    JobId,
    RefusalCode,
    ReleaseId,
    ReuseId,
    SummaryId,
    UploadId,
    VersionId,
);
