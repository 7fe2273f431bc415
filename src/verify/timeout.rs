//! The one timer of a verification: first it expires, later it is forgotten.

use std::time::Instant;

use super::entry::{Entry, State};
use super::id::VerificationId;
use super::service::Verify;
use super::snapshot::{Reason, Status};

impl Verify {
    /// The timer of a verification fired. Returns when it wants to be called next; `None` when it is
    /// forgotten. Calling too early changes nothing.
    pub fn on_timeout(&self, id: VerificationId, now: Instant) -> Option<Instant> {
        let entry = self.table.get(id)?;
        let mut state = entry.word.load();
        if state.status == Status::Pending {
            if !Self::is_expired(&entry, now) {
                return Some(entry.expires);
            }
            // Lost against another final state or not: it is final now.
            let _ = self.end(&entry, (Status::Expired, Reason::Deadline), now);
            state = entry.word.load();
        }
        let forget_at = self.forget_at(&entry, state);
        if now < forget_at {
            return Some(forget_at);
        }
        self.table.forget(&entry);
        None
    }

    fn forget_at(&self, entry: &Entry, state: State) -> Instant {
        entry.ended(state) + self.settings.keep_ended
    }
}
