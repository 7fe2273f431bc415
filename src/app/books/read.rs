//! Records as notes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::gateway::inflight::InFlight;
use crate::ladder::Course;
use crate::store::Record;
use crate::store::clock::JournalClock;
use crate::store::record::{self, Attempt, Call, Final, Lease, MissedCall, Verification};
use crate::verify::id::CallId;
use crate::verify::note::{AttemptNote, CallNote, FinalNote, LeaseNote, Note, VerificationNote};
use crate::verify::record::{CallRecord, Ending, Facts, Moments};
use crate::verify::{Fate, MissedCallRecord, TrunkNames};

/// What turns what the journal keeps into instants and indices.
pub(super) struct Eye {
    pub(super) clock: JournalClock,
    pub(super) trunks: TrunkNames,
    pub(super) now: Instant,
}

impl Eye {
    /// The note of a record; `None` when it is of another room.
    pub(super) fn read(&self, record: Record) -> Option<Note> {
        match record {
            Record::Attempt(attempt) => Some(Note::Attempt(self.attempt(&attempt))),
            Record::Call(call) => Some(Note::Call(self.call(&call))),
            Record::Final(end) => self.end(&end).map(Note::Final),
            Record::Lease(lease) => Some(Note::Lease(self.lease(lease))),
            Record::MissedCall(call) => {
                let settled = call.settled;
                Some(Note::MissedCall(Arc::new(self.missed_call(call)), settled))
            }
            Record::Verification(start) => {
                self.verification(start).map(|start| Note::Verification(Box::new(start)))
            }
            Record::Event(_)
            | Record::Idempotency(_)
            | Record::InFlight(_)
            | Record::Pause(_)
            | Record::Secret(_)
            | Record::Webhook(_) => None,
        }
    }

    fn attempt(&self, record: &Attempt) -> AttemptNote {
        let Attempt { verification, left, phone, of_phone, at } = *record;
        AttemptNote { verification, left, phone, of_phone, at: self.clock.instant(at) }
    }

    fn call(&self, record: &Call) -> CallNote {
        let placed = (self.clock.instant(record.placed), record.placed_at);
        let facts = self.facts(record);
        let ring = record.ring_planned_ms.map(|millis| Duration::from_millis(millis.into()));
        let call = CallRecord::restored(record.id, record.verification, placed, &facts, ring);
        CallNote {
            record: Arc::new(call),
            facts,
            ordinal: record.ordinal,
            pool: (*record.pool).into(),
            code: record.code.0,
            block: record.block.0,
            usable: record.usable,
        }
    }

    fn facts(&self, record: &Call) -> Facts {
        let moment = |place: usize| {
            let micros = record.moments.get(place).copied().flatten()?;
            Some(Duration::from_micros(micros.into()))
        };
        let ending = record.outcome.zip(record.by).map(|(outcome, by)| Ending {
            outcome,
            by,
            sip_code: record.sip_code,
            q850_cause: record.q850_cause,
        });
        Facts {
            moments: Moments {
                invited: moment(0),
                answered_first: moment(1),
                ringing: moment(2),
                hung_up: moment(3),
                ended: moment(4),
            },
            ending,
            trunk: record.trunk.as_deref().and_then(|name| self.trunk(name)),
        }
    }

    /// The index of a trunk; `None` when the configuration has it no more.
    fn trunk(&self, name: &str) -> Option<u16> {
        let place = self.trunks.all().iter().position(|known| **known == *name)?;
        u16::try_from(place).ok()
    }

    fn end(&self, record: &Final) -> Option<FinalNote> {
        let Final { id, status, ended_at, ended, .. } = *record;
        let reason = record.reason?;
        Some(FinalNote { id, status, reason, ended_at, ended: self.clock.instant(ended) })
    }

    fn lease(&self, record: Lease) -> LeaseNote {
        let suffix = record.suffix.zip(record.pool);
        LeaseNote {
            id: record.id,
            phone: record.phone,
            at: self.clock.instant(record.at),
            suffix: suffix.map(|(suffix, pool)| (suffix.0, Arc::from(pool))),
            is_start: record.is_start,
        }
    }

    fn missed_call(&self, record: MissedCall) -> MissedCallRecord {
        MissedCallRecord {
            id: CallId(record.id),
            did: record.did,
            caller: record.caller,
            header: record.header,
            is_disputed: record.is_disputed,
            is_forwarded: record.is_forwarded,
            assurance: record.assurance,
            trunk: self.trunk(&record.trunk).unwrap_or(u16::MAX),
            sip_call_id: record.sip_call_id,
            sip_code: record.sip_code,
            // Messages are not kept.
            course: Course::default(),
            received_at: record.received_at,
            received: self.clock.instant(record.received),
            over: self.clock.instant(record.over),
            fate: record.settled.map_or(Fate::Remembered, Fate::Matched),
        }
    }

    fn verification(&self, record: Verification) -> Option<VerificationNote> {
        let created = self.clock.instant(record.created);
        let lifetime = record.expires.since(record.created);
        let expires = match self.clock.deadline(record.expires, lifetime, self.now) {
            // It is over: it says when that was.
            over if over <= self.now => self.clock.instant(record.expires),
            later => later,
        };
        Some(VerificationNote {
            id: record.id,
            to: record.to,
            country: record.country.parse().ok()?,
            method: record.method,
            pool: record.pool.map(Arc::from),
            did: record.did,
            ring: record.ring_ms.map(|millis| Duration::from_millis(millis.into())),
            is_confirmed: record.confirm,
            recent_within: Duration::from_millis(record.recent_within_ms.unwrap_or(0).into()),
            attempts: record.attempts,
            client_ref: record.client_ref.map(Arc::from),
            callback_url: record.callback_url.map(Arc::from),
            created_at: record.created_at,
            created,
            expires,
        })
    }

    /// A call that may ring.
    pub(super) fn in_flight(&self, record: record::InFlight) -> InFlight {
        InFlight {
            call: record.call,
            verification: record.verification,
            trunk: Arc::from(record.trunk),
            remote: record.remote,
            local: record.local,
            invite: record.invite.0,
            invited: self.clock.instant(record.invited),
        }
    }
}
