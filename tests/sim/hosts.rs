//! The machines of a world: daemons with their shards, and trunks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, UNIX_EPOCH};

use ringproof::app::rehearsal::{Ear, First};
use ringproof::entropy::Entropy;
use ringproof::gateway::Gateway;
use ringproof::gateway::inflight::InFlight;
use ringproof::gateway::settings::{Line, Peer, Settings};
use ringproof::lab;
use ringproof::tally::Tally;
use ringproof::time::WallClock;
use ringproof::trunk::Profile;
use ringproof::verify::event::{Event, Listener};
use ringproof::verify::{TrunkNames, Verify};

use crate::broken::Broken;
use crate::checks::leases::Leases;
use crate::checks::rest::{HeldUp, Rest};
use crate::dice::Dice;
use crate::dids::Known;
use crate::disk::Disk;
use crate::machine::Machine;
use crate::plan::{self, Plan};

/// A daemon: what its shards share.
pub(crate) struct Daemon {
    pub(crate) verify: Arc<Verify>,
    pub(crate) heard: Heard,
    pub(crate) leases: Leases,
    /// Its first shard among all gateways.
    pub(crate) first_shard: usize,
    /// Verifications that an earlier call had settled when no shard could be given their timer: they are
    /// forgotten by the daemon's tick.
    pub(crate) unwatched: usize,
    /// It was stopped for good.
    pub(crate) is_gone: bool,
    /// Its machine has lost power: what had not expired was given some time more.
    pub(crate) was_cut: bool,
    /// How often it was led to believe that nobody was there for an hour.
    pub(crate) leaps: usize,
    /// It was killed, and is not back yet.
    pub(crate) is_down: bool,
    /// How often it has died.
    pub(crate) lives: u64,
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

/// How the world hears of what happens in a daemon.
pub(crate) enum Heard {
    /// The daemon keeps nothing.
    AtOnce(Prompt, Receiver<Event>),
    /// As its clients do: when it is on disk.
    OnceSaved(Box<Disk>),
}

/// Hears events at once.
#[derive(Clone)]
pub(crate) struct Prompt(SyncSender<Event>);

impl Listener for Prompt {
    fn on_event(&self, event: Event) {
        self.0.try_send(event).expect("the world listens after every step");
    }
}

impl Heard {
    fn new(plan: &Plan, start: Instant, dice: [Dice; 2]) -> Self {
        match &plan.crashes {
            None => {
                let (mouth, heard) = sync_channel(EVENTS_MAX);
                Self::AtOnce(Prompt(mouth), heard)
            }
            Some(crashes) => {
                let names = plan.trunks.iter().map(|trunk| Arc::clone(&trunk.profile.name));
                let [dice, rot] = dice;
                let machine = Machine::new(crashes.durability, start, rot);
                let names = TrunkNames::new(names);
                Self::OnceSaved(Box::new(Disk::new(machine, crashes.commit_ms, names, dice)))
            }
        }
    }
}

impl Daemon {
    /// The next event that somebody outside hears of.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        match &mut self.heard {
            Heard::AtOnce(_, heard) => heard.try_recv().ok(),
            Heard::OnceSaved(disk) => disk.told.pop_front(),
        }
    }

    /// Its journal, if it has one.
    pub(crate) fn disk(&mut self) -> Option<&mut Disk> {
        match &mut self.heard {
            Heard::AtOnce(..) => None,
            Heard::OnceSaved(disk) => Some(disk),
        }
    }

    /// Whether nobody is there to be asked.
    pub(crate) fn is_away(&self) -> bool {
        self.is_gone || self.is_down
    }
}

