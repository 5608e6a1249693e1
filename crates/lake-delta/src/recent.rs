//! A small map that keeps what was used last, by weight.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Keeps entries up to a total weight; the longest unused go first.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    inner: Mutex<Inner<K, V>>,
    most: usize,
}

#[derive(Debug)]
struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    clock: u64,
    weight: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        let inner = Inner { entries: HashMap::new(), clock: 0, weight: 0 };
        Self { inner: Mutex::new(inner), most }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let clock = inner.clock;
        let entry = inner.entries.get_mut(key)?;
        entry.used = clock;
        Some(entry.value.clone())
    }

    pub(crate) fn insert(&self, key: K, value: V, weight: usize) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let used = inner.clock;
        if let Some(old) = inner.entries.insert(key, Entry { value, weight, used }) {
            inner.weight -= old.weight;
        }
        inner.weight += weight;
        while inner.weight > self.most {
            let oldest = inner.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            if let Some(old) = inner.entries.remove(&oldest) {
                inner.weight -= old.weight;
            }
        }
    }

    pub(crate) fn forget(&self, gone: impl Fn(&K) -> bool) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut freed = 0;
        inner.entries.retain(|key, entry| {
            let keep = !gone(key);
            if !keep {
                freed += entry.weight;
            }
            keep
        });
        inner.weight -= freed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_entries_go_first() {
        let recent = Recent::new(10);
        for key in 1..=3 {
            recent.insert(key, key * 10, 3);
        }
        assert_eq!(recent.get(&1), Some(10));
        recent.insert(4, 40, 3);
        assert_eq!((recent.get(&2), recent.get(&1), recent.get(&4)), (None, Some(10), Some(40)));
        recent.insert(5, 50, 11);
        assert_eq!((recent.get(&5), recent.get(&1)), (None, None), "what never fits is not kept");
        recent.insert(6, 60, 3);
        recent.forget(|key| *key == 6);
        assert_eq!(recent.get(&6), None);
    }
}
