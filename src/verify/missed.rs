//! Missed calls: what a shard asks and tells of people who ring one of our numbers.
//!
//! A call and a start can come at the same moment, in either order. Each first leaves a word (the start
//! in `waiting`, the call in `recent`) and then looks for the other's, with a fence between the two: so
//! at least one of them finds the other, and what both find is settled once.

pub(super) mod history;
pub(super) mod recent;
pub(super) mod record;
pub(super) mod throttle;
pub(super) mod waiting;

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use self::recent::Remembered;
use self::record::{Fate, MissedCallRecord};
use super::census::DidState;
use super::entry::{Entry, State};
use super::event::{Event, Told};
use super::id::{CallId, VerificationId};
use super::note::Note;
use super::service::Verify;
use super::snapshot::{Reason, Status};
use super::story::Fact;
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::ladder::Course;
use crate::number::E164;

/// One of our dedicated inbound numbers: its place in [`Settings::dids`](super::Settings::dids).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DidId(pub u16);

/// A call to one of our numbers that is over and was not answered.
#[derive(Clone, Debug)]
pub struct MissedCall {
    /// The number that was rung.
    pub did: DidId,
    /// Who rang, or why nobody knows.
    pub caller: Result<E164, Unknown>,
    /// Where that was read; `None` when none of the fields that count was there.
    pub header: Option<IdentityHeader>,
    /// Another field names another number.
    pub is_disputed: bool,
    /// The call came by way of another phone.
    pub is_forwarded: bool,
    /// How well it is proven that the trunk placed this call: [`Assurance::ReturnRouted`], or
    /// [`Assurance::None`] when nothing came back.
    pub assurance: Assurance,
    /// The index of the trunk that it came from.
    pub trunk: u16,
    /// The Call-ID, for whoever looks for the call in other logs: printable ASCII, cut where it is long.
    pub sip_call_id: Box<str>,
    /// The final status code that the caller got.
    pub sip_code: u16,
    /// Its messages.
    pub course: Course,
    /// When the INVITE came.
    pub received: Instant,
}

/// What a missed call did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// A verification waited for it, and wants the caller to be called back: call
    /// [`Verify::challenge`] at this moment.
    Challenge {
        /// Which verification.
        verification: VerificationId,
        /// Not before: the phone must have hung up.
        at: Instant,
    },
    /// No verification waited for it.
    Nothing,
    /// It verified this verification.
    Verified(VerificationId),
}

/// What a verification made of a call that was offered to it.
pub(super) enum Offer {
    /// It has a call already.
    Has,
    /// It is final, or the call came too long before it.
    Over,
    /// It took it.
    Took(Settled),
}

impl Verify {
    /// Whether a verification waits for a call from `caller` to `did`. Lock-free: it is asked before
    /// any state is made for an INVITE.
    pub fn awaits(&self, did: DidId, caller: E164) -> bool {
        self.waiting.is(did, caller, |entry| entry.word.load().status == Status::Pending)
    }

    /// A call to one of our numbers is over. Settles the verification that waited for it, exactly once
    /// whatever happens at the same moment; else remembers the call for one that is yet to be started.
    pub fn on_missed_call(&self, call: MissedCall, now: Instant) -> Settled {
        let did = call.did;
        // Of the shard's table of our numbers, which is made from the same configuration.
        let Some(number) = self.waiting.number(did) else { return Settled::Nothing };
        let received_at = self.wall.at(call.received);
        let id = CallId::new(received_at, &self.entropy);
        let record = MissedCallRecord::new(call, number, (id, received_at), now);
        match self.weigh(&record) {
            Ok(caller) => self.on_proven(did, caller, record, now),
            Err(fate) => {
                self.tell_call(record, fate, now);
                Settled::Nothing
            }
        }
    }

    /// The calls from `caller`, to `did` or to any of our numbers, that came within `within` and that no
    /// verification has: latest first. `None`: as long ago as calls are remembered.
    pub fn missed_calls(
        &self,
        caller: E164,
        did: Option<E164>,
        within: Option<Duration>,
        now: Instant,
    ) -> Vec<Arc<MissedCallRecord>> {
        let within = within.unwrap_or(self.settings.missed_calls.recent_window);
        let found = self.recent.look(caller, did, within, now);
        found.into_iter().map(|call| Arc::clone(&call.record)).collect()
    }

    /// A missed call that is over: the one that a verification has, for as long as the verification is
    /// known; of the others the latest few thousand that listeners were told of.
    pub fn missed_call(&self, id: CallId) -> Option<Arc<MissedCallRecord>> {
        let entry = self.table.get_by_call(id);
        let its_own = entry.and_then(|entry| entry.missed()?.call.load_full());
        its_own.filter(|call| call.id == id).or_else(|| self.history.find(id))
    }

    /// Every number that people ring, in the configuration's order.
    pub fn dids(&self) -> Vec<DidState> {
        self.waiting.states()
    }

