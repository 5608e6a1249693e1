//! What one value looks like, without knowing its column.

use super::dates::{self, Moment};
use super::numbers::{self, Number};

/// What one value looks like. The finest class that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing, or white space.
    Empty,
    /// A mark that may mean "no value".
    Mark,
    /// `true` or `false`.
    Boolean,
    /// An integer that is nothing more special.
    Int,
    /// Eight digits that are a plausible date.
    CompactDate,
    /// Eleven digits in the form of a Chinese mobile number.
    Phone,
    /// A number with a point or an exponent.
    Float,
    /// Digits that must stay text.
    Code,
    /// A date.
    Date,
    /// A date with a time of day.
    Timestamp,
    /// Anything else.
    Text,
}

impl Class {
    /// How many classes there are.
    pub(crate) const COUNT: usize = 11;

    /// All classes, in the order of their numbers.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Empty,
        Self::Mark,
        Self::Boolean,
        Self::Int,
        Self::CompactDate,
        Self::Phone,
        Self::Float,
        Self::Code,
        Self::Date,
        Self::Timestamp,
        Self::Text,
    ];
}

/// How numbers are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// A comma may group thousands.
    CommaGroups,
    /// A comma may be the decimal mark, so that it groups nothing.
    CommaUnclear,
}

impl Notation {
    pub(super) fn comma_groups(self) -> bool {
        self == Self::CommaGroups
    }
}

/// Marks that mean "no value" in columns that are not text; fewer than 32.
///
/// The last seven are what a spreadsheet shows where a formula has no value.
const MARKS: [&str; 22] = [
    "NA", "N/A", "n/a", "NULL", "null", "NaN", "nan", "-", "—", "–", "…", "……", ".", "无", "——",
    "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
];

/// Bytes of the longest mark.
pub(super) const LONGEST_MARK: usize = 7;

/// Marks that mean "no value" in a text column too: nobody answers with them.
pub(crate) const MISSING_IN_TEXT: u32 = bits(&[
    "N/A", "n/a", "NULL", "null", "—", "–", "…", "……", "——", "#N/A", "#DIV/0!", "#VALUE!", "#REF!",
    "#NAME?", "#NUM!", "#NULL!",
]);

/// Marks that may also be text (Namibia's code, a grandmother), and mean "no value" in
/// the text columns of a file whose other columns use them so. `-`, `.` and `无` are
/// answers in too many tables, and stay.
pub(crate) const MISSING_IF_ELSEWHERE: u32 = bits(&["NA", "NaN", "nan"]);

/// One bit for each of the marks.
const fn bits(marks: &[&str]) -> u32 {
    let mut bits = 0;
    let mut rest = marks;
    while let [mark, tail @ ..] = rest {
        let mut known: &[&str] = &MARKS;
        let mut bit = 1_u32;
        while let [first, others @ ..] = known {
            if same(first.as_bytes(), mark.as_bytes()) {
                bits |= bit;
            }
            bit <<= 1;
            known = others;
        }
        rest = tail;
    }
    bits
}

const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    loop {
        match (left, right) {
            ([], []) => return true,
            ([one, rest @ ..], [other, others @ ..]) if *one == *other => {
                left = rest;
                right = others;
            }
            _ => return false,
        }
    }
}

/// The bit of a missing mark in sets of marks.
pub(crate) fn mark_bit(index: usize) -> u32 {
    u32::try_from(index).ok().and_then(|index| 1_u32.checked_shl(index)).unwrap_or(0)
}

/// The number of a missing mark, if the value is one.
pub(crate) fn mark_index(text: &[u8]) -> Option<usize> {
    if text.len() > LONGEST_MARK {
        return None;
    }
    MARKS.iter().position(|mark| mark.as_bytes() == text)
}

/// The mark with this number.
pub(crate) fn mark_text(index: usize) -> Option<&'static str> {
    MARKS.get(index).copied()
}

/// Cuts white space off both ends, also the ideographic space.
#[inline]
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(first), Some(last)) if is_edge(*first) || is_edge(*last) => trim_slow(text),
        _ => text,
    }
}

#[inline]
fn is_edge(byte: u8) -> bool {
    byte <= b' ' || byte == 0xE3 || byte == 0x80
}

fn trim_slow(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest {
            [first, tail @ ..] if first.is_ascii_whitespace() => tail,
            [0xE3, 0x80, 0x80, tail @ ..] => tail,
            [head @ .., last] if last.is_ascii_whitespace() => head,
            [head @ .., 0xE3, 0x80, 0x80] => head,
            _ => return rest,
        };
    }
}

/// What a value looks like.
pub(crate) fn classify(text: &[u8], notation: Notation) -> Class {
    let text = trim(text);
    let Some(first) = text.first() else {
        return Class::Empty;
    };
    if mark_index(text).is_some() {
        return Class::Mark;
    }
    match first {
        b't' | b'T' | b'f' | b'F' => {
            if boolean(text).is_some() {
                Class::Boolean
            } else {
                Class::Text
            }
        }
        b'0'..=b'9' | b'+' | b'-' | b'.' => numeric(text, notation),
        // Full-width digits and signs, and the minus sign.
        0xEF | 0xE2 => numeric(text, notation),
        _ => Class::Text,
    }
}

fn numeric(text: &[u8], notation: Notation) -> Class {
    match numbers::number(text, notation) {
        Some(Number::Int(value, digits)) => integer(text, value, digits),
        Some(Number::Float(_)) => Class::Float,
        Some(Number::Code) => Class::Code,
        None => match dates::moment(text) {
            Some(Moment::Date(_)) => Class::Date,
            Some(Moment::DateTime(_)) => Class::Timestamp,
            None => Class::Text,
        },
    }
}

fn integer(text: &[u8], value: i64, digits: usize) -> Class {
    if digits == 8 && dates::compact_date(text).is_some() {
        Class::CompactDate
    } else if digits == 11 && (13_000_000_000..20_000_000_000).contains(&value) {
        Class::Phone
    } else {
        Class::Int
    }
}

/// The value as a boolean, if it is one.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    if text.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else if text.eq_ignore_ascii_case(b"false") {
        Some(false)
    } else {
        None
    }
}
