//! Base64 and hexadecimal, read back.

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
        assert_eq!(hex(b"313", &mut out), None);
    }
}
