//! Calling back who rang: a caller ID can be forged, the phone that rings cannot.
//!
//! When the phone cannot be called, for good (it is locked for wrong codes, no code is left for it), the
//! verification fails at once, so that the application can fall back. While the phone is being called
//! for another verification, it stays pending, matched and without a call, and the client asks for one.

use std::sync::Arc;
use std::time::Instant;

use super::entry::Entry;
use super::id::VerificationId;
use super::phone::{PhoneError, Wish};
use super::service::Verify;
use super::snapshot::{Reason, Status};
use super::start::Order;
use super::step::Flash;

impl Verify {
    /// The call back to a caller whose verification wants more than a missed call. `shard` places it.
    /// `None`: there is nothing to place, because the verification has ended or its phone cannot be
    /// called.
    pub fn challenge(&self, id: VerificationId, shard: u16, now: Instant) -> Option<Order> {
        let entry = self.table.get(id)?;
        if entry.story.is_held() {
            // Nobody is called for a start that is not on disk.
            return None;
        }
        self.expire_if_due(&entry, now);
        let state = entry.word.load();
        let is_due = state.status == Status::Pending && state.is_matched && state.calls == 0;
        let flash = entry.step.flash().filter(|_| is_due && entry.missed().is_some())?;
        match self.first_challenge(&entry, flash, shard, now) {
            Ok(order) => order,
            Err(PhoneError::Calling | PhoneError::Pending { .. }) => None,
            Err(
                PhoneError::Exhausted { .. }
                | PhoneError::Full(_)
                | PhoneError::Locked { .. }
                | PhoneError::TooOften { .. },
            ) => {
                // Lost against another final state or not: it is final now.
                let _ = self.end(&entry, (Status::Failed, Reason::RejectedByPolicy), now);
                None
            }
        }
    }

    /// `Ok(None)`: another thread was faster, or the verification has ended.
    fn first_challenge(
        &self,
        entry: &Arc<Entry>,
        flash: &Flash,
        shard: u16,
        now: Instant,
    ) -> Result<Option<Order>, PhoneError> {
        let mut dice = self.entropy.stream();
        let wish = Wish {
            phone: entry.to,
            verification: entry.id,
            pool: flash.pool,
            needed: self.needed(entry.word.load().attempts_left),
            mark: self.epoch.mark(now),
            now: self.epoch.now(now),
            dice: &mut dice,
        };
        let pick = self.phones.call_again(wish)?;
        if flash.latest().is_some() {
            self.phones.undo_call(entry.to, pick.suffix);
            return Ok(None);
        }
        let order = self.add_call(entry, flash, (pick, shard), &mut dice, now);
        Ok(order.ok())
    }
}
