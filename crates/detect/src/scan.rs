//! One pass over a text that finds everything that can be found in it.
//!
//! The pass goes over the bytes once. A run of ASCII letters and digits goes to
//! `runs.rs` when it ends, a run of Chinese characters to `names.rs`, and a piece
//! between marks, in which there were steps of an address, to `address.rs`. What
//! was noted on the way (classes of bytes, flags of characters) decides whether a
//! closer look is taken at all.
//!
//! No regular expression, no allocation, no backtracking over the text.
//!
//! ```text
//! byte ─▶ letter or digit ─▶ run ──────────────▶ by length and class: identifiers
//!    ├──▶ Chinese         ─▶ run, bits of flags ─▶ names
//!    └──▶ mark            ─▶ piece, its steps   ─▶ address
//! ```

use crate::address;
use crate::chars::{self, ALNUM, DIGIT, WIDE, class};
use crate::disguise::Disguise;
use crate::kind::Kind;
use crate::names::{self, NameLook};
use crate::quiet;
use crate::secret;
use crate::veil;

/// One find in a text, by byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Whether the check digit is right, where the kind has one, and the
    /// surroundings do not speak against it.
    pub(crate) valid: bool,
    /// Whether a word before it says what it is; only names are found without.
    pub(crate) named: bool,
    /// How it was disguised, as bits of [`crate::Disguise`].
    pub(crate) veil: u16,
}

/// What a text is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Classes of its bytes, as bits.
    pub(crate) seen: u8,
    /// Digits in it.
    pub(crate) digits: usize,
    /// How much it looks like the name of a person as a whole.
    pub(crate) name: NameLook,
    /// It has characters that hide others or stand for plain ones, and must be read
    /// in plain ones.
    pub(crate) veiled: bool,
    /// It is 18 digits with marks between them, and was tried as a citizen id.
    pub(crate) pieced: bool,
}

/// What is noted on the way; kept between texts, so that it is not made anew.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    piece: Piece,
    run: HanRun,
}

/// Finds everything in `text`; appends it in order to `hits`, which is empty. Stops
/// where it finds that the text must be read in plain characters, unless it is
/// `plain` already.
#[inline]
pub(crate) fn scan(text: &str, plain: bool, hits: &mut Vec<Hit>, notes: &mut Notes) -> Shape {
    let bytes = text.as_bytes();
    if let Some(shape) = quiet::shape(bytes) {
        return shape;
    }
    let mut end = 0;
    let (seen, digits) = if quiet::is_digits(bytes) {
        end = bytes.len();
        (DIGIT, end)
    } else {
        alnum_run(bytes, &mut end)
    };
    if end > 0 && end == bytes.len() {
        // Most identifiers are one run and a whole cell.
        Scanner { bytes, hits }.run(0, end, seen, digits);
        return Shape { seen, digits, ..Shape::default() };
    }
    pieces(text, plain, hits, notes)
}

