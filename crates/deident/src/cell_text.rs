//! The text of Arrow cells: one rule for every type, so that a hierarchy, a
//! tuple and an applied plan always mean the same value.
//!
//! A null stays a null. Types that have a plain text form (numbers, dates,
//! strings, dictionaries) are cast; the others (lists, structs, binary) are
//! formatted. No type makes this fail: what cannot be formatted becomes a note
//! of the error, which is a value like any other.

use arrow::array::{Array, ArrayRef, LargeStringArray, LargeStringBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Every cell of a column as text; nulls stay nulls.
pub(crate) fn texts(array: &ArrayRef) -> LargeStringArray {
    if has_plain_text(array.data_type())
        && let Ok(cast) = cast(array, &DataType::LargeUtf8)
        && let Some(strings) = cast.as_any().downcast_ref::<LargeStringArray>()
        && strings.null_count() == array.logical_null_count()
    {
        return strings.clone();
    }
    formatted(array)
}

fn has_plain_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => has_plain_text(value),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(_, _)
        | DataType::Time32(_)
        | DataType::Time64(_) => true,
        other => other.is_numeric(),
    }
}

fn formatted(array: &ArrayRef) -> LargeStringArray {
    let options = FormatOptions::default().with_display_error(true);
    let nulls = array.logical_nulls();
    let mut builder = LargeStringBuilder::new();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options);
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        match &formatter {
            Ok(formatter) => match formatter.value(row).try_to_string() {
                Ok(text) => builder.append_value(text),
                Err(error) => builder.append_value(format!("unreadable: {error}")),
            },
            Err(error) => builder.append_value(format!("unreadable: {error}")),
        }
    }
    builder.finish()
}
