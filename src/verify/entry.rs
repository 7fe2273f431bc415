//! One verification in the table: facts that never change, and everything that does change in one
//! atomic word.
//!
//! ```text
//!  63                 16 15 14    11 10    7 6     3 2     0
//! +---------------------+--+--------+-------+-------+-------+
//! | µs from start to end|M | calls  | left  | reason| status|
//! +---------------------+--+--------+-------+-------+-------+
//! ```
//!
//! M: the call that was waited for has come.
//!
//! Invariant: a word whose status is final never changes again. A transition is one
//! compare-and-swap, so whatever runs in parallel, the first final state wins, is won by one thread,
//! and no attempt is counted twice or forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::ended::Slotted;
use super::id::{CallId, VerificationId};
use super::placed::Placed;
use super::snapshot::{Method, Reason, Status};
use super::step::{Missed, Step};
use super::story::Story;
use crate::number::E164;
use crate::number::plan::Country;
use crate::time::Micros;

/// One verification.
pub(super) struct Entry {
    pub(super) id: VerificationId,
    pub(super) to: E164,
    pub(super) country: Country,
    /// What the client wants to be repeated to it.
    pub(super) client: Option<Box<Client>>,
    pub(super) created: Instant,
    pub(super) created_at: Micros,
    pub(super) expires: Instant,
    pub(super) word: Word,
    /// What listeners were told of it.
    pub(super) story: Story,
    /// How it is proven.
    pub(super) step: Step,
    /// Its place in the ring of ended ones.
    pub(super) slot: AtomicU32,
    pub(super) is_forgotten: AtomicBool,
    /// How many attempts the wrong codes left that are on disk.
    attempts_saved: AtomicU8,
}

/// A client's own words, which many do not use.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Its word for the verification.
    pub(super) reference: Option<Arc<str>>,
    /// Where the end is told to.
    pub(super) callback_url: Option<Arc<str>>,
}

/// What an [`Entry`] is made of.
pub(super) struct Origin {
    pub(super) id: VerificationId,
    pub(super) to: E164,
    pub(super) country: Country,
    pub(super) client: Option<Box<Client>>,
    pub(super) created: Instant,
    pub(super) created_at: Micros,
    pub(super) expires: Instant,
}

impl Entry {
    pub(super) fn new(origin: Origin, step: Step, state: State, story: Story) -> Self {
        let Origin { id, to, country, client, created, created_at, expires } = origin;
        Self {
            id,
            to,
            country,
            client,
            created,
            created_at,
            expires,
            word: Word::new(state),
            story,
            step,
            slot: AtomicU32::new(u32::MAX),
            is_forgotten: AtomicBool::new(false),
            attempts_saved: AtomicU8::new(state.attempts_left),
        }
    }

    /// A wrong code that left so many attempts is on disk.
    pub(super) fn on_attempt_saved(&self, left: u8) {
        self.attempts_saved.fetch_min(left, Ordering::AcqRel);
    }

    pub(super) fn has_saved_attempts(&self, left: u8) -> bool {
        self.attempts_saved.load(Ordering::Acquire) <= left
    }

    pub(super) fn client_ref(&self) -> Option<Arc<str>> {
        self.client.as_ref()?.reference.clone()
    }

    pub(super) fn callback_url(&self) -> Option<Arc<str>> {
        self.client.as_ref()?.callback_url.clone()
    }

    /// The flash call that counts in this state.
    pub(super) fn current(&self, state: State) -> Option<Arc<Placed>> {
        self.step.flash()?.current(state)
    }

    /// The latest flash call.
    pub(super) fn latest(&self) -> Option<Arc<Placed>> {
        self.step.flash()?.latest()
    }

    /// The flash call with this name.
    pub(super) fn find(&self, call: CallId) -> Option<Arc<Placed>> {
        self.latest()?.find(call)
    }

    /// The call that it waits for, when it waits for one.
    pub(super) fn missed(&self) -> Option<&Missed> {
        self.step.missed()
    }

    /// How it is proven.
    pub(super) fn method(&self) -> Method {
        match self.step {
            Step::FlashCall(_) => Method::FlashCall,
            Step::MissedCall(_) => Method::MissedCall,
        }
    }

    /// When it ended on the monotonic clock.
    pub(super) fn ended(&self, state: State) -> Instant {
        self.created + state.ended_after
    }