/// As [`scan`], for a text of several runs and what is between them.
pub(crate) fn pieces(text: &str, plain: bool, hits: &mut Vec<Hit>, notes: &mut Notes) -> Shape {
    let bytes = text.as_bytes();
    let mut scanner = Scanner { bytes, hits };
    let mut shape = Shape::default();
    let Notes { piece, run } = notes;
    piece.open = false;
    run.chars = 0;
    let mut announced = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let class = class(byte);
        if class & ALNUM != 0 {
            scanner.end_han(run, at);
            let start = at;
            let (seen, digits) = alnum_run(bytes, &mut at);
            shape.seen |= seen;
            shape.digits += digits;
            piece.open(start);
            let to = scanner.run(start, at, seen, digits);
            if to > at {
                // The marks that were passed over end the piece.
                scanner.end_piece(piece, at);
                for byte in bytes.get(at..to).unwrap_or_default() {
                    let class = chars::class(*byte);
                    shape.seen |= class;
                    shape.digits += usize::from(class & DIGIT);
                }
                at = to;
            }
        } else if class == WIDE {
            shape.seen |= WIDE;
            let (Some(&second), Some(&third)) = (bytes.get(at + 1), bytes.get(at + 2)) else {
                // A letter of two bytes at the end.
                at = bytes.len();
                continue;
            };
            if (0xe3..=0xe9).contains(&byte) {
                let start = at;
                announced |= han_run(bytes, &mut at, run, piece);
                let veiled = if at == start {
                    may_veil(bytes, at, [byte, second, third]) && veil::is_veil(bytes, at)
                } else {
                    announced & NUMERALS != 0
                };
                if veiled && !plain {
                    shape.veiled = true;
                    return shape;
                }
                if at == start {
                    scanner.end_han(run, at);
                    scanner.end_piece(piece, at);
                    at += 3;
                }
            } else if byte == 0xc2 && second == 0xb7 {
                // 买买提·吐尔逊, 京A·12345
                if !plain && third.is_ascii_digit() && scanner.before(at).is_ascii_digit() {
                    shape.veiled = true;
                    return shape;
                }
                run.dot();
                at += 2;
            } else {
                let full = byte == 0xef
                    && matches!(
                        (second, third),
                        (0xbc, 0x90..=0x99 | 0xa1..=0xba) | (0xbd, 0x81..=0x9a)
                    );
                if !plain
                    && (full
                        || may_veil(bytes, at, [byte, second, third]) && veil::is_veil(bytes, at))
                {
                    shape.veiled = true;
                    return shape;
                }
                scanner.end_han(run, at);
                scanner.end_piece(piece, at);
                at += match byte {
                    0xf0.. => 4,
                    0xe0.. => 3,
                    _ => 2,
                };
            }
        } else {
            shape.seen |= class;
            scanner.end_han(run, at);
            if byte != b'-' && byte != b'#' {
                scanner.end_piece(piece, at);
            }
            at += 1;
        }
    }
    if run.chars > 1 && run.start == 0 {
        // The whole text is one run.
        shape.name = names::name_look(text);
        if shape.name == NameLook::Likely {
            let (end, kind) = (bytes.len(), Kind::PersonName);
            scanner.hits.push(Hit { start: 0, end, kind, valid: true, named: false, veil: 0 });
        } else {
            scanner.end_han(run, bytes.len());
        }
    } else {
        scanner.end_han(run, bytes.len());
    }
    scanner.end_piece(piece, bytes.len());
    if shape.name == NameLook::No
        && shape.seen & ALNUM == 0
        && (7..=18).contains(&bytes.len())
        && scanner.hits.is_empty()
        && names::is_spaced_name(text)
    {
        shape.name = NameLook::Likely;
        let (end, kind) = (bytes.len(), Kind::PersonName);
        scanner.hits.push(Hit { start: 0, end, kind, valid: true, named: false, veil: 0 });
    }
    if announced & SECRET != 0
        && let Some((start, end)) = secret::find_chinese(text)
    {
        scanner.replace(start, end, Kind::Secret);
    }
    shape
}

/// Goes to the end of a run of letters and digits; its classes and its digits.
/// (Eight bytes at a time was tried: most runs are too short for it.)
#[inline]
fn alnum_run(bytes: &[u8], at: &mut usize) -> (u8, usize) {
    let mut seen = 0;
    let mut digits = 0_usize;
    let mut end = *at;
    for byte in bytes.get(*at..).unwrap_or_default() {
        let class = class(*byte);
        if class & ALNUM == 0 {
            break;
        }
        seen |= class;
        digits = digits.wrapping_add(usize::from(class & DIGIT));
        end = end.wrapping_add(1);
    }
    *at = end;
    (seen, digits)
}

/// A word for a password is among the Chinese characters.
const SECRET: u8 = 1;
/// So many numerals follow each other as an identifier has digits.
const NUMERALS: u8 = SECRET << 1;

