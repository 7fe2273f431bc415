//! The latest events, in a ring of atomic slots. Any thread writes, any thread reads, nobody waits.
//!
//! Events come with their numbers, which follow each other. A reader knows by the number in the slot
//! what it sees: its event, an older one (not there yet), or a newer one (too late).

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
    /// It was there and newer ones took its slot, or it is older than the ring.
    Gone,
    /// It has not happened, or is about to be there.
    NotYet,
}

impl Ring {
    /// An empty ring of `size` slots (one at least) whose first event has the number `first`.
    pub(super) fn new(size: usize, first: u64) -> Self {
        let slots = (0..size.max(1)).map(|_| ArcSwapOption::empty()).collect();
        Self { slots, first, next: AtomicU64::new(first) }
    }

    /// Puts an event into its slot.
    pub(super) fn put(&self, number: u64, frame: Bytes) {
        let kept = Arc::new(Kept { number, frame });
        // A writer that was held up for a whole round must not hide what came after it.
        self.slot(number).rcu(|current| match current {
            Some(newer) if newer.number > number => Some(newer.clone()),
            Some(_) | None => Some(kept.clone()),
        });
        self.next.fetch_max(number + 1, Ordering::AcqRel);
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

    /// The number that the first event got, or will get.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number of the oldest event that is kept, or of the next.
    pub(super) fn oldest(&self) -> u64 {
        self.first.max(self.end().saturating_sub(self.slots.len() as u64))
    }

    /// How many events are kept.
    pub(super) fn kept(&self) -> u64 {
        self.end() - self.oldest()
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
        for (number, frame) in (100..).zip([b"a", b"b"]) {
            ring.put(number, Bytes::from_static(frame));
        }
        assert_eq!(ring.read(100), Place::Event(Bytes::from_static(b"a")));
        ring.put(102, Bytes::from_static(b"c"));
        assert_eq!((ring.read(99), ring.read(100)), (Place::Gone, Place::Gone));
        assert_eq!(ring.read(102), Place::Event(Bytes::from_static(b"c")));
        assert_eq!((ring.read(103), ring.read(104)), (Place::NotYet, Place::NotYet));
        assert_eq!(ring.kept(), 2);
    }

    #[test]
    fn only_what_is_kept_can_be_followed() {
        let ring = Ring::new(2, 100);
        assert_eq!(ring.after(99), Some(100), "the one before the first");
        assert_eq!((ring.after(98), ring.after(100), ring.after(u64::MAX)), (None, None, None));
        (100..103).for_each(|number| ring.put(number, Bytes::new()));
        assert_eq!((ring.after(99), ring.after(100)), (None, Some(101)));
        assert_eq!((ring.after(102), ring.after(103)), (Some(103), None));
    }

    #[test]
    fn a_writer_held_up_for_a_round_hides_nothing() {
        let ring = Ring::new(2, 0);
        (1..3).for_each(|number| ring.put(number, Bytes::from_static(b"new")));
        ring.put(0, Bytes::from_static(b"old"));
        assert_eq!(ring.read(2), Place::Event(Bytes::from_static(b"new")));
        assert_eq!(ring.read(0), Place::Gone);
    }

    #[test]
    fn many_writers_lose_nothing() {
        let ring = Ring::new(4_000, 0);
        std::thread::scope(|scope| {
            for part in 0..4 {
                let numbers = (0..1_000).map(move |n| n * 4 + part);
                scope.spawn(|| numbers.for_each(|number| ring.put(number, Bytes::new())));
            }
        });
        assert!((0..4_000).all(|place| ring.read(place) == Place::Event(Bytes::new())));
    }
}
