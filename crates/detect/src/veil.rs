//! Characters that stand for plain digits, and characters that hide them: the text
//! as a reader would say it.

use crate::chars::{self, is_alnum};
use crate::disguise::Disguise;

/// What a digit is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Ascii,
    FullWidth,
    /// Decimal digits of another script.
    Other,
    /// In circles, in brackets, raised, lowered: used to number the points of a list.
    Circled,
    Chinese,
}

/// Zeros of the scripts whose ten digits follow each other; Unicode 16, class Nd.
const ZEROS: [u32; 40] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
    0x104a0, 0x11066, 0x116c0, 0x1e950, 0x1fbf0,
];
/// Ones of the series of nine in circles, brackets and the like.
const ONES: [u32; 10] =
    [0x2460, 0x2474, 0x2488, 0x24f5, 0x2776, 0x2780, 0x278a, 0x3220, 0x3280, 0x1f102];

/// Chinese numerals, the capital ones and those that are called out among them.
fn numeral(char: char) -> Option<u8> {
    let digit = match char {
        '〇' | '零' | '○' | '洞' => 0,
        '一' | '壹' | '弌' | '幺' => 1,
        '二' | '贰' | '貳' | '弍' | '两' | '兩' => 2,
        '三' | '叁' | '叄' | '參' | '弎' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' | '陸' => 6,
        '七' | '柒' | '拐' => 7,
        '八' | '捌' => 8,
        '九' | '玖' | '勾' => 9,
        _ => return None,
    };
    Some(digit)
}

/// The digit that a character stands for, and what it is written in.
pub(crate) fn digit(char: char) -> Option<(u8, Script)> {
    if char.is_ascii() {
        return char
            .to_digit(10)
            .and_then(|digit| Some((u8::try_from(digit).ok()?, Script::Ascii)));
    }
    let code = u32::from(char);
    let below = |zero: u32, script| {
        let digit = u8::try_from(code.checked_sub(zero)?).ok()?;
        (digit < 10).then_some((digit, script))
    };
    match code {
        0xff10..=0xff19 => return below(0xff10, Script::FullWidth),
        0x1d7ce..=0x1d7ff => {
            return u8::try_from((code - 0x1d7ce) % 10).ok().map(|digit| (digit, Script::Other));
        }
        0x24ea | 0x24ff | 0x2070 | 0x1f100 | 0x1f101 => return Some((0, Script::Circled)),
        0xb9 => return Some((1, Script::Circled)),
        0xb2 | 0xb3 => return below(0xb0, Script::Circled),
        0x2074..=0x2079 => return below(0x2070, Script::Circled),
        0x2080..=0x2089 => return below(0x2080, Script::Circled),
        _ => {}
    }
    if matches!(code, 0x3400..=0x9fff) {
        return numeral(char).map(|digit| (digit, Script::Chinese));
    }
    let zero = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1);
    zero.and_then(|place| ZEROS.get(place))
        .and_then(|zero| below(*zero, Script::Other))
        .or_else(|| {
            ONES.iter()
                .find(|one| code.wrapping_sub(**one) < 9)
                .and_then(|one| below(one - 1, Script::Circled))
        })
        .or_else(|| numeral(char).map(|digit| (digit, Script::Chinese)))
}

/// Whether a character takes no room: zero-width, soft hyphen, direction marks,
/// variation selectors, tags.
pub(crate) fn is_invisible(char: char) -> bool {
    matches!(
        u32::from(char),
        0xad | 0x34f
            | 0x61c
            | 0x115f
            | 0x1160
            | 0x17b4
            | 0x17b5
            | 0x180b..=0x180e
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x206f
            | 0x20e3
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xe0000..=0xe0fff
    )
}

/// The plain mark that a wide mark stands for where it joins digits.
fn joint(char: char) -> Option<char> {
    let plain = match u32::from(char) {
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => ' ',
        0x2010..=0x2015 | 0x2212 | 0x30fc | 0xfe58 | 0xfe63 | 0xff0d | 0xff70 => '-',
        0xb7 | 0x2022 | 0x2024 | 0x2027 | 0x22c5 | 0x3002 | 0x30fb | 0xff0e | 0xff61 | 0xff65 => {
            '.'
        }
        0x2044 | 0x2215 | 0xff0f => '/',
        0xff3f => '_',
        _ => return None,
    };
    Some(plain)
}

