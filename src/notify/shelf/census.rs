//! How many messages there are, on disk as in memory: those that may be tried and the dead letters; those
//! of an earlier life, as the first walk finds them, and those of this one.
//!
//! Each is counted once. The walk counts what was committed before this life began and lies behind
//! whatever it has counted already; what comes or dies later is counted then.

use std::time::Instant;

use super::super::message::{Message, MessageId};

/// Counts messages.
#[derive(Debug)]
pub(super) struct Census {
    /// Those that may be tried. Below zero while one was taken before it was heard of.
    living: i64,
    dead: u64,
    /// When this life began.
    begun: Instant,
    /// Where the walk has not been yet.
    unseen: MessageId,
}

impl Census {
    pub(super) fn new(begun: Instant) -> Self {
        Self { living: 0, dead: 0, begun, unseen: MessageId(0) }
    }

    /// How many may be tried, as far as the walk has come.
    pub(super) fn living(&self) -> i64 {
        self.living
    }

    /// How many dead letters there are, as far as the walk has come.
    pub(super) fn dead(&self) -> u64 {
        self.dead
    }

    /// One was committed in this life.
    pub(super) fn on_new(&mut self) {
        self.living += 1;
    }

    /// The walk found one that did not end in this life, dead or not.
    pub(super) fn on_found(&mut self, message: &Message, is_dead: bool) {
        match (self.is_counted(message), is_dead) {
            (true, _) => {}
            (false, true) => self.dead += 1,
            (false, false) => self.living += 1,
        }
    }

    /// The walk has seen everything up to `id`.
    pub(super) fn on_seen(&mut self, id: MessageId) {
        self.unseen = self.unseen.max(id.next());
    }

    /// One that might be tried was taken, or deleted.
    pub(super) fn on_over(&mut self, message: &Message) {
        self.living -= i64::from(self.is_counted(message));
    }

    /// One has become a dead letter.
    pub(super) fn on_buried(&mut self, message: &Message) {
        self.on_over(message);
        self.dead += 1;
    }

    /// A dead letter may be tried again. `is_ours`: it became one in this life.
    pub(super) fn on_raised(&mut self, message: &Message, is_ours: bool) {
        self.on_erased(message, is_ours);
        self.living += i64::from(self.is_counted(message));
    }

    /// A dead letter was deleted. `is_ours`: it became one in this life.
    pub(super) fn on_erased(&mut self, message: &Message, is_ours: bool) {
        let is_counted = is_ours || self.is_counted(message);
        self.dead = self.dead.saturating_sub(u64::from(is_counted));
    }

    /// Of this life, or seen by the walk already.
    pub(super) fn is_counted(&self, message: &Message) -> bool {
        message.created >= self.begun || message.id < self.unseen
    }
}
