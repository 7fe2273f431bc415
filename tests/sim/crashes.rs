//! Worlds whose daemons have a journal: when they are killed, and how well their disks work.

use std::time::Duration;

use ringproof::store::Durability;

use crate::dice::Dice;
use crate::machine::Death;
use crate::plan::Daemon;
use crate::visit::Visit;

/// What befalls the daemons of one world.
#[derive(Debug)]
pub(crate) struct Crashes {
    pub(crate) kills: Vec<Kill>,
    pub(crate) failures: Vec<Failure>,
    /// What is promised to survive.
    pub(crate) durability: Durability,
    /// How long a commit takes at most.
    pub(crate) commit_ms: u32,
}

/// A daemon dies, and another begins in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) daemon: usize,
    pub(crate) at: Duration,
    /// How long nobody is there.
    pub(crate) pause: Duration,
    pub(crate) death: Death,
    /// By how many seconds the wall clock of the machine is ahead from then on.
    pub(crate) ahead: i64,
    /// A copy of the disk gets a bit wrong.
    pub(crate) is_flipped: bool,
}

/// A disk takes nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) daemon: usize,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl Crashes {
    /// Draws those of one world.
    pub(crate) fn draw(daemons: &[Daemon], visits: &[Visit], dice: &mut Dice) -> Self {
        let any = |dice: &mut Dice| dice.between(0, daemons.len() as u32 - 1) as usize;
        let one = |dice: &mut Dice| &visits[dice.between(0, visits.len() as u32 - 1) as usize];
        let kill = |dice: &mut Dice| {
            let visit = one(dice);
            let (daemon, at) = match dice.between(0, 3) {
                // Just when a start is being written, or what somebody does.
                0 => (visit.daemon, visit.at + dice.millis(0, COMMIT_MS_MAX)),
                1 if !visit.deeds.is_empty() => {
                    let deed = dice.between(0, visit.deeds.len() as u32 - 1) as usize;
                    let at = visit.at + visit.deeds[deed].0;
                    (visit.daemon, at + dice.millis(0, COMMIT_MS_MAX))
                }
                _ => (any(dice), dice.millis(0, 100_000)),
            };
            let pause = dice.millis(PAUSE_MIN_MS, PAUSE_MAX_MS);
            Kill { daemon, at, pause, death: Death::Process, ahead: 0, is_flipped: false }
        };
        let failure = |dice: &mut Dice| {
            let (daemon, from) = match dice.chance(50) {
                // Just when a start is being written.
                true => {
                    let visit = one(dice);
                    (visit.daemon, visit.at + dice.millis(0, 2))
                }
                false => (any(dice), dice.millis(0, 100_000)),
            };
            Failure { daemon, from, until: from + dice.millis(10, 3_000) }
        };
        let failures = if dice.chance(60) { dice.between(1, 4) } else { 0 };
        let mut crashes = Self {
            kills: (0..dice.between(1, 6)).map(|_| kill(dice)).collect(),
            failures: (0..failures).map(|_| failure(dice)).collect(),
            commit_ms: dice.one_of(&[0, 1, COMMIT_MS_MAX, COMMIT_MS_MAX]),
            durability: dice.one_of(&[Durability::Power, Durability::Power, Durability::Process]),
        };
        let durability = crashes.durability;
        crashes.kills.iter_mut().for_each(|kill| kill.harden(durability, dice));
        crashes
    }
}

impl Kill {
    /// Draws how the daemon dies, and what becomes of its machine.
    fn harden(&mut self, durability: Durability, dice: &mut Dice) {
        // Under the other promise a loss of power may take everything.
        if durability == Durability::Power && dice.chance(50) {
            self.death = Death::Power;
        }
        self.ahead = match self.death {
            // The time since boot says how long it was away, whatever the wall clock does.
            Death::Process => dice.one_of(&[0, 0, -HOUR, DAY]),
            Death::Power => dice.one_of(&[0, 0, 0, -HOUR, DAY]),
        };
        self.is_flipped = dice.chance(30);
    }
}

const COMMIT_MS_MAX: u32 = 5;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const PAUSE_MIN_MS: u32 = 100;
/// Nobody is away for longer.
pub(crate) const PAUSE_MAX_MS: u32 = 3_000;
