//! The daemon: everything bound, joined and started in order, and stopped in order.
#![expect(clippy::disallowed_methods, reason = "the daemon's clocks are wound here")]

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::timeout;
use tracing::{error, warn};

use super::books::hooks::Hooks;
use super::books::scribe::Scribe;
use super::books::sweep::Terms;
use super::books::vault::{self, Vault};
use super::files::Found;
use super::ledger::Ledger;
use super::past::{self, JournalError, Read, Taken};
use super::relay::Relay;
use super::reload::Reloader;
use super::settings;
use super::shards::{self, Shards};
use super::status::DaemonStatus;
use super::stop::{self, Up};
use super::teller::{Item, Teller};
use super::trunks::Trunks;
use super::{chores, knock, threads};
use crate::config::Config;
use crate::control::{self, Api, ApiCounters, CallbackCheck, CallbackError, Calls, Parts, Server};
use crate::entropy::Entropy;
use crate::gateway::Command;
use crate::net::{self, Running, Socket};
use crate::notify::{Callbacks, Notifier, UrlError};
use crate::observe::log::Log;
use crate::observe::{Metrics, Recorder};
use crate::store::{Journal, record};
use crate::time::WallClock;
use crate::trunk::MessagesError;
use crate::verify::event::{Event, Listener};
use crate::verify::{SettingsError, Task, Verify, Warning};

/// A daemon that has bound everything and serves from [`run`](Self::run) on.
pub(super) struct Daemon {
    server: Server,
    api: Arc<Api>,
    verify: Arc<Verify>,
    scribe: Arc<Scribe>,
    teller: Arc<Teller<Item>>,
    journal: Journal,
    hooks: Arc<Notifier>,
    /// The journal's.
    file: Arc<Found>,
    terms: Terms,
    /// What the process before this one left to do.
    tasks: Vec<Task>,
    shards: Arc<Shards>,
    running: Vec<Running<Command>>,
    trunks: Arc<Trunks>,
    metrics: Arc<Metrics>,
    wall: WallClock,
    /// The SIP addresses of each shard.
    locals: Vec<Vec<SocketAddr>>,
    /// Where it listens, for the line that says so.
    pub(super) listens: Listens,
}

/// Where a daemon listens.
#[derive(Clone, Debug)]
pub(super) struct Listens {
    pub(super) socket: PathBuf,
    pub(super) tcp: Option<SocketAddr>,
    pub(super) sip: Vec<SocketAddr>,
}

