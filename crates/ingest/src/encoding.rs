//! Which encoding a text has, and its streaming conversion to UTF-8.

use encoding_rs::{BIG5, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::IngestError;

/// What the head of a file says about its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guess {
    /// The encoding.
    pub(crate) encoding: &'static Encoding,
    /// Bytes of the byte order mark.
    pub(crate) bom: usize,
    /// The head is ASCII, so that later bytes may still say otherwise.
    pub(crate) only_ascii: bool,
}

/// Guesses the encoding from the head of a file. `whole` says that the head is all of it.
pub(crate) fn guess(head: &[u8], whole: bool) -> Option<Guess> {
    if let Some((encoding, bom)) = Encoding::for_bom(head) {
        return Some(Guess { encoding, bom, only_ascii: false });
    }
    if let Some(encoding) = utf16_without_mark(head) {
        return Some(Guess { encoding, bom: 0, only_ascii: false });
    }
    if head.is_ascii() {
        return Some(Guess { encoding: UTF_8, bom: 0, only_ascii: true });
    }
    let (good, bad) = utf8_sequences(head, whole);
    if is_gb2312(head, whole) {
        return Some(Guess { encoding: GB18030, bom: 0, only_ascii: false });
    }
    if bad == 0 || good >= bad.saturating_mul(2) {
        return Some(Guess { encoding: UTF_8, bom: 0, only_ascii: false });
    }
    let (pairs, errors) = gb18030_pairs(head, whole);
    if pairs > 0 && errors.saturating_mul(50) <= pairs {
        let encoding = if is_big5(head) { BIG5 } else { GB18030 };
        return Some(Guess { encoding, bom: 0, only_ascii: false });
    }
    // Mostly ASCII with a few stray bytes: rows with them are refused one by one.
    if bad.saturating_mul(200) <= head.len() {
        return Some(Guess { encoding: UTF_8, bom: 0, only_ascii: false });
    }
    None
}

/// UTF-16 without a mark shows in zero bytes on one side of each pair.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    if pairs.len() < 2 {
        return None;
    }
    let (mut high_first, mut low_first) = (0_usize, 0_usize);
    for pair in pairs {
        match pair {
            [0, b' '..=b'~' | b'\t' | b'\r' | b'\n'] => high_first += 1,
            [b' '..=b'~' | b'\t' | b'\r' | b'\n', 0] => low_first += 1,
            _ => {}
        }
    }
    // Delimiters and line breaks alone make a few in a hundred.
    let enough = (pairs.len() / 50).max(2);
    match (low_first >= enough, high_first >= enough) {
        (true, _) if low_first > high_first.saturating_mul(10) => Some(UTF_16LE),
        (_, true) if high_first > low_first.saturating_mul(10) => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether all characters beyond ASCII are pairs of GB 2312.
///
/// A few such pairs in a row may also be UTF-8 of two bytes each (`太原` is), as
/// it is used for Greek or Cyrillic. Those soon use a second byte that GB 2312
/// does not, so that a text of pairs alone is Chinese.
fn is_gb2312(head: &[u8], whole: bool) -> bool {
    let mut rest = head;
    let mut pairs = 0_usize;
    loop {
        rest = match rest {
            [] => return pairs > 0,
            [0..=0x7F, tail @ ..] => tail,
            // Hanzi, and the rows of punctuation and full-width letters.
            [0xB0..=0xF7 | 0xA1..=0xA3, 0xA1..=0xFE, tail @ ..] => {
                pairs += 1;
                tail
            }
            [_] if !whole => return pairs > 0,
            _ => return false,
        };
    }
}

/// Multi-byte sequences that are UTF-8, and byte runs that are not.
fn utf8_sequences(head: &[u8], whole: bool) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    let mut chunks = head.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        good += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        let cut = !whole && chunks.peek().is_none();
        if !chunk.invalid().is_empty() && !cut {
            bad += 1;
        }
    }
    (good, bad)
}

