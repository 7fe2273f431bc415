//! People who ring the gateway's numbers, as they should and otherwise: drawn before anything happens.

use std::time::Duration;

use ringproof::lab::caller::{Conduct, Identity, Manner};
use ringproof::number::E164;

use crate::dice::Dice;
use crate::plan::Daemon;
use crate::visit::{Asked, Deed, Visit, phone};

/// Somebody rings a number.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    pub(crate) at: Duration,
    pub(crate) daemon: usize,
    /// The shard to which the trunk sends the call, among those of the daemon.
    pub(crate) shard: usize,
    pub(crate) from: E164,
    pub(crate) to: Called,
    /// Through a trunk that does not carry the number, if there is one.
    pub(crate) is_astray: bool,
    pub(crate) manner: Manner,
    /// Somebody has seen the INVITE, and makes something of it.
    pub(crate) is_seen: bool,
}

/// Whom they ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Called {
    /// One of the daemon's numbers.
    Did(usize),
    /// The number that the verification of this visit shows, if there is one.
    ShownTo(usize),
    /// Another number than that.
    OtherThan(usize),
    /// A number of nobody.
    Nobody,
}

/// The visits of people who ring, which come behind the first `count`, and how they ring.
pub(crate) fn draw(count: usize, daemons: &[Daemon], dice: &mut Dice) -> (Vec<Visit>, Vec<Ring>) {
    let (mut visits, mut rings) = (vec![], vec![]);
    if daemons.iter().all(|daemon| daemon.inbound.dids.is_empty()) && dice.chance(90) {
        return (visits, rings);
    }
    for index in count..count + dice.between(0, 12) as usize {
        let mut visit = visit(daemons, dice);
        draw_rings(index, &mut visit, daemons, &mut rings, dice);
        visits.push(visit);
    }
    (visits, rings)
}

fn visit(daemons: &[Daemon], dice: &mut Dice) -> Visit {
    let daemon = dice.between(0, daemons.len() as u32 - 1) as usize;
    let inbound = &daemons[daemon].inbound;
    let count = inbound.dids.len() as u32;
    let window = inbound.rules.recent_window;
    let asked = Asked {
        did: (count > 0 && dice.chance(50)).then(|| dice.between(0, count - 1) as usize),
        is_confirmed: dice.chance(40),
        // Longer is refused.
        within: dice.chance(25).then(|| window.mul_f64(f64::from(dice.between(0, 11)) / 10.0)),
    };
    let from = match dice.chance(30) {
        true => phone(daemon, dice),
        false => caller(daemon, dice),
    };
    Visit {
        at: dice.millis(0, 90_000),
        daemon,
        phone: from,
        pool: dice.one_of(&[None, Some("wide"), Some("narrow")]),
        ring: dice.chance(30).then(|| dice.millis(1_000, 5_000)),
        expires_in: dice.chance(30).then(|| dice.millis(30_000, 60_000)),
        is_turned_away: dice.chance(4),
        asked: Some(asked),
        deeds: vec![],
    }
}

/// Phones that just ring when they are called back.
fn caller(daemon: usize, dice: &mut Dice) -> E164 {
    let text = format!("+4670174{daemon}{}{}", dice.between(2, 4), dice.between(36, 39));
    E164::parse(&text).expect("a phone number")
}

/// Who wants to be verified, and how that one rings.
struct Person<'a> {
    index: usize,
    visit: &'a mut Visit,
    /// How long the verification waits.
    life: Duration,
    /// How many numbers the daemon has.
    dids: u32,
    /// The call that is made when all goes well.
    plain: Ring,
    rings: &'a mut Vec<Ring>,
}

fn draw_rings(
    index: usize,
    visit: &mut Visit,
    daemons: &[Daemon],
    rings: &mut Vec<Ring>,
    dice: &mut Dice,
) {
    let plain = Ring {
        at: visit.at + dice.millis(500, 15_000),
        daemon: visit.daemon,
        shard: dice.between(0, 7) as usize,
        from: visit.phone,
        to: Called::ShownTo(index),
        is_astray: false,
        manner: Manner::default(),
        is_seen: dice.chance(20),
    };
    let daemon = &daemons[visit.daemon];
    let life = visit.expires_in.unwrap_or(daemon.settings.expires_in);
    let dids = daemon.inbound.dids.len() as u32;
    let mut person = Person { index, visit, life, dids, plain, rings };
    match dice.between(1, 17) {
        habit @ 1..=8 => person.ring_well(habit, dice),
        9 | 10 => {
            let identity = identity(dice);
            person.ring(|ring| ring.manner.identity = identity);
        }
        11 | 12 => {
            let conduct = conduct(dice);
            person.ring(|ring| ring.manner.conduct = conduct);
        }
        habit => person.ring_amiss(habit, dice),
    }
    draw_confirmation(person.plain.at - person.visit.at, person.visit, dice);
}