/// The daemons of a plan, and all their shards.
pub(crate) fn daemons(plan: &Plan, seed: u64, start: Instant) -> (Vec<Daemon>, Vec<Shard>) {
    let (mut daemons, mut shards) = (vec![], vec![]);
    for (index, plan_of) in plan.daemons.iter().enumerate() {
        let dice = [7, 30].map(|purpose| Dice::new(seed, purpose + index as u64));
        let mut heard = Heard::new(plan, start, dice);
        let first_shard = shards.len();
        let life = Life { plan, seed, index, nth: 0, first_shard, start };
        let (verify, gateways, _) = life.begin(&mut heard, start).expect("an empty disk");
        for (shard, (gateway, tally)) in (0..).zip(gateways) {
            shards.push(Shard {
                gateway: Some(gateway),
                tally,
                address: address(index, shard),
                daemon: index,
                rest: Rest::default(),
                held_up: HeldUp::default(),
                known: plan_of.inbound.known(&plan.trunks),
                commanded: start,
                wake: None,
            });
        }
        daemons.push(Daemon {
            verify,
            heard,
            leases: Leases::new(plan_of.settings.reuse_window),
            first_shard,
            unwatched: 0,
            is_gone: false,
            was_cut: false,
            leaps: 0,
            is_down: false,
            lives: 0,
        });
    }
    (daemons, shards)
}

/// One process of a daemon.
pub(crate) struct Life<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) seed: u64,
    /// The daemon.
    pub(crate) index: usize,
    /// How many processes there were before.
    pub(crate) nth: u64,
    pub(crate) first_shard: usize,
    /// When the world began.
    pub(crate) start: Instant,
}

impl Life<'_> {
    /// It begins. With a journal it has read what cannot wait: the calls that may ring.
    pub(crate) fn begin(&self, heard: &mut Heard, now: Instant) -> Result<Begun, Broken> {
        let plan = &self.plan.daemons[self.index];
        let index = self.index as u64;
        let entropy = Entropy::seeded(match self.nth {
            0 => self.seed << 8 | index,
            // What two processes draw has nothing in common.
            nth => self.seed << 8 | 0xC0 | index << 3 | nth,
        });
        let (verify, first) = self.verify(heard, &entropy, now)?;
        let count = plan.settings.shards;
        let gateway = |shard| {
            let mut settings =
                shard_settings(self.plan, plan, address(self.index, shard), (shard, count));
            settings.tag_key = first.as_ref().map(|first| first.tag_key);
            let tally = Arc::new(Tally::default());
            let gateway =
                Gateway::new(settings, Arc::clone(&verify), &entropy, Arc::clone(&tally), now);
            let shard = self.first_shard + usize::from(shard);
            let records = match heard {
                Heard::AtOnce(..) => None,
                Heard::OnceSaved(disk) => disk.records(&verify, shard),
            };
            let gateway = match records {
                None => gateway,
                Some(records) => gateway.recorded_by(records),
            };
            (gateway, tally)
        };
        let gateways = (0..count).map(gateway).collect();
        Ok((verify, gateways, first.map(|first| first.in_flight).unwrap_or_default()))
    }

    fn verify(
        &self,
        heard: &mut Heard,
        entropy: &Entropy,
        now: Instant,
    ) -> Result<(Arc<Verify>, Option<First>), Broken> {
        let settings = &self.plan.daemons[self.index].settings;
        let new = |wall, listener| {
            Verify::new(settings.clone(), wall, entropy.clone(), listener)
                .expect("settings that work")
        };
        match heard {
            Heard::AtOnce(ear, _) => {
                let wall =
                    WallClock::new(self.start, UNIX_EPOCH + Duration::from_secs(1_800_000_000));
                Ok((Arc::new(new(wall, Arc::new(ear.clone()))), None))
            }
            Heard::OnceSaved(disk) => {
                let ear = Ear::new();
                let verify = new(disk.machine().wall(), ear.listener());
                let first = disk.open(ear, entropy.clone(), now)?;
                Ok((Arc::new(verify.kept(&first.code_key).begun(now)), Some(first)))
            }
        }
    }
}

/// What begins with a process: its tables, its shards, and the calls that may ring.
pub(crate) type Begun = (Arc<Verify>, Vec<(Gateway, Arc<Tally>)>, Vec<InFlight>);

fn address(daemon: usize, shard: u16) -> SocketAddr {
    ([192, 0, 2, 10 + daemon as u8], 5070 + shard).into()
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
