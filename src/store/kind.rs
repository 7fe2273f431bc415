//! The kinds of records, and what names one of each.

use crate::verify::id::{CallId, VerificationId};

/// A kind of record. Each has a table of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Wrong codes.
    Attempt,
    /// Calls.
    Call,
    /// The event log.
    Event,
    /// Ends of verifications.
    Final,
    /// Replies to requests with a key.
    Idempotency,
    /// Calls that may ring.
    InFlight,
    /// What calls and starts count for.
    Lease,
    /// Missed calls.
    MissedCall,
    /// Endpoints of webhooks that asked to be left alone.
    Pause,
    /// Keys.
    Secret,
    /// Verifications.
    Verification,
    /// The webhook outbox.
    Webhook,
}

/// What names one record.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// The wrong code of a verification that left so many attempts.
    Attempt(VerificationId, u8),
    /// Of a call.
    Call(CallId),
    /// Of an event.
    Event(u64),
    /// Of the end of a verification.
    Final(VerificationId),
    /// The place of a request among those with a key.
    Idempotency(u64),
    /// Of a call that may ring.
    InFlight(CallId),
    /// Of a call, or of a verification that was started without one.
    Lease(u128),
    /// Of a missed call.
    MissedCall(u128),
    /// The name of an endpoint.
    Pause(Box<str>),
    /// Of a key that outlives the process.
    Secret(Box<str>),
    /// Of a verification.
    Verification(VerificationId),
    /// Of a message to an endpoint.
    Webhook(u128),
}

impl Kind {
    /// Every kind, in the order of the declaration.
    pub const ALL: [Self; 12] = [
        Self::Attempt,
        Self::Call,
        Self::Event,
        Self::Final,
        Self::Idempotency,
        Self::InFlight,
        Self::Lease,
        Self::MissedCall,
        Self::Pause,
        Self::Secret,
        Self::Verification,
        Self::Webhook,
    ];

    /// The name of its table, which is part of the file's format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Call => "call",
            Self::Event => "event",
            Self::Final => "final",
            Self::Idempotency => "idempotency",
            Self::InFlight => "in_flight",
            Self::Lease => "lease",
            Self::MissedCall => "missed_call",
            Self::Pause => "pause",
            Self::Secret => "secret",
            Self::Verification => "verification",
            Self::Webhook => "webhook",
        }
    }
}

impl Key {
    /// The kind of record that it names.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Attempt(..) => Kind::Attempt,
            Self::Call(_) => Kind::Call,
            Self::Event(_) => Kind::Event,
            Self::Final(_) => Kind::Final,
            Self::Idempotency(_) => Kind::Idempotency,
            Self::InFlight(_) => Kind::InFlight,
            Self::Lease(_) => Kind::Lease,
            Self::MissedCall(_) => Kind::MissedCall,
            Self::Pause(_) => Kind::Pause,
            Self::Secret(_) => Kind::Secret,
            Self::Verification(_) => Kind::Verification,
            Self::Webhook(_) => Kind::Webhook,
        }
    }

    /// As bytes that sort as the keys do: names and numbers in big endian, so that what is new is
    /// added at the end of its table.
    pub(super) fn to_bytes(&self) -> Box<[u8]> {
        match self {
            Self::Attempt(VerificationId(id), left) => {
                [&id.to_be_bytes()[..], &[*left]].concat().into()
            }
            Self::Call(CallId(id)) | Self::InFlight(CallId(id)) => id.to_be_bytes().into(),
            Self::Event(number) | Self::Idempotency(number) => number.to_be_bytes().into(),
            Self::Final(VerificationId(id)) | Self::Verification(VerificationId(id)) => {
                id.to_be_bytes().into()
            }
            Self::Lease(id) | Self::MissedCall(id) | Self::Webhook(id) => id.to_be_bytes().into(),
            Self::Pause(name) | Self::Secret(name) => name.as_bytes().into(),
        }
    }
}
