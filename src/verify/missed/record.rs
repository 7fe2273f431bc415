//! The record of one missed call: the evidence. Made when the call is over, never changed.

use std::time::Instant;

use super::MissedCall;
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::ladder::Course;
use crate::number::E164;
use crate::time::Micros;
use crate::verify::id::{CallId, VerificationId};

/// What is known of one missed call. `Debug` masks its numbers.
#[derive(Clone, Debug)]
pub struct MissedCallRecord {
    /// The call's name.
    pub id: CallId,
    /// The number that was rung.
    pub did: E164,
    /// Who rang, or why nobody knows.
    pub caller: Result<E164, Unknown>,
    /// Where that was read; `None` when none of the fields that count was there.
    pub header: Option<IdentityHeader>,
    /// Another field names another number.
    pub is_disputed: bool,
    /// The call came by way of another phone.
    pub is_forwarded: bool,
    /// How well it is proven that the trunk placed this call.
    pub assurance: Assurance,
    /// The index of the trunk that it came from, in the configuration's order.
    pub trunk: u16,
    /// The Call-ID, for whoever looks for the call in other logs.
    pub sip_call_id: Box<str>,
    /// The final status code that the caller got.
    pub sip_code: u16,
    /// Its messages.
    pub course: Course,
    /// When the INVITE came.
    pub received_at: Micros,
    /// The same moment on the monotonic clock.
    pub received: Instant,
    /// When it was over, on the monotonic clock.
    pub over: Instant,
    /// What became of it then.
    pub fate: Fate,
}

/// What became of a missed call when it was over. A closed set: it is also a word of the API and a
/// metric label.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It came by way of another phone, and the configuration does not accept that.
    Forwarded,
    /// A verification waited for it, and has it as its evidence.
    Matched(VerificationId),
    /// No verification waited for it: it is remembered for one that is yet to be started.
    Remembered,
    /// The verification that waits for it has a call already.
    Repeated(VerificationId),
    /// Nobody knows who rang.
    UnknownCaller,
    /// No verification waited for it, and none is remembered.
    Unmatched,
    /// Nothing proves that the trunk placed it.
    Unproven,
}

impl MissedCallRecord {
    pub(super) fn new(
        call: MissedCall,
        did: E164,
        (id, received_at): (CallId, Micros),
        over: Instant,
    ) -> Self {
        Self {
            id,
            did,
            caller: call.caller,
            header: call.header,
            is_disputed: call.is_disputed,
            is_forwarded: call.is_forwarded,
            assurance: call.assurance,
            trunk: call.trunk,
            sip_call_id: call.sip_call_id,
            sip_code: call.sip_code,
            course: call.course,
            received_at,
            received: call.received,
            over,
            fate: Fate::Unmatched,
        }
    }
}

impl Fate {
    /// Every word.
    pub const WORDS: [&str; 7] = [
        "forwarded",
        "matched",
        "remembered",
        "repeated",
        "unknown_caller",
        "unmatched",
        "unproven",
    ];

    /// The word of the API and of the metrics.
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self.index()]
    }

    /// Its place among [`WORDS`](Self::WORDS).
    pub fn index(self) -> usize {
        match self {
            Self::Forwarded => 0,
            Self::Matched(_) => 1,
            Self::Remembered => 2,
            Self::Repeated(_) => 3,
            Self::UnknownCaller => 4,
            Self::Unmatched => 5,
            Self::Unproven => 6,
        }
    }

    /// The verification whose call it is.
    pub fn verification(self) -> Option<VerificationId> {
        match self {
            Self::Matched(id) | Self::Repeated(id) => Some(id),
            Self::Forwarded
            | Self::Remembered
            | Self::UnknownCaller
            | Self::Unmatched
            | Self::Unproven => None,
        }
    }
}