/// Whether a wide character that is no common Chinese one or mark may hide
/// something or stand for a plain one; most do not, which this says at once.
#[inline]
fn may_veil(bytes: &[u8], at: usize, char: [u8; 3]) -> bool {
    let [first, second, third] = char;
    // Most are 。、「」 and ，：；（）, whose second bytes are these.
    let special = match [first, second] {
        [0xe3, 0x80] | [0xef, 0xbc] => false,
        _ => is_special(first, second, third),
    };
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let width = if first < 0xe0 { 2 } else { 3 };
    let before = at.checked_sub(1).is_some_and(|before| is_digit(bytes.get(before)));
    special | (before & is_digit(bytes.get(at + width)))
}

/// Whether a character takes no room, is a digit of another script or stands in a
/// circle, or is next to these.
fn is_special(first: u8, second: u8, third: u8) -> bool {
    match first {
        0xe2 => match second {
            0x80 => matches!(third, 0x8b..=0x8f | 0xaa..=0xae),
            0x81..=0x83 => true,
            _ => matches!(second, 0x91..=0x93 | 0x9d | 0x9e),
        },
        0xe3 => matches!((second, third), (0x85, 0xa4) | (0x88 | 0x8a, _)),
        0xef => matches!((second, third), (0xbb, 0xbf) | (0xb8, _) | (0xbe, 0xa0)),
        0xc2 => matches!(second, 0xad | 0xb2 | 0xb3 | 0xb9),
        0xcd | 0xd8 | 0xd9 | 0xdb | 0xdf | 0xe0 | 0xe1 | 0xea | 0xf0.. => true,
        _ => false,
    }
}

/// Goes to the end of a run of Chinese characters, noting what they are; the bits
/// above for what is among them.
#[inline]
fn han_run(bytes: &[u8], at: &mut usize, run: &mut HanRun, piece: &mut Piece) -> u8 {
    let start = *at;
    let Some(mut flags) = chars::han_flags_at(bytes, start) else { return 0 };
    piece.open(start);
    if run.chars == 0 {
        run.begin(start);
    }
    let mut place = start;
    let mut all = 0;
    let mut state = run.state;
    loop {
        piece.note(place, flags);
        all |= flags;
        state = chars::name_step(state, flags);
        if state & (chars::ANNOUNCED | chars::FOLLOWED) != 0 {
            if state & chars::FOLLOWED != 0 {
                run.keep(place.wrapping_sub(9));
            }
            if state & chars::ANNOUNCED != 0 {
                run.keep(place);
            }
        }
        place = place.wrapping_add(3);
        match chars::han_flags_at(bytes, place) {
            Some(next) => flags = next,
            None => break,
        }
    }
    let length = place.wrapping_sub(start) / 3;
    run.state = state;
    run.chars = run.chars.wrapping_add(length);
    *at = place;
    if all & (chars::SECRET | chars::NUMERAL) == 0 {
        return 0;
    }
    let own = bytes.get(start..place).unwrap_or_default();
    let secret = all & chars::SECRET != 0 && secret::announces(Some(own));
    let numerals = all & chars::NUMERAL != 0 && length >= 11 && veil::has_numerals(own);
    u8::from(secret) | if numerals { NUMERALS } else { 0 }
}

/// Places in a run of Chinese characters at which a name may begin.
const CANDIDATES: usize = 12;

/// A run of Chinese characters.
#[derive(Debug, Clone, Default)]
pub(crate) struct HanRun {
    pub(crate) start: usize,
    pub(crate) chars: usize,
    /// It goes on behind a dot in the middle of the line.
    pub(crate) dotted: bool,
    /// How far the sequences that show a name have come, see [`chars::name_step`].
    state: u16,
    /// Places inside it, in bytes of the text, and how many are kept.
    places: [usize; CANDIDATES],
    kept: usize,
}

impl HanRun {
    #[inline]
    fn begin(&mut self, at: usize) {
        self.start = at;
        self.dotted = false;
        self.state = 0;
        self.kept = 0;
    }

    fn keep(&mut self, at: usize) {
        if self.places().last() != Some(&at)
            && let Some(slot) = self.places.get_mut(self.kept)
        {
            *slot = at;
            self.kept += 1;
        }
    }

