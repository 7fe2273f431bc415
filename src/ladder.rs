//! The ladder of one call: which messages went which way, and when.
//!
//! One thread writes (the call's shard), any thread reads, nobody waits: an entry is one atomic word
//! and the length is published after it. Bounded: what does not fit is counted, not kept.
//! Deliberately absent: message texts. A ladder holds no number and no code, so it can be shown.

mod course;
mod draw;
mod undelivered;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

pub use course::Course;
pub use draw::draw;
pub use undelivered::Undelivered;

/// One message of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rung {
    /// Time since the call was placed, or its INVITE came. At most 19 hours are kept apart.
    pub at: Duration,
    /// Which way it went.
    pub direction: Direction,
    /// The same message had gone before.
    pub is_again: bool,
    /// It came and was not believed: it does not repeat the tag of our refusal, or is not from the trunk.
    pub is_ignored: bool,
    /// The request's method; for a response, that of the request it answers.
    pub method: Verb,
    /// The status code; `None` for a request.
    pub status: Option<u16>,
    /// Why it did not arrive, if the system or the network said so.
    pub undelivered: Option<Undelivered>,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// From the trunk to us.
    In,
    /// From us to the trunk.
    Out,
}

/// The methods that a call can meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
    /// RFC 3261 §13.
    Ack,
    /// RFC 3261 §15.
    Bye,
    /// RFC 3261 §9.
    Cancel,
    /// RFC 3261 §13.
    Invite,
    /// Any other method.
    Different,
}

impl Verb {
    /// Every method, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Ack, Self::Bye, Self::Cancel, Self::Different, Self::Invite];

    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Invite => "INVITE",
            Self::Different => "other",
        }
    }
}

/// The messages of one call in the order in which they passed.
#[derive(Debug)]
pub struct Ladder {
    rungs: [AtomicU64; RUNGS_MAX],
    seen: AtomicU32,
}

impl Ladder {
    /// Adds a message. Only the call's own shard may call this.
    pub fn push(&self, rung: Rung) {
        let seen = self.seen.load(Ordering::Relaxed);
        if let Some(place) = self.rungs.get(seen as usize) {
            place.store(pack(rung), Ordering::Relaxed);
        }
        // Release: a reader that sees the length sees the entry.
        self.seen.store(seen.saturating_add(1), Ordering::Release);
    }

    /// The newest request of this method did not arrive. Only the call's own shard may call this.
    pub fn on_undelivered(&self, method: Verb, why: Undelivered) {
        let seen = self.seen.load(Ordering::Relaxed) as usize;
        let is_it = |word: &&AtomicU64| {
            let rung = unpack(word.load(Ordering::Relaxed));
            (rung.direction, rung.method, rung.status) == (Direction::Out, method, None)
        };
        if let Some(place) = self.rungs[..seen.min(RUNGS_MAX)].iter().rev().find(is_it) {
            let rung = unpack(place.load(Ordering::Relaxed));
            place.store(pack(Rung { undelivered: Some(why), ..rung }), Ordering::Release);
        }
    }

    /// Why the last message that is known not to have arrived did not.
    pub fn undelivered(&self) -> Option<Undelivered> {
        self.rungs().iter().rev().find_map(|rung| rung.undelivered)
    }

    /// The messages so far.
    pub fn rungs(&self) -> Vec<Rung> {
        let seen = self.seen.load(Ordering::Acquire) as usize;
        let kept = &self.rungs[..seen.min(RUNGS_MAX)];
        kept.iter().map(|word| unpack(word.load(Ordering::Relaxed))).collect()
    }

    /// How many messages passed after the ladder was full.
    pub fn left_out(&self) -> u32 {
        self.seen.load(Ordering::Acquire).saturating_sub(RUNGS_MAX as u32)
    }
}

impl Default for Ladder {
    fn default() -> Self {
        Self { rungs: [const { AtomicU64::new(0) }; RUNGS_MAX], seen: AtomicU32::new(0) }
    }
}

fn pack(rung: Rung) -> u64 {
    let micros = u64::try_from(rung.at.as_micros()).unwrap_or(MICROS_MAX).min(MICROS_MAX);
    let verb = Verb::ALL.iter().position(|verb| *verb == rung.method).unwrap_or_default() as u64;
    // What did not arrive is a request, so the place of the status is free for the reason.
    let why = |why| Undelivered::ALL.iter().position(|other| *other == why).unwrap_or_default();
    let code = rung.undelivered.map_or(rung.status.unwrap_or(0), |lost| why(lost) as u16);
    micros << 16
        | verb << 13
        | u64::from(rung.direction == Direction::Out) << 12
        | u64::from(rung.is_again) << 11
        | u64::from(rung.undelivered.is_some() || rung.is_ignored) << 10
        | u64::from(code & STATUS_MASK)
}

fn unpack(word: u64) -> Rung {
    let code = (word & u64::from(STATUS_MASK)) as u16;
    // What we sent did not arrive, what came was ignored.
    let is_out = word >> 12 & 1 == 1;
    let is_void = word >> 10 & 1 == 1;
    let is_undelivered = is_void && is_out;
    Rung {
        at: Duration::from_micros(word >> 16),
        direction: if is_out { Direction::Out } else { Direction::In },
        is_again: word >> 11 & 1 == 1,
        is_ignored: is_void && !is_out,
        method: Verb::ALL[(word >> 13 & 7) as usize % Verb::ALL.len()],
        status: (code != 0 && !is_undelivered).then_some(code),
        undelivered: Undelivered::ALL.get(usize::from(code)).copied().filter(|_| is_undelivered),
    }
}

/// A flash call is seven messages; loss, forks and an answer triple that.
const RUNGS_MAX: usize = 24;
const MICROS_MAX: u64 = (1 << 48) - 1;
/// Status codes are three digits: ten bits.
const STATUS_MASK: u16 = (1 << 10) - 1;
