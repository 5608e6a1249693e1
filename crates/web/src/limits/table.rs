//! The states of all buckets, in memory of fixed size.
//!
//! A table of sets of eight, as a processor's cache is: a bucket's key tells its set, and
//! in a full set the bucket that is the nearest to being full gives its place up. A bucket
//! that is forgotten is a full one, so a flood of addresses makes the limits of others
//! looser, never tighter, and those that are used up are remembered the longest.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

/// Buckets of a set.
const WAYS: usize = 8;

/// Stands for a bucket: 64 bits of a keyed hash, so that nobody can choose a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

/// The states. Cheap to clone; all clones are the same table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    sets: Arc<[Mutex<[Slot; WAYS]>]>,
    hasher: RandomState,
}

/// A bucket: when it is full again. A slot that was never used is full since ever.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u64,
    full_at: u64,
}

impl Table {
    /// A table for at least so many buckets.
    pub(super) fn new(buckets: NonZeroUsize) -> Self {
        let sets = buckets.get().div_ceil(WAYS).next_power_of_two();
        let sets = std::iter::repeat_with(Mutex::default).take(sets).collect();
        Self { sets, hasher: RandomState::new() }
    }

    /// The key of a bucket.
    pub(super) fn key(&self, bucket: &impl Hash) -> Key {
        // No bucket has the key of an unused slot.
        Key(self.hasher.hash_one(bucket) | 1)
    }

    fn set_of(&self, key: Key) -> Option<&Mutex<[Slot; WAYS]>> {
        let upper = usize::try_from(key.0 >> 32).unwrap_or(0);
        // The number of sets is a power of two.
        self.sets.get(upper & self.sets.len().saturating_sub(1))
    }
}

impl StateStore for Table {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Some(set) = self.set_of(*key) else { return decide(None).map(|(answer, _)| answer) };
        let mut slots = set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.iter_mut().find(|slot| slot.key == key.0) {
            let (answer, full_at) = decide(Some(slot.full_at.into()))?;
            slot.full_at = full_at.into();
            return Ok(answer);
        }
        let (answer, full_at) = decide(None)?;
        if let Some(slot) = slots.iter_mut().min_by_key(|slot| slot.full_at) {
            *slot = Slot { key: key.0, full_at: full_at.into() };
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use governor::middleware::StateInformationMiddleware;
    use governor::{Quota, RateLimiter};
    use proptest::prelude::*;

    use super::*;

    type Limiter = RateLimiter<Key, Table, FakeRelativeClock, StateInformationMiddleware>;

    fn limiter(quota: Quota, table: &Table) -> Limiter {
        Limiter::new(quota, table.clone(), FakeRelativeClock::default())
    }

    fn table(buckets: usize) -> Table {
        Table::new(buckets.try_into().unwrap())
    }

    fn quota(burst: u32, per_minute: u32) -> Quota {
        let number = |number: u32| NonZeroU32::new(number).unwrap();
        Quota::per_minute(number(per_minute)).allow_burst(number(burst))
    }

    #[test]
    fn no_number_of_clients_takes_more_memory() {
        let table = table(1_000);
        assert_eq!(table.sets.len() * WAYS, 1_024);
        assert_eq!(size_of::<Slot>(), 16);
        let limiter = limiter(quota(3, 1), &table);
        for client in 0..100_000 {
            assert!(limiter.check_key(&table.key(&client)).is_ok(), "a new client is refused");
        }
        assert_eq!(table.sets.len() * WAYS, 1_024);
    }

    #[test]
    fn a_flood_of_addresses_does_not_free_who_is_used_up() {
        let table = table(64);
        let limiter = limiter(quota(100, 60), &table);
        let spent = table.key(&"spent");
        while limiter.check_key(&spent).is_ok() {}
        for client in 0..10_000 {
            assert!(limiter.check_key(&table.key(&client)).is_ok());
        }
        assert!(limiter.check_key(&spent).is_err());
    }

    #[test]
    fn buckets_do_not_share_tokens() {
        let table = table(1_024);
        let limiter = limiter(quota(2, 1), &table);
        let (one, other) = (table.key(&("read", 1)), table.key(&("write", 1)));
        assert!(limiter.check_key(&one).is_ok() && limiter.check_key(&one).is_ok());
        assert!(limiter.check_key(&one).is_err());
        assert!(limiter.check_key(&other).is_ok());
    }

    proptest! {
        /// The promise of a token bucket: in any stretch of time no more than the burst
        /// and what comes back in that time; and who keeps to the rate is never refused.
        #[test]
        fn a_bucket_gives_its_burst_and_then_its_rate(
            burst in 1_u32..20,
            per_minute in 1_u32..600,
            pauses in prop::collection::vec(0_u64..5_000, 1..80),
        ) {
            let (table, clock) = (table(64), FakeRelativeClock::default());
            let limiter = Limiter::new(quota(burst, per_minute), table.clone(), clock.clone());
            let (fast, steady) = (table.key(&"fast"), table.key(&"steady"));
            let (mut given, mut millis) = (0_u64, 0_u64);
            for pause in pauses {
                clock.advance(Duration::from_millis(pause));
                millis += pause;
                given += u64::from(limiter.check_key(&fast).is_ok());
                let most = f64::from(burst) + f64::from(per_minute) * millis as f64 / 60_000.0;
                prop_assert!(given as f64 <= most + 1e-6, "{given} of {most}");
            }
            for _ in 0..50 {
                prop_assert!(limiter.check_key(&steady).is_ok());
                clock.advance(Duration::from_millis(60_000_u64.div_ceil(per_minute.into())));
            }
        }
    }
}
