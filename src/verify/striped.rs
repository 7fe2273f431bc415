//! A bounded table of read-modify-write values with numbers as keys, cut into stripes.
//!
//! Values go stale by time. Each second in which the table is used, a few stripes are swept, so that
//! nobody ever waits for a walk over the whole table; a full table sweeps harder before it refuses.
//!
//! Invariant: at most `limit` values. A guard never leaves this file, so guards cannot nest.

use std::collections::hash_map::RandomState;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use dashmap::{DashMap, Entry};

use super::census::Level;
use super::moment::Moment;

/// A value that is not worth keeping after some time.
pub(super) trait Stale: Default {
    /// What is needed to tell.
    type Rules;

    /// Drops what is outdated; true when nothing is left.
    fn is_stale(&mut self, rules: &Self::Rules, now: Moment) -> bool;
}

/// The table.
pub(super) struct Striped<V: Stale> {
    stripes: Box<[DashMap<u64, V, RandomState>]>,
    rules: V::Rules,
    limit: usize,
    len: AtomicUsize,
    shed: AtomicU64,
    swept_at: AtomicU32,
    cursor: AtomicUsize,
}

/// The table is full of values that are not stale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Full {
    pub(super) limit: usize,
}

impl<V: Stale> Striped<V> {
    pub(super) fn new(limit: usize, rules: V::Rules) -> Self {
        let stripe = || DashMap::with_hasher_and_shard_amount(RandomState::new(), SHARDS);
        Self {
            stripes: (0..STRIPES).map(|_| stripe()).collect(),
            rules,
            limit,
            len: AtomicUsize::new(0),
            shed: AtomicU64::new(0),
            swept_at: AtomicU32::new(0),
            cursor: AtomicUsize::new(0),
        }
    }

    /// Changes the value of `key`, which is made when there is none.
    ///
    /// # Errors
    ///
    /// When there is none and no room for one.
    pub(super) fn upsert<R>(
        &self,
        key: u64,
        now: Moment,
        act: impl FnOnce(&mut V) -> R,
    ) -> Result<R, Full> {
        self.sweep_now_and_then(now);
        if self.len.load(Ordering::Relaxed) >= self.limit && !self.contains(key) {
            self.make_room(key, now);
        }
        match self.stripe(key).entry(key) {
            Entry::Occupied(mut entry) => Ok(act(entry.get_mut())),
            Entry::Vacant(entry) => {
                if !self.reserve() {
                    self.shed.fetch_add(1, Ordering::Relaxed);
                    return Err(Full { limit: self.limit });
                }
                Ok(act(&mut entry.insert(V::default())))
            }
        }
    }

    /// Changes the value of `key` if there is one.
    pub(super) fn update<R>(&self, key: u64, act: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.stripe(key).get_mut(&key).map(|mut value| act(&mut value))
    }

    pub(super) fn level(&self) -> Level {
        Level {
            size: self.len.load(Ordering::Relaxed),
            limit: self.limit,
            shed: self.shed.load(Ordering::Relaxed),
        }
    }

    fn contains(&self, key: u64) -> bool {
        self.stripe(key).contains_key(&key)
    }

    fn reserve(&self) -> bool {
        let more = |len| (len < self.limit).then_some(len + 1);
        self.len.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// One thread a second sweeps a few stripes: the whole table in about a minute.
    pub(super) fn sweep_now_and_then(&self, now: Moment) {
        let last = self.swept_at.load(Ordering::Relaxed);
        let is_mine = now.0 > last
            && self
                .swept_at
                .compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_mine {
            self.sweep_next(now);
        }
    }

    fn make_room(&self, key: u64, now: Moment) {
        self.sweep(stripe_of(key), now);
        self.sweep_next(now);
    }

    fn sweep_next(&self, now: Moment) {
        for _ in 0..SWEEP {
            self.sweep(self.cursor.fetch_add(1, Ordering::Relaxed) % STRIPES, now);
        }
    }

    fn sweep(&self, stripe: usize, now: Moment) {
        let mut dropped = 0;
        self.stripes[stripe].retain(|_, value| {
            let is_stale = value.is_stale(&self.rules, now);
            dropped += usize::from(is_stale);
            !is_stale
        });
        self.len.fetch_sub(dropped, Ordering::Relaxed);
    }

    fn stripe(&self, key: u64) -> &DashMap<u64, V, RandomState> {
        &self.stripes[stripe_of(key)]
    }
}

/// Fibonacci hashing: consecutive numbers go to different stripes. Who chooses his numbers can
/// crowd one stripe; inside it a keyed hash holds.
fn stripe_of(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize % STRIPES
}

/// A million values are 4,000 in a stripe: sweeping one takes less than a tenth of a millisecond.
const STRIPES: usize = 256;
/// Locks per stripe.
const SHARDS: usize = 2;
/// Stripes swept in a second.
const SWEEP: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Stale ten seconds after it was set.
    #[derive(Default)]
    struct Mark(u32);

    impl Stale for Mark {
        type Rules = u32;

        fn is_stale(&mut self, keep: &u32, now: Moment) -> bool {
            self.0 + keep <= now.0
        }
    }

    fn table(limit: usize) -> Striped<Mark> {
        Striped::new(limit, 10)
    }

    fn set(table: &Striped<Mark>, key: u64, now: u32) -> Result<(), Full> {
        table.upsert(key, Moment(now), |mark| mark.0 = now)
    }

    #[test]
    fn a_full_table_refuses_a_new_key_and_keeps_serving_the_old_ones() {
        let table = table(3);
        for key in 1..=3 {
            assert_eq!(set(&table, key, 0), Ok(()));
        }
        assert_eq!(set(&table, 4, 5), Err(Full { limit: 3 }));
        assert_eq!(set(&table, 3, 5), Ok(()));
        assert_eq!(table.level(), Level { size: 3, limit: 3, shed: 1 });
        assert_eq!(table.update(4, |_| ()), None);
    }

    #[test]
    fn stale_values_make_room() {
        let table = table(1);
        assert_eq!(set(&table, 1, 0), Ok(()));
        let mut second = 10;
        while set(&table, 2, second).is_err() {
            second += 1;
            assert!(second < 10 + STRIPES as u32, "the rolling sweep reaches every stripe");
        }
        assert_eq!(table.level().size, 1);
        assert!(table.update(1, |_| ()).is_none());
    }

    #[test]
    fn a_table_in_use_is_swept_as_a_whole_within_minutes() {
        let table = table(10_000);
        for key in 0..5_000 {
            set(&table, key * 7_919, 0).unwrap();
        }
        for second in 10..10 + (STRIPES / SWEEP) as u32 {
            set(&table, 1, second).unwrap();
        }
        assert_eq!(table.level().size, 1);
    }
}
