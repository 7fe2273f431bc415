//! What must outlive the process, as notes: each says one thing, once, so that notes of different
//! threads need no order among them. `app` writes them into the journal and reads them back.
//!
//! Deliberately absent: how they become bytes, and when. Numbers of the configuration's order (pools,
//! DIDs) are told by name.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::code::CodeHash;
use super::entry::Entry;
use super::id::{CallId, VerificationId};
use super::missed::record::MissedCallRecord;
use super::record::{CallRecord, Facts};
use super::snapshot::{Method, Reason, Status};
use super::story::Fact;
use crate::number::E164;
use crate::number::plan::Country;
use crate::time::Micros;

/// One thing to be kept.
#[derive(Clone, Debug)]
pub enum Note {
    /// A wrong code.
    Attempt(AttemptNote),
    /// A call, as far as it is known.
    Call(CallNote),
    /// The end of a verification.
    Final(FinalNote),
    /// A verification is forgotten.
    Forgotten {
        /// Its name.
        id: VerificationId,
        /// Its calls.
        calls: Vec<CallId>,
        /// The missed call that it has.
        missed: Option<CallId>,
    },
    /// A suffix was leased to a phone, or a start was counted for it.
    Lease(LeaseNote),
    /// Somebody rang one of our numbers; the verification that the call settled, if it did.
    MissedCall(Arc<MissedCallRecord>, Option<VerificationId>),
    /// A verification was started.
    Verification(Box<VerificationNote>),
}

/// What never changes of a verification.
#[derive(Clone, Debug)]
pub struct VerificationNote {
    /// Its name.
    pub id: VerificationId,
    /// The phone.
    pub to: E164,
    /// Its country.
    pub country: Country,
    /// How it is proven.
    pub method: Method,
    /// The pool that calls it.
    pub pool: Option<Arc<str>>,
    /// The number that it must ring.
    pub did: Option<E164>,
    /// How long it should ring; `None`: what the trunk's profile says.
    pub ring: Option<Duration>,
    /// Whether who rings is called back.
    pub is_confirmed: bool,
    /// How long before the start a call may have come.
    pub recent_within: Duration,
    /// Codes that may be tried.
    pub attempts: u8,
    /// The client's own word for it.
    pub client_ref: Option<Arc<str>>,
    /// Where its end is told to.
    pub callback_url: Option<Arc<str>>,
    /// When it was started, as shown.
    pub created_at: Micros,
    /// The same on the monotonic clock.
    pub created: Instant,
    /// When it expires.
    pub expires: Instant,
}

/// A call and what its code is compared with. `Debug` shows neither.
#[derive(Clone)]
pub struct CallNote {
    /// Its record, which may be further by now.
    pub record: Arc<CallRecord>,
    /// How far it is told of: no further, or what was not told would seem to have been.
    pub facts: Facts,
    /// Which call of its verification it is, from 1.
    pub ordinal: u8,
    /// The pool that its caller ID is of.
    pub pool: Arc<str>,
    /// The keyed hash of its code.
    pub code: [u8; 32],
    /// The caller ID without its last five digits.
    pub block: u64,
    /// Among how many suffixes its code was drawn.
    pub usable: u32,
}

/// A phone was called, or a start was counted for it. `Debug` does not show the suffix.
#[derive(Clone)]
pub struct LeaseNote {
    /// The call; without one the verification.
    pub id: u128,
    /// The phone.
    pub phone: E164,
    /// When.
    pub at: Instant,
    /// The last five digits of the caller ID, and its pool; `None`: a start without a call.
    pub suffix: Option<(u32, Arc<str>)>,
    /// Whether it started a verification.
    pub is_start: bool,
}

/// A wrong code, which counts for its verification and for its phone.
#[derive(Clone, Debug)]
pub struct AttemptNote {
    /// The verification.
    pub verification: VerificationId,
    /// How many codes it may still try.
    pub left: u8,
    /// The phone.
    pub phone: E164,
    /// How many wrong codes the phone has with it, over all its verifications.
    pub of_phone: u8,
    /// When.
    pub at: Instant,
}

/// How a verification ended.
#[derive(Clone, Copy, Debug)]
pub struct FinalNote {
    /// Which.
    pub id: VerificationId,
    /// Its final state.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// When, as shown.
    pub ended_at: Micros,
    /// The same on the monotonic clock.
    pub ended: Instant,
}

/// Says to a verification that something of it is on disk.
#[derive(Clone)]
pub(super) struct Mark {
    pub(super) entry: Arc<Entry>,
    pub(super) what: Marked,
}

/// What is on disk.
#[derive(Clone, Copy)]
pub(super) enum Marked {
    /// A wrong code that left so many attempts.
    Attempt { left: u8 },
    /// So many of the facts that were said.
    Said(u8),
}

impl Mark {
    pub(super) fn set(&self) {
        match self.what {
            Marked::Attempt { left } => self.entry.on_attempt_saved(left),
            Marked::Said(count) => self.entry.story.on_saved(count),
        }
    }
}

impl Entry {
    /// Whether everything that this state shows is on disk.
    pub(super) fn is_saved(&self, state: super::entry::State) -> bool {
        let is = |fact| self.story.is_saved(fact);
        let is_over = state.status != Status::Pending;
        !self.story.is_held()
            && (!is_over || is(Fact::VerificationEnded))
            && (!state.is_matched || is(Fact::Matched))
            && (state.calls == 0 || is(Fact::CallPlaced(state.calls)) || self.has_taken_back(state))
            && self.has_saved_attempts(state.attempts_left)
    }

    /// Whether the latest call of this state never was: no shard had room for it, and nobody will
    /// ever say that it was placed.
    fn has_taken_back(&self, state: super::entry::State) -> bool {
        self.word.load().calls < state.calls
    }

    /// Whether it is on disk how far the latest call has got.
    pub(super) fn has_saved(&self, call: &Facts) -> bool {
        let ordinal = self.latest().map_or(0, |placed| placed.ordinal);
        let is = |fact| self.story.is_saved(fact);
        let has_ended = is(Fact::CallEnded(ordinal));
        match (call.ending, call.moments.ringing) {
            (Some(_), _) => has_ended,
            (None, Some(_)) => has_ended || is(Fact::CallRinging(ordinal)),
            (None, None) => true,
        }
    }
}

impl CallNote {
    pub(super) fn new(placed: &super::placed::Placed, facts: Facts, pool: &Arc<str>) -> Self {
        Self {
            record: Arc::clone(&placed.record),
            facts,
            ordinal: placed.ordinal,
            pool: Arc::clone(pool),
            code: placed.code.to_bytes(),
            block: placed.block,
            usable: placed.usable,
        }
    }

    pub(super) fn code(&self) -> CodeHash {
        CodeHash::from_bytes(self.code)
    }
}

impl fmt::Debug for CallNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallNote").field("id", &self.record.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for LeaseNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseNote").field("phone", &self.phone).finish_non_exhaustive()
    }
}
