//! The text of Arrow cells of any type. A null stays a null; no type makes this
//! fail.

use arrow::array::{Array, ArrayRef, LargeStringArray, LargeStringBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Every cell of a column as text.
pub(crate) fn texts(array: &ArrayRef) -> LargeStringArray {
    if has_plain_text(array.data_type())
        && let Ok(cast) = cast(array, &DataType::LargeUtf8)
        && let Some(strings) = cast.as_any().downcast_ref::<LargeStringArray>()
        && strings.null_count() == array.logical_null_count()
    {
        return strings.clone();
    }
    let options = FormatOptions::default().with_display_error(true);
    let nulls = array.logical_nulls();
    let mut builder = LargeStringBuilder::new();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options);
    for row in 0..array.len() {
        let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match &formatter {
            Ok(formatter) if !null => {
                builder.append_option(formatter.value(row).try_to_string().ok());
            }
            _ => builder.append_null(),
        }
    }
    builder.finish()
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
