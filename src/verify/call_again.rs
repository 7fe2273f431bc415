//! Ringing once more, from another number, when the person says that no call came.

use std::sync::Arc;
use std::time::Duration;

use super::snapshot::Snapshot;
use super::start::Rate;

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
    /// This phone, or its block of numbers, was rung too often.
    #[error("too many {of}, retry in {} s", retry_after.as_secs())]
    RateLimited {
        /// Of what there were too many.
        of: Rate,
        /// When it may be tried again; whole seconds.
        retry_after: Duration,
    },
}
