//! What every request may use, in one value.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::{Semaphore, watch};

use super::access::Keys;
use super::clock;
use super::counters::ApiCounters;
use super::events::EventBus;
use super::outside::{Calls, Status};
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
    pub(super) trunks: TrunkNames,
    pub(super) counters: Arc<ApiCounters>,
    pub(super) keys: Keys,
    pub(super) replies: Replies,
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
    /// The event stream, which listens to `verify`.
    pub bus: Arc<EventBus>,
    /// The trunks' names, in the configuration's order.
    pub trunks: TrunkNames,
    /// The counters, which `observe` reads.
    pub counters: Arc<ApiCounters>,
    /// Keys the table of wrong tokens.
    pub entropy: Entropy,
}

impl Api {
    /// Puts the parts together.
    pub fn new(settings: &Settings, parts: Parts) -> Arc<Self> {
        let Parts { verify, calls, status, bus, trunks, counters, entropy } = parts;
        let limits = settings.limits;
        let keys = settings.tcp.as_ref().map_or(&[][..], |tcp| &tcp.keys);
        Arc::new(Self {
            service: Service::new(verify, calls, counters.clone()),
            bus,
            status,
            trunks,
            keys: Keys::new(keys, limits.wrong_tokens_per_minute, &entropy, clock::now()),
            replies: Replies::new(limits.replies_kept, limits.replies_kept_for, counters.clone()),
            counters,
            limits,
            connections_max: settings.connections_max(),
            readers: Arc::new(Semaphore::new(limits.readers_max)),
            scans: Arc::new(Semaphore::new(limits.scans_max)),
            stop: watch::Sender::new(false),
            document: super::openapi::document().into(),
        })
    }
}
