//! What the operator decides about verifications: pools, limits, times and bounds.
//!
//! Plain data with the defaults that `docs/configuration.md` explains. [`Settings::check`] refuses what
//! cannot work, before anything is bound; what works but is unwise is a [`Warning`].

mod error;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use self::error::{SettingsError, Warning};
use super::pool::needed;
use super::range::NumberRange;
use crate::evidence::Assurance;
use crate::number::E164;
use crate::number::plan::Country;

/// Everything that [`Verify`](super::Verify) is told at start.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where caller IDs come from. The first one serves requests that name none.
    pub pools: Vec<PoolSettings>,
    /// Numbers that people ring to be verified, each once.
    pub dids: Vec<E164>,
    /// What their calls prove.
    pub missed_calls: MissedCalls,
    /// How many shards share the calls; at least one.
    pub shards: u16,
    /// Codes that may be tried per verification: 1 to [`ATTEMPTS_MAX`].
    pub attempts: u8,
    /// Calls per verification, the first one counted: 1 to [`CALLS_MAX`].
    pub calls: u8,
    /// How long a verification stays pending when the request does not say.
    pub expires_in: Duration,
    /// The longest time a request may ask for.
    pub expires_in_max: Duration,
    /// How long an ended verification can still be read.
    pub keep_ended: Duration,
    /// How long a phone is not called again from numbers with the same last five digits.
    pub reuse_window: Duration,
    /// The highest acceptable odds that a guesser is verified: attempts over usable suffixes.
    pub max_guess_odds: f64,
    /// Countries whose phones are rung. Empty: the countries of the pools' own numbers.
    pub countries: Vec<Country>,
    /// Number prefixes that are never verified, as digits after the `+`.
    pub refused: Vec<Prefix>,
    /// How often a phone, and a block of phones, may be rung.
    pub limits: Limits,
    /// The largest sizes of the tables.
    pub bounds: Bounds,
}

/// What calls to our own numbers prove, and for how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MissedCalls {
    /// How long a call counts for a verification that is started after it; zero: not at all.
    pub recent_window: Duration,
    /// How many such calls are remembered; the oldest is forgotten first.
    pub recent_max: usize,
    /// What a verification needs at least. With [`Assurance::ChallengeConfirmed`] every caller is called
    /// back, whether the request asks for it or not.
    pub min_assurance: Assurance,
    /// How long after a missed call its caller is called back: the phone must have hung up.
    pub confirm_after: Duration,
    /// Whether a call counts that came by way of another phone.
    pub are_forwarded_accepted: bool,
}

/// One pool of caller IDs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PoolSettings {
    /// Its name in requests, replies and metrics.
    pub name: Arc<str>,
    /// Its numbers: all must belong to the operator.
    pub numbers: Vec<NumberRange>,
}

/// How often a thing may happen within a sliding window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// How many times.
    pub count: u32,
    /// Within which time.
    pub window: Duration,
}

/// Limits against harassment, fraud and guessing. An empty list limits nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Starts per phone.
    pub phone: Vec<Limit>,
    /// Starts per block of 10,000 numbers (a number less its last four digits).
    pub prefix: Vec<Limit>,
    /// From this many wrong codes for one phone, over all its verifications, each one locks it.
    pub wrong_codes_lock: u8,
    /// For how long.
    pub lock: Duration,
    /// From this many, the phone is locked for `hard_lock`.
    pub wrong_codes_stop: u8,
    /// How long the hard stop lasts, and how long after the last one wrong codes are remembered.
    pub hard_lock: Duration,
}

/// The largest sizes of the tables. What does not fit is refused and counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Verifications pending at once.
    pub pending_max: usize,
    /// Ended verifications that can still be read; beyond it the oldest is forgotten first.
    pub ended_max: usize,
    /// Phones whose calls are remembered.
    pub phones_max: usize,
    /// Blocks of phones whose starts are counted.
    pub prefixes_max: usize,
}

/// The first digits of numbers, without `+`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prefix(Box<str>);

