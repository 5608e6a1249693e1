//! Check digits and other tests that a value must pass. No allocation.

/// Luhn test of card numbers and device serial numbers, ISO/IEC 7812-1 annex B.
/// Bytes that are no digits are passed over.
pub(crate) fn luhn(text: &[u8]) -> bool {
    const DOUBLED: [u32; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    // Sums with each of the two parities, as the last digit is known at the end.
    let (mut plain, mut doubled) = (0_u32, 0_u32);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        let Some(twice) = DOUBLED.get(usize::from(digit)) else { continue };
        let (last, other) = (plain, doubled);
        plain = other.wrapping_add(u32::from(digit));
        doubled = last.wrapping_add(*twice);
    }
    plain.is_multiple_of(10)
}

/// Whether the last character is the check of ISO 7064 MOD 11-2 over the digits
/// before it; 10 is written X.
pub(crate) fn mod_11_2(text: &[u8]) -> bool {
    let Some((last, body)) = text.split_last() else { return false };
    if body.is_empty() || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let rest = body.iter().fold(0, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    let expected = (12 - rest) % 11;
    let found = match last {
        b'0'..=b'9' => u32::from(last - b'0'),
        b'X' | b'x' => 10,
        _ => return false,
    };
    expected == found
}

/// Whether two digits are the first of the division codes of a province.
static PROVINCES: [bool; 100] = {
    let spans = [(11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83)];
    let mut provinces = [false; 100];
    let mut place = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    while place < spans.len() {
        let (mut code, last) = spans[place];
        while code <= last {
            provinces[code] = true;
            code += 1;
        }
        place += 1;
    }
    provinces
};

/// Two digits that start a division code of a province.
#[inline]
pub(crate) fn is_province(tens: u8, ones: u8) -> bool {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let code = tens.wrapping_mul(10).wrapping_add(ones);
    // No branch but the last: whether a made-up number passes, nothing foretells.
    (tens < 10) & (ones < 10) & PROVINCES.get(usize::from(code)).copied().unwrap_or(false)
}

/// The value of a few digits; bytes that are none give a number that is too large.
fn number(text: &[u8]) -> u32 {
    text.iter().fold(0, |sum: u32, byte| {
        sum.wrapping_mul(10).wrapping_add(u32::from(byte.wrapping_sub(b'0')))
    })
}

/// Whether a year, month and day exist, years 1900 to 2099.
pub(crate) fn is_day(year: u32, month: u32, day: u32) -> bool {
    const DAYS: [u32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year.is_multiple_of(4) & !year.is_multiple_of(100) | year.is_multiple_of(400);
    let last = DAYS.get(month as usize).copied().unwrap_or(0) + u32::from(leap & (month == 2));
    // No branches: whether the digits of a made-up number are a day, nothing foretells.
    (1900..2100).contains(&year) & (day >= 1) & (day <= last)
}

/// What the form of a number says, and what its check digit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Not of this form.
    No,
    /// Of the form, but the check digit is wrong.
    Form,
    /// Of the form, and the check digit is right.
    Pass,
}

impl Check {
    fn of(passes: bool) -> Self {
        if passes { Self::Pass } else { Self::Form }
    }
}

/// Citizen identity number of 18 characters: province, birth date, check digit.
/// GB 11643-1999.
pub(crate) fn citizen_id(text: &[u8]) -> Check {
    let [tens, ones, _, _, _, _, date @ .., _, _, _, last] = text else { return Check::No };
    let [y1, y2, y3, y4, m1, m2, d1, d2] = date else { return Check::No };
    let day = is_day(number(&[*y1, *y2, *y3, *y4]), number(&[*m1, *m2]), number(&[*d1, *d2]));
    if !(is_province(*tens, *ones) & day) {
        return Check::No;
    }
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let Some(body) = text.first_chunk::<17>() else { return Check::No };
    let (mut sum, mut digits) = (0_u32, true);
    for (byte, weight) in body.iter().zip(WEIGHTS) {
        let digit = byte.wrapping_sub(b'0');
        digits &= digit < 10;
        sum = sum.wrapping_add(u32::from(digit).wrapping_mul(weight));
    }
    if !digits {
        return Check::No;
    }
    let expected = CHECKS.get(sum as usize % 11).copied().unwrap_or_default();
    Check::of(expected == last.to_ascii_uppercase())
}

/// Citizen identity number of 15 digits, issued until 1999; it has no check digit.
pub(crate) fn is_old_citizen_id(text: &[u8]) -> bool {
    let [tens, ones, _, _, _, _, y1, y2, m1, m2, d1, d2, _, _, _] = text else { return false };
    is_province(*tens, *ones)
        && is_day(1900 + number(&[*y1, *y2]), number(&[*m1, *m2]), number(&[*d1, *d2]))
}

/// Unified social credit code, GB 32100-2015: 18 characters of an alphabet of 31.
pub(crate) fn credit_code(text: &[u8]) -> Check {
    const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let [department, kind, tens, ones, _, _, _, _, rest @ ..] = text else { return Check::No };
    let known_department = matches!(department, b'1'..=b'9' | b'A' | b'N' | b'Y');
    let division = text.iter().skip(2).take(6).all(u8::is_ascii_digit);
    if rest.len() != 10 || !known_department || !kind.is_ascii_alphanumeric() || !division {
        return Check::No;
    }
    // 10 is the registration department of the state itself.
    if !is_province(*tens, *ones)
        && (*tens, *ones) != (b'1', b'0')
        && (*tens, *ones) != (b'0', b'0')
    {
        return Check::No;
    }
    let Some(body) = text.first_chunk::<17>() else { return Check::No };
    let (mut sum, mut known) = (0_u32, true);
    for (byte, weight) in body.iter().zip(WEIGHTS) {
        let value = base31(*byte);
        known &= value < 31;
        sum = sum.wrapping_add(value.wrapping_mul(weight));
    }
    let check = text.last().map_or(255, |last| base31(*last));
    if !known || check > 30 {
        return Check::No;
    }
    Check::of((31 - sum % 31) % 31 == check)
}

/// Value of each character of the alphabet of 31; 255 for the others.
#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const BASE31: [u8; 256] = {
    let alphabet = *b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut values = [u8::MAX; 256];
    let mut place = 0;
    while place < alphabet.len() {
        #[expect(clippy::cast_possible_truncation, reason = "below 31")]
        let value = place as u8;
        values[alphabet[place] as usize] = value;
        values[alphabet[place].to_ascii_lowercase() as usize] = value;
        place += 1;
    }
    values
};