    /// Since its start, for a final state at `now`.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.created)
    }
}

impl Slotted for Entry {
    fn slot(&self) -> &AtomicU32 {
        &self.slot
    }
}

/// All that changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct State {
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) attempts_left: u8,
    /// Flash calls that were placed.
    pub(super) calls: u8,
    /// The call that was waited for has come.
    pub(super) is_matched: bool,
    /// From start to end; zero while pending.
    pub(super) ended_after: Duration,
}

impl State {
    /// A verification that begins, with so many calls being placed.
    pub(super) fn new(attempts: u8, calls: u8) -> Self {
        Self {
            status: Status::Pending,
            reason: None,
            attempts_left: attempts,
            calls,
            is_matched: false,
            ended_after: Duration::ZERO,
        }
    }

    /// The same with its end.
    pub(super) fn end(self, status: Status, reason: Reason, after: Duration) -> Self {
        Self { status, reason: Some(reason), ended_after: after, ..self }
    }

    fn pack(self) -> u64 {
        let micros = u64::try_from(self.ended_after.as_micros()).unwrap_or(MICROS_MAX);
        micros.min(MICROS_MAX) << 16
            | u64::from(self.is_matched) << 15
            | u64::from(self.calls) << 11
            | u64::from(self.attempts_left) << 7
            | self.reason.map_or(0, |reason| reason as u64) << 3
            | self.status as u64
    }

    fn unpack(word: u64) -> Self {
        Self {
            // Only `pack` makes words.
            status: Status::ALL[(word & 7) as usize % Status::ALL.len()],
            reason: Reason::ALL.get((word >> 3 & 15).wrapping_sub(1) as usize).copied(),
            attempts_left: (word >> 7 & 15) as u8,
            calls: (word >> 11 & 15) as u8,
            is_matched: word >> 15 & 1 == 1,
            ended_after: Duration::from_micros(word >> 16),
        }
    }
}

/// A [`State`] that every thread may change.
pub(super) struct Word(AtomicU64);

impl Word {
    pub(super) fn new(state: State) -> Self {
        Self(AtomicU64::new(state.pack()))
    }

    pub(super) fn load(&self) -> State {
        State::unpack(self.0.load(Ordering::Acquire))
    }

    /// Makes one transition of a pending verification. `act` is asked again when another thread was
    /// faster; what it returns has become the state, by this thread alone.
    ///
    /// # Errors
    ///
    /// The final state, when it is final already.
    pub(super) fn change(&self, mut act: impl FnMut(State) -> State) -> Result<State, State> {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let state = State::unpack(word);
            if state.status != Status::Pending {
                return Err(state);
            }
            let next = act(state);
            match self.0.compare_exchange_weak(
                word,
                next.pack(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok(next),
                Err(found) => word = found,
            }
        }
    }
}

/// 48 bits: nine years.
const MICROS_MAX: u64 = (1 << 48) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_its_word() {
        for status in Status::ALL {
            for reason in Reason::ALL.map(Some).into_iter().chain([None]) {
                let state = State {
                    status,
                    reason,
                    attempts_left: 10,
                    calls: 10,
                    is_matched: true,
                    ended_after: Duration::from_micros(MICROS_MAX),
                };
                assert_eq!(State::unpack(state.pack()), state);
                let state = State {
                    attempts_left: 0,
                    calls: 1,
                    is_matched: false,
                    ended_after: Duration::ZERO,
                    ..state
                };
                assert_eq!(State::unpack(state.pack()), state);
            }
        }
    }

    /// A million of them are pending at once: what a missed call needs is kept elsewhere.
    #[test]
    fn a_verification_by_flash_call_is_no_larger_than_it_was_alone() {
        assert!(size_of::<Entry>() <= 144, "{}", size_of::<Entry>());
        assert!(size_of::<Placed>() <= 64, "{}", size_of::<Placed>());
    }

    #[test]
    fn a_final_state_never_changes() {
        let word = Word::new(State::new(3, 1));
        let end =
            |status, reason| word.change(|state| state.end(status, reason, Duration::from_secs(1)));
        let expired = end(Status::Expired, Reason::Deadline).unwrap();
        assert_eq!(end(Status::Verified, Reason::CodeMatched), Err(expired));
        assert_eq!(word.load(), expired);
    }
}
