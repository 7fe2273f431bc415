//! The kinds of records, and what names one of each.

use crate::number::E164;
use crate::verify::id::{CallId, VerificationId};

/// A kind of record. Each has a table of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Starts for each block of numbers.
    Block,
    /// Calls.
    Call,
    /// The event log.
    Event,
    /// Replies to requests with a key.
    Idempotency,
    /// Calls that may ring.
    InFlight,
    /// Missed calls.
    MissedCall,
    /// Phones.
    Phone,
    /// Keys.
    Secret,
    /// Where verifications stand.
    Standing,
    /// Verifications.
    Verification,
    /// The webhook outbox.
    Webhook,
}

/// What names one record.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// A number of the block without its last four digits.
    Block(u64),
    /// Of a call.
    Call(CallId),
    /// Of an event.
    Event(u64),
    /// Scope and key of a request.
    Idempotency(Box<str>, Box<str>),
    /// Of a call that may ring.
    InFlight(CallId),
    /// Of a missed call.
    MissedCall(u128),
    /// Of a phone.
    Phone(E164),
    /// Of a key that outlives the process.
    Secret(Box<str>),
    /// Where this verification stands.
    Standing(VerificationId),
    /// Of a verification.
    Verification(VerificationId),
    /// Of a message to an endpoint.
    Webhook(u128),
}

impl Kind {
    /// Every kind, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::Block,
        Self::Call,
        Self::Event,
        Self::Idempotency,
        Self::InFlight,
        Self::MissedCall,
        Self::Phone,
        Self::Secret,
        Self::Standing,
        Self::Verification,
        Self::Webhook,
    ];

    /// The name of its table, which is part of the file's format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Call => "call",
            Self::Event => "event",
            Self::Idempotency => "idempotency",
            Self::InFlight => "in_flight",
            Self::MissedCall => "missed_call",
            Self::Phone => "phone",
            Self::Secret => "secret",
            Self::Standing => "standing",
            Self::Verification => "verification",
            Self::Webhook => "webhook",
        }
    }
}

impl Key {
    /// The kind of record that it names.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Block(_) => Kind::Block,
            Self::Call(_) => Kind::Call,
            Self::Event(_) => Kind::Event,
            Self::Idempotency(..) => Kind::Idempotency,
            Self::InFlight(_) => Kind::InFlight,
            Self::MissedCall(_) => Kind::MissedCall,
            Self::Phone(_) => Kind::Phone,
            Self::Secret(_) => Kind::Secret,
            Self::Standing(_) => Kind::Standing,
            Self::Verification(_) => Kind::Verification,
            Self::Webhook(_) => Kind::Webhook,
        }
    }

    /// As bytes that sort as the keys do: names and numbers in big endian, so that what is new is
    /// added at the end of its table.
    pub(super) fn to_bytes(&self) -> Box<[u8]> {
        match self {
            Self::Block(number) | Self::Event(number) => number.to_be_bytes().into(),
            Self::Call(CallId(id)) | Self::InFlight(CallId(id)) => id.to_be_bytes().into(),
            Self::Idempotency(scope, key) => {
                [scope.as_bytes(), &[0], key.as_bytes()].concat().into()
            }
            Self::MissedCall(id) | Self::Webhook(id) => id.to_be_bytes().into(),
            Self::Phone(phone) => phone.as_u64().to_be_bytes().into(),
            Self::Secret(name) => name.as_bytes().into(),
            Self::Standing(VerificationId(id)) | Self::Verification(VerificationId(id)) => {
                id.to_be_bytes().into()
            }
        }
    }
}
