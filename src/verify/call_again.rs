//! Ringing once more, from another number, when the person says that no call came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::{Entry, State};
use super::id::VerificationId;
use super::lease::Pick;
use super::phone::{PhoneError, Wish};
use super::placed::Placed;
use super::pool::Pool;
use super::service::Verify;
use super::snapshot::{Snapshot, Status};
use super::start::Order;
use super::step::Flash;
use crate::entropy::Stream;

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
        if let Some(latest) = entry.latest().filter(|latest| latest.record.ending().is_some()) {
            // Who was shown its end may ask before its shard has drawn the consequences.
            self.finish_call(&entry, &latest);
        }
        let ended = |state| CallAgainError::AlreadyEnded(Box::new(self.snapshot(&entry, state)));
        let state = entry.word.load();
        if state.status != Status::Pending {
            return Err(ended(state));
        }
        // Who rings us is called back, and called again, once it has rung.
        let has_rung = entry.missed().is_none() || state.is_matched;
        let flash = entry.step.flash().filter(|_| has_rung).ok_or(CallAgainError::NotCalled)?;
        let pool = self.pool(flash);
        let mut dice = self.entropy.stream();
        let needed = self.needed(state.attempts_left);
        let wish = Wish {
            phone: entry.to,
            verification: id,
            pool: flash.pool,
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
        if flash.latest().is_some_and(|latest| latest.ordinal >= self.settings.calls) {
            // Another thread's call began and ended since the look above.
            self.phones.undo_call(entry.to, pick.suffix);
            return Err(CallAgainError::NoCallsLeft);
        }
        let shard = self.shard(id);
        self.add_call(&entry, flash, (pick, shard), &mut dice, now).map_err(|state| match state {
            Some(state) => ended(state),
            None => refused(PhoneError::Exhausted { usable: 0 }),
        })
    }

    /// Adds a call from a number with the suffix that was leased for it. `Err`: it was taken back; the
    /// verification has ended in this state.
    pub(super) fn add_call(
        &self,
        entry: &Arc<Entry>,
        flash: &Flash,
        (pick, shard): (Pick, u16),
        dice: &mut Stream,
        now: Instant,
    ) -> Result<Order, Option<State>> {
        let of = (flash.latest(), shard);
        let Some((placed, caller_id)) = self.place(entry.id, (flash.pool, pick), of, dice, now)
        else {
            // Unreachable: a suffix that was picked from a pool has a number in it.
            self.phones.undo_call(entry.to, pick.suffix);
            return Err(None);
        };
        let placed = Arc::new(placed);
        // First findable, then current: what reads the word finds its call.
        self.table.insert_call(placed.record.id, entry);
        flash.set_latest(Some(Arc::clone(&placed)));
        let more = |state: State| State { calls: placed.ordinal, ..state };
        if let Err(state) = entry.word.change(more) {
            placed.end();
            self.take_back(entry, &placed, pick.suffix);
            return Err(Some(state));
        }
        Ok(self.order(entry, flash, &placed, caller_id, None))
    }

    /// Takes back a further call that no shard could be given: the one before it is current again.
    /// False: the verification has ended, with this call.
    pub(super) fn undo_call(&self, entry: &Entry, placed: &Placed, suffix: u32) -> bool {
        let fewer = |state: State| State { calls: placed.ordinal - 1, ..state };
        let is_undone = entry.word.change(fewer).is_ok();
        if is_undone {
            self.take_back(entry, placed, suffix);
        } else {
            self.phones.undo_call(entry.to, suffix);
        }
        is_undone
    }

    fn take_back(&self, entry: &Entry, placed: &Placed, suffix: u32) {
        if let Some(flash) = entry.step.flash() {
            flash.set_latest(placed.before.clone());
        }
        self.table.remove_call(placed.record.id);
        self.phones.undo_call(entry.to, suffix);
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
    /// It waits for a call from the phone, and calls it back later or never.
    #[error("this verification waits for a call from the phone, which is not called before")]
    NotCalled,
    /// No such verification, or none that is remembered.
    #[error("no such verification")]
    NotFound,
    /// Too many wrong codes were given for this phone.
    #[error("too many wrong codes for this phone, retry in {} s", retry_after.as_secs())]
    PhoneLocked {
        /// When it may be called again; whole seconds.
        retry_after: Duration,
    },
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
            PhoneError::Locked { wait } => Self::PhoneLocked { retry_after: wait },
            // The others are reasons against a start.
            PhoneError::Calling
            | PhoneError::Full(_)
            | PhoneError::Pending { .. }
            | PhoneError::TooOften { .. } => Self::CallInProgress,
        }
    }
}
