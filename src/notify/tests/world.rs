//! Messages, an outbox in memory, and a desk in virtual time.

#![expect(clippy::disallowed_types, reason = "a test's outbox is looked at from everywhere")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::super::desk::{Desk, ShelfIndex};
use super::super::failure::Failure;
use super::super::shelf::Effect;
use super::super::{
    Allowed, Callbacks, Endpoint, EndpointSettings, Found, Message, MessageId, Of, Outbox,
    OutboxError, Pattern, Reach, Settings, Trust,
};
use crate::entropy::Entropy;
use crate::time::testing::origin;
use crate::time::{Micros, WallClock};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// What the wall clock of a test shows when it begins, in seconds.
pub(super) const BEGIN: u64 = 1_800_000_000;

pub(super) fn reach() -> Reach {
    Reach {
        secrets: vec![SECRET.parse().unwrap()],
        concurrency: 8,
        timeout: Duration::from_secs(30),
        allowed: Allowed::Everything,
        allow_http: true,
    }
}

pub(super) fn endpoint(name: &str, url: &str) -> EndpointSettings {
    EndpointSettings {
        name: name.into(),
        url: url.into(),
        events: Pattern::finals(),
        reach: reach(),
    }
}

/// Endpoints `a` and `b`, and callbacks.
pub(super) fn settings() -> Settings {
    let callbacks = Callbacks { hosts: vec![], reach: Reach { concurrency: 4, ..reach() } };
    Settings {
        endpoints: vec![endpoint("a", "http://127.0.0.1:1/"), endpoint("b", "http://127.0.0.1:2/")],
        callbacks: Some(callbacks),
        trust: Trust::Only(vec![]),
    }
}

pub(super) fn named(name: &str) -> Endpoint {
    Endpoint::Named(name.into())
}

pub(super) fn callback(url: &str) -> Endpoint {
    Endpoint::Url(url.into())
}

/// The `n`th message, due at `next`.
pub(super) fn message(n: u64, endpoint: Endpoint, next: Instant) -> Message {
    Message {
        id: MessageId(u128::from(BEGIN * 1_000) << 80 | u128::from(n)),
        endpoint,
        sequence: n,
        name: "verification.expired".into(),
        body: format!("{{\"sequence\":{n}}}").into_bytes().into(),
        created_at: Micros(BEGIN * 1_000_000),
        created: next,
        matters_until: None,
        attempts: 0,
        next: Some(next),
        status: None,
        error: None,
    }
}

/// Rows in memory.
#[derive(Default)]
pub(super) struct Rows {
    rows: Mutex<BTreeMap<MessageId, Message>>,
    pauses: Mutex<BTreeMap<Box<str>, Instant>>,
    is_broken: std::sync::atomic::AtomicBool,
}

impl Rows {
    pub(super) fn insert(&self, message: Message) {
        self.rows.lock().unwrap().insert(message.id, message);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    pub(super) fn get(&self, id: MessageId) -> Option<Message> {
        self.rows.lock().unwrap().get(&id).cloned()
    }

    pub(super) fn set_broken(&self, is_broken: bool) {
        self.is_broken.store(is_broken, std::sync::atomic::Ordering::Relaxed);
    }

    fn works(&self) -> Result<(), OutboxError> {
        match self.is_broken.load(std::sync::atomic::Ordering::Relaxed) {
            true => Err(OutboxError),
            false => Ok(()),
        }
    }
}

impl Outbox for Rows {
    fn taken(&self, id: MessageId) {
        self.rows.lock().unwrap().remove(&id);
    }

    fn later(&self, message: &Message) {
        self.insert(message.clone());
    }

    fn pause(&self, endpoint: &str, until: Instant) {
        self.pauses.lock().unwrap().insert(endpoint.into(), until);
    }

    fn pauses(&self) -> Result<Vec<(Box<str>, Instant)>, OutboxError> {
        self.works()?;
        Ok(self.pauses.lock().unwrap().iter().map(|(name, until)| (name.clone(), *until)).collect())
    }

    fn settle(&self) -> Result<(), OutboxError> {
        self.works()
    }

    fn row(&self, id: MessageId) -> Result<Option<Message>, OutboxError> {
        self.works()?;
        Ok(self.get(id))
    }

