//! Messages that ended a moment ago: a row that was read before its end must not bring one back.

use std::collections::{BTreeSet, VecDeque};

use super::message::MessageId;

/// The last [`KEPT`] ids.
#[derive(Debug, Default)]
pub(super) struct Recent {
    order: VecDeque<MessageId>,
    ids: BTreeSet<MessageId>,
}

impl Recent {
    pub(super) fn insert(&mut self, id: MessageId) {
        if !self.ids.insert(id) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, id: MessageId) -> bool {
        self.ids.contains(&id)
    }

    /// Forgets it; true when it was there.
    pub(super) fn remove(&mut self, id: MessageId) -> bool {
        let was_there = self.ids.remove(&id);
        if was_there {
            self.order.retain(|kept| *kept != id);
        }
        was_there
    }
}

const KEPT: usize = 4_096;
