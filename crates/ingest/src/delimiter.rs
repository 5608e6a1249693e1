//! Delimiter, line break and header of a text table, from its head.

use std::collections::HashMap;

use crate::chunk::WIDE_COMMA;
use crate::columns::{Class, Notation, classify};
use crate::csv::{Dialect, split_record};

/// Records of the head that are looked at.
const SAMPLE_RECORDS: usize = 300;

/// What the head of a text table tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Delimiter and line break.
    pub(crate) dialect: Dialect,
    /// The cells of the header; empty texts where there is no header.
    pub(crate) header: Vec<String>,
    /// Whether the first record is a header.
    pub(crate) has_header: bool,
    /// Title lines above the header.
    pub(crate) titles: usize,
    /// Bytes of text before the first data record.
    pub(crate) skip: usize,
}

impl Layout {
    /// The delimiter as a character.
    pub(crate) fn delimiter(&self) -> char {
        if self.dialect.wide_comma() { '，' } else { char::from(self.dialect.delimiter) }
    }

    /// How numbers are written where this delimiter is used.
    pub(crate) fn notation(&self) -> Notation {
        if self.dialect.delimiter == b';' { Notation::CommaUnclear } else { Notation::CommaGroups }
    }
}

/// What the user says about the layout.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wishes {
    pub(crate) delimiter: Option<u8>,
    pub(crate) header: Option<bool>,
}

/// Why the head tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLayout {
    /// Nothing but blank lines.
    Empty,
    /// The first record does not end within the head.
    TooLong,
}

