//! A world in virtual time: what happens next, and what follows from it.
//!
//! Nothing here sleeps, opens a port or asks for the time, and nothing depends on the order of a
//! hash table: the same seed gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringproof::gateway::{Command, Gateway, Input};
use ringproof::outcome::{Outcome, Side};
use ringproof::verify::Order;
use ringproof::verify::id::{CallId, VerificationId};
use ringproof::verify::record::{CallRecord, Ending};

use crate::agenda::Agenda;
use crate::broken::{Broken, Rule, Verdict, ensure};
use crate::checks::answers::Answers;
use crate::checks::invites::Invites;
use crate::checks::memory::Memory;
use crate::checks::missed::Missed;
use crate::checks::outcomes::Outcomes;
use crate::checks::uniform::Uniform;
use crate::checks::verifications::Verifications;
use crate::dice::Dice;
use crate::forgery::Forgery;
use crate::hosts::{self, Daemon, Shard, Trunk};
use crate::kept::Owed;
use crate::lives::{Crash, Down};
use crate::network::Network;
use crate::plan::{OutageKind, Plan};
use crate::story::Story;
use crate::switch::{Switch, Way};

/// Everything there is.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    pub(crate) start: Instant,
    pub(crate) now: Instant,
    pub(crate) agenda: Agenda<Happening>,
    pub(crate) network: Network,
    pub(crate) daemons: Vec<Daemon>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) trunks: Vec<Trunk>,
    pub(crate) switch: Switch,
    pub(crate) story: Story,
    /// What people draw: how slow they are, what they guess.
    pub(crate) dice: Dice,
    /// The verification of each visit, once it is started.
    pub(crate) visits: Vec<Option<VerificationId>>,
    /// Every call that was ordered, oldest first.
    pub(crate) orders: Vec<(usize, Order)>,
    /// Calls back that were placed and whose INVITE has not been seen.
    pub(crate) unseen: Vec<(usize, Arc<CallRecord>)>,
    /// What each phone shows: the callers of its call log.
    pub(crate) logs: BTreeMap<u64, Vec<u64>>,
    pub(crate) rung: Vec<(usize, ringproof::lab::Entry)>,
    pub(crate) outcomes: Outcomes,
    pub(crate) verifications: Verifications,
    pub(crate) answers: Answers,
    pub(crate) invites: Invites,
    pub(crate) missed: Missed,
    pub(crate) uniform: Uniform,
    pub(crate) steps: u64,
    /// How often a shard asked a trunk whether it is there.
    pub(crate) probes: usize,
    /// What a forger draws, and how much was forged.
    pub(crate) forger: Dice,
    pub(crate) forged: usize,
    /// The phones whose 2xx comes again when the trunk has forgotten it.
    pub(crate) answered_again: BTreeMap<u64, Instant>,
    pub(crate) reloaded: usize,
    pub(crate) memory: Memory,
    pub(crate) downs: Vec<Down>,
    /// Calls that outlived both their verification and their daemon.
    pub(crate) orphans: BTreeSet<CallId>,
    /// Replies that have not left, by their daemon.
    pub(crate) owed: Vec<(usize, Owed)>,
    /// What was met of calls to our numbers.
    pub(crate) met: BTreeMap<String, usize>,
}

/// What can be on the agenda.
pub(crate) enum Happening {
    /// A datagram arrives.
    Arrives {
        from: SocketAddr,
        to: SocketAddr,
        payload: Vec<u8>,
    },
    /// A shard takes a command.
    Commanded {
        shard: usize,
        command: Command,
    },
    /// A daemon dies, or its journal goes on.
    Crash(Crash),
    /// A person does the deed with this index of a visit.
    Deed {
        visit: usize,
        deed: usize,
    },
    /// A daemon is told to stop.
    Drains(usize),
    /// A datagram arrives that nobody sent.
    Forged {
        shard: usize,
        from: SocketAddr,
        payload: Vec<u8>,
        forgery: Forgery,
    },
    /// A shard knows the trunks of the reload with this index.
    Learns {
        shard: usize,
        reload: usize,
    },
    /// A daemon is told to read its configuration again: the reload with this index.
    Reloads(usize),
    /// The network gives a datagram back to the shard that sent it.
    Returns {
        shard: usize,
        to: SocketAddr,
        payload: Vec<u8>,
    },
    /// Somebody rings a number: the ring with this index.
    Rings(usize),
    /// A trunk is lost, or comes back: the outage with this index begins or ends.
    TrunkGoes(usize),
    TrunkComes(usize),
    /// An app starts a verification.
    Visit(usize),
}

/// Who is next.
enum Turn {
    Agenda,
    Caller(Way),
    Shard(usize),
    Trunk(usize),
}

