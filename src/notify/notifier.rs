//! The task between desk, outbox and receivers: one task decides, each try is a task of its own.

#![expect(clippy::disallowed_methods, reason = "an edge: here the clock of webhooks is read")]

mod browse;
mod dispatch;
mod endpoints;
mod orphans;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};

use super::client::{self, Client};
use super::desk::{AskError, Desk, PutBack};
use super::figures::{Figures, Tally};
use super::lookup::Names;
use super::message::{Endpoint, Message, MessageId};
use super::outbox::{Outbox, OutboxError};
use super::settings::Settings;
use super::standing::{LastFailure, Standing};
use super::target::Target;
use crate::entropy::Entropy;
use crate::time::WallClock;
use dispatch::Dispatch;
use orphans::Orphans;

/// Tells receivers. Dropping it ends the tries under way; [`stop`](Self::stop) lets them finish.
pub struct Notifier {
    commands: mpsc::Sender<Command>,
    missed: Arc<Missed>,
    outbox: Arc<dyn Outbox>,
    clock: WallClock,
    tallies: Vec<(Option<Arc<str>>, Arc<Tally>)>,
    /// The hosts of the endpoints of the configuration, in its order.
    hosts: Vec<Arc<str>>,
    orphans: Arc<Orphans>,
    /// Messages that were deleted before they were taken.
    expired: AtomicU64,
}

/// A message is not tried.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RetryError {
    /// Too many that were asked for have not left yet.
    #[error("too many messages were asked for and have not left")]
    Full,
    /// Nobody is configured for it.
    #[error("nobody is configured for the message")]
    Gone(Endpoint),
    /// There is none with this id.
    #[error("there is no such message")]
    NotFound,
    /// It cannot be read.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

/// What the task is told.
enum Command {
    Ask(Message, oneshot::Sender<Result<(), AskError>>),
    Endpoints(oneshot::Sender<Vec<(Standing, Option<LastFailure>)>>),
    Forget(Vec<Message>),
    Push(Message),
    PutBack(Vec<Message>, oneshot::Sender<PutBack>),
    Standings(Vec<Message>, oneshot::Sender<Vec<(Message, bool, Standing)>>),
    Stop(Duration, oneshot::Sender<()>),
}

/// Messages that did not fit into the queue: they are read from disk.
struct Missed {
    /// The upper half of the least id; `u64::MAX`: none was missed.
    from: AtomicU64,
    count: AtomicU64,
    wake: Notify,
}

impl Notifier {
    /// Begins to tell, first of all what an earlier life left in the outbox. Needs a tokio runtime;
    /// reads who asked to be left alone, and blocks meanwhile.
    pub fn start(
        settings: &Settings,
        outbox: Arc<dyn Outbox>,
        clock: WallClock,
        entropy: &Entropy,
    ) -> Self {
        Self::start_with(settings, outbox, clock, entropy, &Names::System)
    }

    pub(super) fn start_with(
        settings: &Settings,
        outbox: Arc<dyn Outbox>,
        clock: WallClock,
        entropy: &Entropy,
        names: &Names,
    ) -> Self {
        let named = settings.endpoints.iter().map(|it| (&it.reach, Some(it.url.clone()), vec![]));
        let callbacks =
            settings.callbacks.iter().map(|them| (&them.reach, None, them.hosts.clone()));
        // What the machine trusts is looked at only where somebody is told.
        let mut tls = None;
        let clients = named.chain(callbacks).map(|(reach, url, hosts)| {
            let tls = tls.get_or_insert_with(|| client::tls(&settings.trust));
            Arc::new(Client::new(reach, url, tls, names.clone()).only(hosts))
        });
        let clients = clients.collect();
        let mut desk = Desk::new(settings, clock.clone(), entropy, dispatch::now());
        // A disk that cannot be read ends the start elsewhere.
        for (endpoint, until) in outbox.pauses().unwrap_or_default() {
            desk.pause(&endpoint, until);
        }
        let (commands, told) = mpsc::channel(QUEUE_MAX);
        let missed = Arc::new(Missed {
            from: AtomicU64::new(u64::MAX),
            count: AtomicU64::new(0),
            wake: Notify::new(),
        });
        let tallies = desk.tallies();
        let dispatch =
            Dispatch::new(desk, clients, outbox.clone(), clock.clone(), told, missed.clone());
        tokio::spawn(dispatch.run());
        let orphans = Orphans::count(settings, outbox.clone());
        let hosts = settings
            .endpoints
            .iter()
            .map(|it| Target::parse(&it.url).map_or_else(|_| Arc::from(""), |target| target.host));
        let (hosts, expired) = (hosts.collect(), AtomicU64::new(0));
        Self { commands, missed, outbox, clock, tallies, hosts, orphans, expired }
    }

