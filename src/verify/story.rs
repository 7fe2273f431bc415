//! What listeners are told of one verification, in which order, and by whom: one atomic word.
//!
//! ```text
//!  63 62     57 56   51 50      45 44 43                        2  1  0
//! +--+---------+-------+----------+--+----------------------------+--+--+
//! |S | saved   | said  | end after|H | call: ended, ringing, placed|M |C |
//! +--+---------+-------+----------+--+----------------------------+--+--+
//! ```
//!
//! Shards and HTTP tasks learn of things at the same time, and what they say must come out in
//! order: created (C), then that the call which was waited for has come (M), then a call's placed,
//! ringing and ended, then the next call's, and the verification's own end where it happened among
//! them. A lock around the saying would let a preempted HTTP thread hold up a shard. So a thread
//! first writes the fact into the word, with one compare-and-swap. If S was not set, nobody is
//! speaking: it has set S too, says all that is unsaid, and clears S if no further fact has come
//! meanwhile. If S was set, it goes its way: the speaker will find the fact. A speaker that is
//! preempted delays what it has to say and nobody's work.
//!
//! A start that is not on disk yet is held back (H): facts are noted and nobody is told, so that a start
//! that is refused leaves nothing behind. What is said must be saved before a client hears of it: `saved`
//! says how many of the facts that were said are on disk.
//!
//! A fact implies what must have come before it: a call's end that it was placed, a call that the
//! call before it is over. Whoever knows the later fact writes both, so nobody waits for the thread
//! that is about to write the earlier one, and that one then has nothing left to add.
//!
//! Invariants: facts but the end are only ever added above those that are there, so what was said
//! stays a prefix of what is to be said, and what is saved one of what was said; each is said once; one
//! thread at a time speaks.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that listeners are to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fact {
    /// This call is over.
    CallEnded(u8),
    /// This call was placed.
    CallPlaced(u8),
    /// The phone rings for this call.
    CallRinging(u8),
    /// The verification was created.
    Created,
    /// The call that it waits for has come.
    Matched,
    /// The verification has its final state.
    VerificationEnded,
}

/// What was told of one verification, and what is still to be told.
#[derive(Debug, Default)]
pub(super) struct Story(AtomicU64);

impl Story {
    /// A story of which nothing is said before [`release`](Self::release). `first` is what a start
    /// itself makes known once it is on disk.
    pub(super) fn held(first: &[Fact]) -> Self {
        let word = first.iter().fold(Word(HELD), |word, fact| word.with(*fact));
        Self(AtomicU64::new(word.0 | u64::from(word.facts().count_ones()) << SAID_AT))
    }

    /// A story all of which was said and saved.
    pub(super) fn told(facts: &[Fact]) -> Self {
        let word = facts.iter().fold(Word(0), |word, fact| word.with(*fact));
        let count = (0..).take_while(|n| word.nth(*n).is_some()).count() as u64; // below 46
        Self(AtomicU64::new(word.0 | count << SAID_AT | count << SAVED_AT))
    }

    /// Adds a fact. Unless it is held back, or another thread is speaking, which will say it, `say` is
    /// asked to say all that is unsaid, in order, each with how many facts are said with it.
    pub(super) fn tell(&self, fact: Fact, say: impl FnMut(Fact, u8)) {
        self.change(|word| word.with(fact), say);
    }

    /// Holds it back no more: what a start makes known is on disk and was told. The facts that have
    /// come meanwhile are said.
    pub(super) fn release(&self, say: impl FnMut(Fact, u8)) {
        let release = |word: Word| match word.0 & HELD {
            0 => word,
            _ => Word(word.0 & !HELD | word.said() << SAVED_AT),
        };
        self.change(release, say);
    }

    fn change(&self, next: impl Fn(Word) -> Word, mut say: impl FnMut(Fact, u8)) {
        let speak = |word: Word| if word.0 & HELD == 0 { word.0 | SPEAKING } else { word.0 };
        let add = |word| Some(speak(next(Word(word))));
        // Always Some, so this is the word that was there.
        let (Ok(before) | Err(before)) =
            self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        let mut word = speak(next(Word(before)));
        if before & SPEAKING != 0 || word & SPEAKING == 0 {
            return;
        }
        let mut said = Word(word).said();
        loop {
            while let Some(next) = Word(word).nth(said) {
                said += 1;
                say(next, said as u8); // below 64
            }
            // While S is set nobody else touches `said`; facts may have come, or been saved.
            let rest = word & !(SPEAKING | NUMBER << SAID_AT) | said << SAID_AT;
            match self.0.compare_exchange(word, rest, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(found) => word = found,
            }
        }
    }

