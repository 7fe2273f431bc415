//! Starting a verification: policy, limits, and the method's own steps, which are in `first_call` and
//! `await_call`. What was taken on the way is given back when a later step refuses, so a refused start
//! leaves no trace but its refusal.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::{Client, Entry, Origin};
use super::id::VerificationId;
use super::pool::{Pool, needed};
use super::record::CallRecord;
use super::refusal::StartError;
use super::service::Verify;
use super::settings::EXPIRY_MIN;
use super::snapshot::Snapshot;
use super::step::Step;
use super::story::{Fact, Story};
use crate::number::E164;
use crate::number::plan::Country;

/// A wish to verify a phone.
#[derive(Clone, Debug)]
pub struct Start {
    /// The phone.
    pub to: E164,
    /// How.
    pub how: How,
    /// How long the verification stays pending; `None`: the configured time.
    pub expires_in: Option<Duration>,
    /// The client's own word for it.
    pub client_ref: Option<Arc<str>>,
    /// Where the client wants to be told of its end.
    pub callback_url: Option<Arc<str>>,
}

impl Start {
    /// To ring `to`, in all else as the configuration has it.
    pub fn flash_call(to: E164) -> Self {
        let how = How::FlashCall(FlashCall::default());
        Self { to, how, expires_in: None, client_ref: None, callback_url: None }
    }
}

/// How a phone is to be proven.
#[derive(Clone, Debug)]
pub enum How {
    /// We ring it.
    FlashCall(FlashCall),
    /// It rings us.
    MissedCall(Awaited),
}

/// A flash call as a client wants it.
#[derive(Clone, Debug, Default)]
pub struct FlashCall {
    /// The pool to call from; `None`: the first of the configuration.
    pub pool: Option<Arc<str>>,
    /// How long it should ring; `None`: what the trunk's profile says.
    pub ring: Option<Duration>,
}

/// A missed call as a client wants it.
#[derive(Clone, Debug, Default)]
pub struct Awaited {
    /// The number to ring; `None`: one that no other verification of the phone waits at.
    pub did: Option<E164>,
    /// How its caller is called back. `None`: not at all, unless the configuration wants it.
    pub confirm: Option<FlashCall>,
    /// How long ago a call may have come that is used instead of one that is waited for; `None`: as
    /// long ago as calls are remembered.
    pub recent_within: Option<Duration>,
}

/// A verification that was started: what the client is told, and what a shard must do.
#[derive(Clone, Debug)]
pub struct Started {
    /// What the client is told.
    pub snapshot: Snapshot,
    /// What the shard must do.
    pub task: Task,
}

/// What a shard must do for a verification that was started.
#[derive(Clone, Debug)]
pub enum Task {
    /// Call the phone.
    Call(Order),
    /// Keep the time.
    Watch(Watch),
}

/// A verification whose time a shard must keep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Watch {
    /// Which.
    pub verification: VerificationId,
    /// The shard that must.
    pub shard: u16,
    /// When it must call `on_timeout` for the verification.
    pub wake_at: Instant,
    /// When it must call `challenge` for it; `None`: not unless a call comes.
    pub challenge_at: Option<Instant>,
}

impl Task {
    /// The call, if there is one to place.
    pub fn call(self) -> Option<Order> {
        match self {
            Self::Call(order) => Some(order),
            Self::Watch(_) => None,
        }
    }

    /// The shard that must do it.
    pub fn shard(&self) -> u16 {
        match self {
            Self::Call(order) => order.shard,
            Self::Watch(watch) => watch.shard,
        }
    }
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
    /// Index of the pool that the caller ID is of, in the configuration's order.
    pub pool: u16,
    /// The phone's country.
    pub country: Country,
    /// The shard that must place it.
    pub shard: u16,
    /// When the shard must call `on_timeout` for the verification; `None` for a second call, whose
    /// verification's timer runs already.
    pub wake_at: Option<Instant>,
}

