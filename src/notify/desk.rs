//! What is sent when: all shelves together. Told what happened and when; no I/O, no clock.
//!
//! Shelves share nothing but the order in which they are asked, so that none delays another.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::figures::{CALLBACKS, Tally};
use super::message::{Endpoint, Message, MessageId};
use super::outbox::{Found, Of, OutboxError};
use super::schedule;
use super::settings::Settings;
use super::shelf::{Bounds, Effect, Shelf};
use super::standing::{LastFailure, Standing};
use crate::delivery::EndpointState;
use crate::entropy::{Entropy, Stream};
use crate::time::WallClock;

/// All messages that are in memory.
pub(super) struct Desk {
    shelves: Vec<Shelf>,
    clock: WallClock,
    stream: Stream,
    /// Who is asked first, the next time.
    turn: usize,
}

/// Which shelf, in the order of the configuration; callbacks are the last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ShelfIndex(pub(super) usize);

/// A message is not tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum AskError {
    /// As many as may have been asked for and have not left.
    #[error("too many messages were asked for")]
    Full,
    /// Nobody is configured for it.
    #[error("nobody is configured for the message")]
    Gone,
}

/// What became of dead letters that were to be put back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct PutBack {
    /// They wait to be tried.
    pub(super) waiting: usize,
    /// Nobody is configured for them.
    pub(super) left: usize,
}

/// Messages to be read from disk.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) shelf: ShelfIndex,
    pub(super) of: Of,
    pub(super) from: MessageId,
    pub(super) limit: usize,
}

impl Desk {
    pub(super) fn new(
        settings: &Settings,
        clock: WallClock,
        entropy: &Entropy,
        now: Instant,
    ) -> Self {
        let named = settings.endpoints.iter().map(|endpoint| {
            let lane = endpoint.reach.concurrency;
            let bounds = Bounds { lane, group: lane, capacity: ENDPOINT_MESSAGES_MAX };
            Shelf::new(Of::Named(endpoint.name.clone()), bounds, now)
        });
        let callbacks = settings.callbacks.iter().map(|callbacks| {
            let lane = callbacks.reach.concurrency;
            let group = CALLBACKS_TRYING_MAX / 2;
            let bounds = Bounds { lane, group, capacity: CALLBACK_MESSAGES_MAX };
            Shelf::new(Of::Urls, bounds, now)
        });
        let shelves = named.chain(callbacks).collect();
        Self { shelves, clock, stream: entropy.stream(), turn: 0 }
    }

    /// Takes a message in. False when nobody is configured for it: its row waits on disk.
    pub(super) fn push(&mut self, message: Message, now: Instant) -> bool {
        let (Some(due), Some(shelf)) = (message.next, self.shelf_of(&message.endpoint)) else {
            return false;
        };
        self.shelves[shelf].on_new();
        self.shelves[shelf].insert(message, due.max(now));
        true
    }

    /// The endpoint of this name asked an earlier life to be left alone until then.
    pub(super) fn pause(&mut self, endpoint: &str, until: Instant) {
        let mut shelves = self.shelves.iter_mut();
        if let Some(shelf) =
            shelves.find(|it| matches!(&it.of, Of::Named(name) if **name == *endpoint))
        {
            shelf.pause(until);
        }
    }

    /// Tries a message now, whatever became of it before.
    pub(super) fn ask(&mut self, message: Message, now: Instant) -> Result<(), AskError> {
        let shelf = self.shelf_of(&message.endpoint).ok_or(AskError::Gone)?;
        self.shelves[shelf].ask(message, now).then_some(()).ok_or(AskError::Full)
    }

    /// Puts dead letters back: they wait like any other message, and are due now. Those for nobody who
    /// is configured stay.
    pub(super) fn put_back(&mut self, messages: Vec<Message>, now: Instant) -> PutBack {
        let mut count = PutBack::default();
        for message in messages {
            match self.shelf_of(&message.endpoint) {
                None => count.left += 1,
                Some(shelf) => {
                    count.waiting += usize::from(self.shelves[shelf].put_back(message, now));
                }
            }
        }
        count
    }

