//! What one shard must know before it can work.

use std::iter;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dids::Dids;
use crate::call::outbound::{Alerting, Plan};
use crate::sip::{Host, Via};
use crate::transaction::TimerBase;
use crate::transaction::slab::Handle;
use crate::trunk::{Health, Messages, MessagesError, Pace, Profile, Rate, Ringing};

/// What one shard must know before it can work.
#[derive(Debug)]
pub struct Settings {
    /// Which shard this is.
    pub shard: u16,
    /// The trunks, in the order of the configuration, which is the order of failover.
    pub lines: Vec<Line>,
    /// For each pool the trunks that carry its calls, as indices of `lines`, in the order in which
    /// they are tried.
    pub routes: Vec<Box<[u16]>>,
    /// The numbers that people ring.
    pub dids: Arc<Dids>,
    /// How many server transactions may live: each call from a trunk is one, until 5 s after its ACK,
    /// or 32 s without one.
    pub servers_max: usize,
    /// How many client transactions may live. A call needs two: it may be answered, and then needs a
    /// BYE.
    pub transactions_max: usize,
    /// How many verifications this shard may have to watch, pending and ended.
    pub verifications_max: usize,
    /// How many calls may wait for a trunk's rate.
    pub queue_max: usize,
    /// How long a call may wait for it.
    pub queue_time_max: Duration,
    /// The key of the From tags: with the same one a later process knows the calls of this one, and hangs
    /// up what is answered late. A fresh one when absent.
    pub tag_key: Option<[u8; 16]>,
}

/// How a trunk is spoken to from one shard's address. A call keeps the one that it began with, so a
/// reload of the configuration changes nothing in its middle.
#[derive(Debug)]
pub struct Peer {
    /// What the configuration says of the trunk.
    pub(crate) profile: Profile,
    /// Its messages, compiled for this shard's address.
    pub(crate) messages: Messages,
    /// The sent-by of our Via on this trunk.
    pub(crate) sent_by: Box<[u8]>,
    /// The same, to be compared.
    local: SocketAddr,
}

impl Peer {
    /// A trunk as spoken to from the local address `local`, by the name `user_agent`.
    ///
    /// # Errors
    ///
    /// When its messages cannot be written as the profile wants.
    pub fn new(
        profile: Profile,
        local: SocketAddr,
        user_agent: Option<Arc<str>>,
    ) -> Result<Self, MessagesError> {
        let messages = Messages::new(&profile, local, user_agent)?;
        let sent_by = local.to_string().into_bytes().into_boxed_slice();
        Ok(Self { profile, messages, sent_by, local })
    }

    /// A trunk of which only its name and address are known, as spoken to from `local`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub(crate) fn stand_in(
        name: &Arc<str>,
        address: SocketAddr,
        local: SocketAddr,
    ) -> Result<Self, MessagesError> {
        Self::new(Profile::stand_in(Arc::clone(name), address), local, None)
    }

    /// Whether `ip` is of this trunk.
    pub(crate) fn owns(&self, ip: IpAddr) -> bool {
        self.profile.sources.iter().any(|range| range.contains(&ip))
    }

    /// Whether a Via names us, however it is spelt: RFC 3261 §18.1.2 wants the value that we write, and
    /// some peers write the address anew, without the default port or with other zeros.
    pub(crate) fn is_named_by(&self, via: &Via<'_>) -> bool {
        let port = via.port.unwrap_or(DEFAULT_PORT);
        (via.host, port) == (Host::Address(self.local.ip()), self.local.port())
    }

    /// The address that it is spoken to from.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether `other` is spoken to, and heard, in the same place.
    fn is_at(&self, other: &Self) -> bool {
        let place = |profile: &Profile| (profile.address, profile.strict_source);
        place(&self.profile) == place(&other.profile)
            && self.profile.sources == other.profile.sources
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
}