    fn rows(&self, of: &Of, from: MessageId, limit: usize) -> Result<Found, OutboxError> {
        self.works()?;
        let rows = self.rows.lock().unwrap();
        let is_of = |message: &&Message| match (of, &message.endpoint) {
            (Of::All, _) | (Of::Urls, Endpoint::Url(_)) => true,
            (Of::Named(name), Endpoint::Named(named)) => name == named,
            (Of::Named(_), Endpoint::Url(_)) | (Of::Urls, Endpoint::Named(_)) => false,
        };
        let mut left = rows.range(from..).map(|(_, row)| row);
        let looked = left.by_ref().take(LOOK);
        let messages: Vec<_> = looked.filter(is_of).take(limit).cloned().collect();
        // Full before all were looked at: whatever follows the last that was found is next.
        let next = match messages.last().filter(|_| messages.len() == limit) {
            Some(last) => Some(last.id.next()),
            None => left.next().map(|row| row.id),
        };
        Ok(Found { messages, next })
    }
}

/// Rows that are looked at in one go.
const LOOK: usize = 1_000;

/// A desk and its outbox, and receivers that are a function of the message and the moment.
pub(super) struct World {
    pub(super) desk: Desk,
    pub(super) clock: WallClock,
    pub(super) rows: Arc<Rows>,
    pub(super) now: Instant,
    pub(super) zero: Instant,
    pub(super) tried: Vec<(Duration, Message)>,
    pub(super) said: Vec<String>,
    pub(super) reads: usize,
}

/// What a receiver of a test does with a message.
pub(super) type Receiver<'a> = &'a dyn Fn(&Message, Duration) -> Result<(), Failure>;

impl World {
    pub(super) fn new(settings: &Settings) -> Self {
        let zero = origin();
        let clock = WallClock::new(zero, UNIX_EPOCH + Duration::from_secs(BEGIN));
        let desk = Desk::new(settings, clock.clone(), &Entropy::seeded(7), zero);
        let rows = Arc::default();
        let (tried, said) = (vec![], vec![]);
        Self { desk, clock, rows, now: zero, zero, tried, said, reads: 0 }
    }

    /// Commits a message that is due now, and pushes it.
    pub(super) fn push(&mut self, n: u64, endpoint: Endpoint) -> MessageId {
        let message = message(n, endpoint, self.now);
        let id = message.id;
        self.rows.insert(message.clone());
        assert!(self.desk.push(message, self.now));
        self.settle();
        id
    }

    /// Another life begins with what is on disk.
    pub(super) fn restart(&mut self, settings: &Settings) {
        self.clock = WallClock::new(self.now, UNIX_EPOCH + Duration::from_secs(BEGIN));
        self.desk = Desk::new(settings, self.clock.clone(), &Entropy::seeded(8), self.now);
        for (endpoint, until) in self.rows.pauses().unwrap() {
            self.desk.pause(&endpoint, until);
        }
    }

    /// How many dead letters metrics show of an endpoint.
    pub(super) fn dead(&self, name: &str) -> u64 {
        let tallies = self.desk.tallies();
        let of = tallies.into_iter().find(|(it, _)| it.as_deref() == Some(name));
        of.unwrap().1.read(None).dead
    }

    /// Lets `time` pass. Each try takes `takes`.
    pub(super) fn run(&mut self, time: Duration, takes: Duration, receive: Receiver<'_>) {
        self.run_each(time, &|_| takes, receive);
    }

    /// The same, where what a try takes goes by its message.
    pub(super) fn run_each(
        &mut self,
        time: Duration,
        takes: &dyn Fn(&Message) -> Duration,
        receive: Receiver<'_>,
    ) {
        let end = self.now + time;
        let mut flying: BTreeMap<(Instant, MessageId), (ShelfIndex, Message)> = BTreeMap::new();
        loop {
            while let Some((shelf, message)) = self.desk.next(self.now) {
                self.tried.push((self.now - self.zero, message.clone()));
                flying.insert((self.now + takes(&message), message.id), (shelf, message));
            }
            for page in self.desk.pages(self.now) {
                self.reads += 1;
                let rows = self.rows.rows(&page.of, page.from, page.limit);
                self.desk.on_page(page.shelf, rows, self.now);
            }
            self.settle();
            let landing = flying.first_key_value().map(|((at, _), _)| *at);
            let wake = self.desk.next_wake(self.now).map(|at| at.max(self.now));
            let Some(next) = landing.into_iter().chain(wake).min().filter(|at| *at <= end) else {
                break;
            };
            self.now = next;
            while let Some(entry) = flying.first_entry().filter(|it| it.key().0 <= self.now) {
                let (shelf, message) = entry.remove();
                match receive(&message, self.now - self.zero) {
                    Ok(()) => self.desk.on_taken(shelf, message.id, self.now),
                    Err(failure) => {
                        self.desk.on_failed(shelf, message.id, failure, None, self.now);
                    }
                }
            }
            self.settle();
        }
        self.now = end;
    }

    /// Writes what has happened.
    pub(super) fn settle(&mut self) {
        for (shelf, effect) in self.desk.take_effects() {
            let name = self.desk.name(shelf);
            match effect {
                Effect::Disabled => self.said.push(format!("{name} disabled")),
                Effect::Down { .. } => self.said.push(format!("{name} down")),
                Effect::Enabled => self.said.push(format!("{name} enabled")),
                Effect::Later(message) => self.rows.later(&message),
                Effect::Paused(until) => self.rows.pause(name, until),
                Effect::Taken(id) => self.rows.taken(id),
                Effect::Up { after, .. } => {
                    self.said.push(format!("{name} up after {} s", after.as_secs()));
                }
            }
        }
    }
}
