//! A shard described for `/debug/state`: its tables and its live calls.

use std::fmt;
use std::time::{Duration, Instant};

use super::Gateway;
use super::leg::Purpose;

/// One shard at one moment.
#[derive(Clone, Debug)]
pub struct ShardState {
    /// Its tables: name, entries, limit.
    pub tables: Vec<(&'static str, usize, usize)>,
    /// Its trunks in the order of the configuration: calls in flight, and whether it answers.
    pub lines: Vec<(u32, bool)>,
    /// Its live calls, the first of them if there are many.
    pub calls: Vec<LiveCall>,
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
            is_draining: self.is_draining,
        }
    }
}

/// A page of calls is for eyes.
const CALLS_SHOWN: usize = 100;
