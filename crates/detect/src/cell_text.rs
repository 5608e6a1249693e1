//! The text of Arrow cells of any type. A null stays a null; no type makes this
//! fail.

use arrow::array::{
    Array, ArrayRef, AsArray, GenericStringArray, LargeStringArray, LargeStringBuilder,
    OffsetSizeTrait,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Gives the text of every cell of a column to `read`, in order. Strings are
/// read where they lie.
pub(crate) fn each(array: &ArrayRef, mut read: impl FnMut(Option<&str>)) {
    match array.data_type() {
        DataType::Utf8 => strings(array.as_string::<i32>(), read),
        DataType::LargeUtf8 => strings(array.as_string::<i64>(), read),
        DataType::Int64 => {
            let mut digits = [0; 20];
            for value in array.as_primitive::<Int64Type>() {
                read(value.map(|value| decimal(value, &mut digits)));
            }
        }
        _ => strings(&texts(array), read),
    }
}

/// Gives the text of one cell of a column to `read`.
pub(crate) fn one(array: &ArrayRef, row: usize, read: impl FnMut(Option<&str>)) {
    if row < array.len() {
        each(&array.slice(row, 1), read);
    }
}

fn strings<O: OffsetSizeTrait>(array: &GenericStringArray<O>, mut read: impl FnMut(Option<&str>)) {
    if array.null_count() == 0 {
        for row in 0..array.len() {
            read(Some(array.value(row)));
        }
    } else {
        for row in 0..array.len() {
            read(array.is_valid(row).then(|| array.value(row)));
        }
    }
}

/// A whole number in decimal digits.
fn decimal(value: i64, digits: &mut [u8; 20]) -> &str {
    let mut rest = value.unsigned_abs();
    let mut from = digits.len();
    for (place, slot) in digits.iter_mut().enumerate().rev() {
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        from = place;
        if rest == 0 {
            break;
        }
    }
    if value < 0 && from > 0 {
        from -= 1;
        if let Some(slot) = digits.get_mut(from) {
            *slot = b'-';
        }
    }
    digits.get(from..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
}

/// Every cell of a column as text.
fn texts(array: &ArrayRef) -> LargeStringArray {
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

/// A byte of ASCII that is never taken off.
const PLAIN: u8 = 1;
/// The first byte of most Chinese characters.
const HAN: u8 = 2;

static EDGES: [u8; 256] = {
    let mut edges = [0; 256];
    let mut byte = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    while byte < 256 {
        edges[byte] = match byte {
            0x27 | 0x60 => 0,
            0x21..=0x7e => PLAIN,
            0xe4..=0xe9 => HAN,
            _ => 0,
        };
        byte += 1;
    }
    edges
};

/// The text without blanks around it and without the apostrophe with which sheets
/// mark a number as text, and how many bytes of them were before it.
#[inline]
pub(crate) fn trimmed(text: &str) -> (&str, usize) {
    let edge = |byte: Option<&u8>, edges: u8| {
        byte.is_none_or(|byte| EDGES.get(usize::from(*byte)).is_some_and(|own| own & edges != 0))
    };
    let bytes = text.as_bytes();
    let third = bytes.get(bytes.len().wrapping_sub(3));
    let ends = edge(bytes.last(), PLAIN) || third.is_some() && edge(third, HAN);
    if ends && edge(bytes.first(), PLAIN | HAN) {
        return (text, 0);
    }
    trimmed_slowly(text)
}

/// As [`trimmed`], for the few texts that begin or end in something else than a
/// letter, a digit, a mark or a Chinese character.
#[cold]
fn trimmed_slowly(text: &str) -> (&str, usize) {
    let tail = text.trim_start_matches(|char: char| char.is_whitespace() || "'`".contains(char));
    let inner = tail.trim_end_matches(|char: char| char.is_whitespace() || "'`".contains(char));
    (inner, text.len() - tail.len())
}
