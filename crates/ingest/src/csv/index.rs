//! Where each field of a block lies.

use memchr::memchr;

use super::Dialect;
use crate::chunk::{COMPLEX, Chunk, Lines, POSITION, QUOTED, RowReject, position};
use crate::columns::{Class, Notation, classify};
use crate::sink::Reason;

/// Rules for the rows of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Delimiter and line break.
    pub(crate) dialect: Dialect,
    /// Columns of the table.
    pub(crate) columns: usize,
    /// Longest field, in bytes.
    pub(crate) field_bytes: usize,
}

/// Finds the fields of all records of a block.
///
/// Records with another number of fields, remarks and broken quotes go to
/// `Chunk::rejects`. Blank lines are skipped.
pub(crate) fn index(bytes: Vec<u8>, first_line: u64, rules: Rules) -> Chunk {
    let mut chunk = Chunk {
        columns: rules.columns,
        lines: Lines::Counted { first: first_line, newline: rules.dialect.newline },
        wide_comma: rules.dialect.wide_comma(),
        ..Chunk::default()
    };
    // A field takes four bytes or more of most files.
    chunk.marks.reserve(bytes.len() / 4);
    let mut at = 0;
    let mut finder = Finder::new(rules.dialect);
    while at < bytes.len() {
        at = record(&bytes, at, rules, &mut finder, &mut chunk);
    }
    chunk.bytes = bytes;
    chunk
}

/// The fields of the record that starts at `at`, and where the next one starts.
pub(crate) fn split_record(bytes: &[u8], at: usize, dialect: Dialect) -> (Vec<Vec<u8>>, usize) {
    let mut marks = Vec::new();
    let scan = scan(bytes, at, &mut Finder::new(dialect), &mut marks);
    let mut chunk = Chunk {
        columns: marks.len().saturating_sub(1),
        wide_comma: dialect.wide_comma(),
        ..Chunk::default()
    };
    chunk.bytes = bytes.get(..scan.next).unwrap_or_default().to_vec();
    let fields =
        (0..chunk.columns).map(|column| chunk.field(&marks, column).into_owned()).collect();
    (fields, scan.next)
}

/// What was found while scanning one record.
struct Scan {
    /// Where the next record starts.
    next: usize,
    /// Whether text follows a closing quotation mark.
    broken_quote: bool,
}

/// Pushes the marks of one record: the starts of its fields, and its end plus one.
#[inline]
fn scan(bytes: &[u8], start: usize, finder: &mut Finder, marks: &mut Vec<u32>) -> Scan {
    let dialect = finder.dialect;
    let mut at = start;
    let mut broken_quote = false;
    loop {
        let field = at;
        let mut flags = 0;
        if bytes.get(at) == Some(&b'"') {
            // Inside quotes the stand-in of a full-width comma is turned back.
            flags = if dialect.wide_comma() { QUOTED | COMPLEX } else { QUOTED };
            at += 1;
            loop {
                let Some(quote) = memchr(b'"', bytes.get(at..).unwrap_or_default()) else {
                    // The reader of blocks refuses files with an unclosed quote.
                    at = bytes.len();
                    broken_quote = true;
                    break;
                };
                at += quote + 1;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
                flags |= COMPLEX;
                at += 1;
            }
        }
        let closed = at;
        let end = finder.next(bytes, at);
        at = end + 1;
        let last = end >= bytes.len() || bytes.get(end) == Some(&dialect.newline);
        let text_end =
            if last && end > closed && bytes.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        if flags != 0 && text_end > closed {
            flags |= COMPLEX;
            broken_quote |= bytes
                .get(closed..text_end)
                .unwrap_or_default()
                .iter()
                .any(|byte| !matches!(byte, b' ' | b'\t'));
        }
        marks.push(position(field) | flags);
        if last {
            marks.push(position(text_end + 1));
            return Scan { next: at.min(bytes.len()), broken_quote };
        }
    }
}

/// One record into the chunk; returns where the next one starts.
#[inline]
fn record(
    bytes: &[u8],
    start: usize,
    rules: Rules,
    finder: &mut Finder,
    chunk: &mut Chunk,
) -> usize {
    let first = chunk.marks.len();
    let scan = scan(bytes, start, finder, &mut chunk.marks);
    let columns = rules.columns;
    let marks = chunk.marks.len() - first;
    let end = chunk.marks.last().map_or(start, |mark| (mark - 1) as usize);
    if marks == 2 && end == start {
        // A blank line.
        chunk.marks.truncate(first);
        return scan.next;
    }
    chunk.records += 1;
    let found = marks - 1;
    let reason = if scan.broken_quote {
        Some(Reason::Quote)
    } else if end - start > rules.field_bytes && has_long_field(chunk, first, rules.field_bytes) {
        Some(Reason::TooLong { limit_bytes: rules.field_bytes as u64 })
    } else if found != columns && !drop_empty_tail(chunk, first, columns) {
        if found == 1 && columns >= 3 {
            Some(Reason::Footnote)
        } else {
            Some(Reason::FieldCount { expected: columns as u64, found: found as u64 })
        }
    } else if columns >= 3 && is_remark(bytes, chunk, first) {
        Some(Reason::Footnote)
    } else {
        None
    };
    if let Some(reason) = reason {
        chunk.marks.truncate(first);
        chunk.rejects.push(RowReject { start, end, line: None, reason, value: None, column: None });
    }
    scan.next
}