/// Whether double-byte text is Big5 (traditional Chinese) and not GBK, which has the
/// same bytes: what people write stands in the first plane of its own encoding, and
/// only by chance in that of the other.
fn is_big5(head: &[u8]) -> bool {
    let (mut hanzi, mut gb_frequent, mut big5_frequent) = (0_usize, 0_usize, 0_usize);
    let mut rest = head;
    loop {
        rest = match rest {
            [] | [_] => break,
            // Punctuation and letters of both.
            [0x81..=0xFE, 0x40..=0xFE, tail @ ..] if matches!(rest, [0xA1..=0xA3, ..]) => tail,
            [lead @ 0x81..=0xFE, trail @ 0x40..=0xFE, tail @ ..] => {
                hanzi += 1;
                // Level 1 of GB 2312, and level 1 of Big5.
                let upper = *trail >= 0xA1;
                gb_frequent += usize::from(upper && (0xB0..=0xD7).contains(lead));
                let big5_trail = upper || *trail <= 0x7E;
                big5_frequent += usize::from(big5_trail && (0xA4..=0xC6).contains(lead));
                tail
            }
            [_, tail @ ..] => tail,
        };
    }
    hanzi >= 4 && gb_frequent * 10 < hanzi * 7 && big5_frequent * 10 >= hanzi * 9
}

/// Plausible double-byte and four-byte characters, and bytes that fit nowhere.
///
/// Every second byte of a pair is checked: text of another single-byte encoding
/// breaks that rule as soon as an accented letter precedes ASCII punctuation.
fn gb18030_pairs(head: &[u8], whole: bool) -> (usize, usize) {
    let (mut pairs, mut errors) = (0, 0);
    let mut rest = head;
    loop {
        rest = match rest {
            [] => break,
            [0..=0x7F, tail @ ..] => tail,
            [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, tail @ ..] => {
                pairs += 1;
                tail
            }
            [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, tail @ ..] => {
                pairs += 1;
                tail
            }
            [_, tail @ ..] => {
                if whole || tail.len() > 3 {
                    errors += 1;
                }
                tail
            }
        };
    }
    (pairs, errors)
}

/// The encoding with this label.
///
/// # Errors
///
/// [`IngestError::UnknownEncoding`] for any other label.
pub(crate) fn by_label(label: &str) -> Result<&'static Encoding, IngestError> {
    let found = match label.trim().to_ascii_lowercase().as_str() {
        "utf8" => Some(UTF_8),
        "utf-16" | "utf16" | "utf-16le" | "utf16le" => Some(UTF_16LE),
        "utf-16be" | "utf16be" => Some(UTF_16BE),
        // GB18030 contains GBK and GB 2312.
        "gbk" | "gb2312" | "gb18030" | "cp936" | "ansi" => Some(GB18030),
        other => Encoding::for_label(other.as_bytes()),
    };
    found.ok_or_else(|| IngestError::UnknownEncoding { label: label.to_owned() })
}

/// A name for people: what the bytes look like.
pub(crate) fn looks_like(head: &[u8], whole: bool) -> String {
    guess(head, whole)
        .map_or_else(|| "no text".to_owned(), |guess| guess.encoding.name().to_owned())
}

/// Converts text to UTF-8, block by block.
pub(crate) struct Converter {
    decoder: encoding_rs::Decoder,
    /// Bytes taken in so far.
    taken: u64,
}

/// A byte sequence that is not text in the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Where it starts in the input.
    pub(crate) offset: u64,
    /// Where its U+FFFD stands in the output of this call.
    pub(crate) at: usize,
}

impl Converter {
    /// A converter at the start of a text, the byte order mark already taken off.
    pub(crate) fn new(encoding: &'static Encoding, offset: u64) -> Self {
        Self { decoder: encoding.new_decoder_without_bom_handling(), taken: offset }
    }

    /// Appends the UTF-8 of `input` to `output` and returns what was malformed.
    pub(crate) fn convert(
        &mut self,
        mut input: &[u8],
        output: &mut Vec<u8>,
        last: bool,
    ) -> Vec<Malformed> {
        let mut malformed = Vec::new();
        let mut buffer = vec![0_u8; 64 * 1024];
        loop {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(input, &mut buffer, last);
            output.extend_from_slice(buffer.get(..written).unwrap_or_default());
            input = input.get(read..).unwrap_or_default();
            self.taken += read as u64;
            match result {
                DecoderResult::InputEmpty => return malformed,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let back = u64::from(length) + u64::from(after);
                    malformed.push(Malformed {
                        offset: self.taken.saturating_sub(back),
                        at: output.len(),
                    });
                    output.extend_from_slice("\u{FFFD}".as_bytes());
                }
            }
        }
    }
}

impl std::fmt::Debug for Converter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Converter")
            .field("encoding", &self.decoder.encoding().name())
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

/// The head of a file as UTF-8; a character cut at the end is left out.
pub(crate) fn head_text(encoding: &'static Encoding, head: &[u8], whole: bool) -> Vec<u8> {
    if encoding == UTF_8 {
        return head.to_vec();
    }
    let mut text = Vec::new();
    Converter::new(encoding, 0).convert(head, &mut text, whole);
    text
}
