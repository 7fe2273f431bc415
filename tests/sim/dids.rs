//! The numbers that people ring: how a daemon has them, and what each shard knows of where their calls
//! come from.

use std::sync::Arc;
use std::time::Duration;

use ringproof::call::inbound::Plan as Course;
use ringproof::evidence::Assurance;
use ringproof::gateway::dids::{Did as Configured, Dids};
use ringproof::number::E164;
use ringproof::sip::Status;
use ringproof::verify::settings::MissedCalls;

use crate::dice::Dice;
use crate::plan::Trunk;

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Did {
    pub(crate) number: E164,
    pub(crate) trunks: Vec<u16>,
    pub(crate) course: Course,
}

/// What a daemon makes of missed calls.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) dids: Vec<Did>,
    /// How calls to other numbers go.
    pub(crate) elsewhere: Course,
    pub(crate) rules: MissedCalls,
    pub(crate) servers_max: usize,
}

/// What one shard knows of trunks.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// For each trunk the one at whose address it is; `None`: the configuration has it not.
    pub(crate) places: Vec<Option<usize>>,
    /// For each number the trunks that its calls come from.
    pub(crate) carriers: Vec<Vec<u16>>,
}

impl Inbound {
    /// Draws what daemon number `daemon` makes of them.
    pub(crate) fn draw(daemon: usize, trunks: u32, dice: &mut Dice) -> Self {
        let elsewhere = course(dice);
        // As the documentation wants it; or some numbers that callers can tell from others.
        let is_uniform = dice.chance(60);
        let did = |index: u32, dice: &mut Dice| {
            let number = E164::parse(&format!("+468765100{daemon}{index}"));
            let number = number.expect("a number of ours");
            let course = if is_uniform { elsewhere } else { course(dice) };
            Did { number, trunks: carriers(trunks, dice), course }
        };
        let dids = (0..dice.between(0, 4)).map(|index| did(index, dice)).collect();
        let is_confirmed = dice.chance(15);
        let rules = MissedCalls {
            recent_window: match dice.chance(20) {
                true => Duration::ZERO,
                false => dice.millis(1_000, 60_000),
            },
            recent_max: dice.one_of(&[1, 2, 100, 100, 100]),
            min_assurance: match is_confirmed {
                true => Assurance::ChallengeConfirmed,
                false => Assurance::ReturnRouted,
            },
            confirm_after: dice.millis(1_000, 5_000),
            are_forwarded_accepted: dice.chance(50),
        };
        let servers_max = if dice.chance(20) { dice.between(1, 6) as usize } else { 256 };
        Self { dids, elsewhere, rules, servers_max }
    }

    /// The numbers as a shard is to have them.
    pub(crate) fn configured(&self, known: &Known) -> Arc<Dids> {
        let did = |(did, trunks): (&Did, &Vec<u16>)| Configured {
            number: did.number,
            trunks: trunks.clone().into(),
            plan: did.course,
        };
        let dids = self.dids.iter().zip(&known.carriers).map(did);
        Arc::new(Dids::new(dids.collect(), self.elsewhere))
    }

    /// What a shard knows at first.
    pub(crate) fn known(&self, trunks: &[Trunk]) -> Known {
        Known {
            places: (0..trunks.len()).map(Some).collect(),
            carriers: self.dids.iter().map(|did| did.trunks.clone()).collect(),
        }
    }
}

impl Known {
    /// The trunk that is at this place, and which of the numbers its calls may ring.
    pub(crate) fn rung(&self, place: usize, did: Option<usize>) -> Option<(usize, Option<usize>)> {
        let trunk = self.places.iter().position(|there| *there == Some(place))?;
        let carries = |did: &usize| self.carriers[*did].contains(&(trunk as u16));
        Some((trunk, did.filter(carries)))
    }
}

/// One trunk at least, in any order.
pub(crate) fn carriers(trunks: u32, dice: &mut Dice) -> Vec<u16> {
    let mut carriers = dice.shuffled((0..trunks as u16).collect());
    carriers.truncate(dice.between(1, trunks) as usize);
    carriers
}

fn course(dice: &mut Dice) -> Course {
    let refusals =
        [Status::NOT_FOUND, Status::TEMPORARILY_UNAVAILABLE, Status::BUSY_HERE, Status::DECLINE];
    let ring = if dice.chance(25) { Duration::ZERO } else { dice.millis(100, 4_000) };
    Course { ring, refusal: dice.one_of(&refusals) }
}
