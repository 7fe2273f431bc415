//! Notes as records.

use std::sync::Arc;
use std::time::Duration;

use crate::gateway::inflight::InFlight;
use crate::store::clock::JournalClock;
use crate::store::record::{self, Attempt, Call, Final, Lease, MissedCall, Verification};
use crate::store::{Batch, Hidden, Key};
use crate::verify::MissedCallRecord;
use crate::verify::TrunkNames;
use crate::verify::id::VerificationId;
use crate::verify::note::{AttemptNote, CallNote, FinalNote, LeaseNote, Note, VerificationNote};
use crate::verify::record::{Facts, Moments};

/// What turns instants and indices into what the journal keeps.
#[derive(Clone)]
pub(super) struct Pen {
    pub(super) clock: JournalClock,
    pub(super) trunks: TrunkNames,
}

impl Pen {
    /// Adds a note to a batch.
    pub(super) fn write(&self, note: &Note, batch: &mut Batch) {
        match note {
            Note::Attempt(attempt) => batch.put(self.attempt(attempt)),
            Note::Call(call) => batch.put(self.call(call)),
            Note::Final(end) => batch.put(self.end(end)),
            Note::Forgotten { id, calls, missed } => {
                for call in calls {
                    batch.delete(&Key::Call(*call));
                }
                if let Some(missed) = missed {
                    batch.delete(&Key::MissedCall(missed.0));
                }
                batch.delete(&Key::Verification(*id)).delete(&Key::Final(*id))
            }
            Note::Lease(lease) => batch.put(self.lease(lease)),
            Note::MissedCall(call, settled) => batch.put(self.missed_call(call, *settled)),
            Note::Verification(start) => batch.put(self.verification(start)),
        };
    }

    fn attempt(&self, note: &AttemptNote) -> Attempt {
        let AttemptNote { verification, left, phone, of_phone, at } = *note;
        Attempt { verification, left, phone, of_phone, at: self.clock.at(at) }
    }

    /// A call as far as it is told of.
    pub(super) fn call(&self, note: &CallNote) -> Call {
        let (record, facts) = (&note.record, note.facts);
        Call {
            id: record.id,
            verification: record.verification,
            ordinal: note.ordinal,
            pool: (*note.pool).into(),
            block: Hidden(note.block),
            code: Hidden(note.code),
            usable: note.usable,
            placed_at: record.placed_at,
            placed: self.clock.at(record.placed),
            trunk: facts.trunk.and_then(|trunk| self.trunks.get(trunk)).map(|name| (*name).into()),
            ring_planned_ms: record.planned_ring().map(millis),
            moments: moments(&facts),
            outcome: facts.ending.map(|ending| ending.outcome),
            by: facts.ending.map(|ending| ending.by),
            sip_code: facts.ending.and_then(|ending| ending.sip_code),
            q850_cause: facts.ending.and_then(|ending| ending.q850_cause),
        }
    }

    fn end(&self, note: &FinalNote) -> Final {
        let FinalNote { id, status, reason, ended_at, ended } = *note;
        Final { id, status, reason: Some(reason), ended_at, ended: self.clock.at(ended) }
    }

    fn lease(&self, note: &LeaseNote) -> Lease {
        Lease {
            id: note.id,
            phone: note.phone,
            at: self.clock.at(note.at),
            suffix: note.suffix.as_ref().map(|(suffix, _)| Hidden(*suffix)),
            pool: note.suffix.as_ref().map(|(_, pool)| (**pool).into()),
            is_start: note.is_start,
        }
    }

    fn missed_call(&self, call: &MissedCallRecord, settled: Option<VerificationId>) -> MissedCall {
        MissedCall {
            id: call.id.0,
            did: call.did,
            caller: call.caller,
            header: call.header,
            is_disputed: call.is_disputed,
            is_forwarded: call.is_forwarded,
            assurance: call.assurance,
            trunk: (*self.trunks.get(call.trunk).unwrap_or_default()).into(),
            sip_call_id: call.sip_call_id.clone(),
            sip_code: call.sip_code,
            received_at: call.received_at,
            received: self.clock.at(call.received),
            over: self.clock.at(call.over),
            settled,
        }
    }

    fn verification(&self, note: &VerificationNote) -> Verification {
        let text = |text: &Option<Arc<str>>| text.as_deref().map(Box::from);
        Verification {
            id: note.id,
            to: note.to,
            country: note.country.as_str().into(),
            method: note.method,
            pool: text(&note.pool),
            did: note.did,
            ring_ms: note.ring.map(millis),
            confirm: note.is_confirmed,
            recent_within_ms: Some(millis(note.recent_within)),
            attempts: note.attempts,
            client_ref: text(&note.client_ref),
            callback_url: text(&note.callback_url),
            created_at: note.created_at,
            created: self.clock.at(note.created),
            expires: self.clock.at(note.expires),
        }
    }

    /// A call that may ring.
    pub(super) fn in_flight(&self, call: InFlight) -> record::InFlight {
        record::InFlight {
            call: call.call,
            verification: call.verification,
            trunk: (*call.trunk).into(),
            remote: call.remote,
            local: call.local,
            invite: Hidden(call.invite),
            invited: self.clock.at(call.invited),
        }
    }
}

/// Says of a call that its INVITE is about to leave through a trunk, so long after it was placed.
pub(super) fn set_invited(call: &mut Call, trunk: Box<str>, after: Duration) {
    // After a failover that of the last INVITE, until the call's end tells of the first.
    call.trunk = Some(trunk);
    call.moments = vec![Some(micros(after))];
}

/// The moments of a call, without the empty end.
fn moments(facts: &Facts) -> Vec<Option<u32>> {
    let Moments { invited, answered_first, ringing, hung_up, ended } = facts.moments;
    let all = [invited, answered_first, ringing, hung_up, ended];
    let count = all.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    all[..count].iter().map(|moment| moment.map(micros)).collect()
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
