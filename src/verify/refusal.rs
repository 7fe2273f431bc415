//! Why a verification is not started.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::id::VerificationId;
use super::phone::PhoneError;
use super::policy::Refusal;
use super::pool::Pool;
use super::start::{RING_MAX, RING_MIN};
use super::striped::Full;
use super::velocity::BlockError;

/// Why a verification is not started. Nothing was dialled and nothing is kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StartError {
    /// This phone has a pending verification by the same method, at the same DID if it has one.
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
    /// No number is configured that people could ring.
    #[error("no DID is configured, so nobody can ring this gateway")]
    NoDid,
    /// Verifications of this phone wait at every number that it could ring.
    #[error(
        "a verification of this phone waits at every DID, {id} at one of them: use or cancel it"
    )]
    NoFreeDid {
        /// One of them.
        id: VerificationId,
    },
    /// No pool is configured, so no phone can be called.
    #[error("no pool of caller IDs is configured, so this gateway calls nobody")]
    NoPool,
    /// The caller cannot be called back.
    #[error("no pool of caller IDs is configured, so no caller can be called back")]
    NoPoolToConfirm,
    /// This number is never verified.
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
    /// Calls are not remembered for so long.
    #[error("calls of the last {} s, must be at most {} s", found.as_secs(), max.as_secs())]
    RecentWithin {
        /// What was asked for.
        found: Duration,
        /// How long calls are remembered.
        max: Duration,
    },
    /// The ring time is out of range.
    #[error("rings for {found:?}, must be {RING_MIN:?} to {RING_MAX:?}")]
    Ring {
        /// What was asked for.
        found: Duration,
    },
    /// The number is none that people can ring.
    #[error("this number is none of the gateway's DIDs")]
    UnknownDid,
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

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PhoneStarts => "verifications of this phone",
            Self::PrefixStarts => "verifications of phones with these first digits",
            Self::WrongCodes => "wrong codes for this phone",
        })
    }
}

impl StartError {
    pub(super) fn of_phone(error: PhoneError, pool: &Pool, needed: u32) -> Self {
        match error {
            PhoneError::Calling => Self::CallInProgress,
            PhoneError::Exhausted { usable } => {
                Self::PoolExhausted { pool: Arc::clone(&pool.name), usable, needed }
            }
            PhoneError::Full(Full { limit }) => Self::Overloaded { table: "phones", limit },
            PhoneError::Locked { wait } => {
                Self::RateLimited { of: Rate::WrongCodes, retry_after: wait }
            }
            PhoneError::Pending { id } => Self::AlreadyPending { id },
            PhoneError::TooOften { wait } => {
                Self::RateLimited { of: Rate::PhoneStarts, retry_after: wait }
            }
        }
    }
}

impl From<BlockError> for StartError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::Full(Full { limit }) => Self::Overloaded { table: "number blocks", limit },
            BlockError::Wait(wait) => {
                Self::RateLimited { of: Rate::PrefixStarts, retry_after: wait }
            }
        }
    }
}
