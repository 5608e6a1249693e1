//! Counts, lengths and extremes of texts.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::distinct::{
    HyperLogLog, Sketch, exact_values, merge_sketches, most_frequent, sketch_texts,
};

/// What is known about the texts of a column.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    /// Each text has a counter.
    Exact(Exact),
    /// Too many texts.
    Sketched(Box<Sketched>),
}

/// A counter for each text; the texts lie one after the other.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    table: HashTable<u32>,
    /// The entry last seen for the beginning of a text, plus one.
    recent: Vec<u32>,
    values: usize,
    budget: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    length: u32,
    hash: u64,
    count: u64,
}

/// Estimates and extremes.
#[derive(Debug, Clone)]
pub(super) struct Sketched {
    values: HyperLogLog,
    top: Sketch<Box<[u8]>>,
    min: Vec<u8>,
    max: Vec<u8>,
    min_start: u64,
    max_start: u64,
    shortest: u64,
    longest: u64,
}

/// Slots of the memory of recent texts.
const RECENT: usize = 256;

/// The hash must be the same in every profiler, or sketches could not be merged.
fn hash(text: &[u8]) -> u64 {
    FixedState::with_seed(0x5F45_4E48_455F_3031).hash_one(text)
}

/// The first eight bytes as a number that sorts as they do.
#[inline]
fn start_of(text: &[u8]) -> u64 {
    match text.first_chunk::<8>() {
        Some(start) => u64::from_be_bytes(*start),
        None => {
            let mut start = [0_u8; 8];
            for (slot, byte) in start.iter_mut().zip(text) {
                *slot = *byte;
            }
            u64::from_be_bytes(start)
        }
    }
}

impl Texts {
    /// No texts yet; exact counts may take this much memory.
    pub(super) fn new(budget: usize) -> Self {
        Self::Exact(Exact {
            bytes: Vec::new(),
            entries: Vec::new(),
            table: HashTable::new(),
            recent: vec![0; RECENT],
            values: exact_values(budget),
            budget: budget.min(1 << 30),
        })
    }

    /// Adds texts; `text` gives that of a row, nothing where there is none.
    pub(super) fn add<'a>(&mut self, rows: usize, text: impl Fn(usize) -> Option<&'a [u8]>) {
        let mut from = 0;
        if let Self::Exact(exact) = self {
            while from < rows {
                if let Some(text) = text(from) {
                    exact.add(text, 1);
                }
                from += 1;
                if exact.is_full() {
                    break;
                }
            }
            if !exact.is_full() {
                return;
            }
            self.leave_exact();
        }
        if let Self::Sketched(sketched) = self {
            for row in from..rows {
                if let Some(text) = text(row) {
                    sketched.add(text);
                }
            }
            sketched.top.offer(rows - from, |row| text(from + row).map(Box::from));
        }
    }

    fn leave_exact(&mut self) {
        if let Self::Exact(exact) = self {
            let (min, max) = exact.extremes();
            let (min, max) = (min.to_vec(), max.to_vec());
            let (shortest, longest) = exact.lengths().unwrap_or((u64::MAX, 0));
            let (values, top) = sketch_texts(
                exact
                    .entries
                    .iter()
                    .map(|entry| (Box::from(exact.text(entry)), entry.hash, entry.count)),
            );
            *self = Self::Sketched(Box::new(Sketched {
                values,
                top,
                min_start: start_of(&min),
                max_start: start_of(&max),
                min,
                max,
                shortest,
                longest,
            }));
        }
    }

    /// Adds what another profiler saw.
    pub(super) fn merge(&mut self, mut other: Self) {
        if matches!(self, Self::Sketched(_)) || matches!(other, Self::Sketched(_)) {
            if self.is_empty() {
                *self = other;
                return;
            }
            if other.is_empty() {
                return;
            }
            self.leave_exact();
            other.leave_exact();
        }
        match (&mut *self, other) {
            (Self::Exact(exact), Self::Exact(other)) => {
                for entry in &other.entries {
                    exact.add(other.text(entry), entry.count);
                }
                if exact.is_full() {
                    self.leave_exact();
                }
            }
            (Self::Sketched(one), Self::Sketched(two)) => one.merge(*two),
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Exact(exact) if exact.entries.is_empty())
    }

    /// Smallest and largest text.
    pub(super) fn extremes(&self) -> Option<(&[u8], &[u8])> {
        match self {
            Self::Exact(exact) if exact.entries.is_empty() => None,
            Self::Exact(exact) => Some(exact.extremes()),
            Self::Sketched(sketched) => Some((&sketched.min, &sketched.max)),
        }
    }

    /// Characters of the shortest and of the longest text.
    pub(super) fn lengths(&self) -> Option<(u64, u64)> {
        match self {
            Self::Exact(exact) => exact.lengths(),
            Self::Sketched(sketched) => Some((sketched.shortest, sketched.longest)),
        }
    }

    /// Number of different texts, and whether it is exact.
    pub(super) fn distinct(&self) -> (u64, bool) {
        match self {
            Self::Exact(exact) => (exact.entries.len() as u64, true),
            Self::Sketched(sketched) => (sketched.values.estimate(), false),
        }
    }

    /// The most frequent texts.
    pub(super) fn top(&self) -> Vec<(Box<[u8]>, u64)> {
        match self {
            Self::Exact(exact) => {
                let mut all: Vec<(&[u8], u64)> =
                    exact.entries.iter().map(|entry| (exact.text(entry), entry.count)).collect();
                most_frequent(&mut all);
                all.into_iter().map(|(text, count)| (Box::from(text), count)).collect()
            }
            Self::Sketched(sketched) => sketched.top.top(),
        }
    }
}