#[inline]
#[expect(clippy::indexing_slicing, reason = "256 values, one for each byte")]
fn base31(byte: u8) -> u32 {
    u32::from(BASE31[byte as usize])
}

/// Organization code, GB 11714-1997: eight characters and a check character.
pub(crate) fn organization_code(body: &[u8], check: u8) -> Check {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    if body.len() != 8 {
        return Check::No;
    }
    let mut sum = 0;
    for (byte, weight) in body.iter().zip(WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => return Check::No,
        };
        sum += u32::from(value) * weight;
    }
    let expected = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).unwrap_or_default(),
    };
    if !check.is_ascii_digit() && !check.eq_ignore_ascii_case(&b'X') {
        return Check::No;
    }
    Check::of(expected == check.to_ascii_uppercase())
}

/// International bank account number, ISO 13616: length by country, mod 97.
pub(crate) fn iban(text: &[u8]) -> Check {
    let [c1, c2, k1, k2, body @ ..] = text else { return Check::No };
    if !k1.is_ascii_digit() || !k2.is_ascii_digit() {
        return Check::No;
    }
    let length = match &[c1.to_ascii_uppercase(), c2.to_ascii_uppercase()] {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FI" | b"NL" | b"FO" | b"GL" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"KZ" | b"LT" | b"LU" | b"XK" => 20,
        b"CH" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"BH" | b"CR" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" => 22,
        b"AE" | b"GI" | b"IL" | b"IQ" | b"TL" => 23,
        b"AD" | b"CZ" | b"ES" | b"MD" | b"PK" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN" | b"VG" => 24,
        b"PT" => 25,
        b"IS" | b"TR" => 26,
        b"FR" | b"GR" | b"IT" | b"MC" | b"MR" | b"SM" => 27,
        b"AL" | b"AZ" | b"CY" | b"DO" | b"GT" | b"HU" | b"LB" | b"PL" | b"SV" => 28,
        b"BR" | b"EG" | b"PS" | b"QA" | b"UA" => 29,
        b"JO" | b"KW" | b"MU" => 30,
        b"MT" | b"SC" => 31,
        b"LC" => 32,
        _ => return Check::No,
    };
    if text.len() != length {
        return Check::No;
    }
    // The rest is taken when the number grows large, and not at each character.
    const LARGE: u64 = u64::MAX / 100 - 36;
    let mut rest = 0_u64;
    for byte in body.iter().chain([c1, c2, k1, k2]) {
        if rest > LARGE {
            rest %= 97;
        }
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u64::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u64::from(byte - b'A') + 10,
            b'a'..=b'z' => rest * 100 + u64::from(byte - b'a') + 10,
            _ => return Check::No,
        };
    }
    Check::of(rest % 97 == 1)
}

