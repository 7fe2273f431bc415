//! Runs worlds, on two threads, and sums up what happened in them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ringproof::lab::caller::{CONDUCTS, IDENTITIES};
use ringproof::ladder::draw;
use ringproof::outcome::Outcome;
use ringproof::tally::{DropReason, InboundEnd, Shed};
use ringproof::verify::Fate;

use crate::broken::Broken;
use crate::world::World;

/// A world in which an invariant did not hold.
#[derive(Debug)]
pub(crate) struct Failure {
    seed: u64,
    step: u64,
    what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, what } = self;
        write!(f, "seed {seed}, step {step}: {what}\n    to see it: make sim SEED={seed}")
    }
}

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) digest: u64,
    worlds: u64,
    steps: u64,
    answered: usize,
    verifications: usize,
    probes: usize,
    reloads: usize,
    forged: usize,
    outcomes: BTreeMap<&'static str, usize>,
    met: BTreeMap<String, usize>,
    rung: usize,
}

/// Many worlds.
#[derive(Default)]
pub(crate) struct Several {
    pub(crate) failures: Vec<Failure>,
    pub(crate) tally: Tally,
}

/// Runs the world of one seed. Returns what happened, and its story if it is to be told.
pub(crate) fn one(seed: u64, is_told: bool) -> (Result<Tally, Failure>, String) {
    let mut world = World::new(seed, is_told);
    // A panic of the gateway is as much a failure as a broken rule, and has a step as well.
    let found = catch_unwind(AssertUnwindSafe(|| world.run()));
    let failure = |what| Failure { seed, step: world.steps, what };
    let result = match found {
        Ok(Ok(())) => Ok(Tally::of(&world)),
        Ok(Err(broken @ Broken { .. })) => Err(failure(broken.to_string())),
        Err(_) => Err(failure("a panic, see above".to_owned())),
    };
    let plan = if is_told { format!("{:#?}\n", world.plan) } else { String::new() };
    (result, plan + world.story.text() + &ladders(&world, is_told))
}

/// Runs the worlds of several seeds, of every `step`th.
pub(crate) fn several(seeds: Range<u64>, step: u64) -> Several {
    let next = AtomicU64::new(seeds.start);
    let worker = || {
        let mut some = Several::default();
        loop {
            let seed = next.fetch_add(step, Ordering::Relaxed);
            if seed >= seeds.end {
                return some;
            }
            match one(seed, false).0 {
                Ok(tally) => some.tally.add(tally),
                Err(failure) => some.failures.push(failure),
            }
        }
    };
    let mut all = Several::default();
    thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        for worker in workers {
            let some = worker.join().expect("a worker catches the panics of its worlds");
            all.failures.extend(some.failures);
            all.tally.add(some.tally);
        }
    });
    all.failures.sort_by_key(|failure| failure.seed);
    all
}

fn ladders(world: &World, is_told: bool) -> String {
    let calls = world.orders.iter().filter(|_| is_told);
    let ladder = |call: &ringproof::verify::record::CallRecord| {
        format!("{}\n{}", call.id, draw("gateway", "trunk", &call.ladder.rungs()))
    };
    calls.map(|(_, order)| ladder(&order.call)).collect()
}

impl Tally {
    fn of(world: &World) -> Self {
        let mut outcomes = BTreeMap::new();
        for ending in world.orders.iter().filter_map(|(_, order)| order.call.ending()) {
            *outcomes.entry(ending.outcome.as_str()).or_default() += 1;
        }
        Self {
            digest: world.story.digest(),
            worlds: 1,
            steps: world.steps,
            answered: world.answers.count(),
            verifications: world.verifications.count(),
            probes: world.probes,
            reloads: world.reloaded,
            forged: world.forged,
            outcomes,
            met: met(world),
            rung: world.missed.begun(),
        }
    }

    fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.steps += other.steps;
        self.answered += other.answered;
        self.verifications += other.verifications;
        self.probes += other.probes;
        self.reloads += other.reloads;
        self.forged += other.forged;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        for (what, count) in other.met {
            *self.met.entry(what).or_default() += count;
        }
        self.rung += other.rung;
    }

    /// Panics when the worlds were too dull to prove anything: each outcome must have been met.
    pub(crate) fn check(&self) {
        let met = |outcome: &Outcome| self.outcomes.contains_key(outcome.as_str());
        // Who was killed does not know it of his calls: that is met as an event.
        let all = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Restarted);
        let missing: Vec<_> = all.filter(|outcome| !met(outcome)).collect();
        assert!(missing.is_empty(), "no world has {missing:?}");
        let missing: Vec<_> = must_meet().filter(|what| !self.met.contains_key(what)).collect();
        assert!(missing.is_empty(), "no world has {missing:?}: {self}");
        let Self { answered, verifications, probes, reloads, forged, .. } = self;
        let is_dull = [answered, verifications, probes, reloads, forged].contains(&&0);
        assert!(!is_dull, "nothing happened: {self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, steps, answered, verifications, probes, reloads, forged, .. } = self;
        writeln!(f, "{worlds} worlds, {steps} steps, {verifications} verifications")?;
        writeln!(f, "{answered} dialogs hung up, {probes} probes of trunks")?;
        writeln!(f, "{reloads} reloads, {forged} forged datagrams")?;
        writeln!(f, "{} calls to numbers of ours, or of nobody", self.rung)?;
        self.outcomes.iter().try_for_each(|(word, count)| writeln!(f, "{count:7} {word}"))?;
        self.met.iter().try_for_each(|(word, count)| writeln!(f, "{count:7} {word}"))
    }
}

/// What was met in a world, with what its shards have counted.
fn met(world: &World) -> BTreeMap<String, usize> {
    let mut met = world.met.clone();
    let mut add = |what: String, count: u64| *met.entry(what).or_default() += count as usize;
    for tally in world.shards.iter().map(|host| &host.tally) {
        InboundEnd::ALL.into_iter().for_each(|how| add(ending(how), tally.inbound_ends(how)));
        SHED.into_iter().for_each(|what| add(shed(what), tally.shed(what)));
        add("forged ACK".to_owned(), tally.dropped(DropReason::ForgedAck));
    }
    met.retain(|_, count| *count > 0);
    met
}

/// Every ending, identity, conduct and fate, both orders, both ways of a confirmation, and what is shed.
fn must_meet() -> impl Iterator<Item = String> {
    let conduct = |name: &str| format!("conduct {}", name.split(':').next().unwrap_or(name));
    let words = [
        "a bit wrong",
        "a call in flight at a kill",
        "a call that a restart ended",
        "a call that had not left at a kill",
        "a clock put forward while its machine was off",
        "a kill",
        "a loss of power",
        "a start that was answered by the next process",
        "a start that the disk refused",
        "a trunk that may not ring it",
        "after the start",
        "before the start",
        "called back",
        "canceled: canceled_by_client",
        "expired: deadline",
        "failed: too_many_attempts",
        "forged ACK",
        "verified: caller_id_matched",
        "verified: code_matched",
        "verified: missed_call_matched",
    ];
    InboundEnd::ALL
        .into_iter()
        .map(ending)
        .chain(IDENTITIES.map(|(name, ..)| format!("identity {name}")))
        .chain(CONDUCTS.map(|(name, _)| conduct(name)))
        .chain(Fate::WORDS.map(|fate| format!("fate {fate}")))
        .chain(SHED.map(shed))
        .chain(words.map(str::to_owned))
}

fn ending(how: InboundEnd) -> String {
    format!("call {}", how.as_str())
}

fn shed(what: Shed) -> String {
    format!("shed {}", what.as_str())
}

/// What is shed of calls to our numbers.
const SHED: [Shed; 2] = [Shed::MissedCallRate, Shed::MissedCallRoom];