/// Why a daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// The control socket.
    #[error(transparent)]
    Control(#[from] control::BindError),
    /// A trunk cannot be spoken to as its profile wants.
    #[error("a trunk's profile: {0}")]
    Messages(#[from] MessagesError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A SIP address.
    #[error(transparent)]
    Sip(#[from] net::BindError),
    /// No thread, no poll.
    #[error("the system gives no thread: {0}")]
    Thread(#[from] io::Error),
    /// What cannot work although each value is right.
    #[error("[verify]: {0}")]
    Verify(#[from] SettingsError),
}

/// A daemon has ended, and something is left.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfinished {
    /// Calls may be up. They are in the journal.
    #[error("stopped while {0} may be up: the next start hangs up what is left")]
    Calls(Up),
    /// Nobody was told of what is lost.
    #[error("the journal's disk does not work or is too slow: what happened last may be lost")]
    Held,
    /// What was told is lost, too.
    #[error("the journal was moved or deleted: what was written since is not in it")]
    Gone,
}

impl Daemon {
    /// Binds and joins everything. Must be called inside a tokio runtime.
    pub(super) fn start(config: &Config, log: Option<Arc<Log>>) -> Result<Self, StartError> {
        let now = Instant::now();
        let (wall, entropy) = (WallClock::new(now, SystemTime::now()), Entropy::system());
        let (trunks, control) = (Arc::new(Trunks::new(config)), settings::control(config));
        let names = &trunks.names;

        let metrics = Arc::new(Metrics::new(names.clone()));
        let (verify, teller, relay) = listening(config, (&wall, &entropy))?;

        let (server, sockets, rang) = bind(config, &control)?;
        let Read { opened, in_flight, code_key, tag_key } =
            past::read(&config.journal, names, &entropy, rang)?;
        let recorder = Arc::new(Recorder::new(Arc::clone(&metrics), names.clone(), vec![]));
        let Ledger { journal, file, hold, bus, hooks, scribe } =
            Ledger::start(opened, config, names, (&wall, &entropy), recorder.clone())?;
        relay.set(scribe.clone());
        let verify = Arc::new(verify.kept(&code_key).begun(now));

        let (locals, listens) = listens(&sockets, &server, &control.socket);
        let joined = (&verify, &recorder, &trunks);
        // What may ring is hung up before all else is read, which can take a while.
        let (haunts, calls) = shards::haunts(in_flight, &locals, &journal);
        let of_calls = (&scribe, &teller, tag_key, haunts);
        let (running, shards) = threads::run(config, sockets, joined, of_calls, &entropy)?;
        let Taken { tasks, replies, reading: recovery } =
            past::take_over(&config.journal, (&journal, names, hold), &verify, &calls, now)?;
        let (counters, clock) = (Arc::new(ApiCounters::default()), journal.clock());
        let status = Arc::new(DaemonStatus {
            shards: Arc::clone(&shards),
            trunks: Arc::clone(&trunks),
            verify: Arc::clone(&verify),
            metrics: Arc::clone(&metrics),
            counters: Arc::clone(&counters),
            connections_max: control.connections_max() as u64,
            log,
            teller: Arc::clone(&teller),
            journal: journal.clone(),
            file: Arc::clone(&file),
            recovery,
            hooks: Arc::clone(&hooks),
            started: (now, wall.at(now)),
        });
        let parts = Parts {
            verify: Arc::clone(&verify),
            calls: Arc::clone(&shards) as Arc<dyn Calls>,
            status,
            store: Vault::new(Arc::clone(&scribe), Arc::clone(&teller)),
            replies: replies.into_iter().map(|kept| vault::reply(kept, clock)).collect(),
            bus,
            webhooks: Arc::new(Hooks(Arc::clone(&hooks))),
            callbacks: config.webhooks.callbacks.clone().map(callback_check),
            trunks: trunks.names.clone(),
            counters,
            entropy,
        };
        let api = Api::new(&control, parts);
        Ok(Self {
            server,
            api,
            verify,
            scribe,
            teller,
            journal,
            hooks,
            file,
            terms: Terms::new(&config.verify, &config.journal),
            tasks,
            shards,
            running,
            trunks,
            metrics,
            wall,
            locals,
            listens,
        })
    }

    /// What reloads the configuration at `path`, which the daemon was started with.
    pub(super) fn reloader(&self, path: PathBuf, running: Config) -> Reloader {
        let (trunks, shards) = (Arc::clone(&self.trunks), Arc::clone(&self.shards));
        let (metrics, locals) = (Arc::clone(&self.metrics), self.locals.clone());
        let hooks = Arc::clone(&self.hooks);
        Reloader { path, running, locals, trunks, shards, metrics, hooks }
    }

    /// Whether what the start had to write is on disk, or may still get there: whether the disk works,
    /// as far as anybody knows yet.
    pub(super) async fn has_disk(&self) -> bool {
        let settled = timeout(FLUSH_MAX, self.journal.barrier()).await;
        !matches!(settled, Ok(Err(_))) && self.journal.is_writable()
    }

    /// Serves until `stop`, then ends every call and the control socket. `stop_now` ends it all at
    /// once.
    ///
    /// # Errors
    ///
    /// It has ended, and what happened last may be lost, or calls may be up.
    pub(super) async fn run(
        self,
        stop: impl Future<Output = ()>,
        stop_now: impl Future<Output = ()>,
    ) -> Result<(), Unfinished> {
        let Self { server, api, verify, scribe, teller, shards, running, trunks, wall, .. } = self;
        let (journal, hooks, tasks) = (self.journal, self.hooks, self.tasks);
        let (terms, file) = (self.terms, self.file);
        let drained = tokio::sync::Notify::new();
        let drain = async {
            shards.drain().await;
            ended(&running).await;
            // Who follows the events hears of the last before the stream ends.
            let _ = timeout(FLUSH_MAX, settle(&teller, &journal)).await;
            hooks.stop(LAST_TRIES).await;
        };
        let resume = async {
            shards.resume(tasks).await;
            std::future::pending().await
        };
        let serve = server.run(api, drained.notified());
        let left = tokio::select! {
            up = stop::run((stop, stop_now), (drain, &drained), serve, || shards.up()) => up,
            () = chores::watch(&verify, &shards, &trunks, &scribe, &wall) => Up::default(),
            () = resume => Up::default(),
            () = chores::sweep(&journal, (terms, &file), &hooks) => Up::default(),
            () = chores::heed(&journal) => Up::default(),
        };
        let settled = timeout(stop::LAST_WORDS_MAX, settle(&teller, &journal)).await;
        if !file.is_there() {
            return Err(Unfinished::Gone);
        }
        settled.unwrap_or(Err(Unfinished::Held)).inspect_err(|_| {
            error!(
                held = journal.held(),
                "what happened last is in memory alone, and ends with it"
            );
        })?;
        match left.is_nothing() {
            true => Ok(()),
            false => Err(Unfinished::Calls(left)),
        }
    }
}

/// Waits until everything that has happened so far is told and on disk.
async fn settle(teller: &Teller<Item>, journal: &Journal) -> Result<(), Unfinished> {
    teller.flush().await;
    journal.barrier().await.map_err(|_| Unfinished::Held)
}

/// Whether the verification room can work with a configuration, and what is unwise in it. Touches
/// nothing outside.
pub(super) fn check(config: &Config) -> Result<Vec<Warning>, SettingsError> {
    struct Nobody;
    impl Listener for Nobody {
        fn on_event(&self, _: Event) {}
    }
    let wall = WallClock::new(Instant::now(), SystemTime::now());
    let verify = Verify::new(config.verify.clone(), wall, Entropy::system(), Arc::new(Nobody))?;
    Ok(verify.warnings())
}

/// The API, the sockets of each shard, and what the process before this one may have left ringing.
type Bound = (Server, Vec<Vec<Socket>>, Vec<record::InFlight>);

/// Binds everything. Nobody is served yet, but who may be rung by the process before this one is hung up;
/// those calls are returned, too.
fn bind(config: &Config, control: &control::Settings) -> Result<Bound, StartError> {
    // The control socket first: a second daemon with the same configuration is told that there is a
    // first, and not that a file or a port is taken.
    let server = Server::bind(control)?;
    let sockets = threads::bind(config)?;
    let rang = knock::knock(&config.journal.path, &sockets);
    Ok((server, sockets, rang))
}

/// The verifications, who tells of them, and where it is set whom they tell.
type Told = (Verify, Arc<Teller<Item>>, Arc<Relay>);

fn listening(config: &Config, (wall, entropy): (&WallClock, &Entropy)) -> Result<Told, StartError> {
    let relay = Arc::new(Relay::default());
    let teller = Teller::of_events(relay.clone())?;
    let ear = Arc::clone(&teller) as Arc<dyn Listener>;
    let verify = Verify::new(config.verify.clone(), wall.clone(), entropy.clone(), ear)?;
    verify.warnings().iter().for_each(|warning| warn!("{warning}"));
    Ok((verify, teller, relay))
}

/// The SIP addresses of each shard, and all addresses.
fn listens(
    sockets: &[Vec<Socket>],
    server: &Server,
    socket: &Path,
) -> (Vec<Vec<SocketAddr>>, Listens) {
    let locals = |sockets: &Vec<Socket>| sockets.iter().map(|socket| socket.local).collect();
    let locals: Vec<Vec<SocketAddr>> = sockets.iter().map(locals).collect();
    let listens = Listens {
        socket: socket.to_owned(),
        tcp: server.tcp_address(),
        sip: locals.iter().flatten().copied().collect(),
    };
    (locals, listens)
}

fn callback_check(callbacks: Callbacks) -> CallbackCheck {
    Arc::new(move |url| {
        callbacks.check(url).map_err(|error| match error {
            UrlError::NotPublic => CallbackError::NotPublic(error.to_string()),
            UrlError::Character(_)
            | UrlError::Credentials
            | UrlError::Empty
            | UrlError::Form
            | UrlError::Fragment
            | UrlError::Host
            | UrlError::Length
            | UrlError::Plain
            | UrlError::Port(_)
            | UrlError::Scheme { .. } => CallbackError::Wrong(error.to_string()),
        })
    })
}

async fn ended(running: &[Running<Command>]) {
    while !running.iter().all(Running::is_finished) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A slow commit, and then some.
const FLUSH_MAX: Duration = Duration::from_secs(1);
/// What is not taken by then is told after the next start.
const LAST_TRIES: Duration = Duration::from_millis(300);