impl Exact {
    fn text(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        self.bytes.get(start..start + entry.length as usize).unwrap_or_default()
    }

    fn is_full(&self) -> bool {
        self.entries.len() > self.values || self.bytes.len() > self.budget
    }

    #[inline]
    fn add(&mut self, text: &[u8], count: u64) {
        let mixed =
            start_of(text).wrapping_add(text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // The upper eight bits.
        let slot = (mixed >> 56) as usize;
        let recent = self.recent.get(slot).copied().unwrap_or(0);
        if let Some(index) = (recent as usize).checked_sub(1)
            && let Some(entry) = self.entries.get_mut(index)
        {
            let start = entry.start as usize;
            if self.bytes.get(start..start + entry.length as usize) == Some(text) {
                entry.count = entry.count.wrapping_add(count);
                return;
            }
        }
        let index = self.find_or_insert(text, count);
        if let Some(recent) = self.recent.get_mut(slot) {
            *recent = index.wrapping_add(1);
        }
    }

    fn find_or_insert(&mut self, text: &[u8], count: u64) -> u32 {
        let hash = hash(text);
        let (bytes, entries) = (&self.bytes, &self.entries);
        let found = self.table.find(hash, |index| {
            entries.get(*index as usize).is_some_and(|entry| {
                let start = entry.start as usize;
                entry.hash == hash && bytes.get(start..start + entry.length as usize) == Some(text)
            })
        });
        if let Some(index) = found.copied() {
            if let Some(entry) = self.entries.get_mut(index as usize) {
                entry.count = entry.count.wrapping_add(count);
            }
            return index;
        }
        // The budget keeps bytes below 1 GiB plus one text, and entries far below 2^32.
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry {
            start: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
            hash,
            count,
        });
        self.bytes.extend_from_slice(text);
        let entries = &self.entries;
        self.table.insert_unique(hash, index, |index| {
            entries.get(*index as usize).map_or(0, |entry| entry.hash)
        });
        index
    }

    fn extremes(&self) -> (&[u8], &[u8]) {
        let texts = || self.entries.iter().map(|entry| self.text(entry));
        (texts().min().unwrap_or_default(), texts().max().unwrap_or_default())
    }

    fn lengths(&self) -> Option<(u64, u64)> {
        let lengths = || self.entries.iter().map(|entry| chars(self.text(entry)));
        lengths().min().zip(lengths().max())
    }
}

/// Characters of a text: bytes that do not continue one.
fn chars(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64
}

impl Sketched {
    #[inline]
    fn add(&mut self, text: &[u8]) {
        self.values.add(hash(text));
        let start = start_of(text);
        if start <= self.min_start && text < self.min.as_slice() {
            self.min = text.to_vec();
            self.min_start = start;
        }
        if start >= self.max_start && text > self.max.as_slice() {
            self.max = text.to_vec();
            self.max_start = start;
        }
        // A character has one to four bytes: most texts can be no extreme.
        let bytes = text.len() as u64;
        if bytes > self.longest || bytes < self.shortest.saturating_mul(4) {
            let chars = chars(text);
            self.longest = self.longest.max(chars);
            self.shortest = self.shortest.min(chars);
        }
    }

    fn merge(&mut self, other: Self) {
        merge_sketches((&mut self.values, &mut self.top), (&other.values, other.top));
        if other.min < self.min {
            self.min_start = other.min_start;
            self.min = other.min;
        }
        if other.max > self.max {
            self.max_start = other.max_start;
            self.max = other.max;
        }
        self.shortest = self.shortest.min(other.shortest);
        self.longest = self.longest.max(other.longest);
    }
}
