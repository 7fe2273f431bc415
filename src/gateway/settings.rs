//! What one shard must know before it can work.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::call::outbound::{Alerting, Plan};
use crate::transaction::TimerBase;
use crate::trunk::{Messages, Pace, Profile, Ringing};

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
    health: Health,
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
        Self { profile, messages, pace, sent_by, health: Health::default() }
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

    /// The trunk answered.
    pub(crate) fn on_answer(&mut self) {
        self.health = Health::default();
    }

    /// A call was not answered at all, or could not even be sent. Returns when to try again a trunk
    /// that this takes down.
    pub(crate) fn on_silence(&mut self, now: Instant) -> Option<Instant> {
        self.health.silences = self.health.silences.saturating_add(1);
        self.on_try(now)
    }

    /// A call is sent to the trunk. Returns when a trunk that is down may be tried again: one call
    /// tries for all.
    pub(crate) fn on_try(&mut self, now: Instant) -> Option<Instant> {
        if self.is_up() {
            return None;
        }
        self.health.try_again_at = Some(now + TRY_AGAIN_AFTER);
        self.health.try_again_at
    }

    /// Whether the trunk has answered lately.
    pub(crate) fn is_up(&self) -> bool {
        self.health.silences < SILENCES_TO_DOWN
    }

    /// Whether calls may be sent here while another trunk is up: it is up itself, or it has been down
    /// for so long that one call may try.
    pub(crate) fn is_preferred(&self, now: Instant) -> bool {
        self.is_up() || self.health.try_again_at.is_none_or(|at| at <= now)
    }
}

/// How a trunk has answered lately.
#[derive(Debug, Default)]
struct Health {
    /// Calls in a row that were not answered at all.
    silences: u32,
    /// When a trunk that is down is tried again although another one is up.
    try_again_at: Option<Instant>,
}

/// One lost call can be chance, three in a row are not.
const SILENCES_TO_DOWN: u32 = 3;
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);
