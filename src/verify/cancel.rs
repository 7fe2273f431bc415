//! Withdrawing a verification. A call that still rings is hung up by its shard.

use std::sync::Arc;

use super::record::CallRecord;
use super::snapshot::Snapshot;

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
