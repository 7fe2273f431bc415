//! How many dead letters there are: those of an earlier life, as the first walk finds them, and those
//! of this one.
//!
//! Each is counted once. The walk counts what was committed before this life began and lies behind
//! whatever it has counted already; what dies later is counted when it dies.

use std::time::Instant;

use super::super::message::{Message, MessageId};

/// Counts dead letters.
#[derive(Debug)]
pub(super) struct Graves {
    count: u64,
    /// When this life began.
    begun: Instant,
    /// Where the walk has not been yet.
    unseen: MessageId,
}

impl Graves {
    pub(super) fn new(begun: Instant) -> Self {
        Self { count: 0, begun, unseen: MessageId(0) }
    }

    /// How many there are, as far as the walk has come.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The walk found a dead letter that did not die in this life.
    pub(super) fn on_found(&mut self, message: &Message) {
        self.count += u64::from(!self.is_counted(message));
    }

    /// The walk has seen everything up to `id`.
    pub(super) fn on_seen(&mut self, id: MessageId) {
        self.unseen = self.unseen.max(id.next());
    }

    /// A message has become one.
    pub(super) fn on_buried(&mut self) {
        self.count += 1;
    }

    /// One is none any more. `is_ours`: it became one in this life.
    pub(super) fn on_raised(&mut self, message: &Message, is_ours: bool) {
        let is_counted = is_ours || self.is_counted(message);
        self.count = self.count.saturating_sub(u64::from(is_counted));
    }

    fn is_counted(&self, message: &Message) -> bool {
        message.created >= self.begun || message.id < self.unseen
    }
}
