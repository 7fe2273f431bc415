//! The notes of a process that is gone, put together by verification.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crate::verify::entry::State;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::missed::record::MissedCallRecord;
use crate::verify::note::{AttemptNote, CallNote, FinalNote, LeaseNote, Note, VerificationNote};
use crate::verify::step::Step;
use crate::verify::story::Fact;

/// The notes of a process that is gone.
#[derive(Default)]
pub struct Past {
    pub(super) drafts: BTreeMap<VerificationId, Draft>,
    pub(super) leases: Vec<LeaseNote>,
    pub(super) attempts: Vec<AttemptNote>,
    pub(super) remembered: Vec<Arc<MissedCallRecord>>,
    pub(super) may_ring: BTreeSet<CallId>,
}

/// What is known of one verification.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) start: Option<Box<VerificationNote>>,
    pub(super) calls: Vec<CallNote>,
    pub(super) attempts_left: Option<u8>,
    pub(super) end: Option<FinalNote>,
    pub(super) missed: Option<Arc<MissedCallRecord>>,
}

impl Past {
    /// Adds a note.
    pub fn add(&mut self, note: Note) {
        match note {
            Note::Attempt(attempt) => {
                let left = &mut self.draft(attempt.verification).attempts_left;
                *left = Some(left.map_or(attempt.left, |least| least.min(attempt.left)));
                self.attempts.push(attempt);
            }
            Note::Call(call) => self.draft(call.record.verification).calls.push(call),
            Note::Final(end) => self.draft(end.id).end = Some(end),
            Note::Forgotten { id, .. } => drop(self.drafts.remove(&id)),
            Note::Lease(lease) => self.leases.push(lease),
            Note::MissedCall(call, Some(id)) => self.draft(id).missed = Some(call),
            Note::MissedCall(call, None) => self.remembered.push(call),
            Note::Verification(start) => {
                let id = start.id;
                self.draft(id).start = Some(start);
            }
        }
    }

    /// Adds what somebody else has read.
    pub fn absorb(&mut self, other: Self) {
        for (id, other) in other.drafts {
            self.draft(id).absorb(other);
        }
        self.leases.extend(other.leases);
        self.attempts.extend(other.attempts);
        self.remembered.extend(other.remembered);
        self.may_ring.extend(other.may_ring);
    }

    /// A call of which a record says that it may ring: whatever else is known of it, its INVITE may have
    /// left.
    pub fn add_in_flight(&mut self, call: CallId) {
        self.may_ring.insert(call);
    }

    pub(super) fn draft(&mut self, id: VerificationId) -> &mut Draft {
        self.drafts.entry(id).or_default()
    }

    /// When the first of what still counts for phones happened.
    pub(super) fn oldest(&self) -> Option<Instant> {
        let leases = self.leases.iter().map(|lease| lease.at);
        leases.chain(self.attempts.iter().map(|attempt| attempt.at)).min()
    }

    /// The last five digits of the calls that have no end yet.
    pub(super) fn suffixes(&self) -> BTreeMap<CallId, Option<u32>> {
        let calls = self.drafts.values().flat_map(|draft| draft.calls.iter());
        let live = calls.filter(|call| call.record.ending().is_none());
        let mut suffixes: BTreeMap<_, _> = live.map(|call| (call.record.id, None)).collect();
        for lease in &self.leases {
            if let Some(place) = suffixes.get_mut(&CallId(lease.id)) {
                *place = lease.suffix.as_ref().map(|(suffix, _)| *suffix);
            }
        }
        suffixes
    }
}

impl Draft {
    fn absorb(&mut self, other: Self) {
        self.start = self.start.take().or(other.start);
        self.calls.extend(other.calls);
        // The least that anybody was told.
        let left = self.attempts_left.into_iter().chain(other.attempts_left);
        self.attempts_left = left.min();
        self.end = self.end.take().or(other.end);
        self.missed = self.missed.take().or(other.missed);
    }

    /// Whether there is more than wrong codes.
    pub(super) fn is_litter(&self) -> bool {
        self.end.is_some() || self.missed.is_some() || !self.calls.is_empty()
    }

    /// Where it stood.
    pub(super) fn state(&self, start: &VerificationNote, step: &Step) -> State {
        let state = State {
            calls: self.calls.last().map_or(0, |call| call.ordinal),
            is_matched: self.missed.is_some(),
            ..State::new(self.attempts_left.unwrap_or(start.attempts), 0)
        };
        debug_assert!(step.missed().is_some() || state.calls > 0, "a start has its call");
        match self.end {
            None => state,
            Some(end) => {
                let after = end.ended.saturating_duration_since(start.created);
                state.end(end.status, end.reason, after)
            }
        }
    }

    /// What was told of it.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![Fact::Created];
        facts.extend(self.missed.as_ref().map(|_| Fact::Matched));
        for call in &self.calls {
            let facts_of = call.record.facts();
            facts.push(Fact::CallPlaced(call.ordinal));
            facts.extend(facts_of.moments.ringing.map(|_| Fact::CallRinging(call.ordinal)));
            facts.extend(facts_of.ending.map(|_| Fact::CallEnded(call.ordinal)));
        }
        facts.extend(self.end.map(|_| Fact::VerificationEnded));
        facts
    }
}
