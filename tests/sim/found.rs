//! What is read back of a journal beside what its daemon reads: events, messages, replies.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ringproof::control::{Answer, KeptReply};
use ringproof::store::{ReadError, Record};
use ringproof::verify::id::{CallId, VerificationId};

use crate::broken::Broken;
use crate::checks::journal::Written;
use crate::disk::Begun;
use crate::machine::broken;
use crate::notebook;

/// What is read back beside what the daemon reads.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) events: Vec<Written>,
    pub(crate) messages: BTreeMap<u64, Vec<Box<[u8]>>>,
    pub(crate) calls: BTreeSet<CallId>,
    pub(crate) in_flight: Vec<CallId>,
}

impl Found {
    pub(crate) fn take(&mut self, record: Record) {
        match record {
            Record::Call(call) => drop(self.calls.insert(call.id)),
            Record::Event(event) => self.events.push(Written {
                sequence: event.sequence,
                is_wanted: notebook::is_wanted(&event.name),
                body: event.body.0,
            }),
            Record::InFlight(call) => self.in_flight.push(call.call),
            Record::Webhook(message) => {
                self.messages.entry(message.sequence).or_default().push(message.body.0);
            }
            Record::Attempt(_)
            | Record::Final(_)
            | Record::Idempotency(_)
            | Record::Lease(_)
            | Record::MissedCall(_)
            | Record::Pause(_)
            | Record::Secret(_)
            | Record::Verification(_) => {}
        }
    }
}

/// The reply to a start: its key is the visit's, its body the verification's name.
pub(crate) fn reply(begun: &Begun, now: Instant) -> KeptReply {
    let ticket = begun.visit as u64;
    let mut owner = [0; 32];
    owner[..8].copy_from_slice(&ticket.to_be_bytes());
    let body = begun.id.0.to_be_bytes().to_vec().into();
    let answer = Answer::Reply { status: 201, headers: vec![], body };
    KeptReply { ticket, owner, request: owner, answer, expires: now + KEPT }
}

/// What such a reply says.
pub(crate) fn replied(kept: &KeptReply) -> Option<(usize, VerificationId)> {
    let Answer::Reply { body, .. } = &kept.answer else { return None };
    let id = u128::from_be_bytes(body.as_ref().try_into().ok()?);
    Some((kept.ticket as usize, VerificationId(id)))
}

pub(crate) fn unreadable(error: ReadError) -> Broken {
    broken(format!("the journal cannot be read: {error}"))
}

/// For how long a reply can be had again.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