/// Programs pad rows with delimiters: fields beyond the table that are empty are dropped.
fn drop_empty_tail(chunk: &mut Chunk, first: usize, columns: usize) -> bool {
    let row = chunk.marks.get(first..).unwrap_or_default();
    if row.len() <= columns + 1 {
        return false;
    }
    let extra = row.get(columns..).unwrap_or_default();
    let empty = extra.windows(2).all(|pair| match pair {
        [from, to] => to & POSITION == (from & POSITION) + 1,
        _ => false,
    });
    if empty {
        chunk.marks.truncate(first + columns + 1);
    }
    empty
}

fn has_long_field(chunk: &Chunk, first: usize, limit: usize) -> bool {
    chunk.marks.get(first..).unwrap_or_default().windows(2).any(|pair| match pair {
        [from, to] => {
            let from = from & POSITION;
            let to = to & POSITION;
            to.saturating_sub(from + 1) as usize > limit
        }
        _ => false,
    })
}

/// Whether the row is a remark: its first field alone is filled, and reads like
/// a sentence or a note.
#[inline]
fn is_remark(bytes: &[u8], chunk: &Chunk, first: usize) -> bool {
    let row = chunk.marks.get(first..).unwrap_or_default();
    let empty = |pair: &[u32]| matches!(pair, [from, to] if to & POSITION == (from & POSITION) + 1);
    let mut fields = row.windows(2);
    let Some([from, to]) = fields.next() else { return false };
    // Nearly every row ends here: its second field is filled.
    if !fields.all(empty) {
        return false;
    }
    let from = (from & POSITION) as usize;
    let to = (to & POSITION) as usize;
    reads_like_a_remark(bytes.get(from..to.saturating_sub(1)).unwrap_or_default())
}

/// Whether a lone text reads like a note or a sentence, and not like a key or a value.
pub(crate) fn reads_like_a_remark(text: &[u8]) -> bool {
    const STARTS: [&str; 14] = [
        "注",
        "备注",
        "说明",
        "资料来源",
        "数据来源",
        "来源",
        "单位",
        "制表",
        "填表",
        "审核",
        "*",
        "※",
        "note",
        "source",
    ];
    if classify(text, Notation::CommaGroups) != Class::Text {
        return false;
    }
    let text = String::from_utf8_lossy(text);
    let text = text.trim_matches(|char: char| char.is_whitespace() || char == '"');
    let lower = text.get(..text.len().min(6)).map(str::to_lowercase).unwrap_or_default();
    STARTS.iter().any(|start| text.starts_with(start) || lower.starts_with(start))
        || text.chars().any(|char| matches!(char, '。' | '；' | '：' | '，' | ';'))
        || text.chars().count() >= 30
}

const SEVENS: u64 = u64::from_ne_bytes([0x7F; 8]);

/// The bytes of a word that are zero, as their highest bits.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    // No carry leaves a byte: at most 0x7F + 0x7F.
    !((word & SEVENS).wrapping_add(SEVENS) | word | SEVENS)
}

/// Finds delimiters and line breaks, eight bytes at a time.
///
/// The hits of a word are kept, since a word often holds several.
struct Finder {
    delimiters: u64,
    newlines: u64,
    dialect: Dialect,
    /// Start of the word that was looked at last.
    base: usize,
    hits: u64,
}

impl Finder {
    fn new(dialect: Dialect) -> Self {
        Self {
            delimiters: u64::from_ne_bytes([dialect.delimiter; 8]),
            newlines: u64::from_ne_bytes([dialect.newline; 8]),
            dialect,
            base: 0,
            hits: 0,
        }
    }

    /// Position of the next delimiter or line break at or after `from`, or the end.
    #[inline]
    fn next(&mut self, bytes: &[u8], from: usize) -> usize {
        let offset = from.wrapping_sub(self.base);
        let mut at = from;
        if offset < 8 && self.hits != 0 {
            let hits = self.hits >> (offset * 8);
            if hits != 0 {
                return from + (hits.trailing_zeros() / 8) as usize;
            }
            at = self.base + 8;
        }
        while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*word);
            let hits = zero_bytes(word ^ self.delimiters) | zero_bytes(word ^ self.newlines);
            if hits != 0 {
                self.base = at;
                self.hits = hits;
                return at + (hits.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        rest.iter()
            .position(|byte| *byte == self.dialect.delimiter || *byte == self.dialect.newline)
            .map_or(bytes.len(), |found| at + found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_finder_finds_what_a_plain_search_finds(bytes in "[,\\-+\n\u{1}\u{2}a太]{0,40}", step in 1_usize..5) {
            let bytes = bytes.as_bytes();
            let dialect = Dialect { delimiter: b',', newline: b'\n' };
            let mut finder = Finder::new(dialect);
            let mut from = 0;
            while from <= bytes.len() {
                let plain = bytes
                    .iter()
                    .skip(from)
                    .position(|byte| matches!(byte, b',' | b'\n'))
                    .map_or(bytes.len(), |at| at + from);
                prop_assert_eq!(finder.next(bytes, from), plain);
                from += step;
            }
        }
    }
}
