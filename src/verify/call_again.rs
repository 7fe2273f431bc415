//! Ringing once more, from another number, when the person says that no call came.

use std::sync::Arc;
use std::time::Instant;

use super::entry::{Entry, State};
use super::id::VerificationId;
use super::phone::{PhoneError, Wish};
use super::placed::Placed;
use super::pool::Pool;
use super::service::Verify;
use super::snapshot::{Snapshot, Status};
use super::start::Order;

impl Verify {
    /// Places a further call of a pending verification, from a number with another suffix. From
    /// here on only its code is right. It is no start: it is bounded by the calls of a verification.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn call_again(&self, id: VerificationId, now: Instant) -> Result<Order, CallAgainError> {
        let entry = self.table.get(id).ok_or(CallAgainError::NotFound)?;
        self.expire_if_due(&entry, now);
        let ended = |state| CallAgainError::AlreadyEnded(Box::new(self.snapshot(&entry, state)));
        let state = entry.word.load();
        if state.status != Status::Pending {
            return Err(ended(state));
        }
        let pool = self.pool(&entry);
        let mut dice = self.entropy.stream();
        let needed = self.needed(state.attempts_left);
        let wish = Wish {
            phone: entry.to,
            verification: id,
            pool: entry.pool,
            needed,
            mark: self.epoch.mark(now),
            now: self.epoch.now(now),
            dice: &mut dice,
        };
        if state.calls >= self.settings.calls {
            return Err(CallAgainError::NoCallsLeft);
        }
        let refused = |error| CallAgainError::of_phone(error, pool, needed);
        // From here to the end of the call the phone is marked as called: nobody else adds a call.
        let pick = self.phones.call_again(wish).map_err(refused)?;
        let before = entry.placed.load_full();
        if before.ordinal >= self.settings.calls {
            // Another thread's call began and ended since the look above.
            self.phones.undo(entry.to, pick.suffix, None);
            return Err(CallAgainError::NoCallsLeft);
        }
        let placed = self.place(id, pool, pick, Some(before), &mut dice, now);
        let Some((placed, caller_id)) = placed else {
            // Unreachable: a suffix that was picked from a pool has a number in it.
            self.phones.undo(entry.to, pick.suffix, None);
            return Err(refused(PhoneError::Exhausted { usable: 0 }));
        };
        let placed = Arc::new(placed);
        // First findable, then current: what reads the word finds its call.
        self.table.insert_call(placed.record.id, &entry);
        entry.placed.store(Arc::clone(&placed));
        let more = |state: State| State { calls: placed.ordinal, ..state };
        if let Err(state) = entry.word.change(more) {
            placed.end();
            self.take_back(&entry, &placed, pick.suffix);
            return Err(ended(state));
        }
        Ok(self.order(&entry, Arc::clone(&placed.record), caller_id, None))
    }

    /// Takes back a further call that no shard could be given: the one before it is current again.
    /// False: the verification has ended, with this call.
    pub(super) fn undo_call(&self, entry: &Entry, placed: &Placed, suffix: u32) -> bool {
        let fewer = |state: State| State { calls: placed.ordinal - 1, ..state };
        let is_undone = entry.word.change(fewer).is_ok();
        if is_undone {
            self.take_back(entry, placed, suffix);
        } else {
            self.phones.undo(entry.to, suffix, None);
        }
        is_undone
    }

    fn take_back(&self, entry: &Entry, placed: &Placed, suffix: u32) {
        if let Some(before) = &placed.before {
            entry.placed.store(Arc::clone(before));
        }
        self.table.remove_call(placed.record.id);
        self.phones.undo(entry.to, suffix, None);
    }
}

/// Why no second call is placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallAgainError {
    /// It has its final state already.
    #[error("this verification has ended: {}", .0.status.as_str())]
    AlreadyEnded(Box<Snapshot>),
    /// The phone is being called.
    #[error("the phone is being called, wait for the end of the call")]
    CallInProgress,
    /// All calls of this verification were used.
    #[error("all calls of this verification were used")]
    NoCallsLeft,
    /// No such verification, or none that is remembered.
    #[error("no such verification")]
    NotFound,
    /// Not enough suffixes are left for this phone to keep a code hard to guess.
    #[error("pool `{pool}` has {usable} codes left for this phone, {needed} are needed")]
    PoolExhausted {
        /// The pool.
        pool: Arc<str>,
        /// Suffixes that this phone was not called from lately.
        usable: u32,
        /// How many there must be.
        needed: u32,
    },
}

impl CallAgainError {
    fn of_phone(error: PhoneError, pool: &Pool, needed: u32) -> Self {
        match error {
            PhoneError::Exhausted { usable } => {
                Self::PoolExhausted { pool: Arc::clone(&pool.name), usable, needed }
            }
            // The others are reasons against a start; the phone of a pending verification is only
            // ever asked whether it is being called.
            PhoneError::Calling
            | PhoneError::Full(_)
            | PhoneError::Locked { .. }
            | PhoneError::Pending { .. }
            | PhoneError::TooOften { .. } => Self::CallInProgress,
        }
    }
}
