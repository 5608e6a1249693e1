//! Check characters of the codes that demo data carry.
//!
//! The codes are valid in form and made so that no real holder is likely to have
//! them: credit codes carry organization codes that begin with `DEM`, citizen ids
//! sequence numbers from 900 on.

use std::io::Write as _;

/// The characters of a credit code in the order of their values. Source: GB 32100-2015.
const CREDIT: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of the first 17 characters of a credit code. Source: GB 32100-2015.
const CREDIT_WEIGHTS: [usize; 17] =
    [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Weights of an organization code. Source: GB 11714-1997.
const ORGANIZATION_WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// Weights of the first 17 digits of a citizen id. Source: GB 11643-1999.
const CITIZEN_WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters of a citizen id by the remainder. Source: GB 11643-1999.
const CITIZEN_CHECKS: &[u8; 11] = b"10X98765432";

/// A valid credit code that belongs to nobody.
///
/// - `kind`: the first two characters, e.g. `11` for an organ of the state and `91`
///   for an enterprise;
/// - `division`: six digits;
/// - `serial`: below 31⁵; each gives another code.
pub(super) fn credit_code(kind: &str, division: &str, serial: usize) -> String {
    let mut organization = *b"DEM00000";
    let mut rest = serial;
    for slot in organization.iter_mut().rev().take(5) {
        *slot = CREDIT.get(rest % CREDIT.len()).copied().unwrap_or(b'0');
        rest /= CREDIT.len();
    }
    let mut code = Vec::with_capacity(18);
    code.extend_from_slice(kind.as_bytes());
    code.extend_from_slice(division.as_bytes());
    code.extend_from_slice(&organization);
    code.push(organization_check(&organization));
    code.push(credit_check(&code));
    String::from_utf8(code).unwrap_or_default()
}

/// The check character of a credit code's first 17 characters.
fn credit_check(code: &[u8]) -> u8 {
    let value = |byte: &u8| CREDIT.iter().position(|known| known == byte).unwrap_or(0);
    let sum: usize =
        code.iter().zip(CREDIT_WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    CREDIT.get((31 - sum % 31) % 31).copied().unwrap_or(b'0')
}

/// The check character of an organization code's first 8 characters.
fn organization_check(code: &[u8; 8]) -> u8 {
    let value = |byte: &u8| match byte {
        b'A'..=b'Z' => usize::from(byte - b'A') + 10,
        digit => usize::from(digit.saturating_sub(b'0')),
    };
    let weighted = code.iter().zip(ORGANIZATION_WEIGHTS);
    let sum: usize = weighted.map(|(byte, weight)| value(byte) * weight).sum();
    match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).unwrap_or(0),
    }
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Day {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
}

/// Writes a valid citizen id to `out`.
///
/// `sequence` is 0 to 999; an odd one is a man's.
pub(super) fn write_citizen_id(out: &mut Vec<u8>, division: &str, born: Day, sequence: u16) {
    let start = out.len();
    let Day { year, month, day } = born;
    let _infallible = write!(out, "{division}{year:04}{month:02}{day:02}{sequence:03}");
    let digits = out.get(start..).unwrap_or_default();
    let value = |byte: &u8| usize::from(byte.saturating_sub(b'0'));
    let sum: usize = digits.iter().zip(CITIZEN_WEIGHTS).map(|(d, weight)| value(d) * weight).sum();
    out.push(CITIZEN_CHECKS.get(sum % 11).copied().unwrap_or(b'0'));
}

#[cfg(test)]
mod tests {
    use vocabulary::{CitizenId, CreditCode};

    use super::*;

    #[test]
    fn every_code_passes_its_check() {
        for serial in [0, 1, 30, 31, 19_999, 500_000] {
            let code = credit_code("91", "140105", serial);
            let parsed: CreditCode = code.parse().unwrap();
            assert!(parsed.organization_code().starts_with("DEM"), "{code}");
        }
        for sequence in [900, 901, 957, 999] {
            let mut out = Vec::new();
            let born = Day { year: 1988, month: 2, day: 29 };
            write_citizen_id(&mut out, "140105", born, sequence);
            let text = String::from_utf8(out).unwrap();
            let id: CitizenId = text.parse().unwrap();
            assert_eq!(id.birth_date().to_string(), "1988-02-29");
        }
    }
}
