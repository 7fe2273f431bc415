//! A shard described for `/debug/state`: its tables and its live calls.

use std::fmt;
use std::time::{Duration, Instant};

use super::Gateway;
use super::leg::Purpose;
use crate::time::Wake;
use crate::transaction::server::Server;

/// One shard at one moment.
#[derive(Clone, Debug)]
pub struct ShardState {
    /// Its tables: name, entries, limit.
    pub tables: Vec<(&'static str, usize, usize)>,
    /// Its trunks in the order of the configuration: calls in flight, and whether it answers.
    pub lines: Vec<(u32, bool)>,
    /// Its live calls, the first of them if there are many.
    pub calls: Vec<LiveCall>,
    /// Calls from trunks that are not over, the first of them if there are many.
    pub inbound: Vec<InboundCall>,
    /// Whether it takes no new calls.
    pub is_draining: bool,
}

/// One live call.
#[derive(Clone, Debug)]
pub struct LiveCall {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub state: &'static str,
    /// What it waits for.
    pub waits_for: &'static str,
    /// For how long still.
    pub due_in: Duration,
}

/// One call from a trunk.
#[derive(Clone, Debug)]
pub struct InboundCall {
    /// Index of the trunk.
    pub trunk: u16,
    /// Which of our numbers it rings, in the order of the configuration; `None` for another number.
    pub did: Option<u16>,
    /// Where it stands.
    pub state: &'static str,
    /// What it waits for.
    pub waits_for: &'static str,
    /// For how long still.
    pub due_in: Duration,
}

/// Where a description goes: any closure, so that this room needs no channel of anybody's runtime.
pub struct Reply(Box<dyn FnOnce(ShardState) + Send>);

impl Reply {
    /// Hands the description to `take`, which must not block.
    pub fn new(take: impl FnOnce(ShardState) + Send + 'static) -> Self {
        Self(Box::new(take))
    }

    pub(crate) fn send(self, state: ShardState) {
        (self.0)(state);
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply(…)")
    }
}

impl Gateway {
    /// The shard as it stands.
    pub fn describe(&self, now: Instant) -> ShardState {
        let (clients, clients_max) = self.clients.occupancy();
        let (servers, servers_max) = self.servers.occupancy();
        let calls = self.calls.values().take(CALLS_SHOWN).filter_map(|handle| {
            let client = self.clients.get(*handle)?;
            let Purpose::Leg(leg) = &client.owner.purpose else { return None };
            let wake = leg.call.next_wake()?;
            Some(LiveCall {
                id: leg.order.call.id.to_string(),
                state: leg.call.state_name(),
                waits_for: wake.why,
                due_in: wake.at.saturating_duration_since(now),
            })
        });
        ShardState {
            tables: vec![
                ("calls", self.calls.len(), clients_max),
                ("client transactions", clients, clients_max),
                ("server transactions", servers, servers_max),
                ("callers to be called back", self.challenges.len(), self.challenges_max()),
                ("calls of a gateway that died", self.ghosts.len(), self.ghosts.limit()),
                ("late answers", self.late.len(), self.late.limit()),
                ("orders that wait for a trunk", self.queue.len(), self.queue.limit()),
                ("deadlines", self.wheel.len(), self.deadlines_max()),
                ("expiries of verifications", self.expiries.len(), self.expiries_max()),
            ],
            lines: self
                .lines
                .iter()
                .map(|line| (line.pace.in_flight(), line.health.is_up()))
                .collect(),
            calls: calls.collect(),
            inbound: self.describe_inbound(now),
            is_draining: self.is_draining(),
        }
    }

    fn describe_inbound(&self, now: Instant) -> Vec<InboundCall> {
        let servers = self.servers.handles().filter_map(|handle| self.servers.get(handle));
        let calls = servers.filter_map(|Server { machine, owner, .. }| {
            let is_live = owner.call.is_ringing() || owner.call.is_refused();
            let wake = Wake::earlier(machine.next_wake(), owner.call.next_wake())?;
            is_live.then(|| InboundCall {
                trunk: owner.trunk,
                did: owner.did.map(|did| did.0),
                state: owner.call.state_name(),
                waits_for: wake.why,
                due_in: wake.at.saturating_duration_since(now),
            })
        });
        calls.take(CALLS_SHOWN).collect()
    }
}

/// A page of calls is for eyes.
const CALLS_SHOWN: usize = 100;
