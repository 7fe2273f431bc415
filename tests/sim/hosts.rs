//! The machines of a world: daemons with their shards, and trunks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, UNIX_EPOCH};

use ringproof::entropy::Entropy;
use ringproof::gateway::Gateway;
use ringproof::gateway::settings::{Line, Peer, Settings};
use ringproof::lab;
use ringproof::tally::Tally;
use ringproof::time::WallClock;
use ringproof::trunk::Profile;
use ringproof::verify::Verify;
use ringproof::verify::event::{Event, Listener};

use crate::checks::leases::Leases;
use crate::checks::rest::{HeldUp, Rest};
use crate::dids::Known;
use crate::plan::{self, Plan};

/// A daemon: what its shards share.
pub(crate) struct Daemon {
    pub(crate) verify: Arc<Verify>,
    pub(crate) heard: Receiver<Event>,
    pub(crate) leases: Leases,
    /// Its first shard among all gateways.
    pub(crate) first_shard: usize,
    /// Verifications that an earlier call had settled when no shard could be given their timer: they are
    /// forgotten by the daemon's tick.
    pub(crate) unwatched: usize,
    /// It was stopped for good.
    pub(crate) is_gone: bool,
}

/// One shard.
pub(crate) struct Shard {
    /// `None`: stopped.
    pub(crate) gateway: Option<Gateway>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) address: SocketAddr,
    pub(crate) daemon: usize,
    pub(crate) rest: Rest,
    pub(crate) held_up: HeldUp,
    pub(crate) known: Known,
    /// When the last command was filed: commands do not overtake each other.
    pub(crate) commanded: Instant,
    pub(crate) wake: Option<Instant>,
}

/// One trunk.
pub(crate) struct Trunk {
    pub(crate) trunk: lab::Trunk,
    pub(crate) address: SocketAddr,
    /// Why it cannot be had now.
    pub(crate) outage: Option<plan::OutageKind>,
    /// How often it was started.
    pub(crate) starts: u64,
    pub(crate) wake: Option<Instant>,
}

struct Ear(SyncSender<Event>);

impl Listener for Ear {
    fn on_event(&self, event: Event) {
        self.0.try_send(event).expect("the world listens after every step");
    }
}

/// The daemons of a plan, and all their shards.
pub(crate) fn daemons(plan: &Plan, seed: u64, start: Instant) -> (Vec<Daemon>, Vec<Shard>) {
    let (mut daemons, mut shards) = (vec![], vec![]);
    for (index, plan_of) in plan.daemons.iter().enumerate() {
        let entropy = Entropy::seeded(seed << 8 | index as u64);
        let wall = WallClock::new(start, UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let (mouth, heard) = sync_channel(EVENTS_MAX);
        let settings = plan_of.settings.clone();
        let (count, window) = (settings.shards, settings.reuse_window);
        let ear = Arc::new(Ear(mouth));
        let verify = Verify::new(settings, wall, entropy.clone(), ear);
        let verify = Arc::new(verify.expect("settings that work"));
        let first_shard = shards.len();
        for shard in 0..count {
            let address = ([192, 0, 2, 10 + index as u8], 5070 + shard).into();
            let settings = shard_settings(plan, plan_of, address, (shard, count));
            let (verify, tally) = (Arc::clone(&verify), Arc::new(Tally::default()));
            let gateway = Gateway::new(settings, verify, &entropy, Arc::clone(&tally), start);
            shards.push(Shard {
                gateway: Some(gateway),
                tally,
                address,
                daemon: index,
                rest: Rest::default(),
                held_up: HeldUp::default(),
                known: plan_of.inbound.known(&plan.trunks),
                commanded: start,
                wake: None,
            });
        }
        let leases = Leases::new(window);
        daemons.push(Daemon { verify, heard, leases, first_shard, unwatched: 0, is_gone: false });
    }
    (daemons, shards)
}

/// The trunks of a plan.
pub(crate) fn trunks(plan: &Plan, seed: u64) -> Vec<Trunk> {
    let trunks = plan.trunks.iter().enumerate();
    trunks
        .map(|(index, plan)| Trunk {
            trunk: start_trunk(plan, seed, index, 0),
            address: plan.profile.address,
            outage: None,
            starts: 0,
            wake: None,
        })
        .collect()
}

/// A trunk that knows no calls. `starts`: how often it was started before.
pub(crate) fn start_trunk(plan: &plan::Trunk, seed: u64, index: usize, starts: u64) -> lab::Trunk {
    let entropy = Entropy::seeded(seed << 8 | 0x80 | (index as u64) << 4 | starts);
    lab::Trunk::new(plan.settings.clone(), entropy.stream())
}

/// A trunk as the shard at `address` knows it.
pub(crate) fn line(profile: Profile, address: SocketAddr, share: (u16, u16)) -> Line {
    Line::new(Peer::new(profile, address, None).expect("a short INVITE"), share)
}

fn shard_settings(
    plan: &Plan,
    daemon: &plan::Daemon,
    address: SocketAddr,
    share: (u16, u16),
) -> Settings {
    let line = |trunk: &plan::Trunk| line(trunk.profile.clone(), address, share);
    Settings {
        shard: share.0,
        lines: plan.trunks.iter().map(line).collect(),
        routes: daemon.routes.iter().map(|route| route.clone().into_boxed_slice()).collect(),
        dids: daemon.inbound.configured(&daemon.inbound.known(&plan.trunks)),
        servers_max: daemon.inbound.servers_max,
        transactions_max: daemon.transactions_max,
        verifications_max: VERIFICATIONS_MAX,
        queue_max: daemon.queue_max,
        queue_time_max: Duration::from_secs(2),
        tag_key: None,
    }
}

/// One step tells of a few things; a batch of timers, of as many as there are verifications.
const EVENTS_MAX: usize = 1 << 10;

/// More than any world starts.
const VERIFICATIONS_MAX: usize = 1_000;