impl World {
    /// The world of `seed` before anything has happened.
    pub(crate) fn new(seed: u64, is_told: bool) -> Self {
        let (plan, start) = (Plan::draw(seed), origin());
        let (daemons, shards) = hosts::daemons(&plan, seed, start);
        let mut world = Self {
            seed,
            start,
            now: start,
            agenda: Agenda::new(),
            network: Network::new(plan.weather, Dice::new(seed, 2)),
            daemons,
            shards,
            trunks: hosts::trunks(&plan, seed),
            switch: Switch::default(),
            story: Story::new(is_told),
            dice: Dice::new(seed, 3),
            visits: plan.visits.iter().map(|_| None).collect(),
            orders: vec![],
            unseen: vec![],
            logs: BTreeMap::new(),
            rung: vec![],
            outcomes: Outcomes::default(),
            verifications: Verifications::default(),
            answers: Answers::default(),
            invites: Invites::default(),
            missed: Missed::default(),
            uniform: Uniform::default(),
            steps: 0,
            probes: 0,
            forger: Dice::new(seed, 5),
            forged: 0,
            answered_again: BTreeMap::new(),
            reloaded: 0,
            memory: Memory::default(),
            downs: vec![],
            orphans: BTreeSet::new(),
            owed: vec![],
            met: BTreeMap::new(),
            plan,
        };
        world.file_plan();
        world
    }

    fn file_plan(&mut self) {
        let start = self.start;
        for (index, visit) in self.plan.visits.iter().enumerate() {
            self.agenda.add(start + visit.at, Happening::Visit(index));
            for (deed, (after, _)) in visit.deeds.iter().enumerate() {
                let at = start + visit.at + *after;
                self.agenda.add(at, Happening::Deed { visit: index, deed });
            }
        }
        for (index, ring) in self.plan.rings.iter().enumerate() {
            self.agenda.add(start + ring.at, Happening::Rings(index));
        }
        for (index, outage) in self.plan.outages.iter().enumerate() {
            self.agenda.add(start + outage.from, Happening::TrunkGoes(index));
            self.agenda.add(start + outage.until, Happening::TrunkComes(index));
        }
        for (index, reload) in self.plan.reloads.iter().enumerate() {
            self.agenda.add(start + reload.at, Happening::Reloads(index));
        }
        self.file_crashes();
        for (index, daemon) in self.plan.daemons.iter().enumerate() {
            if let Some(after) = daemon.drains_at {
                self.agenda.add(start + after, Happening::Drains(index));
            }
        }
    }

    /// Lets everything happen until nothing is left to do.
    pub(crate) fn run(&mut self) -> Verdict {
        while let Some((at, turn)) = self.next_turn() {
            self.now = self.now.max(at);
            self.steps += 1;
            self.check_progress()?;
            match turn {
                Turn::Agenda => {
                    if let Some(happening) = self.agenda.pop() {
                        self.happen(happening)?;
                    }
                }
                Turn::Caller(way) => self.wake_caller(way)?,
                Turn::Shard(shard) => self.tell_shard(shard, Input::Timeout)?,
                Turn::Trunk(trunk) => {
                    self.trunks[trunk].trunk.on_timeout(self.now);
                    self.after_trunk(trunk)?;
                }
            }
            self.check_step()?;
        }
        self.check_end()
    }

    /// Who is next; nobody when nothing is left to happen but probes of trunks, which never end.
    fn next_turn(&self) -> Option<(Instant, Turn)> {
        let are_at_rest = self.agenda.next().is_none()
            && self.trunks.iter().all(|host| host.trunk.has_no_call())
            && self.switch.is_quiet()
            && self.shards.iter().all(|host| host.gateway.as_ref().is_none_or(Gateway::is_at_rest));
        if are_at_rest {
            return None;
        }
        let agenda = self.agenda.next().map(|at| (at, Turn::Agenda));
        let shards = self.shards.iter().enumerate();
        let shards = shards.filter_map(|(index, host)| Some((host.wake?, Turn::Shard(index))));
        let trunks = self.trunks.iter().enumerate();
        let trunks = trunks.filter_map(|(index, host)| Some((host.wake?, Turn::Trunk(index))));
        let callers = self.switch.next().map(|(at, way)| (at, Turn::Caller(way)));
        // The first of those that are equally early.
        agenda.into_iter().chain(shards).chain(trunks).chain(callers).min_by_key(|(at, _)| *at)
    }