impl Person<'_> {
    fn ring(&mut self, change: impl FnOnce(&mut Ring)) {
        let mut ring = self.plain.clone();
        change(&mut ring);
        self.rings.push(ring);
    }

    /// As people do.
    fn ring_well(&mut self, habit: u32, dice: &mut Dice) {
        let (index, again) = (self.index, self.plain.at + dice.millis(0, 8_000));
        match habit {
            // Before the app asks.
            4 | 5 => {
                let named = self.visit.asked.and_then(|asked| asked.did);
                let to = named.map_or_else(|| self.any(dice), Called::Did);
                let at = self.visit.at.saturating_sub(dice.millis(0, 30_000));
                self.ring(|ring| (ring.at, ring.to) = (at, to));
                if dice.chance(30) {
                    self.ring(|_| {});
                }
            }
            6 => {
                self.ring(|_| {});
                self.ring(|ring| ring.at = again);
            }
            7 => {
                self.ring(|ring| ring.to = Called::OtherThan(index));
                self.ring(|ring| ring.at = again);
            }
            8 => {
                let other = caller(self.visit.daemon, dice);
                self.ring(|ring| ring.from = other);
            }
            _ => self.ring(|_| {}),
        }
    }

    /// By forgers, in a crowd, too late, or on a way that leads nowhere.
    fn ring_amiss(&mut self, habit: u32, dice: &mut Dice) {
        match habit {
            13 => (0..dice.between(1, 4)).for_each(|_| {
                let (at, to) = (self.visit.at + dice.millis(0, 20_000), self.any(dice));
                let to = if dice.chance(70) { self.plain.to } else { to };
                let manner = Manner { conduct: Conduct::Forged, ..Manner::default() };
                self.ring(|ring| (ring.at, ring.to, ring.manner) = (at, to, manner));
            }),
            // Withdrawn, or expired, while it rings or nearly.
            14 => {
                self.ring(|_| {});
                let after = self.plain.at - self.visit.at + dice.millis(0, 4_000);
                self.visit.deeds.push((after, Deed::Cancel));
            }
            15 => {
                let at = (self.visit.at + self.life).saturating_sub(dice.millis(0, 4_000));
                self.ring(|ring| ring.at = at);
            }
            16 => {
                self.ring(|_| {});
                for digit in 0..dice.between(4, 9) {
                    let at = self.plain.at + dice.millis(0, 200);
                    let from = E164::parse(&format!("+4670175000{digit}"));
                    let from = from.expect("a phone number");
                    self.ring(|ring| (ring.at, ring.from) = (at, from));
                }
            }
            _ => {
                let to = if dice.chance(50) { Called::Nobody } else { self.plain.to };
                self.ring(|ring| (ring.to, ring.is_astray) = (to, true));
            }
        }
    }

    /// Any number of the daemon.
    fn any(&self, dice: &mut Dice) -> Called {
        match self.dids {
            0 => Called::Nobody,
            count => Called::Did(dice.between(0, count - 1) as usize),
        }
    }
}

/// What the person does with the digits of the call back, if there is one.
fn draw_confirmation(rung: Duration, visit: &mut Visit, dice: &mut Dice) {
    let mut at = rung;
    let mut then = |low, high, deed, dice: &mut Dice| {
        at += dice.millis(low, high);
        visit.deeds.push((at, deed));
    };
    match dice.between(1, 8) {
        1..=4 => (0..3).for_each(|_| then(4_000, 12_000, Deed::TypeLatest, dice)),
        5 => {
            then(6_000, 15_000, Deed::Mistype, dice);
            then(100, 5_000, Deed::TypeLatest, dice);
        }
        6 => (0..4).for_each(|_| then(500, 6_000, Deed::Guess, dice)),
        7 => {
            then(500, 10_000, Deed::CallAgain, dice);
            then(5_000, 15_000, Deed::ReportCallerId, dice);
        }
        _ => then(0, 15_000, Deed::TypeNonsense, dice),
    }
}

fn identity(dice: &mut Dice) -> Identity {
    let of = [
        Identity::Anonymous,
        Identity::DoubleZero,
        Identity::Forwarded,
        Identity::International,
        Identity::National,
        Identity::TwoIdentities,
    ];
    dice.one_of(&of)
}

fn conduct(dice: &mut Dice) -> Conduct {
    let after = dice.millis(0, 3_000);
    let of = [
        Conduct::HangsUp { after },
        Conduct::HangsUpEarly { after },
        Conduct::Merged,
        Conduct::NeverAcks,
        Conduct::NoTag,
        Conduct::RepeatsCancel,
        Conduct::WrongTag,
    ];
    dice.one_of(&of)
}
