//! What one shard must know before it can work.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::call::outbound::{Alerting, Plan};
use crate::transaction::TimerBase;
use crate::transaction::slab::Handle;
use crate::trunk::{Health, Messages, Pace, Profile, Ringing};

/// What one shard must know before it can work.
#[derive(Debug)]
pub struct Settings {
    /// The trunks, in the order of the configuration, which is the order of failover.
    pub lines: Vec<Line>,
    /// For each pool the trunks that carry its calls, as indices of `lines`, in the order in which
    /// they are tried.
    pub routes: Vec<Box<[u16]>>,
    /// How many client transactions may live. A call needs two: it may be answered, and then needs a
    /// BYE.
    pub transactions_max: usize,
    /// How many verifications this shard may have to watch, pending and ended.
    pub verifications_max: usize,
    /// How many calls may wait for a trunk's rate.
    pub queue_max: usize,
    /// How long a call may wait for it.
    pub queue_time_max: Duration,
}

/// A trunk as one shard sees it.
#[derive(Debug)]
pub struct Line {
    /// What the configuration says of it.
    pub profile: Profile,
    /// Its messages, compiled for this shard's address.
    pub messages: Messages,
    /// This shard's share of what it takes.
    pub pace: Pace,
    /// The sent-by of our Via on this trunk.
    pub sent_by: Box<[u8]>,
    /// Whether it is there, as far as this shard knows.
    pub(crate) health: Health,
    /// The last OPTIONS, which may still live.
    pub(crate) probe: Option<Handle>,
    /// When the wheel next looks at its health.
    pub(crate) filed: Option<Instant>,
}

impl Line {
    /// A trunk as seen from the local address `local`, by shard `shard` of `shards`.
    pub fn new(
        profile: Profile,
        messages: Messages,
        local: SocketAddr,
        (shard, shards): (u16, u16),
    ) -> Self {
        let pace = Pace::new(profile.calls_per_second, profile.in_flight_max, shard, shards);
        let sent_by = local.to_string().into_bytes().into_boxed_slice();
        let health = Health::new(profile.options_interval);
        Self { profile, messages, pace, sent_by, health, probe: None, filed: None }
    }

    /// The trunk's timers.
    pub(crate) fn base(&self) -> TimerBase {
        TimerBase::with_t1(self.profile.t1)
    }

    /// How a call on this trunk goes. `ring`: what the client asked for instead of the profile's.
    pub(crate) fn plan(&self, ring: Option<Duration>) -> Plan {
        Plan {
            ring: ring.unwrap_or(self.profile.ring),
            alerting: match self.profile.ringing {
                Ringing::Early => Alerting::Early,
                Ringing::Only180 => Alerting::Ringing,
            },
            assume_ringing_after: self.profile.assume_ringing_after,
            no_ringing_after: self.profile.no_ringing_after,
            patience: self.base().patience(),
        }
    }

    /// Whether `ip` is of this trunk.
    pub(crate) fn owns(&self, ip: IpAddr) -> bool {
        self.profile.sources.iter().any(|range| range.contains(&ip))
    }
}
