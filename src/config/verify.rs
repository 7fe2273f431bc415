//! `[verify]`: how long, how often and for whom.

use std::time::Duration;

/// How long, how often and for whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Verify {
    /// How long a verification waits for its code, unless the client asks otherwise.
    pub expires_in: Duration,
    /// The longest that a client may ask for.
    pub expires_max: Duration,
    /// Codes that may be tried for one verification.
    pub attempts: u8,
    /// Calls that one verification may use.
    pub calls: u8,
    /// How long a caller ID stays away from a phone that it has called.
    pub reuse_window: Duration,
    /// Guess odds above which nothing starts.
    pub max_guess_odds: f64,
    /// Guess odds above which a pool is warned of.
    pub warn_guess_odds: f64,
    /// Verifications that may be pending at once.
    pub pending_max: usize,
    /// Verifications that are remembered after their end.
    pub ended_max: usize,
    /// How long they are remembered.
    pub keep_ended: Duration,
    /// Countries that may be called, as ISO 3166 codes. Empty: those of the pools.
    pub countries: Vec<[u8; 2]>,
    /// Beginnings of numbers that are never called, digits without `+`.
    pub refused_prefixes: Vec<String>,
    /// Starts for one phone.
    pub starts_per_phone: Vec<Limit>,
    /// Starts for one prefix: a number without its last four digits.
    pub starts_per_prefix: Vec<Limit>,
    /// Wrong codes for one phone, over all its verifications, that lock it.
    pub wrong_codes_per_phone: Limit,
}

/// At most so many in so long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// So many.
    pub count: u32,
    /// In so long.
    pub window: Duration,
}
