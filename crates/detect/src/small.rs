//! The values of a column while they are few, with what was found in each.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Different values up to which a column is a small list.
const SMALL: usize = 256;
/// Longest value of a small list, in bytes.
const LONGEST: usize = 64;

/// One value of a small list.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) text: Box<str>,
    pub(crate) count: u64,
    /// What it looks like, if nothing was found in it and the next cell with the
    /// same value need not be read.
    pub(crate) looks: Option<u16>,
}

/// The keys are hashes already.
#[derive(Debug, Clone, Default)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Values by their hash; nothing once they are too many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Small {
    values: HashMap<u64, Value, BuildHasherDefault<Same>>,
    full: bool,
}

impl Small {
    /// Counts a value that is known; its entry.
    #[inline]
    pub(crate) fn count(&mut self, hash: u64, text: &str) -> Option<&Value> {
        if self.full {
            return None;
        }
        let value = self.values.get_mut(&hash).filter(|value| *value.text == *text)?;
        value.count += 1;
        Some(value)
    }

    /// Whether there are too many values.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Remembers a value that was not known.
    pub(crate) fn remember(&mut self, hash: u64, text: &str, looks: Option<u16>) {
        if self.full {
            return;
        }
        if self.values.len() >= SMALL || text.len() > LONGEST || self.values.contains_key(&hash) {
            self.full = true;
            self.values = HashMap::default();
            return;
        }
        self.values.insert(hash, Value { text: text.into(), count: 1, looks });
    }

    /// Adds the values of later rows.
    pub(crate) fn merge(&mut self, later: Self) {
        for (hash, value) in later.values {
            match self.values.get_mut(&hash) {
                Some(own) => own.count += value.count,
                None => {
                    self.values.insert(hash, value);
                }
            }
        }
        if self.full || later.full || self.values.len() > SMALL {
            self.full = true;
            self.values = HashMap::default();
        }
    }

    /// Number of different values, if they are few.
    pub(crate) fn len(&self) -> Option<usize> {
        (!self.full).then_some(self.values.len())
    }

    /// The values and their counts; none if they are too many.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.values.values().map(|value| (&*value.text, value.count))
    }
}
