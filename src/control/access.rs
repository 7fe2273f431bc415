//! Who is asking, and what they may do. On the Unix socket the file's mode decides and the caller
//! may do everything; on TCP a bearer token (RFC 6750 §2.1) names a key.
//!
//! Invariant: a token is hashed when it arrives and is neither kept nor logged; every key is
//! compared, in constant time, whichever fits.

mod wrong_tokens;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::rate::Rate;
use super::settings::KeySettings;
use crate::entropy::Entropy;
use wrong_tokens::WrongTokens;

/// What a key's holder may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Right {
    /// Everything that is served on TCP.
    Admin,
    /// See everything that happens: lists, events, calls, pools, trunks, metrics.
    Read,
    /// Start, read, check, call again, report and cancel verifications whose id is known.
    Verify,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Read, Self::Verify];

    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Read => "read",
            Self::Verify => "verify",
        }
    }

    /// What its holder does with it, as the manual and the help say.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Admin => "does everything",
            Self::Read => "reads and watches",
            Self::Verify => "starts, checks and cancels",
        }
    }
}

/// The SHA-256 of a token. Tokens have 128 random bits or more, so a slow hash would gain nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// Of this token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Peer {
    /// The Unix socket.
    Socket,
    /// TCP, from this address.
    Tcp(IpAddr),
}

/// Who is asking.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The holder of a key.
    Key(Arc<Key>),
    /// Whoever may open the Unix socket.
    Socket,
}

impl Caller {
    /// Whether one of `rights` is among the caller's.
    pub fn may(&self, rights: &[Right]) -> bool {
        match self {
            Self::Key(key) => key
                .settings
                .rights
                .iter()
                .any(|right| *right == Right::Admin || rights.contains(right)),
            Self::Socket => true,
        }
    }

    /// As logs show them; also what keeps one caller's `Idempotency-Key`s from another's.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::Key(key) => format!("key {}", key.settings.name).into(),
            Self::Socket => Arc::from("socket"),
        }
    }

    /// Takes one call out of what the key may start each second.
    ///
    /// # Errors
    ///
    /// How long to wait for the next.
    pub fn admit_call(&self, now: Instant) -> Result<(), Duration> {
        match self {
            Self::Key(key) => key.starts.map_or(Ok(()), |rate| rate.admit(&key.started, now)),
            Self::Socket => Ok(()),
        }
    }
}

/// A key and what it has used up.
#[derive(Debug)]
pub struct Key {
    settings: KeySettings,
    starts: Option<Rate>,
    started: AtomicU64,
}

/// Every key.
#[derive(Debug)]
pub(super) struct Keys {
    keys: Vec<Arc<Key>>,
    wrong: WrongTokens,
}

impl Keys {
    /// The keys of the configuration; `wrong_per_minute` tokens may be wrong from one address.
    pub(super) fn new(
        keys: &[KeySettings],
        wrong_per_minute: u32,
        entropy: &Entropy,
        now: Instant,
    ) -> Self {
        let keys = keys.iter().map(|settings| {
            let second = Duration::from_secs(1);
            let starts = settings.starts_per_second.map(|count| Rate::new(count, second, now));
            Arc::new(Key { settings: settings.clone(), starts, started: AtomicU64::new(0) })
        });
        Self { keys: keys.collect(), wrong: WrongTokens::new(wrong_per_minute, entropy, now) }
    }

    /// Who sends `authorization`, the value of that header.
    ///
    /// A right token is always let in, even from an address that sent many wrong ones: behind one
    /// address there may be many clients, and a token cannot be guessed at any speed.
    pub(super) fn identify(
        &self,
        peer: Peer,
        authorization: Option<&[u8]>,
        now: Instant,
    ) -> Result<Caller, Stranger> {
        let Peer::Tcp(address) = peer else { return Ok(Caller::Socket) };
        let found = authorization.and_then(bearer_token).and_then(|token| self.find(token));
        match found {
            Some(key) => Ok(Caller::Key(key.clone())),
            None => match self.wrong.admit(address, now) {
                Ok(()) if authorization.is_none() => Err(Stranger::NoToken),
                Ok(()) => Err(Stranger::WrongToken),
                Err(retry_after) => Err(Stranger::TooMany { retry_after }),
            },
        }
    }

    /// Looks at every key, so that the time taken does not tell which one was close.
    fn find(&self, token: &[u8]) -> Option<&Arc<Key>> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let mut found = u32::MAX;
        for (place, key) in (0_u32..).zip(&self.keys) {
            let is_it: Choice = key.settings.token.0.ct_eq(&hash);
            found.conditional_assign(&place, is_it);
        }
        self.keys.get(found as usize)
    }
}

/// RFC 6750 §2.1: `Bearer` in any case (RFC 9110 §11.1), spaces, the token.
fn bearer_token(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

/// Why somebody on TCP is not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Stranger {
    /// No token.
    #[error("no key was found, `Authorization: Bearer TOKEN` is needed")]
    NoToken,
    /// Wrong ones, again and again.
    #[error("too many requests without a valid key")]
    TooMany {
        /// When the next wrong one will be looked at.
        retry_after: Duration,
    },
    /// A token that is nobody's.
    #[error("the key is not valid")]
    WrongToken,
}

#[cfg(test)]
mod tests;