/// Finds the layout of a text. `whole` says that the head is all of it.
pub(crate) fn layout(head: &[u8], whole: bool, wishes: Wishes) -> Result<Layout, NoLayout> {
    if head.iter().all(u8::is_ascii_whitespace) && whole {
        return Err(NoLayout::Empty);
    }
    let newline = match (head.contains(&b'\n'), head.contains(&b'\r')) {
        (false, true) => b'\r',
        _ => b'\n',
    };
    let candidates = match wishes.delimiter {
        Some(delimiter) => vec![delimiter],
        None => vec![b',', b'\t', b';', b'|', WIDE_COMMA],
    };
    let mut best: Option<(f64, Dialect, Vec<u8>)> = None;
    for delimiter in candidates {
        let dialect = Dialect { delimiter, newline };
        let text = if delimiter == WIDE_COMMA && wishes.delimiter.is_none() {
            if !contains(head, "，".as_bytes()) {
                continue;
            }
            narrowed(head)
        } else {
            head.to_vec()
        };
        let score = score(&records(&text, dialect, whole));
        if best.as_ref().is_none_or(|(highest, _, _)| score > *highest) {
            best = Some((score, dialect, text));
        }
    }
    let (_, dialect, text) = best.ok_or(NoLayout::Empty)?;
    let records = records(&text, dialect, whole);
    if records.is_empty() {
        return Err(if whole { NoLayout::Empty } else { NoLayout::TooLong });
    }
    Ok(with_header(dialect, &records, wishes.header))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

fn narrowed(head: &[u8]) -> Vec<u8> {
    let comma = "，".as_bytes();
    let mut text = Vec::with_capacity(head.len());
    let mut rest = head;
    while let Some(at) = memchr::memmem::find(rest, comma) {
        let (before, after) = rest.split_at(at);
        text.extend_from_slice(before);
        text.push(WIDE_COMMA);
        rest = after.get(comma.len()..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    text
}

/// A record of the head: where it ends, and its fields.
struct Record {
    start: usize,
    end: usize,
    fields: Vec<Vec<u8>>,
}

impl Record {
    fn filled(&self) -> usize {
        self.fields.iter().filter(|field| !field.trim_ascii().is_empty()).count()
    }
}

/// The first records that are complete and not blank.
fn records(text: &[u8], dialect: Dialect, whole: bool) -> Vec<Record> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < text.len() && records.len() < SAMPLE_RECORDS {
        let (fields, next) = split_record(text, at, dialect);
        if next >= text.len() && !whole {
            break;
        }
        let blank = fields.len() <= 1 && fields.iter().all(Vec::is_empty);
        if !blank {
            records.push(Record { start: at, end: next, fields });
        }
        at = next;
    }
    records
}

/// How well a delimiter explains the records: the share of records with the most
/// frequent number of fields, squared, times the logarithm of that number.
fn score(records: &[Record]) -> f64 {
    let Some((fields, count)) = modal_fields(records) else {
        return 0.0;
    };
    #[expect(clippy::cast_precision_loss, reason = "at most a few hundred records")]
    let share = count as f64 / records.len() as f64;
    #[expect(clippy::cast_precision_loss, reason = "a score, compared with others")]
    let weight = (fields as f64).ln();
    share * share * weight
}

fn modal_fields(records: &[Record]) -> Option<(usize, usize)> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for record in records {
        *counts.entry(record.fields.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(fields, count)| (*count, *fields))
}

fn with_header(dialect: Dialect, records: &[Record], wish: Option<bool>) -> Layout {
    let width = modal_fields(records).map_or(1, |(fields, _)| fields);
    let is_title = |record: &&Record| width >= 3 && record.filled() <= 1;
    let titles = match records.iter().take(6).take_while(is_title).count() {
        6 => 0,
        titles => titles,
    };
    let body = records.get(titles..).unwrap_or_default();
    let (first, rest) = match body.split_first() {
        Some((first, rest)) => (first, rest),
        None => return empty_layout(dialect),
    };
    let has_header = wish.unwrap_or_else(|| {
        let rows: Vec<&[Vec<u8>]> = rest.iter().map(|record| record.fields.as_slice()).collect();
        looks_like_header(&first.fields, &rows)
    });
    let mut header: Vec<String> = if has_header {
        first.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
    } else {
        vec![String::new(); width]
    };
    if has_header {
        // A header padded with delimiters names no columns where the data has none.
        while header.len() > 1
            && header.last().is_some_and(|cell| cell.trim().is_empty())
            && !rest.iter().any(|record| {
                record.fields.get(header.len() - 1).is_some_and(|field| !field.is_empty())
            })
            && !rest.is_empty()
        {
            header.pop();
        }
    }
    let skip = if has_header { first.end } else { first.start };
    Layout { dialect, header, has_header, titles, skip }
}

fn empty_layout(dialect: Dialect) -> Layout {
    Layout { dialect, header: vec![String::new()], has_header: false, titles: 0, skip: 0 }
}

/// Whether the first row names the columns.
///
/// It does not if it has values of the type that the rest of the column has;
/// years are an exception, since they name columns of statistical tables.
pub(crate) fn looks_like_header<T: AsRef<[u8]>>(first: &[T], rows: &[&[T]]) -> bool {
    let class = |text: &T| classify(text.as_ref(), Notation::CommaGroups);
    let is_value = |class: Class| !matches!(class, Class::Text | Class::Empty | Class::Mark);
    let values = first.iter().filter(|cell| is_value(class(cell))).count();
    if values == 0 {
        return true;
    }
    let is_year = |cell: &&T| {
        std::str::from_utf8(cell.as_ref())
            .ok()
            .and_then(|text| text.trim().parse::<u16>().ok())
            .is_some_and(|year| (1900..=2100).contains(&year))
    };
    let years = first.iter().filter(is_year).count();
    if years == values && values < first.len() && !rows.is_empty() {
        let mut distinct: Vec<&[u8]> = first.iter().filter(is_year).map(AsRef::as_ref).collect();
        distinct.sort_unstable();
        distinct.dedup();
        return distinct.len() == years;
    }
    // A column that is typed below and text on top speaks for a header.
    let mut named = 0_usize;
    for (column, cell) in first.iter().enumerate() {
        if is_value(class(cell)) {
            continue;
        }
        let below = rows.iter().filter_map(|row| row.get(column));
        let (mut typed, mut other) = (0_usize, 0_usize);
        for cell in below {
            match class(cell) {
                Class::Empty | Class::Mark => {}
                found if is_value(found) => typed += 1,
                _ => other += 1,
            }
        }
        named += usize::from(typed > other);
    }
    named > values
}
