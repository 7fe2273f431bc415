//! A reload: the configuration is read again and its trunks take effect, without a call lost.
//!
//! Trunks and which of them carry a pool or a DID are what operators change in the middle of the day,
//! and what can change without anybody losing anything. All the rest (listeners, numbers, limits, keys,
//! logs) needs a restart, and a reload says so instead of doing half of it in silence.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{error, info, warn};

use super::settings;
use super::shards::Shards;
use super::trunks::{Layout, TooMany, Trunks};
use crate::config::{self, Config, Problem, Problems};
use crate::gateway::reload::Reload;
use crate::gateway::settings::Line;
use crate::notify::{self, Notifier};
use crate::observe::Metrics;
use crate::trunk::MessagesError;

/// Reloads the configuration of a running daemon.
pub(super) struct Reloader {
    pub(super) path: PathBuf,
    /// What the daemon was started with, but for its trunks.
    pub(super) running: Config,
    /// The SIP addresses of each shard.
    pub(super) locals: Vec<Vec<SocketAddr>>,
    pub(super) trunks: Arc<Trunks>,
    pub(super) shards: Arc<Shards>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) hooks: Arc<Notifier>,
}

/// What a reload did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Reloaded {
    changed: Vec<Arc<str>>,
    gone: Vec<Arc<str>>,
    new: Vec<Arc<str>>,
    /// Sections that differ and wait for a restart.
    waiting: Vec<&'static str>,
}

/// Why nothing was reloaded: the daemon works on as before.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReloadError {
    /// A trunk cannot be spoken to as its profile wants, from the addresses that are bound.
    #[error("a trunk's profile: {0}")]
    Messages(#[from] MessagesError),
    /// The files could not be read to their end.
    #[error("the configuration could not be read: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The files are wrong.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// A trunk of an IP version that the daemon does not listen on.
    #[error("trunk `{name}` has an address of an IP version without a listener: restart instead")]
    NoListener {
        /// The trunk.
        name: Arc<str>,
    },
    /// Too many names.
    #[error(transparent)]
    TooMany(#[from] TooMany),
}

impl Reloader {
    /// Reloads, and says in the log what came of it.
    pub(super) async fn reload(&mut self) {
        match self.try_reload().await {
            Ok(Reloaded { changed, gone, new, waiting }) => {
                info!(?new, ?changed, ?gone, "the trunks were reloaded");
                if !waiting.is_empty() {
                    let sections = waiting.join(", ");
                    warn!(sections, "changed in the configuration, and in effect after a restart");
                }
            }
            Err(ReloadError::Problems(problems)) => {
                for Problem { place, .. } in problems.iter() {
                    // Where, and no more: what is wrong may be a caller ID, which stands in no log.
                    error!(at = %place, key = place.key, "not reloaded: `ringproof config check` says why");
                }
            }
            Err(error) => error!("not reloaded: {error}"),
        }
    }

    async fn try_reload(&mut self) -> Result<Reloaded, ReloadError> {
        let path = self.path.clone();
        let config = tokio::task::spawn_blocking(move || config::load(&path)).await??;
        let reloaded = self.compare(&config);
        self.warn_of_orphans(&config.webhooks);
        // The addresses and the name that are in use, whatever the file says now.
        let config = Config { sip: self.running.sip.clone(), ..config };
        self.check_listeners(&config)?;
        let lines = self.lines(&config)?;
        // What is learnt stays: only now that nothing can go wrong after it.
        self.trunks.learn(&config)?;
        let layout = self.trunks.layout(&self.running, &config);
        self.metrics.on_trunks();
        for (shard, lines) in lines.into_iter().enumerate() {
            self.shards.reload(shard, assign(lines, &layout)).await;
        }
        self.trunks.change_to(layout);
        self.running.trunks = config.trunks;
        Ok(reloaded)
    }

    /// Names the endpoints that the next start will not know, and what is for them.
    fn warn_of_orphans(&self, webhooks: &notify::Settings) {
        for endpoint in self.hooks.figures().endpoints {
            let is_there = match &endpoint.name {
                Some(name) => webhooks.endpoints.iter().any(|it| it.name == *name),
                None => webhooks.callbacks.is_some(),
            };
            let (waiting, dead) = (endpoint.waiting + endpoint.trying, endpoint.dead);
            if !is_there && waiting + dead > 0 {
                let endpoint = endpoint.name.as_deref().unwrap_or(notify::CALLBACKS);
                warn!(
                    endpoint,
                    waiting,
                    dead,
                    "a webhook endpoint is not in the configuration any more: after a restart what is \
                     for it is not sent"
                );
            }
        }
    }

    fn check_listeners(&self, config: &Config) -> Result<(), ReloadError> {
        let has_listener = |address: SocketAddr| {
            self.locals.iter().flatten().any(|local| local.is_ipv4() == address.is_ipv4())
        };
        match config.trunks.iter().find(|profile| !has_listener(profile.address)) {
            None => Ok(()),
            Some(profile) => Err(ReloadError::NoListener { name: Arc::clone(&profile.name) }),
        }
    }

    /// The trunks of `config` for each shard.
    fn lines(&self, config: &Config) -> Result<Vec<Vec<Line>>, MessagesError> {
        let shards = self.locals.iter().enumerate();
        shards.map(|(shard, locals)| settings::lines(config, shard as u16, locals)).collect()
    }

    fn compare(&self, config: &Config) -> Reloaded {
        let running = &self.running;
        let mut reloaded = Reloaded::default();
        for profile in &config.trunks {
            match running.trunks.iter().find(|known| known.name == profile.name) {
                None => reloaded.new.push(Arc::clone(&profile.name)),
                Some(known) if known != profile => reloaded.changed.push(Arc::clone(&profile.name)),
                Some(_) => {}
            }
        }
        let is_gone = |name: &Arc<str>| !config.trunks.iter().any(|profile| profile.name == *name);
        let names = running.trunks.iter().map(|profile| Arc::clone(&profile.name));
        reloaded.gone = names.filter(is_gone).collect();
        reloaded.waiting = running.differences(config);
        reloaded
    }
}

/// The lines of one shard with the indices of their trunks, both in the configuration's order.
fn assign(lines: Vec<Line>, layout: &Layout) -> Reload {
    let indices = layout.listed.iter().map(|(index, _)| *index);
    let mut lines: Vec<_> = indices.zip(lines).collect();
    lines.sort_by_key(|(index, _)| *index);
    Reload { lines, routes: layout.routes.clone(), dids: Arc::clone(&layout.dids) }
}
