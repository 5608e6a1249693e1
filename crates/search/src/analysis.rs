//! Cutting of text into terms: Chinese by characters, pairs and words, the rest by words.
//!
//! ```text
//! "太原市PM2.5数据" ─▶ 太 太原 原 原市 市 | ⟨太原⟩ ⟨太原市⟩ | pm2 | 5 | 数 数据 据 | ⟨数据⟩
//! ```
//!
//! ⟨…⟩ are words of the dictionary; the index holds them with a mark in front, so that
//! a pair that is a word ranks above a pair that only stands side by side.

use std::sync::LazyLock;

use jieba_rs::Jieba;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Stands in front of a dictionary word in the index. Never part of a text's terms,
/// because control characters separate words.
pub(crate) const WORD_MARK: char = '\u{2}';

/// Longest Latin word that is kept; longer ones are cut. Terms have a limit of 65,530 bytes.
const LONGEST_WORD_CHARS: usize = 64;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// A character of a text after folding, with its place in the text.
#[derive(Clone, Copy, Debug)]
struct Folded {
    value: char,
    /// Bytes of the original text.
    start: usize,
    end: usize,
}

/// A run of characters of one kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ideograph,
    Letter,
    Other,
}

fn kind_of(c: char) -> Kind {
    match c {
        // Han with its extensions, kana and hangul: scripts without spaces between words,
        // or with words that change at the end.
        '\u{3005}'
        | '\u{3007}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}' => Kind::Ideograph,
        _ if c.is_alphanumeric() => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Folds one character: full width to half width, capitals to small letters, and Latin
/// letters to their base (é to e). One character stays one character, so places keep.
pub(crate) fn fold_char(c: char) -> char {
    let half = match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c).saturating_sub(0xFEE0)).unwrap_or(c),
        _ => c,
    };
    if half.is_ascii() {
        return half.to_ascii_lowercase();
    }
    let mut lower = half.to_lowercase();
    let small = match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ => half,
    };
    base_letter(small)
}

/// The unaccented letter of a Latin one, for the letters of Latin-1 and Latin Extended-A
/// that have one.
fn base_letter(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' => 's',
        'ţ' | 'ť' | 'ŧ' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => c,
    }
}

/// The word without its English plural.
///
/// # Source
///
/// The "S" stemmer of D. Harman, "How effective is suffixing?", JASIS 42(1), 1991: its
/// three rules leave words that people can read, which the suggestions need.
pub(crate) fn singular(word: &str) -> String {
    let ends = |suffix: &str| word.ends_with(suffix);
    if word.len() < 4 || !word.is_ascii() {
        return word.to_owned();
    }
    if ends("ies") && !ends("eies") && !ends("aies") {
        return format!("{}y", word.strip_suffix("ies").unwrap_or(word));
    }
    let plain_es = ends("es") && !ends("aes") && !ends("ees") && !ends("oes");
    let plain_s = ends("s") && !ends("us") && !ends("ss") && !ends("es");
    if plain_es || plain_s {
        return word.strip_suffix('s').unwrap_or(word).to_owned();
    }
    word.to_owned()
}

/// A text folded to the form in which whole titles are compared.
pub(crate) fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().map(fold_char).collect()
}

/// One part of a text that is searched as a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The folded text.
    pub(crate) text: String,
    /// Whether it is Chinese (or another script without spaces).
    pub(crate) ideographs: bool,
    /// Whether nothing but space follows it in the text.
    pub(crate) last: bool,
    /// Its place in the text, in bytes.
    pub(crate) bytes: std::ops::Range<usize>,
}

/// Cuts a query text into units: dictionary words and Latin words, in order.
pub(crate) fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    for (kind, run) in runs(text) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let folded: String = run.iter().map(|c| c.value).collect();
        if kind == Kind::Ideograph {
            for word in JIEBA.cut(&folded, false) {
                let place = |index: usize| run.get(index).copied().unwrap_or(*last);
                units.push(Unit {
                    text: word.word.to_owned(),
                    ideographs: true,
                    last: false,
                    bytes: place(word.start).start..place(word.end.saturating_sub(1)).end,
                });
            }
        } else {
            units.push(Unit {
                text: folded.chars().take(LONGEST_WORD_CHARS).collect(),
                ideographs: false,
                last: text.get(last.end..).is_some_and(|rest| rest.trim().is_empty()),
                bytes: first.start..last.end,
            });
        }
    }
    units
}

/// The shorter dictionary words that cover a long one without gap or overlap, as many
/// as there can be, such as 社会 信用 代码 for 社会信用代码; empty if there are none.
pub(crate) fn parts(word: &str) -> Vec<String> {
    let total = word.chars().count();
    let inner = JIEBA.cut_all(word);
    // covers[i]: the most parts that cover the word up to character i.
    let mut covers: Vec<Option<Vec<&str>>> = vec![None; total + 1];
    if let Some(nothing) = covers.first_mut() {
        *nothing = Some(Vec::new());
    }
    for end in 2..=total {
        let best = inner
            .iter()
            .filter(|token| token.end == end && (2..total).contains(&(end - token.start)))
            .filter_map(|token| {
                let before = covers.get(token.start)?.as_ref()?;
                Some([before.as_slice(), &[token.word]].concat())
            })
            .max_by_key(Vec::len);
        if let Some(slot) = covers.get_mut(end) {
            *slot = best;
        }
    }
    let whole = covers.pop().flatten().unwrap_or_default();
    whole.into_iter().map(str::to_owned).collect()
}

