//! Base64, Base32 and hexadecimal, read back.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padded or not.
const EITHER: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, EITHER);
const FOR_ADDRESSES: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, EITHER);

/// The bytes of Base64, RFC 4648 sections 4 and 5, padded or not; `None` if the
/// text is none, or longer than `out` holds.
pub(crate) fn base64<'a>(text: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let engine =
        if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { &FOR_ADDRESSES } else { &PLAIN };
    let length = engine.decode_slice(text, out).ok()?;
    out.get(..length)
}

/// The bytes of Base32, RFC 4648 section 6, padded or not, in capitals or not; `None`
/// if the text is none, or longer than `out` holds.
pub(crate) fn base32<'a>(text: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut slots = out.iter_mut();
    let mut length = 0;
    let (mut bits, mut count) = (0_u32, 0_u32);
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    for byte in text.get(..text.len() - padding)? {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            *slots.next()? = u8::try_from(bits >> count & 0xff).ok()?;
            length += 1;
            bits &= (1 << count) - 1;
        }
    }
    // What is left over is less than a character, and zeros.
    if padding > 6 || count >= 5 || bits != 0 {
        return None;
    }
    out.get(..length)
}

/// Whether a run may be the Base32 of digits: of each five of them the first begins in
/// G or H, and the third and fourth give these letters. Of made-up runs of 18 capitals
/// and digits 2 to 7 one in 5·10⁵ does.
#[inline]
pub(crate) fn may_be_digits_in_base32(run: &[u8]) -> bool {
    let at = |place: usize| run.get(place).map_or(0, u8::to_ascii_uppercase);
    (18..=40).contains(&run.len())
        && [0, 8].iter().all(|group| {
            matches!(at(*group), b'G' | b'H')
                && matches!(at(group + 3), b'D' | b'T')
                && matches!(at(group + 5), b'M'..=b'P')
        })
}

/// The bytes of pairs of hexadecimal digits; `None` if the text is none, or longer
/// than `out` holds.
pub(crate) fn hex<'a>(text: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let bytes = out.get_mut(..text.len() / 2).filter(|bytes| !bytes.is_empty())?;
    hex::decode_to_slice(text, bytes).ok()?;
    Some(bytes)
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
        // The test vectors of RFC 4648 section 10.
        for (text, plain) in [
            ("", ""),
            ("MY======", "f"),
            ("MZXQ====", "fo"),
            ("MZXW6===", "foo"),
            ("MZXW6YQ=", "foob"),
            ("MZXW6YTB", "fooba"),
            ("MZXW6YTBOI======", "foobar"),
            ("mzxw6ytboi", "foobar"),
        ] {
            assert_eq!(base32(text.as_bytes(), &mut out), Some(plain.as_bytes()), "{text}");
        }
        for text in ["M", "MZ", "MZ1", "MZXW6YTBO", "M======="] {
            assert_eq!(base32(text.as_bytes(), &mut out), None, "{text}");
        }
        assert_eq!(base32(b"MZXW6YTB", &mut out[..4]), None);
        assert!(may_be_digits_in_base32(b"GEZTQMJSGM2DKNRXHA"));
        assert!(!may_be_digits_in_base32(b"MZXW6YTBOIMZXW6YTBOI"));
        assert_eq!(hex(b"313", &mut out), None);
    }
}
