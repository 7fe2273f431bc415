//! One verification in the table: facts that never change, and everything that does change in one
//! atomic word.
//!
//! ```text
//!  63                    15 14    11 10    7 6     3 2     0
//! +------------------------+--------+-------+-------+-------+
//! | µs from start to end   | calls  | left  | reason| status|
//! +------------------------+--------+-------+-------+-------+
//! ```
//!
//! Invariant: a word whose status is final never changes again. A transition is one
//! compare-and-swap, so whatever runs in parallel, the first final state wins, is won by one thread,
//! and no attempt is counted twice or forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::id::VerificationId;
use super::placed::Placed;
use super::pool::Pool;
use super::snapshot::{Reason, Snapshot, Status};
use super::story::Story;
use crate::number::E164;
use crate::number::plan::Country;
use crate::time::Micros;

/// One verification.
pub(super) struct Entry {
    pub(super) id: VerificationId,
    pub(super) to: E164,
    pub(super) country: Country,
    pub(super) pool: u16,
    pub(super) ring: Option<Duration>,
    pub(super) client_ref: Option<Arc<str>>,
    pub(super) created: Instant,
    pub(super) created_at: Micros,
    pub(super) expires: Instant,
    pub(super) word: Word,
    /// What listeners were told of it.
    pub(super) story: Story,
    /// The latest call, and through it the earlier ones. The word says how many of them count.
    pub(super) placed: ArcSwap<Placed>,
    /// Its place in the ring of ended ones.
    pub(super) slot: AtomicU32,
    pub(super) is_forgotten: AtomicBool,
}

impl Entry {
    /// The call that counts in this state. Another thread may be about to add or to take back one.
    pub(super) fn current(&self, state: State) -> Arc<Placed> {
        let placed = self.placed.load_full();
        // The first call is in every chain, and a state counts at least one.
        placed.nth(placed.ordinal.min(state.calls)).unwrap_or(placed)
    }

    /// When it ended on the monotonic clock.
    pub(super) fn ended(&self, state: State) -> Instant {
        self.created + state.ended_after
    }

    /// Since its start, for a final state at `now`.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.created)
    }

    /// What the control API shows. The call is looked at after the word was: a call whose end ended
    /// the verification has ended.
    pub(super) fn snapshot(&self, state: State, pool: &Pool, calls: u8) -> Snapshot {
        let current = self.current(state);
        let is_final = state.status != Status::Pending;
        let after = |time: Duration| Micros(self.created_at.0 + time.as_micros() as u64);
        Snapshot {
            id: self.id,
            to: self.to,
            status: state.status,
            reason: state.reason,
            created_at: self.created_at,
            expires_at: after(self.expires.saturating_duration_since(self.created)),
            ended_at: is_final.then(|| after(state.ended_after)),
            attempts_left: state.attempts_left,
            calls_left: calls.saturating_sub(state.calls),
            client_ref: self.client_ref.clone(),
            pool: Arc::clone(&pool.name),
            caller_id_prefix: pool.prefix.clone(),
            code_space: current.usable,
            latest: current.record.facts(),
            calls: current.records(),
        }
    }
}

/// All that changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct State {
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) attempts_left: u8,
    /// Calls that were placed.
    pub(super) calls: u8,
    /// From start to end; zero while pending.
    pub(super) ended_after: Duration,
}

impl State {
    /// A verification whose first call is being placed.
    pub(super) fn new(attempts: u8) -> Self {
        Self {
            status: Status::Pending,
            reason: None,
            attempts_left: attempts,
            calls: 1,
            ended_after: Duration::ZERO,
        }
    }

    /// The same with its end.
    pub(super) fn end(self, status: Status, reason: Reason, after: Duration) -> Self {
        Self { status, reason: Some(reason), ended_after: after, ..self }
    }

    fn pack(self) -> u64 {
        let micros = u64::try_from(self.ended_after.as_micros()).unwrap_or(MICROS_MAX);
        micros.min(MICROS_MAX) << 15
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
            ended_after: Duration::from_micros(word >> 15),
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

/// 49 bits: 17 years.
const MICROS_MAX: u64 = (1 << 49) - 1;

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
                    ended_after: Duration::from_micros(MICROS_MAX),
                };
                assert_eq!(State::unpack(state.pack()), state);
                let state =
                    State { attempts_left: 0, calls: 1, ended_after: Duration::ZERO, ..state };
                assert_eq!(State::unpack(state.pack()), state);
            }
        }
    }

    #[test]
    fn a_final_state_never_changes() {
        let word = Word::new(State::new(3));
        let end =
            |status, reason| word.change(|state| state.end(status, reason, Duration::from_secs(1)));
        let expired = end(Status::Expired, Reason::Deadline).unwrap();
        assert_eq!(end(Status::Verified, Reason::CodeMatched), Err(expired));
        assert_eq!(word.load(), expired);
    }
}
