//! The daemon's own state, for the control room: readiness, trunks, the scrape, `/debug/state`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::books::readings;
use super::files::Found;
use super::shards::Shards;
use super::teller::{Item, Teller};
use super::trunks::Trunks;
use crate::control::{ApiCounters, Readiness, Status, TrunkState};
use crate::gateway::dids::Did;
use crate::gateway::state::ShardState;
use crate::notify::Notifier;
use crate::observe::RecoveryReading;
use crate::observe::log::Log;
use crate::observe::{Metrics, Process, Readings, RequestReading};
use crate::store::Journal;
use crate::time::Micros;
use crate::trunk::Profile;
use crate::verify::Verify;

/// Reads the state of everything.
pub(super) struct DaemonStatus {
    pub(super) shards: Arc<Shards>,
    pub(super) trunks: Arc<Trunks>,
    pub(super) verify: Arc<Verify>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) counters: Arc<ApiCounters>,
    /// Connections at a time on all listeners together.
    pub(super) connections_max: u64,
    pub(super) log: Option<Arc<Log>>,
    pub(super) teller: Arc<Teller<Item>>,
    pub(super) journal: Journal,
    /// The journal's.
    pub(super) file: Arc<Found>,
    pub(super) recovery: RecoveryReading,
    pub(super) hooks: Arc<Notifier>,
    /// When it started, by both clocks.
    pub(super) started: (Instant, Micros),
}

impl Status for DaemonStatus {
    fn trunks(&self) -> Vec<TrunkState> {
        let state = |(index, profile): &(u16, Profile)| TrunkState {
            name: profile.name.to_string(),
            up: self.shards.is_up(usize::from(*index)),
            in_flight: self.shards.in_flight(usize::from(*index)),
            in_flight_max: profile.in_flight_max,
            calls_per_second_max: profile.calls_per_second.into(),
        };
        self.trunks.current().listed.iter().map(state).collect()
    }

    fn did_trunks(&self) -> Vec<Vec<String>> {
        let (names, layout) = (self.trunks.names.all(), self.trunks.current());
        let name = |index: &u16| names.get(usize::from(*index)).map(|name| name.to_string());
        let trunks = |did: &Did| did.trunks.iter().filter_map(name).collect();
        layout.dids.all().iter().map(trunks).collect()
    }

    fn readiness(&self) -> Readiness {
        if self.shards.is_stopping() {
            return Readiness::Stopping;
        }
        if !self.journal.is_writable() {
            return Readiness::StoreUnavailable;
        }
        if !self.file.was_there() {
            return Readiness::StoreGone;
        }
        // Who rings nobody needs no trunk that takes calls.
        if !self.verify.has_pools() {
            return Readiness::Ready;
        }
        let layout = self.trunks.current();
        let mut indices = layout.listed.iter().map(|(index, _)| usize::from(*index));
        let takes_calls = indices.any(|trunk| self.shards.takes_calls(trunk));
        if takes_calls { Readiness::Ready } else { Readiness::NoTrunk }
    }

    fn started(&self) -> (Micros, Duration) {
        (self.started.1, now().saturating_duration_since(self.started.0))
    }

    fn metrics(&self) -> String {
        let tallies = self.shards.tallies();
        let (pools, webhooks) = (self.verify.pools(now()), self.hooks.figures());
        let requests = self.counters.requests().map(|kind| RequestReading {
            method: kind.method,
            route: kind.route,
            status_class: kind.class,
            count: kind.count,
        });
        self.metrics.scrape(&Readings {
            tallies: &tallies,
            requests: requests.collect(),
            shed: self.counters.shed().map(|(shed, count)| (shed.as_str(), count)).collect(),
            pools: &pools,
            census: self.verify.census(),
            connections: (self.counters.connections(), self.connections_max),
            events: self.teller.level(),
            log_lines_lost: self.log.as_ref().map_or(0, |log| log.lines_lost()),
            journal: Some(readings::journal(&self.journal, self.file.was_there())),
            recovery: Some(self.recovery.clone()),
            webhooks: readings::webhooks(&webhooks),
            webhooks_expired: webhooks.expired,
            webhooks_orphaned: webhooks.orphaned,
            started_at: self.started.1,
            process: Process::read(),
        })
    }

    fn debug(&self) -> Value {
        let names = self.trunks.names.all();
        let shards = self.shards.describe().into_iter().map(|state| match state {
            Some(state) => describe(&state, &names),
            None => json!({ "error": "the shard did not answer in time" }),
        });
        json!({ "shards": shards.collect::<Value>() })
    }
}

fn describe(state: &ShardState, trunks: &[Arc<str>]) -> Value {
    let tables = state
        .tables
        .iter()
        .map(|(name, entries, limit)| json!({ "table": name, "size": entries, "limit": limit }));
    let lines = state.lines.iter().zip(trunks).map(|((in_flight, is_up), name)| {
        json!({ "trunk": &**name, "in_flight": in_flight, "up": is_up })
    });
    let calls = state.calls.iter().map(|call| {
        json!({
            "id": call.id,
            "state": call.state,
            "waits_for": call.waits_for,
            "due_in_ms": u64::try_from(call.due_in.as_millis()).unwrap_or(u64::MAX),
        })
    });
    let inbound = state.inbound.iter().map(|call| {
        json!({
            "trunk": trunks.get(usize::from(call.trunk)).map(|name| &**name),
            "did": call.did,
            "state": call.state,
            "waits_for": call.waits_for,
            "due_in_ms": u64::try_from(call.due_in.as_millis()).unwrap_or(u64::MAX),
        })
    });
    json!({
        "draining": state.is_draining,
        "tables": tables.collect::<Value>(),
        "trunks": lines.collect::<Value>(),
        "calls": calls.collect::<Value>(),
        "missed_calls": inbound.collect::<Value>(),
    })
}

#[expect(clippy::disallowed_methods, reason = "the scrape is asked for at a moment of its own")]
fn now() -> Instant {
    Instant::now()
}
