//! The latest missed calls, whatever became of them, for somebody who asks about one by its name: why
//! did it not match?
//!
//! A ring without an index: it is written by every call, and read by a person now and then, for whom all
//! places are looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

use super::record::MissedCallRecord;
use crate::verify::id::CallId;

/// The calls.
pub(in super::super) struct History {
    places: Box<[ArcSwapOption<MissedCallRecord>]>,
    next: AtomicUsize,
}

impl History {
    /// Keeps a call, in the place of the oldest.
    pub(in super::super) fn push(&self, call: &Arc<MissedCallRecord>) {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        self.places[place].store(Some(Arc::clone(call)));
    }

    /// The call of this name.
    pub(in super::super) fn find(&self, id: CallId) -> Option<Arc<MissedCallRecord>> {
        let is_it = |call: &Arc<MissedCallRecord>| call.id == id;
        self.places
            .iter()
            .find_map(|place| place.load().as_ref().filter(|call| is_it(call)).cloned())
    }
}

impl Default for History {
    fn default() -> Self {
        let places = (0..HISTORY_MAX).map(|_| ArcSwapOption::empty()).collect();
        Self { places, next: AtomicUsize::new(0) }
    }
}

/// With their records about two megabytes.
pub(in super::super) const HISTORY_MAX: usize = 4_096;
