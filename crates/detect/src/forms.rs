//! Forms of numbers that have no check digit: telephones, plates, social security
//! numbers.

use crate::chars;

pub(crate) fn is_mobile(run: &[u8]) -> bool {
    matches!(run, [b'1', b'3'..=b'9', ..]) && run.len() == 11
}

/// Area code and number: 0 and 9 to 11 digits, the number not starting with 0 or 1.
pub(crate) fn is_landline(run: &[u8]) -> bool {
    let area = match run {
        [b'0', b'1', b'0', ..] | [b'0', b'2', b'0'..=b'9', ..] => 3,
        [b'0', b'3'..=b'9', b'1'..=b'9', _, ..] => 4,
        _ => return false,
    };
    let number = run.get(area..).unwrap_or_default();
    matches!(number.len(), 7 | 8) && matches!(number.first(), Some(b'2'..=b'8'))
}

/// Areas 000, 666 and 9xx, group 00 and serial 0000 are never issued.
pub(crate) fn is_ssn(digits: &[u8]) -> bool {
    let [a, b, c, d, e, serial @ ..] = digits else { return false };
    let area = [*a, *b, *c];
    area != *b"000"
        && area != *b"666"
        && *a != b'9'
        && [*d, *e] != *b"00"
        && serial.iter().any(|byte| *byte != b'0')
}

pub(crate) fn is_plate_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() && !matches!(byte, b'I' | b'O' | b'i' | b'o')
}

/// Where the province character in front of a plate starts.
pub(crate) fn plate_start(bytes: &[u8], start: usize) -> Option<usize> {
    let from = start.checked_sub(3)?;
    let &[first, second, third] = bytes.get(from..start)? else { return None };
    let plate = chars::flags(chars::code(first, second, third)) & chars::PLATE != 0;
    (plate && (0xe4..=0xe9).contains(&first)).then_some(from)
}

/// Where a plate ends: 7 characters, 8 with new energy, or a last Chinese one.
pub(crate) fn plate_end(bytes: &[u8], run: &[u8], end: usize) -> Option<usize> {
    let [_, rest @ ..] = run else { return None };
    let mut digits = 0_usize;
    for byte in rest {
        if !is_plate_char(*byte) {
            return None;
        }
        digits = digits.wrapping_add(usize::from(byte.is_ascii_digit()));
    }
    match run.len() {
        5 => {
            let last = std::str::from_utf8(bytes.get(end..end + 3)?).ok()?;
            "港澳学警挂领".contains(last).then_some(end + 3)
        }
        6 if digits >= 2 => Some(end),
        7 => {
            let energy = |byte: Option<&u8>| matches!(byte, Some(b'A'..=b'K' | b'a'..=b'k'));
            (digits >= 4 && (energy(rest.first()) || energy(rest.last()))).then_some(end)
        }
        _ => None,
    }
}