/// Whether a character that begins at `at`, wide and no common Chinese one, makes
/// it worth while to read the text again in plain characters.
#[cold]
#[inline(never)]
pub(crate) fn is_veil(bytes: &[u8], at: usize) -> bool {
    let tail = bytes.get(at..bytes.len().min(at + 4)).unwrap_or_default();
    let Some(char) = tail.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next())
    else {
        return false;
    };
    if is_invisible(char) {
        return true;
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let after = bytes.get(at + char.len_utf8());
    let before = at.checked_sub(1).and_then(|place| bytes.get(place));
    if joint(char).is_some() {
        return is_digit(before) && is_digit(after);
    }
    // One digit in a circle, and nothing joined to it, numbers a point of a list.
    let numbers = || after.is_some_and(|byte| byte.is_ascii_digit() || !byte.is_ascii());
    match digit(char) {
        Some((_, Script::FullWidth | Script::Other)) => true,
        Some((_, Script::Circled)) => is_digit(before) || numbers(),
        _ => false,
    }
}

/// Whether eleven numerals follow each other in Chinese characters.
#[cold]
pub(crate) fn has_numerals(run: &[u8]) -> bool {
    let mut streak = 0;
    run.as_chunks::<3>().0.iter().any(|char| {
        let flags = chars::han_flags_at(char, 0);
        streak = if flags.unwrap_or(0) & chars::NUMERAL != 0 { streak + 1 } else { 0 };
        streak >= 11
    })
}

/// A text in plain characters, and where each of its bytes comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plain {
    pub(crate) text: String,
    /// Start of the character that a byte comes from.
    places: Vec<usize>,
    /// Digits that follow each other: place, character, digit, script.
    run: Vec<(usize, char, u8, Script)>,
}

impl Plain {
    /// Reads a text: digits of all scripts and full-width letters become plain,
    /// what takes no room goes, wide marks between digits become narrow ones.
    pub(crate) fn read(&mut self, text: &str) {
        self.text.clear();
        self.places.clear();
        self.run.clear();
        for (place, char) in text.char_indices() {
            if is_invisible(char) {
                continue;
            }
            if let Some((digit, script)) = digit(char) {
                self.run.push((place, char, digit, script));
                continue;
            }
            self.flush();
            let narrow = match char {
                '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '＠' | '．' | '＋' | '－' => {
                    u32::from(char).checked_sub(0xfee0).and_then(char::from_u32)
                }
                'Ⅹ' | 'ⅹ' if self.ends_in_digit() => Some('X'),
                _ => joint(char).filter(|_| self.ends_in_digit() && starts_with_digit(text, place)),
            };
            self.push(place, narrow.unwrap_or(char));
        }
        self.flush();
        self.places.push(text.len());
    }

    fn ends_in_digit(&self) -> bool {
        self.text.as_bytes().last().is_some_and(u8::is_ascii_digit)
    }

    fn push(&mut self, place: usize, char: char) {
        self.text.push(char);
        self.places.extend(std::iter::repeat_n(place, char.len_utf8()));
    }

    /// Writes the digits that follow each other.
    ///
    /// Numerals and circles are used for other things, too; they stand for digits
    /// where there are as many as in an identifier, and not where one comes before
    /// a number that is plain: ①13812345678.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let soft = |script: &Script| matches!(script, Script::Circled | Script::Chinese);
        let softs = run.iter().filter(|(.., script)| soft(script)).count();
        let leads = softs == 1 && run.first().is_some_and(|(.., script)| soft(script));
        let counts = matches!(run.len(), 11 | 13 | 15..=19) && !leads;
        for (place, char, digit, script) in &run {
            let as_digit = counts || !soft(script);
            self.push(*place, if as_digit { char::from(b'0' + digit) } else { *char });
        }
        self.run = run;
        self.run.clear();
    }

    /// Where in the text as given a find of the plain text lies, and the disguises
    /// inside it, as bits.
    pub(crate) fn original(&self, text: &str, start: usize, end: usize) -> (usize, usize, u16) {
        let at = |place: usize| self.places.get(place).copied().unwrap_or(text.len());
        let from = at(start);
        let last = end.checked_sub(1).map_or(from, at);
        let char = text.get(last..).and_then(|rest| rest.chars().next());
        let to = last + char.map_or(0, char::len_utf8);
        (from, to, disguises(text.get(from..to).unwrap_or_default()))
    }
}

