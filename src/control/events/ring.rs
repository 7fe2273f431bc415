//! The latest events, in a ring of atomic slots. Any thread writes, any thread reads, nobody waits.
//!
//! A writer claims a number, then fills the slot of that number. A reader knows by the number in
//! the slot what it sees: its event, an older one (not written yet), or a newer one (too late).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use axum::body::Bytes;

#[derive(Debug)]
pub(super) struct Ring {
    slots: Box<[ArcSwapOption<Kept>]>,
    first: u64,
    next: AtomicU64,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    frame: Bytes,
}

/// What is found at a place.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// The event.
    Event(Bytes),
    /// It was there and newer ones took its slot.
    Gone,
    /// It has not happened, or is being written.
    NotYet,
}

impl Ring {
    /// An empty ring of `size` slots (one at least) whose first event has the number `first`.
    pub(super) fn new(size: usize, first: u64) -> Self {
        let slots = (0..size.max(1)).map(|_| ArcSwapOption::empty()).collect();
        Self { slots, first, next: AtomicU64::new(first) }
    }

    /// The next event's number, for one writer.
    pub(super) fn claim(&self) -> u64 {
        self.next.fetch_add(1, Ordering::AcqRel)
    }

    /// Fills the slot of a claimed number.
    pub(super) fn put(&self, number: u64, frame: Bytes) {
        let kept = Arc::new(Kept { number, frame });
        // A writer that was held up for a whole round must not hide what came after it.
        self.slot(number).rcu(|current| match current {
            Some(newer) if newer.number > number => Some(newer.clone()),
            Some(_) | None => Some(kept.clone()),
        });
    }

    /// What is at the place with this number.
    pub(super) fn read(&self, number: u64) -> Place {
        match &*self.slot(number).load() {
            Some(kept) if kept.number == number => Place::Event(kept.frame.clone()),
            Some(kept) if kept.number > number => Place::Gone,
            Some(_) | None if number < self.oldest() => Place::Gone,
            Some(_) | None => Place::NotYet,
        }
    }

    /// The place behind the newest event.
    pub(super) fn end(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }

    /// The place behind the event with this number, if everything from there on is kept.
    pub(super) fn after(&self, number: u64) -> Option<u64> {
        let place = number.checked_add(1)?;
        (self.oldest()..=self.end()).contains(&place).then_some(place)
    }

    /// How many events are kept.
    pub(super) fn kept(&self) -> u64 {
        self.end() - self.oldest()
    }

    fn oldest(&self) -> u64 {
        self.first.max(self.end().saturating_sub(self.slots.len() as u64))
    }

    fn slot(&self, number: u64) -> &ArcSwapOption<Kept> {
        // The remainder is below the number of slots, which fits into usize.
        &self.slots[(number % self.slots.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_not_yet_there_then_an_event_then_gone() {
        let ring = Ring::new(2, 100);
        assert_eq!(ring.read(100), Place::NotYet);
        let number = ring.claim();
        assert_eq!(ring.read(100), Place::NotYet, "claimed, not written");
        ring.put(number, Bytes::from_static(b"a"));
        assert_eq!(ring.read(100), Place::Event(Bytes::from_static(b"a")));
        for frame in [b"b", b"c"] {
            ring.put(ring.claim(), Bytes::from_static(frame));
        }
        assert_eq!(ring.read(100), Place::Gone);
        assert_eq!(ring.read(102), Place::Event(Bytes::from_static(b"c")));
        assert_eq!(ring.kept(), 2);
    }

    #[test]
    fn only_what_is_kept_can_be_followed() {
        let ring = Ring::new(2, 100);
        assert_eq!(ring.after(99), Some(100), "the one before the first");
        assert_eq!((ring.after(98), ring.after(100), ring.after(u64::MAX)), (None, None, None));
        (0..3).for_each(|_| ring.put(ring.claim(), Bytes::new()));
        assert_eq!((ring.after(99), ring.after(100)), (None, Some(101)));
        assert_eq!((ring.after(102), ring.after(103)), (Some(103), None));
    }

    #[test]
    fn a_writer_held_up_for_a_round_hides_nothing() {
        let ring = Ring::new(2, 0);
        let slow = ring.claim();
        (0..2).for_each(|_| ring.put(ring.claim(), Bytes::from_static(b"new")));
        ring.put(slow, Bytes::from_static(b"old"));
        assert_eq!(ring.read(2), Place::Event(Bytes::from_static(b"new")));
        assert_eq!(ring.read(0), Place::Gone);
    }

    #[test]
    fn many_writers_lose_nothing() {
        let ring = Ring::new(4_000, 0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| ring.put(ring.claim(), Bytes::new())));
            }
        });
        assert!((0..4_000).all(|place| ring.read(place) == Place::Event(Bytes::new())));
    }
}
