//! The one timer of a verification: first it expires, later it is forgotten.
//!
//! Its shard keeps the timer, and nobody moves it when the verification ends early: it is found at
//! its expiry and filed again. So that one that is to be kept for less time than it had left is
//! forgotten on time, each end and each tick of the daemon looks at the oldest ended ones, a few.

use std::time::Instant;

use super::entry::{Entry, State};
use super::id::VerificationId;
use super::service::Verify;
use super::snapshot::Status;

impl Verify {
    /// The timer of a verification fired. Returns when it wants to be called next; `None` when it is
    /// forgotten. Calling too early changes nothing.
    pub fn on_timeout(&self, id: VerificationId, now: Instant) -> Option<Instant> {
        let entry = self.table.get(id)?;
        self.expire_if_due(&entry, now);
        let state = entry.word.load();
        if state.status == Status::Pending {
            return Some(entry.expires);
        }
        let forget_at = self.forget_at(&entry, state);
        if now < forget_at {
            return Some(forget_at);
        }
        if self.table.forget(&entry) {
            self.on_forgotten(&entry);
        }
        None
    }

    /// Forgets verifications and missed calls whose time has come, oldest first, a bounded number
    /// of them: for a tick of the daemon, four a second or more.
    pub fn sweep(&self, now: Instant) {
        self.forget_due(SWEEP, now);
        self.recent.forget_due(SWEEP, now);
    }

    pub(super) fn forget_due(&self, steps: usize, now: Instant) {
        let is_due = |entry: &Entry| now >= self.forget_at(entry, entry.word.load());
        self.table.forget_due(steps, is_due, |entry| self.on_forgotten(entry));
    }

    fn forget_at(&self, entry: &Entry, state: State) -> Instant {
        entry.ended(state) + self.settings.keep_ended
    }
}

/// At four ticks a second, 4,000 are forgotten in a second, on top of what ends itself sweep.
const SWEEP: usize = 1_000;
