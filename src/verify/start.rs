//! Starting a verification: policy, lease, entry.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::id::VerificationId;
use super::policy::Refusal;
use super::record::CallRecord;
use super::snapshot::Snapshot;
use crate::number::E164;
use crate::number::plan::Country;

/// A wish to verify a phone by a flash call.
#[derive(Clone, Debug)]
pub struct Start {
    /// The phone.
    pub to: E164,
    /// The pool to call from; `None`: the first of the configuration.
    pub pool: Option<Arc<str>>,
    /// How long it should ring; `None`: what the trunk's profile says.
    pub ring: Option<Duration>,
    /// How long the verification stays pending; `None`: the configured time.
    pub expires_in: Option<Duration>,
    /// The client's own word for it.
    pub client_ref: Option<Arc<str>>,
}

/// A verification that was started: what the client is told, and what a shard must do.
#[derive(Clone, Debug)]
pub struct Started {
    /// What the client is told.
    pub snapshot: Snapshot,
    /// What the shard must do.
    pub order: Order,
}

/// One call that a shard must place. Holds the caller ID, and so the code: never to be logged
/// (`Debug` masks both numbers).
#[derive(Clone, Debug)]
pub struct Order {
    /// The call's record, which the shard writes from now on.
    pub call: Arc<CallRecord>,
    /// What the call is for.
    pub verification: VerificationId,
    /// The phone.
    pub to: E164,
    /// The number to call from.
    pub caller_id: E164,
    /// How long it should ring; `None`: what the trunk's profile says.
    pub ring: Option<Duration>,
    /// The phone's country.
    pub country: Country,
    /// The shard that must place it.
    pub shard: u16,
    /// When the shard must call `on_timeout` for the verification; `None` for a second call, whose
    /// verification's timer runs already.
    pub wake_at: Option<Instant>,
}

/// Why a verification is not started. Nothing was dialled and nothing is kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StartError {
    /// This phone has a pending verification.
    #[error("this phone has a pending verification, {id}: use or cancel it")]
    AlreadyPending {
        /// The live one.
        id: VerificationId,
    },
    /// A call of a verification that has ended still rings this phone.
    #[error("this phone is still being called for an earlier verification, retry in a few seconds")]
    CallInProgress,
    /// The life time is out of range.
    #[error("expires in {found:?}, must be {min:?} to {max:?}")]
    ExpiresIn {
        /// What was asked for.
        found: Duration,
        /// The shortest possible.
        min: Duration,
        /// The longest possible.
        max: Duration,
    },
    /// This number is never rung.
    #[error(transparent)]
    NumberNotAllowed(#[from] Refusal),
    /// A table is full: load is shed.
    #[error("too many {table} (limit {limit}), retry later")]
    Overloaded {
        /// Which table.
        table: &'static str,
        /// Its bound.
        limit: usize,
    },
    /// Not enough suffixes are left for this phone to keep a code hard to guess.
    #[error(
        "pool `{pool}` has {usable} codes left for this phone, {needed} are needed: retry when \
         earlier calls are forgotten, or enlarge the pool"
    )]
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
    /// The ring time is out of range.
    #[error("rings for {found:?}, must be {RING_MIN:?} to {RING_MAX:?}")]
    Ring {
        /// What was asked for.
        found: Duration,
    },
    /// No pool has this name.
    #[error("there is no pool `{found}`")]
    UnknownPool {
        /// What was asked for.
        found: Arc<str>,
    },
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rate {
    /// Starts for one phone.
    PhoneStarts,
    /// Starts for one block of 10,000 numbers.
    PrefixStarts,
    /// Wrong codes for one phone.
    WrongCodes,
}

impl Rate {
    /// The label of the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PhoneStarts => "phone_starts",
            Self::PrefixStarts => "prefix_starts",
            Self::WrongCodes => "wrong_codes",
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PhoneStarts => "verifications of this phone",
            Self::PrefixStarts => "verifications of phones with these first digits",
            Self::WrongCodes => "wrong codes for this phone",
        })
    }
}

/// A shorter ring may not reach the phone's call log.
pub const RING_MIN: Duration = Duration::from_secs(1);
/// A longer ring reaches voicemail.
pub const RING_MAX: Duration = Duration::from_secs(20);