    /// The first `count` facts that were said are on disk.
    pub(super) fn on_saved(&self, count: u8) {
        let save = |word| {
            let count = Word(word).saved().max(count.into());
            Some(word & !(NUMBER << SAVED_AT) | count << SAVED_AT)
        };
        // Always Some.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, save);
    }

    /// Whether this fact was said and is on disk.
    pub(super) fn is_saved(&self, fact: Fact) -> bool {
        let word = Word(self.0.load(Ordering::Acquire));
        (0..word.saved()).any(|n| word.nth(n) == Some(fact))
    }

    /// Whether nobody is told anything yet.
    pub(super) fn is_held(&self) -> bool {
        self.0.load(Ordering::Acquire) & HELD != 0
    }

    /// Whether listeners were or will be told of anything.
    pub(super) fn is_begun(&self) -> bool {
        let word = self.0.load(Ordering::Acquire);
        word & CREATED != 0 && word & HELD == 0
    }

    /// Whether listeners were or will be told that this call was placed.
    pub(super) fn has_placed(&self, call: u8) -> bool {
        let word = self.0.load(Ordering::Acquire);
        word & bit(call, PLACED) != 0 && word & HELD == 0
    }
}

#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    fn with(self, fact: Fact) -> Self {
        match fact {
            Fact::CallEnded(call) => self.with_call(call, ENDED),
            Fact::CallPlaced(call) => self.with_call(call, PLACED),
            Fact::CallRinging(call) => self.with_call(call, RINGING),
            Fact::Created => Self(self.0 | CREATED),
            // Behind a call it would have to be said before what was said.
            Fact::Matched if self.facts() >= MATCHED => self,
            Fact::Matched => Self(self.0 | CREATED | MATCHED),
            Fact::VerificationEnded if self.ended_after() != 0 => self,
            Fact::VerificationEnded => {
                let created = Self(self.0 | CREATED);
                Self(created.0 | u64::from(created.facts().count_ones()) << END_AT)
            }
        }
    }

    /// Adds a step of a call and what it implies, unless a later one is there already.
    fn with_call(self, call: u8, step: u32) -> Self {
        let step = bit(call, step);
        if self.facts() >= step {
            return self;
        }
        let earlier = (1..call).map(|call| bit(call, PLACED) | bit(call, ENDED));
        let implied = earlier.fold(CREATED | bit(call, PLACED), |all, steps| all | steps);
        Self(self.0 | implied | step)
    }

    /// All but the end.
    fn facts(self) -> u64 {
        self.0 & FACTS
    }

    /// How many facts come before the end; 0: there is none yet.
    fn ended_after(self) -> u64 {
        self.0 >> END_AT & NUMBER
    }

    fn said(self) -> u64 {
        self.0 >> SAID_AT & NUMBER
    }

    fn saved(self) -> u64 {
        self.0 >> SAVED_AT & NUMBER
    }

    /// The fact with this number, from 0.
    fn nth(self, number: u64) -> Option<Fact> {
        let end = self.ended_after();
        if end != 0 && number == end {
            return Some(Fact::VerificationEnded);
        }
        // The end has a number of its own, so those behind it have one more.
        let skipped = if end != 0 && number > end { number - 1 } else { number };
        let mut steps = self.facts();
        for _ in 0..skipped {
            steps &= steps.wrapping_sub(1); // the lowest one away
        }
        let place = match steps & steps.wrapping_neg() {
            0 => return None,
            CREATED => return Some(Fact::Created),
            MATCHED => return Some(Fact::Matched),
            step => step.trailing_zeros() - CALLS_AT,
        };
        // Below 16.
        let call = (place / STEPS + 1) as u8;
        Some(match place % STEPS {
            PLACED => Fact::CallPlaced(call),
            RINGING => Fact::CallRinging(call),
            _ => Fact::CallEnded(call),
        })
    }
}

/// The bit of a step of a call, the first of which is 1.
fn bit(call: u8, step: u32) -> u64 {
    1 << (CALLS_AT + (u32::from(call).clamp(1, CALLS_MAX) - 1) * STEPS + step)
}

const CREATED: u64 = 1;
const MATCHED: u64 = 2;
const CALLS_AT: u32 = 2;
const PLACED: u32 = 0;
const RINGING: u32 = 1;
const ENDED: u32 = 2;
const STEPS: u32 = 3;
/// The settings allow fewer.
const CALLS_MAX: u32 = 14;
const FACTS: u64 = (1 << (CALLS_AT + CALLS_MAX * STEPS)) - 1;
const HELD: u64 = 1 << 44;
const END_AT: u32 = 45;
const SAID_AT: u32 = 51;
const SAVED_AT: u32 = 57;
/// 44 facts and an end.
const NUMBER: u64 = (1 << 6) - 1;
const SPEAKING: u64 = 1 << 63;

#[cfg(test)]
mod tests;
