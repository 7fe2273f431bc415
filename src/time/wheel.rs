//! A hashed timer wheel: one millisecond a slot, one revolution about a minute.
//!
//! Arming appends to a slot. There is no cancel: the wheel hands back each key at its time and the
//! owner decides whether its deadline has really come (it moves deadlines far more often than they
//! expire). A deadline beyond one revolution stays in its slot until its round comes.
//!
//! Invariant: a key comes back at or after its deadline, never before, and not more than one
//! slot (a millisecond) late when the owner asks in time.

use std::time::{Duration, Instant};

/// Keys filed by the millisecond in which they are due.
#[derive(Debug)]
pub struct Wheel<K> {
    start: Instant,
    /// Every tick before this one has been handed out.
    cursor: u64,
    slots: Vec<Vec<Filed<K>>>,
    /// One bit per slot that holds anything: the next deadline is found without walking empty slots.
    occupied: Vec<u64>,
    armed: usize,
}

#[derive(Clone, Copy, Debug)]
struct Filed<K> {
    tick: u64,
    key: K,
}

impl<K: Copy> Wheel<K> {
    /// An empty wheel whose first tick is `start`.
    pub fn new(start: Instant) -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { start, cursor: 0, slots, occupied: vec![0; SLOTS / 64], armed: 0 }
    }

    /// Hands `key` back at `at`. A deadline that has passed is handed back at the next `pop_due`.
    pub fn arm(&mut self, at: Instant, key: K) {
        let tick = self.tick_after(at).max(self.cursor);
        let slot = slot_of(tick);
        self.slots[slot].push(Filed { tick, key });
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.armed += 1;
    }

    /// Takes one key that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        let last = self.tick_before(now);
        while self.cursor <= last {
            let Some(tick) = self.next_occupied(last) else {
                self.cursor = last + 1;
                return None;
            };
            self.cursor = tick;
            if let Some(key) = self.take_from(slot_of(tick), last) {
                return Some(key);
            }
            self.cursor += 1;
        }
        None
    }

    /// A moment not later than the earliest deadline; `None` when nothing is armed.
    ///
    /// It can be earlier than the deadline (by a revolution, for deadlines over a minute ahead):
    /// `pop_due` then returns nothing and the next answer is later.
    pub fn next(&self) -> Option<Instant> {
        if self.armed == 0 {
            return None;
        }
        let tick = self.next_occupied(self.cursor + SLOTS as u64 - 1)?;
        Some(self.start + Duration::from_millis(tick))
    }

    /// How many keys are filed, counting those whose owner has moved on.
    pub fn len(&self) -> usize {
        self.armed
    }

    /// Whether nothing is filed.
    pub fn is_empty(&self) -> bool {
        self.armed == 0
    }

    fn take_from(&mut self, slot: usize, last: u64) -> Option<K> {
        let filed = &mut self.slots[slot];
        let due = filed.iter().position(|entry| entry.tick <= last);
        let key = due.map(|index| filed.swap_remove(index).key);
        self.armed -= usize::from(key.is_some());
        if filed.is_empty() {
            self.occupied[slot / 64] &= !(1 << (slot % 64));
        }
        key
    }

    /// The first tick from the cursor to `last`, one revolution at most, whose slot holds anything.
    fn next_occupied(&self, last: u64) -> Option<u64> {
        let end = last.min(self.cursor + SLOTS as u64 - 1);
        let mut tick = self.cursor;
        while tick <= end {
            let slot = slot_of(tick);
            let word = self.occupied[slot / 64] >> (slot % 64);
            if word != 0 {
                let found = tick + u64::from(word.trailing_zeros());
                return (found <= end).then_some(found);
            }
            tick += 64 - (slot % 64) as u64;
        }
        None
    }

    /// The first whole tick that is not before `at`: rounding up means nothing fires early.
    fn tick_after(&self, at: Instant) -> u64 {
        let nanos = at.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanos.div_ceil(NANOS_PER_TICK)).unwrap_or(u64::MAX / 2)
    }

    fn tick_before(&self, now: Instant) -> u64 {
        let nanos = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanos / NANOS_PER_TICK).unwrap_or(u64::MAX / 2)
    }
}

fn slot_of(tick: u64) -> usize {
    (tick % SLOTS as u64) as usize
}

/// A power of two, so that the remainder is a mask: 65.5 s, longer than every timer of RFC 3261.
const SLOTS: usize = 1 << 16;
const NANOS_PER_TICK: u128 = 1_000_000;

#[cfg(test)]
mod tests;