    /// The next message that leaves now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(ShelfIndex, Message)> {
        let count = self.shelves.len();
        for index in (0..count).map(|step| (self.turn + step) % count) {
            if let Some(message) = self.shelves[index].next(now) {
                self.turn = index + 1;
                return Some((ShelfIndex(index), message));
            }
        }
        None
    }

    /// A message was taken.
    pub(super) fn on_taken(&mut self, shelf: ShelfIndex, id: MessageId, now: Instant) {
        let Some(message) = self.shelves[shelf.0].flying(id) else { return };
        // A wall clock that was set back meanwhile makes it none.
        let after = self.clock.at(now).0.saturating_sub(message.created_at.0);
        self.shelves[shelf.0].taken(id, Duration::from_micros(after), now);
    }

    /// A try failed; `wish` is how long the receiver asked to be left alone.
    pub(super) fn on_failed(
        &mut self,
        shelf: ShelfIndex,
        id: MessageId,
        failure: Failure,
        wish: Option<Duration>,
        now: Instant,
    ) {
        let Some(message) = self.shelves[shelf.0].flying(id) else { return };
        let failures = message.attempts.saturating_add(1);
        // Both instants: a wall clock that is set makes the schedule neither longer nor shorter.
        let matters = message
            .matters_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(message.created));
        let wished = wish.map(|wish| now + schedule::after(wish, &mut self.stream));
        let next = schedule::delay(failures, matters)
            .map(|delay| now + schedule::jittered(delay, &mut self.stream))
            .map(|next| wished.map_or(next, |wished| next.max(wished)));
        let pause = wished.filter(|_| matches!(failure, Failure::Status(429 | 503)));
        self.shelves[shelf.0].failed(id, failure, next, pause, now);
    }

    /// The pages to be read now.
    pub(super) fn pages(&mut self, now: Instant) -> Vec<Page> {
        let shelves = self.shelves.iter_mut().enumerate();
        let pages = shelves.filter_map(|(index, shelf)| {
            let (from, limit) = shelf.read(now)?;
            Some(Page { shelf: ShelfIndex(index), of: shelf.of.clone(), from, limit })
        });
        pages.collect()
    }

    /// A page came, or the disk did not work.
    pub(super) fn on_page(
        &mut self,
        shelf: ShelfIndex,
        found: Result<Found, OutboxError>,
        now: Instant,
    ) {
        match found {
            Ok(found) => self.shelves[shelf.0].on_rows(found, now),
            Err(OutboxError) => self.shelves[shelf.0].on_read_failed(now),
        }
    }

    /// The rows of these messages were deleted before they were taken.
    pub(super) fn forget(&mut self, messages: &[Message]) {
        for message in messages {
            if let Some(shelf) = self.shelf_of(&message.endpoint) {
                self.shelves[shelf].forget(message);
            }
        }
    }

    /// Messages from `from` on were not pushed: they are on disk.
    pub(super) fn look_again(&mut self, from: MessageId, now: Instant) {
        self.shelves.iter_mut().for_each(|shelf| shelf.look_again(from, now));
    }

    /// When something can be done, if nothing happens before.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        self.shelves.iter().filter_map(|shelf| shelf.next_wake(now)).min()
    }

    /// What has happened since the last time.
    pub(super) fn take_effects(&mut self) -> Vec<(ShelfIndex, Effect)> {
        let shelves = self.shelves.iter_mut().enumerate();
        let effects = shelves.flat_map(|(index, shelf)| {
            shelf.take_effects().into_iter().map(move |effect| (ShelfIndex(index), effect))
        });
        effects.collect()
    }

    /// Whether the message is under way, and how its receiver does.
    pub(super) fn standing(&self, message: &Message, now: Instant) -> (bool, Standing) {
        match self.shelf_of(&message.endpoint) {
            None => (false, Standing::GONE),
            Some(shelf) => {
                let shelf = &self.shelves[shelf];
                (shelf.flying(message.id).is_some(), shelf.standing(&message.endpoint, now))
            }
        }
    }

    /// How each endpoint does and why its last try failed, in the order of the configuration; callbacks
    /// are the last.
    pub(super) fn endpoints(&self, now: Instant) -> Vec<(Standing, Option<LastFailure>)> {
        let standing = |shelf: &Shelf| match &shelf.of {
            Of::Named(name) => shelf.standing(&Endpoint::Named(name.clone()), now),
            Of::All | Of::Urls if shelf.tally.down.load(Ordering::Relaxed) > 0 => {
                Standing { state: EndpointState::Down, from: None }
            }
            Of::All | Of::Urls => Standing::WORKING,
        };
        self.shelves.iter().map(|shelf| (standing(shelf), shelf.last_failure())).collect()
    }

    /// Who counts what.
    pub(super) fn tallies(&self) -> Vec<(Option<Arc<str>>, Arc<Tally>)> {
        let named = |shelf: &Shelf| match &shelf.of {
            Of::Named(name) => Some(name.clone()),
            Of::All | Of::Urls => None,
        };
        self.shelves.iter().map(|shelf| (named(shelf), shelf.tally.clone())).collect()
    }

    /// What logs call the shelf.
    pub(super) fn name(&self, shelf: ShelfIndex) -> &str {
        match &self.shelves[shelf.0].of {
            Of::Named(name) => name,
            Of::All | Of::Urls => CALLBACKS,
        }
    }

    /// The host that a lane of the shelf is for; an endpoint has one, which its name says.
    pub(super) fn host<'a>(&self, shelf: ShelfIndex, lane: &'a str) -> Option<&'a str> {
        matches!(self.shelves[shelf.0].of, Of::Urls).then_some(lane)
    }

    fn shelf_of(&self, endpoint: &Endpoint) -> Option<usize> {
        self.shelves.iter().position(|shelf| match (&shelf.of, endpoint) {
            (Of::Named(name), Endpoint::Named(named)) => name == named,
            (Of::Urls, Endpoint::Url(_)) => true,
            (Of::Named(_), Endpoint::Url(_)) | (Of::Urls, Endpoint::Named(_)) | (Of::All, _) => {
                false
            }
        })
    }
}

/// Messages for one endpoint in memory; the rest waits on disk.
pub(super) const ENDPOINT_MESSAGES_MAX: usize = 2_048;
/// Messages for callback URLs in memory.
pub(super) const CALLBACK_MESSAGES_MAX: usize = 8_192;
/// Messages for callback URLs under way at once.
const CALLBACKS_TRYING_MAX: usize = 256;
