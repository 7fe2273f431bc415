//! What is wrong with settings, and what is unwise.

use std::sync::Arc;
use std::time::Duration;

use super::{
    ATTEMPTS_MAX, CALLS_MAX, CONFIRM_AFTER_MAX, DIDS_MAX, EXPIRY_MAX, EXPIRY_MIN, GUESS_ODDS_WISE,
    POOLS_MAX, RECENT_WINDOW_MAX, WINDOW_MAX,
};
use crate::number::E164;

/// Why the daemon does not start with these settings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// Callers are called back too late.
    #[error("callers are called back after {found:?}, must be at most {CONFIRM_AFTER_MAX:?}")]
    ConfirmAfter {
        /// What was found.
        found: Duration,
    },
    /// One DID, twice.
    #[error("the DID {did:?} is there twice")]
    DidTwice {
        /// Which.
        did: E164,
    },
    /// Too many DIDs.
    #[error("there are {found} DIDs, at most {DIDS_MAX} are possible")]
    Dids {
        /// What was found.
        found: usize,
    },
    /// A call that nothing proves would prove a phone.
    #[error("a missed call must be proven: at least `return_routed`")]
    MinAssurance,
    /// Calls are remembered for too long.
    #[error("missed calls are remembered for {found:?}, must be at most {RECENT_WINDOW_MAX:?}")]
    RecentWindow {
        /// What was found.
        found: Duration,
    },
    /// Attempts out of range.
    #[error("{found} attempts, must be 1 to {ATTEMPTS_MAX}")]
    Attempts {
        /// What was found.
        found: u8,
    },
    /// Calls out of range.
    #[error("{found} calls, must be 1 to {CALLS_MAX}")]
    Calls {
        /// What was found.
        found: u8,
    },
    /// A table that may hold nothing.
    #[error("a table must be allowed to hold at least one entry")]
    EmptyBound,
    /// The default life time is out of range.
    #[error("verifications expire in {found:?}, must be {EXPIRY_MIN:?} to {max:?}")]
    ExpiresIn {
        /// What was found.
        found: Duration,
        /// The longest that was allowed.
        max: Duration,
    },
    /// The longest life time is out of range.
    #[error("verifications expire in {found:?} at most, must be {EXPIRY_MIN:?} to {EXPIRY_MAX:?}")]
    ExpiresInMax {
        /// What was found.
        found: Duration,
    },
    /// Codes of this pool are too easy to guess.
    #[error(
        "pool `{pool}` has {distinct} distinct last-five-digit suffixes, must have at least \
         {needed} for {attempts} attempts"
    )]
    GuessOdds {
        /// The pool.
        pool: Arc<str>,
        /// How many suffixes it has.
        distinct: u32,
        /// How many it needs.
        needed: u32,
        /// Attempts per verification.
        attempts: u8,
    },
    /// A limit that never allows anything, or counts for longer than is remembered.
    #[error("{count} starts in {window:?}, must be at least 1 in at most {WINDOW_MAX:?}")]
    Limit {
        /// How many times.
        count: u32,
        /// Within which time.
        window: Duration,
    },
    /// Odds out of range.
    #[error("the highest guess odds are {found}, must be above 0 and at most 1")]
    MaxGuessOdds {
        /// What was found.
        found: f64,
    },
    /// Nobody could be called.
    #[error("no numbering plan has the pools' numbers, so the countries to call must be named")]
    NoCountry,
    /// Neither a pool nor a DID.
    #[error("there is neither a pool of caller IDs nor a DID, at least one of them is needed")]
    NoNumber,
    /// Callers are to be called back and cannot be.
    #[error("every caller is to be called back, for which a pool of caller IDs is needed")]
    NoPoolToConfirm,
    /// Nobody to place calls.
    #[error("there are 0 shards, at least one is needed")]
    NoShard,
    /// Two pools of one name.
    #[error("two pools are called `{pool}`, each needs a name of its own")]
    PoolName {
        /// The name.
        pool: Arc<str>,
    },
    /// Too many pools.
    #[error("there are {found} pools, at most {POOLS_MAX} are possible")]
    Pools {
        /// What was found.
        found: usize,
    },
    /// A pool's numbers overlap in too many ways to be indexed.
    #[error("the ranges of pool `{pool}` overlap in more than {limit} pieces, join some of them")]
    ScatteredPool {
        /// The pool.
        pool: Arc<str>,
        /// The bound.
        limit: usize,
    },
    /// The lock comes after the stop, or at once.
    #[error("wrong codes lock at {lock} and stop at {stop}, must be 1 or more and in this order")]
    WrongCodes {
        /// Where the lock begins.
        lock: u8,
        /// Where the hard stop begins.
        stop: u8,
    },
}

/// What works but is unwise; said once at start and shown by `ringproof pools`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Warning {
    /// Codes of this pool are easier to guess than they should be.
    #[error(
        "a guesser is verified with odds of {odds:.6} in pool `{pool}`, {GUESS_ODDS_WISE} or less \
         is wise"
    )]
    GuessOdds {
        /// The pool.
        pool: Arc<str>,
        /// Attempts over distinct suffixes.
        odds: f64,
    },
}
