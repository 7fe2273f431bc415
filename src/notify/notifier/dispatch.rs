//! The one task that decides. It waits for whatever comes first: a message, the end of a try, a page
//! from disk, a moment that the desk named.

use std::future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep_until;
use tracing::{info, warn};

use super::super::client::{Client, Failed};
use super::super::desk::{Desk, ShelfIndex};
use super::super::message::MessageId;
use super::super::outbox::{Found, Outbox, OutboxError};
use super::super::shelf::Effect;
use super::{Command, Missed};
use crate::time::WallClock;

pub(super) struct Dispatch {
    desk: Desk,
    /// One for each shelf.
    clients: Vec<Arc<Client>>,
    outbox: Arc<dyn Outbox>,
    clock: WallClock,
    commands: mpsc::Receiver<Command>,
    missed: Arc<Missed>,
    tries: JoinSet<Tried>,
    pages: JoinSet<(ShelfIndex, Result<Found, OutboxError>)>,
    stop: Option<Stop>,
}

struct Tried {
    shelf: ShelfIndex,
    id: MessageId,
    result: Result<(), Failed>,
}

/// Somebody waits for the end.
struct Stop {
    by: Instant,
    done: oneshot::Sender<()>,
}

/// The clock that a paused runtime winds.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Dispatch {
    pub(super) fn new(
        desk: Desk,
        clients: Vec<Arc<Client>>,
        outbox: Arc<dyn Outbox>,
        clock: WallClock,
        commands: mpsc::Receiver<Command>,
        missed: Arc<Missed>,
    ) -> Self {
        let (tries, pages) = (JoinSet::new(), JoinSet::new());
        Self { desk, clients, outbox, clock, commands, missed, tries, pages, stop: None }
    }

    pub(super) async fn run(mut self) {
        loop {
            let wake = match &self.stop {
                None => self.go_on(),
                Some(stop) if self.tries.is_empty() || stop.by <= now() => break,
                Some(stop) => Some(stop.by),
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    // Nobody is left who could ask for anything.
                    None => break,
                },
                Some(tried) = self.tries.join_next() => if let Some(tried) = ended(tried) {
                    self.on_tried(tried);
                },
                Some(page) = self.pages.join_next() => if let Some((shelf, found)) = ended(page) {
                    self.desk.on_page(shelf, found, now());
                },
                () = self.missed.wake.notified() => {}
                () = until(wake) => {}
            }
            self.tell();
        }
        // Tries are ended by being dropped; their messages are in the outbox.
        self.tries.shutdown().await;
        if let Some(stop) = self.stop {
            let _ = stop.done.send(());
        }
    }

    /// Begins whatever can begin; until when nothing can.
    fn go_on(&mut self) -> Option<Instant> {
        let now = now();
        if let Some(from) = self.missed.take() {
            self.desk.look_again(from, now);
        }
        while let Some((shelf, message)) = self.desk.next(now) {
            let (client, at) = (self.clients[shelf.0].clone(), self.clock.at(now));
            self.tries.spawn(async move {
                let result = client.post(&message, at).await;
                Tried { shelf, id: message.id, result }
            });
        }
        for page in self.desk.pages(now) {
            let outbox = self.outbox.clone();
            self.pages
                .spawn_blocking(move || (page.shelf, outbox.rows(&page.of, page.from, page.limit)));
        }
        self.desk.next_wake(now)
    }

    fn on_command(&mut self, command: Command) {
        let now = now();
        match command {
            Command::Ask(message, reply) => {
                let _ = reply.send(self.desk.ask(message, now));
            }
            Command::Endpoints(reply) => {
                let _ = reply.send(self.desk.endpoints(now));
            }
            Command::Forget(messages) => self.desk.forget(&messages),
            Command::Push(message) => {
                let id = message.id;
                if !self.desk.push(message, now) {
                    warn!(%id, "a webhook message is for nobody who is configured");
                }
            }
            Command::PutBack(messages, reply) => {
                let count = self.desk.put_back(messages, now);
                // Who hears of it asks next whether it is on disk.
                self.tell();
                let _ = reply.send(count);
            }
            Command::Standings(messages, reply) => {
                let with_standing = messages.into_iter().map(|message| {
                    let (is_trying, standing) = self.desk.standing(&message, now);
                    (message, is_trying, standing)
                });
                let _ = reply.send(with_standing.collect());
            }
            Command::Stop(within, done) => self.stop = Some(Stop { by: now + within, done }),
        }
    }

    fn on_tried(&mut self, Tried { shelf, id, result }: Tried) {
        match result {
            Ok(()) => self.desk.on_taken(shelf, id, now()),
            Err(Failed { failure, wish }) => {
                self.desk.on_failed(shelf, id, failure, wish, now());
            }
        }
    }

    /// Writes and says what has happened.
    fn tell(&mut self) {
        for (shelf, effect) in self.desk.take_effects() {
            match effect {
                Effect::Disabled => {
                    let endpoint = self.desk.name(shelf);
                    warn!(endpoint, "a webhook endpoint replied 410 and is told no more");
                }
                Effect::Down { lane, failure } => {
                    let endpoint = self.desk.name(shelf);
                    match self.desk.host(shelf, &lane) {
                        Some(host) => {
                            warn!(endpoint, host, why = %failure, "a webhook endpoint is down")
                        }
                        None => warn!(endpoint, why = %failure, "a webhook endpoint is down"),
                    }
                }
                Effect::Enabled => {
                    let endpoint = self.desk.name(shelf);
                    info!(endpoint, "a webhook endpoint that replied 410 is told again");
                }
                Effect::Later(message) => self.outbox.later(&message),
                Effect::Paused(until) => self.outbox.pause(self.desk.name(shelf), until),
                Effect::Taken(id) => self.outbox.taken(id),
                Effect::Up { lane, after } => {
                    let (endpoint, seconds) = (self.desk.name(shelf), after.as_secs());
                    match self.desk.host(shelf, &lane) {
                        Some(host) => {
                            info!(endpoint, host, seconds, "a webhook endpoint works again")
                        }
                        None => info!(endpoint, seconds, "a webhook endpoint works again"),
                    }
                }
            }
        }
    }
}

/// What a task came to; `None`: the runtime ends, and everything with it. A shelf would wait for ever
/// for one that panicked: a release has aborted by then (`panic` in Cargo.toml), a test fails here.
fn ended<T>(result: Result<T, JoinError>) -> Option<T> {
    result
        .map_err(|error| {
            if let Ok(reason) = error.try_into_panic() {
                resume_unwind(reason);
            }
        })
        .ok()
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => future::pending().await,
    }
}
