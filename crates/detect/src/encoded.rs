//! Base64 and hexadecimal, read back.

/// The bytes of Base64, RFC 4648 sections 4 and 5, padded or not; `None` if the
/// text is none, or longer than `out` holds.
pub(crate) fn base64<'a>(text: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let body = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    if body.len() % 4 == 1 {
        return None;
    }
    let (mut bits, mut count, mut length) = (0_u32, 0_u32, 0);
    for byte in body {
        bits = (bits << 6 | sextet(*byte)?) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            *out.get_mut(length)? = u8::try_from(bits >> count & 0xff).ok()?;
            length += 1;
        }
    }
    // Bits that are left over are zero, or the text was not encoded.
    (bits & ((1 << count) - 1) == 0).then_some(())?;
    out.get(..length)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// The bytes of pairs of hexadecimal digits; `None` if the text is none, or longer
/// than `out` holds.
pub(crate) fn hex<'a>(text: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return None;
    }
    let value = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (slot, [high, low]) in out.get_mut(..pairs.len())?.iter_mut().zip(pairs) {
        *slot = value(*high)? << 4 | value(*low)?;
    }
    out.get(..pairs.len())
}

/// Whether a run may be the Base64 of digits: each three of them begin with M, N
/// or O. Of made-up runs of 15 letters and digits 1 in 8,800 does.
#[inline]
pub(crate) fn may_be_digits_in_base64(run: &[u8]) -> bool {
    let may = |place: usize| matches!(run.get(place), Some(b'M'..=b'O'));
    (15..=28).contains(&run.len()) && may(0) && may(4) && may(8)
}

/// Whether a run may be digits as bytes in hexadecimal: 3 before each of them.
#[inline]
pub(crate) fn may_be_digits_in_hex(run: &[u8]) -> bool {
    let may = |place: usize| run.get(place) == Some(&b'3');
    (22..=40).contains(&run.len()) && run.len().is_multiple_of(2) && may(0) && may(2) && may(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_read_back() {
        let mut out = [0; 64];
        for (text, plain) in [
            ("MTM4MTIzNDU2Nzg=", "13812345678"),
            ("MTM4MTIzNDU2Nzg", "13812345678"),
            ("546L5Lyf", "王伟"),
            ("", ""),
        ] {
            assert_eq!(base64(text.as_bytes(), &mut out), Some(plain.as_bytes()), "{text}");
        }
        assert_eq!(hex(b"3133384a", &mut out), Some(&b"138J"[..]));
        assert!(may_be_digits_in_base64(b"MTM4MTIzNDU2Nzg"));
        assert!(may_be_digits_in_hex(b"3133383132333435363738"));
        for text in ["MTM4M", "MTM4MTIzNDU2Nzh", "M$M4", "=="] {
            assert_ne!(base64(text.as_bytes(), &mut out), Some(&b"13812345678"[..]), "{text}");
        }
        assert_eq!(base64(b"MTM4", &mut out[..2]), None);
        assert_eq!(hex(b"313", &mut out), None);
    }
}