/// What every start has, whatever its method, once it may be.
pub(super) struct Ticket {
    pub(super) to: E164,
    pub(super) country: Country,
    pub(super) expires_in: Duration,
    pub(super) client: Option<Box<Client>>,
}

impl Verify {
    /// Starts a verification: from here on it is pending, or verified by a call that came before, and
    /// the shard of the task must do it. Listeners hear of it from [`announce`](Self::announce).
    ///
    /// # Errors
    ///
    /// Why nothing was started.
    pub fn start(&self, request: Start, now: Instant) -> Result<Started, StartError> {
        let expires_in = self.check_expiry(request.expires_in)?;
        let Start { to, how, client_ref: reference, callback_url, .. } = request;
        let client = Client { reference, callback_url };
        let has_words = client.reference.is_some() || client.callback_url.is_some();
        let client = has_words.then(|| Box::new(client));
        let ticket = |country| Ticket { to, country, expires_in, client };
        match how {
            How::FlashCall(wanted) => {
                let pool = self.choose_flash(&wanted)?;
                let country = self.policy.check(to)?;
                self.start_call(ticket(country), pool, wanted.ring, now)
            }
            How::MissedCall(wanted) => {
                let place = self.choose_place(&wanted)?;
                let country = self.policy.check(to)?;
                self.start_waiting(ticket(country), &place, now)
            }
        }
    }

    /// The pool of a flash call that may be as the client wants it.
    pub(super) fn choose_flash(&self, wanted: &FlashCall) -> Result<u16, StartError> {
        let name = wanted.pool.as_ref();
        let named = |pool: &Pool| name.is_none_or(|name| *name == pool.name);
        let found = self.pools.iter().position(named).ok_or_else(|| match name {
            Some(name) => StartError::UnknownPool { found: Arc::clone(name) },
            None => StartError::NoPool,
        })?;
        if let Some(found) = wanted.ring
            && !(RING_MIN..=RING_MAX).contains(&found)
        {
            return Err(StartError::Ring { found });
        }
        // `Settings::check` bounds the number of pools far below 65,536.
        Ok(found as u16)
    }

    fn check_expiry(&self, wanted: Option<Duration>) -> Result<Duration, StartError> {
        let (min, max) = (EXPIRY_MIN, self.settings.expires_in_max);
        match wanted {
            Some(found) if !(min..=max).contains(&found) => {
                Err(StartError::ExpiresIn { found, min, max })
            }
            Some(found) => Ok(found),
            None => Ok(self.settings.expires_in),
        }
    }

    /// Takes a place for a pending verification.
    pub(super) fn reserve(&self) -> Result<(), StartError> {
        let limit = self.settings.bounds.pending_max;
        let full = StartError::Overloaded { table: "pending verifications", limit };
        if self.table.reserve() { Ok(()) } else { Err(full) }
    }

    /// A verification that nobody knows yet.
    pub(super) fn entry(
        &self,
        id: VerificationId,
        ticket: &Ticket,
        step: Step,
        now: Instant,
    ) -> Arc<Entry> {
        let origin = Origin {
            id,
            to: ticket.to,
            country: ticket.country,
            client: ticket.client.clone(),
            created: now,
            created_at: self.wall.at(now),
            expires: now + ticket.expires_in,
        };
        let first: &[Fact] = match step {
            Step::FlashCall(_) => &[Fact::Created, Fact::CallPlaced(1)],
            Step::MissedCall(_) => &[Fact::Created],
        };
        let story = if self.is_kept { Story::held(first) } else { Story::default() };
        let state = step.first_state(self.settings.attempts);
        Arc::new(Entry::new(origin, step, state, story))
    }

    /// How many suffixes must be usable for `attempts` guesses.
    pub(super) fn needed(&self, attempts: u8) -> u32 {
        needed(attempts, self.settings.max_guess_odds)
    }
}

/// A shorter ring may not reach the phone's call log.
pub const RING_MIN: Duration = Duration::from_secs(1);
/// A longer ring reaches voicemail.
pub const RING_MAX: Duration = Duration::from_secs(20);
