//! A ring of what is kept for a while, in the order in which it came (ended verifications, missed calls
//! that nobody waited for): each new one takes the place of the oldest, so that at most as many as the
//! ring has places are kept, and the oldest is the first whose time to be forgotten comes.
//!
//! Lock-free: a place is taken by one counter and one swap. Memory is taken by the chunk, when the
//! first of a chunk's places is: a ring of a million that is never full costs what it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use arc_swap::{ArcSwapOption, Guard};

/// What knows its place in a ring.
pub(super) trait Slotted {
    /// Where its place is written; `u32::MAX` before it has one.
    fn slot(&self) -> &AtomicU32;
}

/// The ring.
pub(super) struct Ring<T> {
    chunks: Box<[ArcSwapOption<Chunk<T>>]>,
    places: usize,
    next: AtomicUsize,
    /// The first that may still be there.
    oldest: AtomicUsize,
}

type Chunk<T> = Box<[ArcSwapOption<T>]>;

impl<T: Slotted> Ring<T> {
    /// A ring with `places` places, at least one.
    pub(super) fn new(places: usize) -> Self {
        let places = places.max(1);
        Self {
            chunks: (0..places.div_ceil(CHUNK)).map(|_| ArcSwapOption::empty()).collect(),
            places,
            next: AtomicUsize::new(0),
            oldest: AtomicUsize::new(0),
        }
    }

    /// Adds an entry; returns the one whose place it took.
    pub(super) fn push(&self, entry: &Arc<T>) -> Option<Arc<T>> {
        let place = self.next.fetch_add(1, Ordering::AcqRel) % self.places;
        entry.slot().store(u32::try_from(place).unwrap_or(u32::MAX), Ordering::Release);
        self.chunk(place)[place % CHUNK].swap(Some(Arc::clone(entry)))
    }

    /// Frees the place of an entry, unless another one has taken it.
    pub(super) fn remove(&self, entry: &Arc<T>) {
        let place = entry.slot().load(Ordering::Acquire) as usize;
        if let Some(chunks) = self.chunks.get(place / CHUNK)
            && let Some(chunk) = &*chunks.load()
        {
            chunk[place % CHUNK].compare_and_swap(&Some(Arc::clone(entry)), None);
        }
    }

    /// Walks on from the oldest, over those that are gone, and returns the first whose time has
    /// come. `None` when it has not, or after `steps` places.
    ///
    /// Who is being pushed at this moment may be walked past; its timer will find it.
    pub(super) fn next_due(
        &self,
        steps: &mut usize,
        is_due: impl Fn(&T) -> bool,
    ) -> Option<Arc<T>> {
        while *steps > 0 {
            let next = self.next.load(Ordering::Acquire);
            let oldest = self.oldest.load(Ordering::Acquire);
            // What lies a whole round back was overwritten.
            let place = oldest.max(next.saturating_sub(self.places));
            if place == next {
                return None;
            }
            let entry = self.at(place % self.places);
            if entry.as_ref().is_some_and(|entry| !is_due(entry)) {
                return None;
            }
            *steps -= 1;
            let walked = (Ordering::AcqRel, Ordering::Relaxed);
            let is_mine =
                self.oldest.compare_exchange(oldest, place + 1, walked.0, walked.1).is_ok();
            if is_mine && entry.is_some() {
                return entry;
            }
        }
        None
    }

    fn at(&self, place: usize) -> Option<Arc<T>> {
        let chunk = self.chunks[place / CHUNK].load();
        chunk.as_ref().and_then(|chunk| chunk[place % CHUNK].load_full())
    }

    /// The chunk of a place, made by whoever is first.
    fn chunk(&self, place: usize) -> Arc<Chunk<T>> {
        let slot = &self.chunks[place / CHUNK];
        if let Some(chunk) = &*slot.load() {
            return Arc::clone(chunk);
        }
        let made: Arc<Chunk<T>> =
            Arc::new((0..CHUNK.min(self.places)).map(|_| ArcSwapOption::empty()).collect());
        let found = slot.compare_and_swap(&None::<Arc<Chunk<T>>>, Some(Arc::clone(&made)));
        Guard::into_inner(found).unwrap_or(made)
    }
}

/// Places of a chunk: 8 KiB.
const CHUNK: usize = 1_024;