    /// Tells of a message whose row has been committed. Never blocks; what does not fit into the queue
    /// is read from disk later.
    pub fn push(&self, message: Message) {
        let (Err(TrySendError::Full(command)) | Err(TrySendError::Closed(command))) =
            self.commands.try_send(Command::Push(message))
        else {
            return;
        };
        if let Command::Push(message) = command {
            if let Some(tally) = self.tally_of(&message.endpoint) {
                tally.unheard.fetch_add(1, Ordering::Relaxed);
            }
            self.missed.note(message.id);
        }
    }

    /// Tries a message now, with its own id and a new timestamp: one that waits, or a dead letter, also
    /// of an endpoint that is down or disabled.
    ///
    /// # Errors
    ///
    /// Why it is not tried.
    pub async fn retry(&self, id: MessageId) -> Result<(), RetryError> {
        let outbox = self.outbox.clone();
        let row = tokio::task::spawn_blocking(move || outbox.row(id));
        let message = row.await.map_err(|_| OutboxError)??.ok_or(RetryError::NotFound)?;
        let (endpoint, (reply, answer)) = (message.endpoint.clone(), oneshot::channel());
        let _ = self.commands.send(Command::Ask(message, reply)).await;
        // Without an answer it has stopped, and the message waits for the next life.
        answer.await.map_err(|_| OutboxError)?.map_err(|error| match error {
            AskError::Full => RetryError::Full,
            AskError::Gone => RetryError::Gone(endpoint),
        })
    }

    /// Tells of messages whose rows were deleted before they were taken, [`MESSAGE_KEPT`] after their
    /// events.
    ///
    /// [`MESSAGE_KEPT`]: super::MESSAGE_KEPT
    pub async fn forget(&self, messages: Vec<Message>) {
        self.expired.fetch_add(messages.len() as u64, Ordering::Relaxed);
        self.orphans.forget(&messages);
        let _ = self.commands.send(Command::Forget(messages)).await;
    }

    /// What metrics show.
    pub fn figures(&self) -> Figures {
        let endpoints = self.tallies.iter().map(|(name, tally)| tally.read(name.clone()));
        Figures {
            endpoints: endpoints.collect(),
            expired: self.expired.load(Ordering::Relaxed),
            orphaned: self.orphans.total(),
            left_on_disk: self.missed.count.load(Ordering::Relaxed),
        }
    }

    /// Begins no more tries, lets those under way finish `within` that time and ends the rest. What was
    /// not taken is in the outbox.
    pub async fn stop(&self, within: Duration) {
        let (reply, done) = oneshot::channel();
        let _ = self.commands.send(Command::Stop(within, reply)).await;
        let _ = done.await;
    }

    /// Who counts what is for this receiver; `None`: it is not in the configuration.
    fn tally_of(&self, endpoint: &Endpoint) -> Option<&Tally> {
        let name = match endpoint {
            Endpoint::Named(name) => Some(name),
            Endpoint::Url(_) => None,
        };
        let found = self.tallies.iter().find(|(it, _)| it.as_ref() == name);
        found.map(|(_, tally)| &**tally)
    }
}

impl Missed {
    fn note(&self, id: MessageId) {
        self.from.fetch_min((id.0 >> 64) as u64, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// From which id on messages were missed since the last time.
    fn take(&self) -> Option<MessageId> {
        let upper = self.from.swap(u64::MAX, Ordering::Relaxed);
        (upper != u64::MAX).then(|| MessageId(u128::from(upper) << 64))
    }
}

/// Messages that may wait for the task.
const QUEUE_MAX: usize = 4_096;