/// The schemes of card numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `UnionPay`, and the older debit cards of the mainland.
    China,
    /// Visa, Mastercard, American Express, JCB, Diners, Discover.
    International,
}

/// The scheme of a card number by its first digits and its length.
pub(crate) fn card_scheme(text: &[u8]) -> Option<Scheme> {
    let [a, b, c, d, ..] = text else { return None };
    let head = number(&[*a, *b, *c, *d]);
    let length = text.len();
    let scheme = match head {
        6200..=6299 if (16..=19).contains(&length) => Scheme::China,
        9558 | 6011 if length == 19 => Scheme::China,
        4000..=4999 if matches!(length, 13 | 16 | 19) => Scheme::International,
        5100..=5599 | 2221..=2720 | 6011 | 6440..=6599 | 3528..=3589 if length == 16 => {
            Scheme::International
        }
        3400..=3499 | 3700..=3799 if length == 15 => Scheme::International,
        3000..=3059 | 3600..=3699 | 3800..=3899 if length == 14 => Scheme::International,
        _ => return None,
    };
    Some(scheme)
}

/// Whether a device serial number starts like those of the bodies that give them
/// out.
pub(crate) fn is_imei(text: &[u8]) -> bool {
    matches!(text, [b'0', b'1', ..] | [b'3', b'5', ..] | [b'8', b'6', ..] | [b'9', b'1' | b'9', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_pass() {
        assert_eq!(citizen_id(b"11010519491231002X"), Check::Pass);
        assert_eq!(citizen_id(b"11010519491231002x"), Check::Pass);
        // The check of citizen ids is the same by another road.
        assert!(mod_11_2(b"11010519491231002X") && !mod_11_2(b"110105194912310021"));
        for code in [
            "11100000000013338W",
            "11220000013544541J",
            "113700000045046442",
            "11140500012420117H",
            "11100000MB03271699",
            "11332500MB1601924J",
        ] {
            assert_eq!(credit_code(code.as_bytes()), Check::Pass, "{code}");
        }
        assert_eq!(iban(b"DE89370400440532013000"), Check::Pass);
        assert_eq!(iban(b"GB82WEST12345698765432"), Check::Pass);
        assert!(luhn(b"4111111111111111"));
        assert!(luhn(b"378282246310005"));
    }

    #[test]
    fn one_wrong_digit_fails_the_check_but_keeps_the_form() {
        assert_eq!(citizen_id(b"110105194912310021"), Check::Form);
        assert_eq!(credit_code(b"11100000000013338X"), Check::Form);
        assert_eq!(iban(b"DE88370400440532013000"), Check::Form);
        assert!(!luhn(b"4111111111111112"));
    }

    #[test]
    fn impossible_dates_and_provinces_are_no_citizen_ids() {
        assert_eq!(citizen_id(b"110105194913310021"), Check::No);
        assert_eq!(citizen_id(b"990105194912310021"), Check::No);
        assert!(!is_old_citizen_id(b"110105491331002"));
        assert!(is_old_citizen_id(b"110105491231002"));
    }

    #[test]
    fn an_organization_code_inside_a_credit_code_passes() {
        // The body of 91140000MA0… style codes is an organization code.
        assert_eq!(organization_code(b"00001333", b'8'), Check::Pass);
        assert_eq!(organization_code(b"01242011", b'7'), Check::Pass);
    }
}