    /// Who has rung, when that counts; what becomes of the call when it does not.
    fn weigh(&self, record: &MissedCallRecord) -> Result<E164, Fate> {
        let accepts_forwarded = self.settings.missed_calls.are_forwarded_accepted;
        match record.caller {
            _ if record.assurance < Assurance::ReturnRouted => Err(Fate::Unproven),
            Err(_) => Err(Fate::UnknownCaller),
            Ok(_) if record.is_forwarded && !accepts_forwarded => Err(Fate::Forwarded),
            Ok(caller) => Ok(caller),
        }
    }

    /// A call that is proven to be from this caller, and counts.
    fn on_proven(
        &self,
        did: DidId,
        caller: E164,
        record: MissedCallRecord,
        now: Instant,
    ) -> Settled {
        let waiting = self.waiting.get(did, caller);
        let record = match waiting {
            None => record,
            Some(entry) => {
                let fate = Fate::Matched(entry.id);
                let record = Arc::new(MissedCallRecord { fate, ..record });
                match self.offer(&entry, &record, now) {
                    Offer::Has => {
                        self.tell_call((*record).clone(), Fate::Repeated(entry.id), now);
                        return Settled::Nothing;
                    }
                    Offer::Over => (*record).clone(),
                    Offer::Took(settled) => return settled,
                }
            }
        };
        if !self.recent.is_used() {
            self.tell_call(record, Fate::Unmatched, now);
            return Settled::Nothing;
        }
        let record = self.tell_call(record, Fate::Remembered, now);
        let call = Remembered::new(record, caller);
        self.recent.insert(&call, now);
        fence(Ordering::SeqCst);
        // A verification that began to wait between the look and the insertion.
        let Some(entry) = self.waiting.get(did, caller).filter(|_| call.take()) else {
            return Settled::Nothing;
        };
        self.use_recent(&entry, &call, now).unwrap_or(Settled::Nothing)
    }

    /// Offers a call that this thread has reserved to a verification.
    pub(super) fn use_recent(
        &self,
        entry: &Arc<Entry>,
        call: &Arc<Remembered>,
        now: Instant,
    ) -> Option<Settled> {
        match self.offer(entry, &call.record, now) {
            Offer::Has | Offer::Over => {
                call.give_back();
                None
            }
            Offer::Took(settled) => {
                self.recent.remove(call);
                Some(settled)
            }
        }
    }

    /// Offers a call to a verification. First the evidence is put in its place, by one thread, then the
    /// word says that it counts: who reads the word finds the evidence.
    fn offer(&self, entry: &Arc<Entry>, record: &Arc<MissedCallRecord>, now: Instant) -> Offer {
        let Some(missed) = entry.missed() else { return Offer::Over };
        self.expire_if_due(entry, now);
        // One that rang already when the verification was started came before it.
        let is_accepted = missed.accepts(entry.created.saturating_duration_since(record.received));
        if entry.word.load().status != Status::Pending || !is_accepted {
            return Offer::Over;
        }
        let before = missed.call.compare_and_swap(&None::<Arc<_>>, Some(Arc::clone(record)));
        if before.is_some() {
            return Offer::Has;
        }
        let is_enough = missed.confirm.is_none();
        // Before the word: who reads there that it came finds it.
        self.table.insert_call(record.id, entry);
        let matched = entry.word.change(|state| {
            let state = State { is_matched: true, ..state };
            let end = (Status::Verified, Reason::MissedCallMatched);
            if is_enough { state.end(end.0, end.1, entry.age(now)) } else { state }
        });
        match matched {
            Err(_) => {
                self.table.remove_call(record.id);
                Offer::Over
            }
            Ok(state) if is_enough => {
                self.on_final(entry, state);
                Offer::Took(Settled::Verified(entry.id))
            }
            Ok(_) => {
                // One that came before is told with whatever is told next; what is kept is told now.
                if self.is_kept || record.fate != Fate::Remembered {
                    self.tell(entry, Fact::Matched);
                }
                let at = (record.over + self.settings.missed_calls.confirm_after).max(now);
                Offer::Took(Settled::Challenge { verification: entry.id, at })
            }
        }
    }

    /// Tells of a call that no verification tells of.
    pub(super) fn tell_call(
        &self,
        record: MissedCallRecord,
        fate: Fate,
        now: Instant,
    ) -> Arc<MissedCallRecord> {
        let record = Arc::new(MissedCallRecord { fate, ..record });
        if fate != Fate::Unproven || self.throttle.admits(self.epoch.now(now)) {
            self.history.push(&record);
            let is_kept = fate == Fate::Remembered;
            let notes = is_kept.then(|| Note::MissedCall(Arc::clone(&record), None));
            let event = Some(Event::MissedCall(Arc::clone(&record)));
            self.listener.on_told(Told { event, notes: notes.into_iter().collect(), mark: None });
        }
        record
    }
}
