//! Why a use case refuses.

use std::time::Duration;

use super::super::outside::Unavailable;
use crate::verify::{CallAgainError, CancelError, CheckError, StartError};

/// Why a call was not handed to a shard.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotPlaced {
    /// No trunk is up.
    #[error("no trunk is up")]
    NoTrunk,
    /// The shard has more to do than it may keep.
    #[error("too many calls wait to be placed")]
    QueueFull,
    /// The daemon is on its way out.
    #[error("the gateway is stopping")]
    Stopping,
}

/// Why a verification was not started.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StartRefusal {
    /// The caller's key has started all the calls that it may start in a second.
    #[error("this key starts too many calls each second")]
    CallRate {
        /// When the next may be started.
        retry_after: Duration,
    },
    /// Its call found no room.
    #[error(transparent)]
    NotPlaced(#[from] NotPlaced),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The rules do not allow it.
    #[error(transparent)]
    Verify(#[from] StartError),
}

/// Why no second call was placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallAgainRefusal {
    /// The caller's key has started all the calls that it may start in a second.
    #[error("this key starts too many calls each second")]
    CallRate {
        /// When the next may be started.
        retry_after: Duration,
    },
    /// The call found no room.
    #[error(transparent)]
    NotPlaced(#[from] NotPlaced),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The rules do not allow it.
    #[error(transparent)]
    Verify(#[from] CallAgainError),
}

/// Why evidence was not compared, or nobody is told what came of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckRefusal {
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The rules do not allow it.
    #[error(transparent)]
    Verify(#[from] CheckError),
}

/// Why a verification was not withdrawn, or nobody is told that it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CancelRefusal {
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The rules do not allow it.
    #[error(transparent)]
    Verify(#[from] CancelError),
}