impl Prefix {
    /// Reads `+4670` or `4670`.
    ///
    /// # Errors
    ///
    /// When it is empty, longer than a number, begins with 0, or holds anything but digits.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // No country code begins with a zero: `0046` would refuse nothing.
        if !is_number || digits.starts_with('0') || digits.len() > 15 {
            return Err(PrefixError);
        }
        Ok(Self(digits.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a prefix of numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a prefix is `+` and 1 to 15 digits, the first not 0")]
pub struct PrefixError;

impl Default for Settings {
    fn default() -> Self {
        Self {
            pools: Vec::new(),
            dids: Vec::new(),
            missed_calls: MissedCalls::default(),
            shards: 1,
            attempts: 3,
            calls: 3,
            expires_in: 5 * MINUTE,
            expires_in_max: 10 * MINUTE,
            keep_ended: 10 * MINUTE,
            reuse_window: DAY,
            max_guess_odds: 0.005,
            countries: Vec::new(),
            refused: Vec::new(),
            limits: Limits::default(),
            bounds: Bounds::default(),
        }
    }
}

impl Default for MissedCalls {
    fn default() -> Self {
        Self {
            recent_window: 10 * MINUTE,
            recent_max: 100_000,
            min_assurance: Assurance::ReturnRouted,
            confirm_after: Duration::from_secs(3),
            are_forwarded_accepted: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            phone: vec![
                Limit { count: 3, window: 10 * MINUTE },
                Limit { count: 5, window: HOUR },
                Limit { count: 10, window: DAY },
            ],
            prefix: vec![Limit { count: 20, window: 10 * MINUTE }],
            wrong_codes_lock: 5,
            lock: HOUR,
            wrong_codes_stop: 10,
            hard_lock: DAY,
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            pending_max: 1_000_000,
            ended_max: 200_000,
            phones_max: 4_000_000,
            prefixes_max: 1_000_000,
        }
    }
}

impl Settings {
    /// How many different codes a pool needs for all attempts of one verification.
    pub fn codes_needed(&self) -> u32 {
        needed(self.attempts, self.max_guess_odds)
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    ///
    /// Every problem that is found, in the order of the fields.
    pub fn check(&self) -> Result<(), Vec<SettingsError>> {
        let mut problems = Vec::new();
        let mut refuse = |is_wrong: bool, problem: SettingsError| {
            if is_wrong {
                problems.push(problem);
            }
        };
        let odds = self.max_guess_odds;
        refuse(self.pools.is_empty() && self.dids.is_empty(), SettingsError::NoNumber);
        refuse(self.pools.len() > POOLS_MAX, SettingsError::Pools { found: self.pools.len() });
        let mut names: BTreeSet<&str> = self.pools.iter().map(|pool| &*pool.name).collect();
        let is_again = |pool: &&PoolSettings| !names.remove(&*pool.name);
        if let Some(pool) = self.pools.iter().find(is_again) {
            refuse(true, SettingsError::PoolName { pool: Arc::clone(&pool.name) });
        }
        self.check_missed_calls(&mut refuse);
        refuse(self.shards == 0, SettingsError::NoShard);
        refuse(
            !(1..=ATTEMPTS_MAX).contains(&self.attempts),
            SettingsError::Attempts { found: self.attempts },
        );
        refuse(!(1..=CALLS_MAX).contains(&self.calls), SettingsError::Calls { found: self.calls });
        refuse(
            !(EXPIRY_MIN..=EXPIRY_MAX).contains(&self.expires_in_max),
            SettingsError::ExpiresInMax { found: self.expires_in_max },
        );
        refuse(
            !(EXPIRY_MIN..=self.expires_in_max).contains(&self.expires_in),
            SettingsError::ExpiresIn { found: self.expires_in, max: self.expires_in_max },
        );
        refuse(!(odds > 0.0 && odds <= 1.0), SettingsError::MaxGuessOdds { found: odds });
        let limits = self.limits.phone.iter().chain(&self.limits.prefix);
        for limit in limits {
            refuse(
                limit.count == 0 || limit.window.is_zero() || limit.window > WINDOW_MAX,
                SettingsError::Limit { count: limit.count, window: limit.window },
            );
        }
        refuse(
            self.limits.wrong_codes_lock == 0
                || self.limits.wrong_codes_stop < self.limits.wrong_codes_lock,
            SettingsError::WrongCodes {
                lock: self.limits.wrong_codes_lock,
                stop: self.limits.wrong_codes_stop,
            },
        );
        let Bounds { pending_max, ended_max, phones_max, prefixes_max } = self.bounds;
        refuse(
            [pending_max, ended_max, phones_max, prefixes_max].contains(&0),
            SettingsError::EmptyBound,
        );
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn check_missed_calls(&self, refuse: &mut impl FnMut(bool, SettingsError)) {
        let MissedCalls { recent_window, recent_max, min_assurance, confirm_after, .. } =
            self.missed_calls;
        refuse(self.dids.len() > DIDS_MAX, SettingsError::Dids { found: self.dids.len() });
        let mut once = BTreeSet::new();
        if let Some(did) = self.dids.iter().find(|did| !once.insert(**did)) {
            refuse(true, SettingsError::DidTwice { did: *did });
        }
        let is_confirmed = min_assurance == Assurance::ChallengeConfirmed;
        refuse(is_confirmed && self.pools.is_empty(), SettingsError::NoPoolToConfirm);
        refuse(min_assurance == Assurance::None, SettingsError::MinAssurance);
        refuse(
            recent_window > RECENT_WINDOW_MAX,
            SettingsError::RecentWindow { found: recent_window },
        );
        refuse(!recent_window.is_zero() && recent_max == 0, SettingsError::EmptyBound);
        refuse(
            confirm_after > CONFIRM_AFTER_MAX,
            SettingsError::ConfirmAfter { found: confirm_after },
        );
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most attempts a verification can be given.
pub const ATTEMPTS_MAX: u8 = 10;
/// The most calls a verification can be given.
pub const CALLS_MAX: u8 = 10;
/// Less time than this is no chance to type a code.
pub const EXPIRY_MIN: Duration = Duration::from_secs(30);
/// The code in a call log should not stay good for longer than this.
pub const EXPIRY_MAX: Duration = Duration::from_secs(60 * 60);
/// The odds above which a pool is worth a warning.
pub const GUESS_ODDS_WISE: f64 = 0.0005;
/// As many as a [`DidId`](super::DidId) can tell apart, and a phone can wait at.
pub const DIDS_MAX: usize = u16::MAX as usize;
/// Who holds a phone may be somebody else tomorrow.
pub const RECENT_WINDOW_MAX: Duration = DAY;
/// As long as the shortest life of a verification.
pub const CONFIRM_AFTER_MAX: Duration = EXPIRY_MIN;
/// A lease names its pool in 12 bits.
pub const POOLS_MAX: usize = 1 << 12;
/// How long starts are remembered at most.
pub const WINDOW_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_can_refuse_nothing_is_refused() {
        assert_eq!(Prefix::parse("+4670").unwrap().as_str(), "4670");
        for text in ["", "+", "0046", "+046", "46 70", "1234567890123456"] {
            assert_eq!(Prefix::parse(text), Err(PrefixError), "{text}");
        }
    }
}
