//! Forms of cells that are frequent and in which nothing is ever found: days, moments,
//! decimal fractions. They are told by eight bytes at a time, and the pass over their
//! bytes is saved; what it would have said of them is said here.
//!
//! Invariant: `what_is_passed_over_has_nothing_in_it`, a test against the whole pass.

use crate::chars::{DASH, DIGIT, DOT, MARK};
use crate::scan::Shape;

/// Whether eight bytes are digits.
#[inline]
fn are_digits(bytes: u64) -> bool {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const SIX: u64 = 0x0606_0606_0606_0606;
    (bytes & HIGH | (bytes.wrapping_add(SIX) & HIGH) >> 4) == 0x3333_3333_3333_3333
}

/// Whether a text of eight bytes and more is all digits.
#[inline]
pub(crate) fn is_digits(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else { return false };
    let (chunks, _) = text.as_chunks::<8>();
    chunks.iter().chain([last]).all(|chunk| are_digits(u64::from_le_bytes(*chunk)))
}

/// Eight bytes are digits but for two marks.
#[inline]
fn are_digits_around(bytes: [u8; 8], marks: [(u32, u8); 2]) -> bool {
    let mut word = u64::from_le_bytes(bytes);
    for (place, mark) in marks {
        let shift = place * 8;
        if word >> shift & 0xff != u64::from(mark) {
            return false;
        }
        word ^= u64::from(mark ^ b'0') << shift;
    }
    are_digits(word)
}

/// The shape of a text of a form in which nothing is found; `None` for any other.
#[inline]
pub(crate) fn shape(text: &[u8]) -> Option<Shape> {
    match text {
        [_, _, _, _, b'-', _, _, b'-', ..] => moment(text),
        [b'0'..=b'9', ..] => fraction(text),
        _ => None,
    }
}

/// `2025-05-18`, `2025-05-18 08:30:00`.
fn moment(text: &[u8]) -> Option<Shape> {
    let (first, last) = (*text.first_chunk::<8>()?, *text.last_chunk::<8>()?);
    let day = are_digits_around(first, [(4, b'-'), (7, b'-')]);
    let (rest, seen, digits) = match text.len() {
        10 => (are_digits_around(last, [(2, b'-'), (5, b'-')]), DIGIT | DASH, 8),
        19 => {
            let middle = *text.get(8..16)?.first_chunk::<8>()?;
            let rest = are_digits_around(middle, [(2, b' '), (5, b':')])
                && are_digits_around(last, [(2, b':'), (5, b':')]);
            (rest, DIGIT | DASH | MARK, 14)
        }
        _ => return None,
    };
    (day && rest).then(|| Shape { seen, digits, ..Shape::default() })
}

/// A number with two decimals and more: `32140.25`, `37.870601`. Not `13812345678.0`,
/// `1990.010101` or `177.67.3.170`, which may be something.
#[inline]
fn fraction(text: &[u8]) -> Option<Shape> {
    let whole = match text {
        [_, b'.', ..] => 1,
        [_, _, b'.', ..] => 2,
        [_, _, _, b'.', ..] => 3,
        [_, _, _, _, b'.', ..] => 4,
        [_, _, _, _, _, b'.', ..] => 5,
        [_, _, _, _, _, _, b'.', ..] => 6,
        _ => return None,
    };
    let (head, tail) = (text.get(..whole)?, text.get(whole + 1..)?);
    let most = if whole == 4 { 5 } else { 9 };
    let fits = (2..=most).contains(&tail.len())
        && head.iter().chain(tail).all(|byte| byte.is_ascii_digit());
    fits.then(|| Shape { seen: DIGIT | DOT, digits: whole + tail.len(), ..Shape::default() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::{Notes, pieces};

    fn assert_quiet(text: &str) {
        if let Some(shape) = shape(text.as_bytes()) {
            let mut hits = Vec::new();
            let slow = pieces(text, false, &mut hits, &mut Notes::default());
            assert_eq!((slow, hits.as_slice()), (shape, &[][..]), "{text}");
        }
    }

    #[test]
    fn frequent_forms_are_passed_over() {
        for text in
            ["2025-05-18", "2025-05-18 08:30:00", "32140.25", "0.57", "37.870601", "1990.0101"]
        {
            assert!(shape(text.as_bytes()).is_some(), "{text}");
            assert_quiet(text);
        }
        for text in [
            "2025-05-1",
            "2025-05,18",
            "2025-05-18T08:30:00",
            "2025-05-18 08:30.00",
            "13812345678.0",
            "1990.010101",
            "177.67.3.170",
            "1.2.3",
            "1.a2",
            "1.",
            ".25",
            "5.5",
            "-0.25",
            "",
        ] {
            assert_eq!(shape(text.as_bytes()), None, "{text}");
        }
        assert!(is_digits(b"140105194912310021") && is_digits(b"13812345678"));
        assert!(!is_digits(b"14010519491231002X") && !is_digits(b"1381234:678"));
        assert!(!is_digits(b"1381234/678") && !is_digits(b"1234567"));
    }

    proptest! {
        #[test]
        fn what_is_passed_over_has_nothing_in_it(
            text in r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?|[0-9]{1,6}\.[0-9]{1,12}|(19|20)[0-9]{2}\.(0[1-9]|1[0-2])[0-9./-]{0,8}|[0-9.:/ -]{6,20}",
        ) {
            assert_quiet(&text);
        }

        #[test]
        fn digits_are_told_by_eight_at_a_time(text in "[0-9]{0,20}|[/-:0-9aX°é]{0,20}") {
            let bytes = text.as_bytes();
            let slow = bytes.len() >= 8 && bytes.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(is_digits(bytes), slow);
        }
    }
}
