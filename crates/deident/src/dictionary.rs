//! The distinct values of one column, each with a number.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The distinct values of one column, in the order in which they came.
///
/// Each text is held once: the index points to the values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dictionary {
    pub(crate) values: Vec<Option<String>>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    null: Option<u32>,
    text_bytes: usize,
}

/// What an allocation costs beside its contents.
const ALLOCATION_BYTES: usize = 16;
/// A slot of the index, with its control byte and the slots that are free.
const SLOT_BYTES: usize = 8;

impl Dictionary {
    /// The code of a value that was counted.
    pub(crate) fn find(&self, value: Option<&str>) -> Option<u32> {
        let Some(text) = value else { return self.null };
        self.at(self.hasher.hash_one(text), text)
    }

    fn at(&self, hash: u64, text: &str) -> Option<u32> {
        let is = |code: &u32| self.value(*code) == Some(text);
        self.index.find(hash, is).copied()
    }

    fn value(&self, code: u32) -> Option<&str> {
        self.values.get(code as usize)?.as_deref()
    }

    /// The code of a value, a new one if it was not met before; `None` if there are
    /// no codes left.
    pub(crate) fn code(&mut self, value: Option<&str>) -> Option<u32> {
        let fresh = u32::try_from(self.values.len()).ok()?;
        let Some(text) = value else {
            if self.null.is_none() {
                self.null = Some(fresh);
                self.values.push(None);
            }
            return self.null;
        };
        let hash = self.hasher.hash_one(text);
        if let Some(code) = self.at(hash, text) {
            return Some(code);
        }
        self.values.push(Some(text.to_owned()));
        self.text_bytes += text.len() + ALLOCATION_BYTES;
        let Self { values, index, hasher, .. } = self;
        index.insert_unique(hash, fresh, |code| {
            let known = values.get(*code as usize).and_then(Option::as_deref);
            hasher.hash_one(known.unwrap_or_default())
        });
        Some(fresh)
    }

    /// About how much memory the values take.
    pub(crate) fn bytes(&self) -> usize {
        let each = size_of::<Option<String>>() + SLOT_BYTES;
        self.text_bytes + self.values.len() * each
    }
}
