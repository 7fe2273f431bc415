//! The way to one receiver: who waits for it, how many are under way, and whether it works.

use std::collections::BTreeSet;
use std::time::Instant;

use super::breaker::{Breaker, Gate};
use super::message::MessageId;
use super::shelf::{Group, Listed};
use super::standing::Standing;
use crate::delivery::EndpointState;

/// One receiver: an endpoint, or a host of callbacks.
#[derive(Debug)]
pub(super) struct Lane {
    /// By the moment that each is due.
    pub(super) waiting: BTreeSet<(Instant, MessageId)>,
    /// Those that somebody asked for: they pass whatever the receiver did before.
    pub(super) asked: BTreeSet<(Instant, MessageId)>,
    /// Under way.
    pub(super) flying: usize,
    pub(super) breaker: Breaker,
    /// The receiver asked to be left alone until then.
    pub(super) paused_until: Option<Instant>,
    /// The receiver wants nothing any more.
    pub(super) is_disabled: bool,
    /// Whether the receiver took what it was sent last.
    pub(super) group: Group,
    /// Where it stands in its shelf's orders.
    pub(super) listed: Option<Listed>,
}

impl Lane {
    pub(super) fn new(group: Group) -> Self {
        Self {
            waiting: BTreeSet::new(),
            asked: BTreeSet::new(),
            flying: 0,
            breaker: Breaker::default(),
            paused_until: None,
            is_disabled: false,
            group,
            listed: None,
        }
    }

    /// From when on the next message may leave; `None`: not before something changes. Any moment in
    /// the past means now.
    pub(super) fn ready_at(&self, concurrency: usize) -> Option<Instant> {
        if self.flying >= concurrency {
            return None;
        }
        if let Some((asked, _)) = self.asked.first() {
            return Some(*asked);
        }
        let (first, _) = *self.waiting.first()?;
        self.from().map(|from| from.map_or(first, |from| first.max(from)))
    }

    /// From when on the receiver may be asked, whoever waits; outer `None`: not before something
    /// changes.
    pub(super) fn from(&self) -> Option<Option<Instant>> {
        let opens = match self.breaker.gate() {
            Gate::Any => None,
            Gate::One(at) => Some(at),
            Gate::Shut => return None,
        };
        (!self.is_disabled).then(|| opens.max(self.paused_until))
    }

    /// How the receiver does.
    pub(super) fn standing(&self, now: Instant) -> Standing {
        let rests = self.paused_until.is_some_and(|until| until > now);
        let state = match (self.is_disabled, self.breaker.is_open(), rests) {
            (true, _, _) => EndpointState::Disabled,
            (false, true, _) => EndpointState::Down,
            (false, false, true) => EndpointState::Resting,
            (false, false, false) => EndpointState::Working,
        };
        let from = self.from().flatten().filter(|from| *from > now);
        Standing { state, from }
    }

    /// Takes the message that leaves now, and whether it asks if the receiver works.
    pub(super) fn take(&mut self, now: Instant) -> Option<(MessageId, bool)> {
        let (_, id) = match self.asked.pop_first() {
            Some(asked) => asked,
            None if self.waiting.first()?.0 <= now => self.waiting.pop_first()?,
            None => return None,
        };
        self.flying += 1;
        Some((id, self.breaker.on_sent()))
    }

    /// Nothing is known of it that need be kept.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty() && self.flying == 0
    }
}
