//! What every request may use, in one value.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::{Semaphore, watch};

use super::access::Keys;
use super::clock;
use super::counters::ApiCounters;
use super::events::EventBus;
use super::outside::{CallbackError, Calls, KeptReply, Readiness, Status, Store, Webhooks};
use super::replies::Replies;
use super::service::Service;
use super::settings::{Limits, Settings};
use crate::entropy::Entropy;
use crate::verify::TrunkNames;
use crate::verify::Verify;

/// The API behind the sockets.
pub struct Api {
    pub(super) service: Service,
    pub(super) bus: Arc<EventBus>,
    pub(super) status: Arc<dyn Status>,
    pub(super) store: Arc<dyn Store>,
    /// None are configured.
    pub(super) webhooks: Arc<dyn Webhooks>,
    /// None: callbacks are off.
    pub(super) callbacks: Option<CallbackCheck>,
    pub(super) trunks: TrunkNames,
    pub(super) counters: Arc<ApiCounters>,
    pub(super) keys: Keys,
    pub(super) replies: Arc<Replies>,
    pub(super) limits: Limits,
    /// Connections at a time on all listeners together.
    pub(super) connections_max: usize,
    /// Permits of those who read the event stream.
    pub(super) readers: Arc<Semaphore>,
    /// Permits of those who scan a table.
    pub(super) scans: Arc<Semaphore>,
    /// Becomes true when the daemon stops: streams end.
    pub(super) stop: watch::Sender<bool>,
    pub(super) document: Bytes,
}

/// What the API is made of, by those who wire the daemon.
pub struct Parts {
    /// The verifications.
    pub verify: Arc<Verify>,
    /// The shards.
    pub calls: Arc<dyn Calls>,
    /// The daemon's own state.
    pub status: Arc<dyn Status>,
    /// Where everything is written before it is told; `verify` must be [`kept`](Verify::kept).
    pub store: Arc<dyn Store>,
    /// The replies that the process before this one kept.
    pub replies: Vec<KeptReply>,
    /// The event stream, which gets what is on disk.
    pub bus: Arc<EventBus>,
    /// The webhooks.
    pub webhooks: Arc<dyn Webhooks>,
    /// Which callback URLs are taken; `None`: callbacks are off.
    pub callbacks: Option<CallbackCheck>,
    /// The trunks' names, in the configuration's order.
    pub trunks: TrunkNames,
    /// The counters, which `observe` reads.
    pub counters: Arc<ApiCounters>,
    /// Keys the table of wrong tokens.
    pub entropy: Entropy,
}

/// Whether a callback URL may be used; `Err`: what was found and what would be accepted.
pub type CallbackCheck = Arc<dyn Fn(&str) -> Result<(), CallbackError> + Send + Sync>;

impl Api {
    /// Puts the parts together.
    pub fn new(settings: &Settings, parts: Parts) -> Arc<Self> {
        let Parts { verify, calls, status, store, bus, trunks, counters, entropy, .. } = parts;
        let limits = settings.limits;
        let keys = settings.tcp.as_ref().map_or(&[][..], |tcp| &tcp.keys);
        let now = clock::now();
        let replies = Replies::new(
            (limits.replies_kept, limits.replies_kept_for),
            store.clone(),
            counters.clone(),
        );
        replies.restore(parts.replies, now);
        let save_timeout = limits.save_timeout;
        Arc::new(Self {
            service: Service::new(verify, calls, store.clone(), counters.clone(), save_timeout),
            bus,
            status,
            store,
            webhooks: parts.webhooks,
            callbacks: parts.callbacks,
            trunks,
            keys: Keys::new(keys, limits.wrong_tokens_per_minute, &entropy, now),
            replies,
            counters,
            limits,
            connections_max: settings.connections_max(),
            readers: Arc::new(Semaphore::new(limits.readers_max)),
            scans: Arc::new(Semaphore::new(limits.scans_max)),
            stop: watch::Sender::new(false),
            document: super::openapi::document().into(),
        })
    }

    /// Whether calls can be placed, and what comes of them be written.
    pub(super) fn readiness(&self) -> Readiness {
        match self.status.readiness() {
            Readiness::Stopping => Readiness::Stopping,
            _ if !self.store.is_writable() => Readiness::StoreUnavailable,
            readiness @ (Readiness::NoTrunk
            | Readiness::Ready
            | Readiness::StoreGone
            | Readiness::StoreUnavailable) => readiness,
        }
    }
}
