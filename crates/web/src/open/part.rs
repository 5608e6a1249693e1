//! Which part of a download a client still needs: RFC 9110, sections 13 and 14.

use std::ops::Bound;

use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName};
use headers::{ETag, HeaderMapExt as _, IfNoneMatch, IfRange};

/// Digits of numbers that surely have 64 bits.
const MOST_DIGITS: usize = 19;

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: the client has it.
    Nothing,
    /// All of it.
    Whole,
    /// These bytes, the last one included.
    Bytes {
        /// The first byte, from 0.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Bytes that are not there.
    Beyond,
}

/// What a request asks for.
///
/// - `length`: bytes of the whole, where that is known beforehand; without it no part
///   can be asked for, and the whole is sent. So it is where several parts are asked for.
pub(super) fn wanted(headers: &HeaderMap, tag: &ETag, length: Option<u64>) -> Wanted {
    let known = readable(headers, &IF_NONE_MATCH).then(|| headers.typed_get::<IfNoneMatch>());
    if known.flatten().is_some_and(|known| !known.precondition_passes(tag)) {
        return Wanted::Nothing;
    }
    let (Some(length), Some(range)) = (length, range_of(headers)) else {
        return Wanted::Whole;
    };
    if headers.contains_key(IF_RANGE) {
        let had = readable(headers, &IF_RANGE).then(|| headers.typed_get::<IfRange>()).flatten();
        if had.is_none_or(|had| had.is_modified(Some(tag), None)) {
            return Wanted::Whole;
        }
    }
    let asked: Vec<_> = range.satisfiable_ranges(length).collect();
    let (first, end) = match asked.as_slice() {
        // More bytes from the end than there are: all of them (RFC 9110, section 14.1.2).
        [] if asks_for_the_end(headers) && length > 0 => (Bound::Unbounded, Bound::Unbounded),
        [] => return Wanted::Beyond,
        [one] => *one,
        _ => return Wanted::Whole,
    };
    let first = match first {
        Bound::Included(at) => at,
        Bound::Excluded(at) => at.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let last = match end {
        Bound::Included(at) => at.min(length.saturating_sub(1)),
        Bound::Excluded(_) | Bound::Unbounded => length.saturating_sub(1),
    };
    if first >= length || last < first { Wanted::Beyond } else { Wanted::Bytes { first, last } }
}

/// The range that is asked for. A number beyond all numbers is beyond the end as well.
fn range_of(headers: &HeaderMap) -> Option<headers::Range> {
    let text = headers.get(RANGE)?.to_str().ok()?;
    let mut plain = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        if digits.len() > MOST_DIGITS {
            plain.push_str(&u64::MAX.to_string());
            plain.push_str(part.get(digits.len()..).unwrap_or_default());
        } else {
            plain.push_str(part);
        }
    }
    let mut one = HeaderMap::new();
    one.insert(RANGE, plain.parse().ok()?);
    one.typed_get()
}

/// Whether the range is a number of bytes from the end, `bytes=-500`.
fn asks_for_the_end(headers: &HeaderMap) -> bool {
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let number = range.strip_prefix("bytes=-").unwrap_or_default();
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.bytes().any(|byte| byte != b'0')
}

/// Whether a header holds tags as they are written. The library that compares tags
/// relies on it: a space inside a tag stops a development build.
fn readable(headers: &HeaderMap, name: &HeaderName) -> bool {
    let is_tag = |text: &str| !text.trim().contains(|c: char| c.is_whitespace());
    headers
        .get_all(name)
        .iter()
        .all(|value| value.to_str().is_ok_and(|text| text.split(',').all(is_tag)))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

    use super::{Wanted, wanted};

    fn asked(pairs: &[(HeaderName, &'static str)]) -> Wanted {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        wanted(&headers, &"\"abc\"".parse().unwrap(), Some(100))
    }

    #[test]
    fn a_part_is_what_was_asked_for_and_no_more_than_there_is() {
        let cases = [
            ("bytes=0-9", Wanted::Bytes { first: 0, last: 9 }),
            ("bytes=90-", Wanted::Bytes { first: 90, last: 99 }),
            ("bytes=90-500", Wanted::Bytes { first: 90, last: 99 }),
            ("bytes=-10", Wanted::Bytes { first: 90, last: 99 }),
            ("bytes=7-99999999999999999999", Wanted::Bytes { first: 7, last: 99 }),
            ("bytes=-500", Wanted::Bytes { first: 0, last: 99 }),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=9-1", Wanted::Beyond),
            ("bytes=x", Wanted::Beyond),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("rows=0-1", Wanted::Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(asked(&[(header::RANGE, range)]), expected, "{range}");
        }
    }

    #[test]
    fn a_client_that_has_it_gets_nothing_and_one_that_had_another_gets_all() {
        assert_eq!(asked(&[(header::IF_NONE_MATCH, "\"abc\"")]), Wanted::Nothing);
        assert_eq!(asked(&[(header::IF_NONE_MATCH, "\"old\"")]), Wanted::Whole);
        assert_eq!(asked(&[(header::IF_NONE_MATCH, "\"of old\"")]), Wanted::Whole);
        let resumed = [(header::RANGE, "bytes=90-"), (header::IF_RANGE, "\"abc\"")];
        assert_eq!(asked(&resumed), Wanted::Bytes { first: 90, last: 99 });
        let changed = [(header::RANGE, "bytes=90-"), (header::IF_RANGE, "\"old\"")];
        assert_eq!(asked(&changed), Wanted::Whole);
        let odd = [(header::RANGE, "bytes=90-"), (header::IF_RANGE, "\"of old\"")];
        assert_eq!(asked(&odd), Wanted::Whole);
    }
}
