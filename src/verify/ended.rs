//! The ring of ended verifications: each new one takes the place of the oldest, so that at most as
//! many as the ring has places can still be read.
//!
//! Lock-free: a place is taken by one counter and one swap.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

use super::entry::Entry;

/// The ring.
pub(super) struct Ring {
    places: Box<[ArcSwapOption<Entry>]>,
    next: AtomicUsize,
}

impl Ring {
    /// A ring with `places` places, at least one.
    pub(super) fn new(places: usize) -> Self {
        Self {
            places: (0..places.max(1)).map(|_| ArcSwapOption::empty()).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Adds an entry; returns the one whose place it took.
    pub(super) fn push(&self, entry: &Arc<Entry>) -> Option<Arc<Entry>> {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        entry.slot.store(u32::try_from(place).unwrap_or(u32::MAX), Ordering::Release);
        self.places[place].swap(Some(Arc::clone(entry)))
    }

    /// Frees the place of an entry, unless another one has taken it.
    pub(super) fn remove(&self, entry: &Arc<Entry>) {
        let place = entry.slot.load(Ordering::Acquire) as usize;
        if let Some(place) = self.places.get(place) {
            place.compare_and_swap(&Some(Arc::clone(entry)), None);
        }
    }
}
