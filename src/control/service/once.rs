//! Requests that are carried out once, though their replies may be lost.

use std::time::Instant;

use super::super::outside::{Before, Unavailable};
use super::super::replies::Slip;
use super::Service;
use crate::verify::id::VerificationId;
use crate::verify::snapshot::{Snapshot, Status};

impl Service {
    /// A verification on which the request of `slip` was carried out before, as `is_done` tells,
    /// once that is on disk. `None`: it was not, and what stands before it is written down now. A
    /// request without a key is always new.
    ///
    /// # Errors
    ///
    /// It cannot be written: nothing must be done.
    pub(in super::super) async fn found_done(
        &self,
        id: VerificationId,
        slip: Option<&Slip>,
        is_done: fn(Before, &Snapshot) -> bool,
        now: Instant,
    ) -> Result<Option<Snapshot>, Unavailable> {
        let Some((slip, shown)) = slip.zip(self.verify.get(id, now)) else { return Ok(None) };
        match slip.before() {
            None if shown.status != Status::Pending => Ok(None),
            Some(before) if is_done(before, &shown) => self.get(id, now).await,
            Some(_) => Ok(None),
            None => {
                slip.intend(Before::of(&shown), &*self.store)?;
                Ok(None)
            }
        }
    }
}

/// Whether a code was compared since.
pub(in super::super) fn is_checked(before: Before, shown: &Snapshot) -> bool {
    shown.attempts_left < before.attempts_left || shown.status == Status::Verified
}

/// Whether a call was placed since.
pub(in super::super) fn is_called(before: Before, shown: &Snapshot) -> bool {
    shown.calls_left < before.calls_left
}

impl Before {
    fn of(shown: &Snapshot) -> Self {
        Self { attempts_left: shown.attempts_left, calls_left: shown.calls_left }
    }
}