/// A trunk as one shard sees it.
#[derive(Debug)]
pub struct Line {
    /// How calls that begin now speak to it.
    pub(crate) peer: Arc<Peer>,
    /// How it was spoken to where it was before, oldest first: the last places that it had.
    former: Vec<Arc<Peer>>,
    /// This shard's share of what it takes.
    pub(crate) pace: Pace,
    /// This shard's share of what it may send.
    pub(crate) arrivals: Rate,
    /// Whether it is there, as far as this shard knows.
    pub(crate) health: Health,
    /// The last OPTIONS, which may still live.
    pub(crate) probe: Option<Handle>,
    /// When the wheel next looks at its health.
    pub(crate) filed: Option<Instant>,
    /// Whether the configuration still has it.
    pub(crate) is_listed: bool,
}

impl Line {
    /// A trunk as seen by shard `shard` of `shards`.
    pub fn new(peer: Peer, (shard, shards): (u16, u16)) -> Self {
        let Profile { calls_per_second, in_flight_max, missed_calls_per_second, .. } = peer.profile;
        let pace = Pace::new(calls_per_second, in_flight_max, shard, shards);
        let arrivals = Rate::of_arrivals(missed_calls_per_second, shards);
        let health = Health::new(peer.profile.options_interval);
        let peer = Arc::new(peer);
        let former = vec![];
        Self { peer, former, pace, arrivals, health, probe: None, filed: None, is_listed: true }
    }

    /// Whether the configuration still has it.
    pub(crate) fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// The configuration has it no more, until [`change_to`](Self::change_to) says otherwise.
    pub(crate) fn unlist(&mut self) {
        self.is_listed = false;
    }

    /// The configuration has it, perhaps with other values. What it carries stays known, and how it
    /// answered if it is still asked in the same way.
    pub(crate) fn change_to(&mut self, line: Self) {
        let (now, then) = (&line.peer.profile, &self.peer.profile);
        if (now.address, now.options_interval) != (then.address, then.options_interval) {
            self.health = line.health;
        }
        self.pace.change_to(line.pace);
        self.arrivals = line.arrivals;
        self.move_to(line.peer);
        self.is_listed = true;
    }

    fn move_to(&mut self, peer: Arc<Peer>) {
        let then = mem::replace(&mut self.peer, peer);
        // Whoever began with one of these is served until its end, wherever the trunk is then.
        let is_used = |peer: &Arc<Peer>| Arc::strong_count(peer) > 1;
        let is_here = |peer: &Peer| peer.is_at(&self.peer);
        self.former.retain(|former| is_used(former) || !is_here(former) && !former.is_at(&then));
        if is_used(&then) || !is_here(&then) {
            self.former.push(then);
        }
        while self.former.len() > FORMER_MAX {
            let spare = self.former.iter().position(|former| !is_used(former));
            self.former.remove(spare.unwrap_or(0));
        }
    }

    /// Whether `ip` may ask something of us: it is this trunk's, and the configuration has the trunk or
    /// it carries calls still; or it was this trunk's, and something that began there is not over.
    pub(crate) fn may_ask(&self, ip: IpAddr) -> bool {
        let is_known = self.is_listed || self.pace.in_flight() > 0;
        is_known && self.peer.owns(ip)
            || self.places().any(|peer| peer.owns(ip) && Arc::strong_count(peer) > 1)
    }

    /// Whether who speaks to `peer` speaks to the trunk where it is now: what is heard there, or is not,
    /// says how the trunk stands.
    pub(crate) fn is_reached_by(&self, peer: &Peer) -> bool {
        self.peer.profile.address == peer.profile.address
    }

    /// How the trunk is, or was, spoken to at each of its places, the present one first.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Arc<Peer>> {
        iter::once(&self.peer).chain(self.former.iter().rev())
    }
}

/// RFC 3261 §18.1.1: of UDP.
const DEFAULT_PORT: u16 = 5060;
/// How many former places of a trunk are remembered, each of a reload that changed its address or
/// sources. Calls of an older one go on; but what comes from there without a transaction of ours is a
/// stranger's.
const FORMER_MAX: usize = 8;

/// How many trunks a process may know in its life, those that reloads took away included.
pub const TRUNKS_MAX: usize = 256;
