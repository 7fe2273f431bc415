//! Withdrawing a verification. A call that still rings is hung up by its shard.

use std::sync::Arc;
use std::time::Instant;

use super::id::VerificationId;
use super::record::CallRecord;
use super::service::Verify;
use super::snapshot::{Reason, Snapshot, Status};

impl Verify {
    /// Withdraws a pending verification.
    ///
    /// # Errors
    ///
    /// When it is unknown, or was faster.
    pub fn cancel(&self, id: VerificationId, now: Instant) -> Result<Canceled, CancelError> {
        let entry = self.table.get(id).ok_or(CancelError::NotFound)?;
        self.expire_if_due(&entry, now);
        let canceled = (Status::Canceled, Reason::CanceledByClient);
        let snapshot = self
            .end(&entry, canceled, now)
            .map_err(|state| CancelError::AlreadyEnded(Box::new(self.snapshot(&entry, state))))?;
        let latest = entry.latest().filter(|latest| !latest.is_over());
        let call = latest.map(|latest| (Arc::clone(&latest.record), latest.shard));
        Ok(Canceled { snapshot, call })
    }
}

/// A verification that was withdrawn.
#[derive(Clone, Debug)]
pub struct Canceled {
    /// How it stands now.
    pub snapshot: Snapshot,
    /// The call that is still up, and the shard that must hang it up.
    pub call: Option<(Arc<CallRecord>, u16)>,
}

/// Why nothing was withdrawn.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CancelError {
    /// It has its final state already.
    #[error("this verification has ended: {}", .0.status.as_str())]
    AlreadyEnded(Box<Snapshot>),
    /// No such verification, or none that is remembered.
    #[error("no such verification")]
    NotFound,
}
