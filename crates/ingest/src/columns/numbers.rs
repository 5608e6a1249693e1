//! Numbers as people write them in tables.
//!
//! The fast paths take what nearly every value looks like; the slow paths take
//! thousands separators and full-width digits. Both agree with
//! [`classify`](super::classify()).

use std::borrow::Cow;

use super::classify::Notation;

/// More digits than a double can hold exactly make a code, not a number.
const INTEGER_DIGITS: usize = 15;

/// What a numeric-looking text is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// An integer, and how many digits it has.
    Int(i64, usize),
    /// A number with a point or an exponent.
    Float(f64),
    /// Digits that must stay text: leading zero, too many, or a dialled `+`.
    Code,
}

/// Reads an integer of the plainest form, or nothing.
#[inline]
pub(super) fn plain_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > INTEGER_DIGITS {
        return None;
    }
    if digits.len() > 1 && digits.first() == Some(&b'0') {
        return None;
    }
    let mut value: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // At most 15 digits: cannot overflow.
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    Some(if negative { -value } else { value })
}

/// Powers of ten that a double holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Reads `-123.45` when it has at most 15 digits, or nothing.
///
/// Mantissa and power are then exact doubles, so that one division rounds
/// correctly (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
#[inline]
pub(super) fn plain_float(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > INTEGER_DIGITS + 1 {
        return None;
    }
    let mut value: u64 = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let whole = point.unwrap_or(digits.len());
    if whole == 0 || (whole > 1 && digits.first() == Some(&b'0')) {
        return None;
    }
    let decimals = match point {
        Some(at) => digits.len() - at - 1,
        None if digits.len() > INTEGER_DIGITS => return None,
        None => 0,
    };
    if point.is_some() && decimals == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 15 digits, below 2^53")]
    let value = value as f64 / TENS.get(decimals)?;
    Some(if negative { -value } else { value })
}

/// Reads a number in any accepted form. `text` is trimmed and not empty.
pub(super) fn number(text: &[u8], notation: Notation) -> Option<Number> {
    let text = half_width(text)?;
    let (sign, unsigned) = match text.as_ref() {
        [b'-', rest @ ..] => (Some(b'-'), rest),
        [b'+', rest @ ..] => (Some(b'+'), rest),
        all => (None, all),
    };
    if !unsigned.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let end = unsigned
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b',')
        .unwrap_or(unsigned.len());
    let (whole, rest) = unsigned.split_at(end);
    let whole = if whole.contains(&b',') {
        if !notation.comma_groups() || !well_grouped(whole) {
            return None;
        }
        Cow::Owned(whole.iter().copied().filter(|byte| *byte != b',').collect::<Vec<u8>>())
    } else {
        Cow::Borrowed(whole)
    };
    if rest.is_empty() {
        let leading_zero = whole.len() > 1 && whole.first() == Some(&b'0');
        let dialled = sign == Some(b'+') && whole.len() >= 10;
        if leading_zero || dialled || whole.len() > INTEGER_DIGITS {
            return Some(Number::Code);
        }
        let value = plain_int(&whole)?;
        let value = if sign == Some(b'-') { -value } else { value };
        return Some(Number::Int(value, whole.len()));
    }
    if !float_tail(rest, whole.is_empty()) {
        return None;
    }
    if whole.len() > 1 && whole.first() == Some(&b'0') {
        return Some(Number::Code);
    }
    let mut plain = Vec::with_capacity(text.len());
    if sign == Some(b'-') {
        plain.push(b'-');
    }
    plain.extend_from_slice(&whole);
    plain.extend_from_slice(rest);
    let value: f64 = std::str::from_utf8(&plain).ok()?.parse().ok()?;
    value.is_finite().then_some(Number::Float(value))
}

/// `.5`, `.`, `.5e-3`, `e10`; a point alone needs digits before it.
fn float_tail(rest: &[u8], no_whole: bool) -> bool {
    let (decimals, exponent) = match rest {
        [b'.', tail @ ..] => {
            let end = tail.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(tail.len());
            let (decimals, exponent) = tail.split_at(end);
            if no_whole && decimals.is_empty() {
                return false;
            }
            (decimals, exponent)
        }
        tail if no_whole => return tail.is_empty(),
        tail => (&[][..], tail),
    };
    let _ = decimals;
    match exponent {
        [] => true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => {
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Groups of three digits behind a first group of one to three.
fn well_grouped(whole: &[u8]) -> bool {
    let mut groups = whole.split(|byte| *byte == b',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && first.first() != Some(&b'0')
        && groups.all(|group| group.len() == 3)
}

/// Full-width digits, point, comma and signs as ASCII; nothing if other
/// non-ASCII characters are there.
fn half_width(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = Vec::with_capacity(text.len());
    for char in std::str::from_utf8(text).ok()?.chars() {
        plain.push(match char {
            '０'..='９' | '．' | '，' | '－' | '＋' => {
                u8::try_from(u32::from(char) - 0xFEE0).ok()?
            }
            '−' => b'-',
            _ => u8::try_from(char).ok().filter(u8::is_ascii)?,
        });
    }
    Some(Cow::Owned(plain))
}

/// The value as an integer, if it is one.
pub(super) fn int(text: &[u8], notation: Notation) -> Option<i64> {
    match plain_int(text) {
        Some(value) => Some(value),
        None => match number(text, notation)? {
            Number::Int(value, _) => Some(value),
            Number::Float(_) | Number::Code => None,
        },
    }
}

/// The value as a double, if it is a number.
pub(super) fn float(text: &[u8], notation: Notation) -> Option<f64> {
    match plain_float(text) {
        Some(value) => Some(value),
        None => match number(text, notation)? {
            #[expect(clippy::cast_precision_loss, reason = "at most 15 digits, below 2^53")]
            Number::Int(value, _) => Some(value as f64),
            Number::Float(value) => Some(value),
            Number::Code => None,
        },
    }
}