    fn check_progress(&self) -> Verdict {
        let age = self.now - self.start;
        ensure(age < AGE_MAX || self.agenda.next().is_some(), Rule::AnswersHungUp, || {
            let calls = self.trunks.iter().filter(|host| !host.trunk.has_no_call()).count();
            let resting = |host: &&Shard| host.gateway.as_ref().is_none_or(Gateway::is_at_rest);
            let busy = self.shards.iter().filter(|host| !resting(host)).count();
            format!("nothing is to come, but {calls} trunks have calls and {busy} shards no rest")
        })?;
        ensure(self.steps < STEPS_MAX && age < AGE_MAX, Rule::Progress, || {
            format!("{} steps in {age:?} and no end", self.steps)
        })
    }

    fn happen(&mut self, happening: Happening) -> Verdict {
        match happening {
            Happening::Arrives { from, to, payload } => self.arrive(from, to, &payload),
            Happening::Commanded { shard, command } => {
                // A reload was told in the words of the plan.
                if !matches!(command, Command::Reload(_)) {
                    self.story
                        .tell(self.now - self.start, || format!("shard {shard}: {command:?}"));
                }
                self.tell_shard(shard, Input::Command(command))
            }
            Happening::Crash(crash) => self.crash(crash),
            Happening::Deed { visit, deed } => self.act(visit, deed),
            Happening::Drains(daemon) => {
                let first = self.daemons[daemon].first_shard;
                let count = usize::from(self.plan.daemons[daemon].settings.shards);
                for shard in first..first + count {
                    self.command(shard, Command::Drain);
                }
                Ok(())
            }
            Happening::Forged { shard, from, payload, forgery } => {
                self.refuse(shard, from, &payload, forgery)
            }
            Happening::Learns { shard, reload } => {
                self.shards[shard].known = self.plan.reloads[reload].known.clone();
                Ok(())
            }
            Happening::Reloads(reload) => self.reload(reload),
            Happening::Returns { shard, to, payload } => self.give_back(shard, to, &payload),
            Happening::Rings(ring) => self.ring(ring),
            Happening::TrunkGoes(outage) => self.lose_trunk(outage),
            Happening::TrunkComes(outage) => {
                let trunk = self.plan.outages[outage].trunk;
                self.trunks[trunk].outage = None;
                self.story.tell(self.now - self.start, || format!("trunk {trunk} is back"));
                Ok(())
            }
            Happening::Visit(visit) => self.visit(visit),
        }
    }

    fn lose_trunk(&mut self, outage: usize) -> Verdict {
        let outage = &self.plan.outages[outage];
        let (trunk, kind) = (outage.trunk, outage.kind);
        self.story.tell(self.now - self.start, || format!("trunk {trunk} is {kind:?}"));
        let host = &mut self.trunks[trunk];
        host.outage = Some(kind);
        if kind == OutageKind::Restarted {
            host.starts += 1;
            let plan = &self.plan.trunks[trunk];
            host.trunk = hosts::start_trunk(plan, self.seed, trunk, host.starts);
            host.wake = None;
        }
        Ok(())
    }

    /// Files a command of the control room for a shard. Returns when it gets it.
    pub(crate) fn command(&mut self, shard: usize, command: Command) -> Instant {
        let host = &mut self.shards[shard];
        let slow = self.plan.daemons[host.daemon].command_delay_ms;
        let at = (self.now + self.dice.millis(0, slow)).max(host.commanded);
        host.commanded = at;
        self.agenda.add(at, Happening::Commanded { shard, command });
        at
    }

    /// Gives a shard one input, and takes what comes of it.
    pub(crate) fn tell_shard(&mut self, shard: usize, input: Input<'_>) -> Verdict {
        let Some(gateway) = &mut self.shards[shard].gateway else {
            return self.refuse_input(shard, input);
        };
        gateway.handle(input, self.now);
        self.after_shard(shard)
    }

    /// What a shard that has stopped was told: an order that it had accepted ends with it.
    fn refuse_input(&mut self, shard: usize, input: Input<'_>) -> Verdict {
        if let Input::Command(Command::Place(order)) = input {
            let daemon = self.shards[shard].daemon;
            let (outcome, by) = (Outcome::Withdrawn, Side::Us);
            let ending = Ending { outcome, by, sip_code: None, q850_cause: None };
            order.call.on_ended(ending, self.now);
            self.daemons[daemon].verify.on_call_ended(&order.call);
            return self.hear(daemon);
        }
        Ok(())
    }

    /// Counts what was met.
    pub(crate) fn meet(&mut self, what: &str) {
        match self.met.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(self.met.insert(what.to_owned(), 1)),
        }
    }

    /// A broken rule as a result.
    pub(crate) fn broken(rule: Rule, what: String) -> Verdict {
        Err(Broken { rule, what })
    }
}

/// The moment at which a world begins: any.
#[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}

/// More than any world needs.
const STEPS_MAX: u64 = 200_000;
const AGE_MAX: Duration = Duration::from_secs(2 * 60 * 60);