    /// Places inside the run at which a name may begin.
    pub(crate) fn places(&self) -> &[usize] {
        self.places.get(..self.kept).unwrap_or_default()
    }

    fn dot(&mut self) {
        self.dotted |= self.chars > 0;
    }
}

/// Places of a piece that are kept; a power of two.
const STEPS: usize = 32;

/// What stands between two marks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    open: bool,
    /// Where the steps of an address are and where a province may begin.
    places: [u32; STEPS],
    kept: usize,
}

impl Piece {
    #[inline]
    fn open(&mut self, at: usize) {
        // Without a branch: every second run opens a piece.
        self.start = if self.open { self.start } else { at };
        self.kept = if self.open { self.kept } else { 0 };
        self.open = true;
    }

    /// Keeps a place if a step of an address is there. Without a branch, since
    /// every third character of an address is one and nothing foretells which.
    /// The last place is overwritten when all are taken.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        reason = "a cell of 4 GB gives wrong places, which are checked; the place is below the length"
    )]
    fn note(&mut self, at: usize, flags: u16) {
        self.places[self.kept % STEPS] = at as u32;
        let step = flags & (chars::STEP | chars::PROVINCE) != 0;
        self.kept = self.kept.wrapping_add(usize::from(step)).min(STEPS - 1);
    }

    /// Where the steps are, in bytes of the text.
    pub(crate) fn places(&self) -> &[u32] {
        self.places.get(..self.kept).unwrap_or_default()
    }
}

/// The text, and what was found in it so far.
pub(crate) struct Scanner<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) hits: &'a mut Vec<Hit>,
}

impl Scanner<'_> {
    #[inline]
    pub(crate) fn at(&self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn before(&self, place: usize) -> u8 {
        place.checked_sub(1).map_or(0, |place| self.at(place))
    }

    #[inline]
    pub(crate) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Adds a find in place of those that it overlaps; returns its end.
    pub(crate) fn push(&mut self, start: usize, end: usize, kind: Kind, valid: bool) -> usize {
        while self.hits.last().is_some_and(|last| last.end > start) {
            self.hits.pop();
        }
        self.hits.push(Hit { start, end, kind, valid, named: true, veil: 0 });
        end
    }

    /// As [`Scanner::push`], for a find that is disguised.
    pub(crate) fn push_veiled(
        &mut self,
        (start, end): (usize, usize),
        kind: Kind,
        valid: bool,
        disguise: Disguise,
    ) -> usize {
        self.push(start, end, kind, valid);
        if let Some(hit) = self.hits.last_mut() {
            hit.veil = disguise.bit();
        }
        end
    }

    /// Adds a find between others, unless it overlaps one of them.
    pub(crate) fn insert(&mut self, hit: Hit) {
        let place = self.hits.partition_point(|other| other.start < hit.start);
        let free_before = place.checked_sub(1).and_then(|place| self.hits.get(place));
        let free = free_before.is_none_or(|other| other.end <= hit.start)
            && self.hits.get(place).is_none_or(|other| other.start >= hit.end);
        if free {
            self.hits.insert(place, hit);
        }
    }

    /// Adds a find in place of all that it overlaps.
    pub(crate) fn replace(&mut self, start: usize, end: usize, kind: Kind) {
        self.hits.retain(|hit| hit.end <= start || hit.start >= end);
        self.insert(Hit { start, end, kind, valid: true, named: true, veil: 0 });
    }

    #[inline]
    fn end_han(&mut self, run: &mut HanRun, end: usize) {
        if run.chars > 1 {
            names::find(self, run, end);
        }
        run.chars = 0;
    }

    #[inline]
    fn end_piece(&mut self, piece: &mut Piece, end: usize) {
        if !piece.open {
            return;
        }
        piece.open = false;
        if piece.kept >= 2
            && let Some((from, to)) = address::find(self.bytes, piece, end)
        {
            self.replace(from, to, Kind::Address);
        }
    }
}