/// Runs of ideographs and of letters, folded; what separates them is left out.
fn runs(text: &str) -> Vec<(Kind, Vec<Folded>)> {
    let mut runs: Vec<(Kind, Vec<Folded>)> = Vec::new();
    let mut previous = Kind::Other;
    for (start, c) in text.char_indices() {
        let value = fold_char(c);
        let kind = kind_of(value);
        if kind != Kind::Other {
            let folded = Folded { value, start, end: start + c.len_utf8() };
            match runs.last_mut() {
                Some((_, run)) if kind == previous => run.push(folded),
                _ => runs.push((kind, vec![folded])),
            }
        }
        previous = kind;
    }
    runs
}

/// The analyzer of all text fields.
#[derive(Clone, Default)]
pub(crate) struct Analyzer;

impl Analyzer {
    /// Its name in the schema.
    pub(crate) const NAME: &'static str = "zh_en";

    /// All terms of a text, with their places, in order of position.
    pub(crate) fn terms(text: &str) -> Vec<Token> {
        let mut terms = Vec::new();
        let mut position = 0;
        for (kind, run) in runs(text) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            if kind == Kind::Letter {
                let word: String = run.iter().take(LONGEST_WORD_CHARS).map(|c| c.value).collect();
                terms.push(Token {
                    offset_from: first.start,
                    offset_to: last.end,
                    position,
                    text: singular(&word),
                    position_length: 1,
                });
                position += 2;
                continue;
            }
            let start = terms.len();
            for (index, c) in run.iter().enumerate() {
                let term = |text: String, end: usize| Token {
                    offset_from: c.start,
                    offset_to: end,
                    position: position + index,
                    text,
                    position_length: 1,
                };
                terms.push(term(c.value.to_string(), c.end));
                if let Some(next) = run.get(index + 1) {
                    terms.push(term([c.value, next.value].iter().collect(), next.end));
                }
            }
            let folded: String = run.iter().map(|c| c.value).collect();
            for word in JIEBA.cut_for_search(&folded, false) {
                let inner = run.get(word.start..word.end).unwrap_or_default();
                let (Some(from), Some(to)) = (inner.first(), inner.last()) else { continue };
                if inner.len() > 1 {
                    terms.push(Token {
                        offset_from: from.start,
                        offset_to: to.end,
                        position: position + word.start,
                        text: format!("{WORD_MARK}{}", word.word),
                        position_length: 1,
                    });
                }
            }
            // Positions of one run must not go back.
            if let Some(run_terms) = terms.get_mut(start..) {
                run_terms.sort_by_key(|term| term.position);
            }
            // A gap, so that no pair is read across what separates two runs.
            position += run.len() + 1;
        }
        terms
    }
}

impl Tokenizer for Analyzer {
    type TokenStream<'a> = Terms;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms {
        Terms { terms: Self::terms(text).into_iter(), current: Token::default() }
    }
}

/// The terms of one text.
pub(crate) struct Terms {
    terms: std::vec::IntoIter<Token>,
    current: Token,
}

impl TokenStream for Terms {
    fn advance(&mut self) -> bool {
        match self.terms.next() {
            Some(term) => {
                self.current = term;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.current
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.current
    }
}

#[cfg(test)]
mod tests {
    use super::{Analyzer, WORD_MARK, fold, parts, singular, units};

    fn terms(text: &str) -> Vec<String> {
        Analyzer::terms(text).into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn chinese_is_cut_into_characters_pairs_and_words() {
        let terms = terms("太原市");
        for expected in ["太", "太原", "原", "原市", "市"] {
            assert!(terms.iter().any(|term| term == expected), "{expected} in {terms:?}");
        }
        assert!(terms.contains(&format!("{WORD_MARK}太原市")), "{terms:?}");
    }

    #[test]
    fn latin_words_are_folded_and_lose_their_plural() {
        assert_eq!(terms("Cafés, COMPANIES ＡＢＣ pm2.5"), ["cafe", "company", "abc", "pm2", "5"]);
        for (word, expected) in [
            ("permits", "permit"),
            ("agencies", "agency"),
            ("houses", "house"),
            ("class", "class"),
            ("status", "status"),
            ("gas", "gas"),
            ("shoes", "shoes"),
        ] {
            assert_eq!(singular(word), expected);
        }
    }

    #[test]
    fn places_are_those_of_the_original_text() {
        let text = "山西 Énergie２０２４年";
        for term in Analyzer::terms(text) {
            let original = text.get(term.offset_from..term.offset_to).unwrap();
            assert_eq!(fold(original), term.text.trim_start_matches(WORD_MARK));
        }
    }

    #[test]
    fn a_query_is_cut_into_words() {
        let texts: Vec<String> = units("太原企业的道路 data").into_iter().map(|u| u.text).collect();
        assert_eq!(texts, ["太原", "企业", "的", "道路", "data"]);
        let units = units("Open  permits ");
        assert_eq!(units.iter().map(|unit| unit.last).collect::<Vec<_>>(), [false, true]);
        assert_eq!(units[1].bytes, 6..13);
    }

    #[test]
    fn a_long_word_has_parts() {
        assert_eq!(parts("中华人民共和国"), ["中华", "人民", "共和国"]);
        assert_eq!(parts("企业信用"), ["企业", "信用"]);
        assert!(parts("太原").is_empty());
        assert!(parts("太原市").is_empty());
    }
}
