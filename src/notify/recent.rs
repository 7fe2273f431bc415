//! What was a moment ago: messages that ended, whom a row that was read before must not bring back, and
//! receivers that were down.

use std::collections::{BTreeSet, VecDeque};

/// The last [`KEPT`] of them.
#[derive(Debug)]
pub(super) struct Recent<T> {
    order: VecDeque<T>,
    ids: BTreeSet<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), ids: BTreeSet::new() }
    }
}

impl<T: Clone + Ord> Recent<T> {
    pub(super) fn insert(&mut self, id: T) {
        if !self.ids.insert(id.clone()) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, id: &T) -> bool {
        self.ids.contains(id)
    }

    /// Forgets it; true when it was there.
    pub(super) fn remove(&mut self, id: &T) -> bool {
        let was_there = self.ids.remove(id);
        if was_there {
            self.order.retain(|kept| kept != id);
        }
        was_there
    }
}

pub(super) const KEPT: usize = 4_096;