fn starts_with_digit(text: &str, place: usize) -> bool {
    let mut rest = text.get(place..).unwrap_or_default().chars().skip(1);
    rest.find(|char| !is_invisible(*char)).is_some_and(|char| digit(char).is_some())
}

/// The disguises that the characters of an identifier show, as bits. A name or an
/// address of Chinese characters shows only what takes no room.
fn disguises(text: &str) -> u16 {
    let numeric =
        text.chars().filter(|char| digit(*char).is_some()).count() * 2 > text.chars().count();
    text.chars().fold(0, |bits, char| {
        let disguise = match digit(char) {
            _ if is_invisible(char) => Some(Disguise::ZeroWidth),
            Some((_, Script::FullWidth)) => Some(Disguise::FullWidth),
            Some((_, Script::Other | Script::Circled)) => Some(Disguise::OtherDigits),
            Some((_, Script::Chinese)) if numeric => Some(Disguise::Numerals),
            None if matches!(char, '\u{ff21}'..='\u{ff5a}') => Some(Disguise::FullWidth),
            None if numeric && joint(char).is_some() => Some(Disguise::Separators),
            _ => None,
        };
        bits | disguise.map_or(0, Disguise::bit)
    })
}

/// The letters and digits of a value, in capitals, without all that stands
/// between them; `None` if there is anything else in it, or too much. Beside them
/// the disguises that were taken off, as bits.
pub(crate) fn bare(text: &str) -> Option<(Vec<u8>, u16)> {
    const MOST: usize = 40;
    let mut bare = Vec::with_capacity(MOST);
    let mut bits = 0;
    for char in text.chars() {
        let found = digit(char);
        let (byte, disguise) = match (found, char) {
            _ if is_invisible(char) => (None, Some(Disguise::ZeroWidth)),
            (Some((digit, script)), _) => {
                let disguise = match script {
                    Script::Ascii => None,
                    Script::FullWidth => Some(Disguise::FullWidth),
                    Script::Other | Script::Circled => Some(Disguise::OtherDigits),
                    Script::Chinese => Some(Disguise::Numerals),
                };
                (Some(b'0' + digit), disguise)
            }
            (None, 'Ⅹ' | 'ⅹ' | 'Х' | 'х' | 'Χ' | 'χ' | '×' | '✕') => {
                (Some(b'X'), Some(Disguise::OtherDigits))
            }
            (None, '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}') => {
                let letter =
                    u32::from(char).checked_sub(0xfee0).and_then(|code| u8::try_from(code).ok());
                (letter, Some(Disguise::FullWidth))
            }
            (None, _) if char.is_ascii() => match u8::try_from(char) {
                Ok(byte) if is_alnum(byte) => (Some(byte), None),
                _ => (None, Some(Disguise::Separators)),
            },
            (None, _) if char.is_alphanumeric() => return None,
            (None, _) => (None, Some(Disguise::Separators)),
        };
        bits |= disguise.map_or(0, Disguise::bit);
        bare.extend(byte.map(|byte| byte.to_ascii_uppercase()));
        if bare.len() > MOST {
            return None;
        }
    }
    Some((bare, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zeros_are_in_order_and_every_script_counts_to_nine() {
        assert!(ZEROS.is_sorted());
        for zero in ZEROS {
            for value in 0..10_u8 {
                let char = char::from_u32(zero + u32::from(value)).unwrap();
                assert!(char.is_numeric(), "{zero:x}");
                assert_eq!(digit(char), Some((value, Script::Other)), "{zero:x}");
            }
        }
        for (char, value) in [
            ('①', 1),
            ('⑨', 9),
            ('⓪', 0),
            ('𝟘', 0),
            ('𝟿', 9),
            ('²', 2),
            ('⁹', 9),
            ('〇', 0),
            ('玖', 9),
        ] {
            assert_eq!(digit(char).map(|(digit, _)| digit), Some(value), "{char}");
        }
        assert_eq!(digit('十'), None);
    }

    #[test]
    fn a_list_is_not_read_as_a_number() {
        let mut plain = Plain::default();
        for (text, read) in [
            ("①13812345678，②无", "①13812345678，②无"),
            ("统一13812345678", "统一13812345678"),
            ("二〇二五年一月", "二〇二五年一月"),
            ("1\u{200b}38", "138"),
            ("138·1234—5678", "138.1234-5678"),
            ("一三八一二三四五六七八", "13812345678"),
            ("買·卖—2025", "買·卖—2025"),
        ] {
            plain.read(text);
            assert_eq!(plain.text, read);
        }
    }
}
