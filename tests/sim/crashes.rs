//! Worlds whose daemons have a journal: when they are killed, and how well their disks work.

use std::time::Duration;

use crate::dice::Dice;
use crate::plan::Daemon;
use crate::visit::Visit;

/// What befalls the daemons of one world.
#[derive(Debug)]
pub(crate) struct Crashes {
    pub(crate) kills: Vec<Kill>,
    pub(crate) failures: Vec<Failure>,
    /// How long a commit takes at most.
    pub(crate) commit_ms: u32,
}

/// A daemon dies, and another begins in its place.
#[derive(Debug)]
pub(crate) struct Kill {
    pub(crate) daemon: usize,
    pub(crate) at: Duration,
    /// How long nobody is there.
    pub(crate) pause: Duration,
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
        let kill = |dice: &mut Dice| Kill {
            daemon: any(dice),
            at: dice.millis(0, 100_000),
            pause: dice.millis(PAUSE_MIN_MS, PAUSE_MAX_MS),
        };
        let failure = |dice: &mut Dice| {
            let (daemon, from) = match dice.chance(50) {
                // Just when a start is being written.
                true => {
                    let visit = &visits[dice.between(0, visits.len() as u32 - 1) as usize];
                    (visit.daemon, visit.at + dice.millis(0, 2))
                }
                false => (any(dice), dice.millis(0, 100_000)),
            };
            Failure { daemon, from, until: from + dice.millis(10, 3_000) }
        };
        let failures = if dice.chance(40) { dice.between(1, 3) } else { 0 };
        Self {
            kills: (0..dice.between(1, 6)).map(|_| kill(dice)).collect(),
            failures: (0..failures).map(|_| failure(dice)).collect(),
            commit_ms: dice.one_of(&[0, 1, 5, 5]),
        }
    }
}

const PAUSE_MIN_MS: u32 = 100;
/// Nobody is away for longer.
pub(crate) const PAUSE_MAX_MS: u32 = 3_000;
