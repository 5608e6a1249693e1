//! Limits the rows of each person, so that one person changes an answer by no more
//! than is stated.
//!
//! Of each person's rows those with the least keyed hash of person and row number
//! *within the person* are kept. The choice never looks at the rows of others, so that
//! a person who comes or goes changes nothing of what others contribute. Which rows
//! were dropped, and how many, is known here and not released.
//!
//! Memory grows with the persons and their kept rows.

use std::hash::Hasher;

use hashbrown::HashMap;
use siphasher::sip::SipHasher24;

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It counts.
    Kept,
    /// It counts in place of an earlier row of the same person.
    Instead(i64),
    /// It does not count.
    Dropped,
}

/// Kept rows of one person, with their hashes.
#[derive(Default)]
struct Person {
    rows: u64,
    kept: Vec<(u64, i64)>,
}

/// The kept rows of every person.
pub(super) struct Persons {
    most: u32,
    key: [u8; 16],
    persons: HashMap<Box<str>, Person>,
}

impl Persons {
    /// - `most`: most rows a person.
    /// - `key`: secret of the choice.
    pub(super) fn new(most: u32, key: [u8; 16]) -> Self {
        Self { most, key, persons: HashMap::new() }
    }

    /// Offers the next row of a person.
    pub(super) fn offer(&mut self, person: &str, item: i64) -> Offer {
        let key = self.key;
        let state = match self.persons.get_mut(person) {
            Some(state) => state,
            None => self.persons.entry(person.into()).or_default(),
        };
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write_u64(state.rows);
        hasher.write(person.as_bytes());
        let hash = hasher.finish();
        state.rows += 1;
        if (state.kept.len() as u64) < u64::from(self.most) {
            state.kept.push((hash, item));
            return Offer::Kept;
        }
        match state.kept.iter_mut().max_by_key(|(hash, _)| *hash) {
            Some(last) if last.0 > hash => Offer::Instead(std::mem::replace(last, (hash, item)).1),
            _ => Offer::Dropped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_a_person_is_kept_equally_often() {
        let mut kept = [0_u32; 5];
        for round in 0..2000_u32 {
            let mut persons = Persons::new(2, [7; 16]);
            let mut now = Vec::new();
            for row in 0..5 {
                match persons.offer(&format!("p{round}"), row) {
                    Offer::Kept => now.push(row),
                    Offer::Instead(old) => {
                        now.retain(|kept| *kept != old);
                        now.push(row);
                    }
                    Offer::Dropped => {}
                }
            }
            assert_eq!(now.len(), 2);
            for row in now {
                kept[usize::try_from(row).unwrap()] += 1;
            }
        }
        // 800 each, standard deviation 22.
        assert!(kept.iter().all(|times| (700..900).contains(times)), "{kept:?}");
    }
}
