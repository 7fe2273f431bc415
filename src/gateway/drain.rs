//! A stop: no new calls, and those that live are hung up, a batch at a time, so that a thousand CANCELs
//! do not leave in one burst and get lost in the send buffer.

use std::mem;
use std::ops::Bound;
use std::time::Instant;

use super::Gateway;
use super::outbox::{BURST_GAP, BURST_MAX};
use super::timers::Timer;
use crate::outcome::Outcome;
use crate::verify::id::CallId;

impl Gateway {
    /// No new calls; those that live are hung up, those that wait are given up.
    pub(crate) fn drain(&mut self, now: Instant) {
        if !mem::replace(&mut self.is_draining, true) {
            self.on_drain(now);
        }
    }

    /// Hangs up the next calls.
    pub(crate) fn on_drain(&mut self, now: Instant) {
        for _ in 0..BURST_MAX {
            let Some(waiting) = self.queue.pop() else { break };
            self.give_up(&waiting.errand.order, Outcome::Withdrawn, now);
        }
        let batch: Vec<CallId> = self.not_hung_up().take(BURST_MAX).collect();
        self.hung_up_to = batch.last().copied().or(self.hung_up_to);
        for call in batch {
            self.hang_up(call, now);
        }
        if self.queue.len() > 0 || self.not_hung_up().next().is_some() {
            self.wheel.arm(now + BURST_GAP, Timer::Drain);
        }
    }

    /// The live calls that the stop has not reached. No call begins any more, so none is left behind.
    fn not_hung_up(&self) -> impl Iterator<Item = CallId> + '_ {
        let after = self.hung_up_to.map_or(Bound::Unbounded, Bound::Excluded);
        self.calls.range((after, Bound::Unbounded)).map(|(call, _)| *call)
    }
}
