//! What the journal holds: the records themselves, one struct for each kind, and what names them.
//!
//! A value begins with the version of its kind, so that a field may be added: the new version is
//! written, every older one stays readable for ever (`version_1.txt` holds one of each). Moments
//! that decide something are [`JournalTime`]; [`Micros`] are for people. Nothing is told by a number
//! that a configuration may shift: pools and trunks by their names, words of closed sets as text.

use std::net::SocketAddr;

use super::clock::JournalTime;
use super::field::{Field, FieldError};
use super::hidden::Hidden;
use super::kind::{Key, Kind};
use super::preamble::FORMAT;
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::time::Micros;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::snapshot::{Method, Reason, Status};

/// Declares the records: a struct for each kind, the enum of all, and how they become bytes.
macro_rules! records {
    ($(
        $(#[$docs:meta])*
        $kind:ident ($record:ident => $key:expr) {
            $($(#[$field_docs:meta])* $field:ident: $type:ty,)*
        }
    )*) => {
        $(
            $(#[$docs])*
            #[derive(Clone, Debug, Eq, PartialEq)]
            pub struct $kind {
                $($(#[$field_docs])* pub $field: $type,)*
            }

            impl From<$kind> for Record {
                fn from(record: $kind) -> Self {
                    Self::$kind(record)
                }
            }

            impl $kind {
                /// A record, if it is one of this kind.
                pub fn of(record: Record) -> Option<Self> {
                    if let Record::$kind(it) = record { Some(it) } else { None }
                }
            }
        )*

        /// A record of any kind.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum Record {
            $($(#[$docs])* $kind($kind),)*
        }

        impl Record {
            /// What names it.
            pub fn key(&self) -> Key {
                match self {
                    $(Self::$kind($record) => $key,)*
                }
            }

            /// As bytes, its version first.
            pub(super) fn write(&self, out: &mut Vec<u8>) {
                out.push(VERSION);
                match self {
                    $(Self::$kind(record) => { $(record.$field.write(out);)* })*
                }
            }

            fn read_fields(kind: Kind, bytes: &mut &[u8]) -> Result<Self, FieldError> {
                Ok(match kind {
                    $(Kind::$kind => Self::$kind($kind { $($field: Field::read(bytes)?,)* }),)*
                })
            }
        }
    };
}

records! {
    /// One wrong code.
    Attempt (it => Key::Attempt(it.verification, it.left)) {
        /// The verification that it was tried on.
        verification: VerificationId,
        /// How many codes may still be tried after it: no two wrong codes leave the same.
        left: u8,
        /// The phone: its wrong codes are counted beyond one verification.
        phone: E164,
        /// How many wrong codes the phone has with it, as those before it are swept while they count.
        of_phone: u8,
        /// When.
        at: JournalTime,
    }

    /// One call of a verification: what compares its code, and how it went.
    Call (it => Key::Call(it.id)) {
        /// Its name.
        id: CallId,
        /// What it is for.
        verification: VerificationId,
        /// Which call of its verification it is, from 1.
        ordinal: u8,
        /// The pool that its caller ID is of.
        pool: Box<str>,
        /// The caller ID without its last five digits.
        block: Hidden<u64>,
        /// The keyed hash of its code.
        code: Hidden<[u8; 32]>,
        /// Among how many suffixes its code was drawn.
        usable: u32,
        /// When it was placed, as shown.
        placed_at: Micros,
        /// The same, for deadlines.
        placed: JournalTime,
        /// The trunk that carried it; `None` before it was sent.
        trunk: Option<Box<str>>,
        /// How long the phone should ring, in milliseconds; `None` before it was sent.
        ring_planned_ms: Option<u32>,
        /// Microseconds since it was placed to: INVITE, first response, ringing, CANCEL, end. As many
        /// as there were.
        moments: Vec<Option<u32>>,
        /// How it ended; `None` while it lives.
        outcome: Option<Outcome>,
        /// Who ended it.
        by: Option<Side>,
        /// The final status code, if one came.
        sip_code: Option<u16>,
        /// The Q.850 cause, if one came.
        q850_cause: Option<u8>,
    }

    /// One event of the stream. Who tells one does not put this: it is made when its batch is
    /// committed, by [`Batch::tell`](super::Batch::tell).
    Event (it => Key::Event(it.sequence)) {
        /// Its number: each is one more than the one before.
        sequence: u64,
        /// When it happened, as shown.
        at: Micros,
        /// When it was committed, for what is kept how long.
        written: JournalTime,
        /// What happened: `verification.verified`.
        name: Box<str>,
        /// The verification or the call that it is about.
        about: Option<u128>,
        /// The envelope that readers get. Holds the phone's number.
        body: Hidden<Box<[u8]>>,
    }

    /// How a verification ended.
    Final (it => Key::Final(it.id)) {
        /// Which verification.
        id: VerificationId,
        /// Where it stands for good: never pending.
        status: Status,
        /// Why.
        reason: Option<Reason>,
        /// When, as shown.
        ended_at: Micros,
        /// The same, for what is forgotten when.
        ended: JournalTime,
    }

    /// A request that carried an `Idempotency-Key`, and the reply to it.
    Idempotency (it => Key::Idempotency(it.ticket)) {
        /// Its place in the order in which such requests came.
        ticket: u64,
        /// The hash of caller, path and key.
        owner: [u8; 32],
        /// The hash of the body.
        request: [u8; 32],
        /// As long as there is no reply, and the fields of it are empty: what its verification had left
        /// before, codes and calls.
        before: Option<(u8, u8)>,
        /// The status of the reply.
        status: u16,
        /// Its headers: names and values.
        headers: Vec<(Box<str>, Box<str>)>,
        /// Its body.
        body: Hidden<Box<[u8]>>,
        /// When it is forgotten.
        expires: JournalTime,
    }

    /// A call that may ring: all that a gateway without memory needs to CANCEL it, to ACK its 487
    /// (RFC 3261 §9.1, §17.1.1.3) or, when it was answered, to ACK and BYE it. Committed before its
    /// INVITE leaves, deleted when it has ended.
    InFlight (it => Key::InFlight(it.call)) {
        /// The call.
        call: CallId,
        /// What it is for.
        verification: VerificationId,
        /// The trunk that carries it.
        trunk: Box<str>,
        /// Where the INVITE goes to.
        remote: SocketAddr,
        /// Where it leaves from: responses come back there.
        local: SocketAddr,
        /// The INVITE as it was sent: whatever else follows it repeats parts of it.
        invite: Hidden<Box<[u8]>>,
        /// When the INVITE was about to leave.
        invited: JournalTime,
    }

    /// What one call, or one start without a call, counts for: the phone's limits and those of its
    /// block, and a caller ID that is not used again for a while.
    Lease (it => Key::Lease(it.id)) {
        /// The call's name or, for a start without a call, the verification's.
        id: u128,
        /// The phone.
        phone: E164,
        /// When.
        at: JournalTime,
        /// The last five digits of the caller ID: in clear, as the next call must avoid them. `None`:
        /// a start without a call.
        suffix: Option<Hidden<u32>>,
        /// The pool that they are of.
        pool: Option<Box<str>>,
        /// It started a verification.
        is_start: bool,
    }

    /// A call to one of our numbers that was not answered.
    MissedCall (it => Key::MissedCall(it.id)) {
        /// Its name: a ULID.
        id: u128,
        /// The number that was rung.
        did: E164,
        /// Who rang, or why nobody knows.
        caller: Result<E164, Unknown>,
        /// Where that was read.
        header: Option<IdentityHeader>,
        /// Another field names another number.
        is_disputed: bool,
        /// The call came by way of another phone.
        is_forwarded: bool,
        /// How well it is proven.
        assurance: Assurance,
        /// The trunk that it came from.
        trunk: Box<str>,
        /// The Call-ID.
        sip_call_id: Box<str>,
        /// The final status code that the caller got.
        sip_code: u16,
        /// When the INVITE came, as shown.
        received_at: Micros,
        /// The same, for windows.
        received: JournalTime,
        /// When it was over.
        over: JournalTime,
        /// The verification that it settled.
        settled: Option<VerificationId>,
    }

    /// An endpoint of webhooks asked to be left alone.
    Pause (it => Key::Pause(it.endpoint.clone())) {
        /// Its name in the configuration.
        endpoint: Box<str>,
        /// Until then.
        until: JournalTime,
    }

    /// A key that must outlive the process: that of the codes' hashes, of the From tags, of webhooks.
    Secret (it => Key::Secret(it.name.clone())) {
        /// What it is for.
        name: Box<str>,
        /// The key.
        bytes: Hidden<Box<[u8]>>,
    }

    /// A verification as it was started: it never changes.
    Verification (it => Key::Verification(it.id)) {
        /// Its name.
        id: VerificationId,
        /// The phone that is to be proven.
        to: E164,
        /// Its country: two letters.
        country: Box<str>,
        /// By what it is proven.
        method: Method,
        /// The pool that its caller IDs come from.
        pool: Option<Box<str>>,
        /// The number that must be rung.
        did: Option<E164>,
        /// How long the phone should ring, in milliseconds; `None`: what the trunk's profile says.
        ring_ms: Option<u32>,
        /// A missed call is confirmed by a flash call.
        confirm: bool,
        /// How old a call may be that came first, in milliseconds.
        recent_within_ms: Option<u32>,
        /// Codes that might be tried at first.
        attempts: u8,
        /// The client's own word for it.
        client_ref: Option<Box<str>>,
        /// Where its end is told to.
        callback_url: Option<Box<str>>,
        /// When it was started, as shown.
        created_at: Micros,
        /// The same, for deadlines.
        created: JournalTime,
        /// When it expires.
        expires: JournalTime,
    }

    /// One message for one webhook endpoint, until it was taken. The first is made with its event;
    /// who tried it puts it again.
    Webhook (it => Key::Webhook(it.id)) {
        /// Its name, the same on each try: a ULID.
        id: u128,
        /// The endpoint.
        endpoint: Box<str>,
        /// The endpoint is a URL that a client gave for one verification, else the name of a
        /// configured one.
        is_url: bool,
        /// The event that it tells of.
        sequence: u64,
        /// What happened: the event's name.
        name: Box<str>,
        /// What is sent: the event's envelope.
        body: Hidden<Box<[u8]>>,
        /// When the event happened, as shown.
        created_at: Micros,
        /// When it was committed.
        created: JournalTime,
        /// The verification could still matter until then; `None`: the message always does.
        matters_until: Option<JournalTime>,
        /// Tries so far.
        attempts: u16,
        /// When it is tried again; `None`: never, unless somebody asks (a dead letter).
        next: Option<JournalTime>,
        /// The status of the last reply; `None`: none came.
        status: Option<u16>,
        /// How the last try failed, in a few words.
        error: Option<Box<str>>,
    }
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// A field is wrong.
    #[error("{0}")]
    Field(#[from] FieldError),
    /// A newer release wrote it.
    #[error("it is of version {found}, this release reads up to {VERSION}")]
    Newer {
        /// Its version.
        found: u8,
    },
}

impl Record {
    /// Reads a record of this kind, of any version up to ours.
    pub(super) fn read(kind: Kind, mut bytes: &[u8]) -> Result<Self, RecordError> {
        match u8::read(&mut bytes)? {
            0 => return Err(FieldError::Value { what: "a version" }.into()),
            found if found > VERSION => return Err(RecordError::Newer { found }),
            // A kind that has got a field asks for the version when it reads that.
            _ => {}
        }
        let record = Self::read_fields(kind, &mut bytes)?;
        match bytes.len() {
            0 => Ok(record),
            bytes => Err(FieldError::Long { bytes }.into()),
        }
    }
}

/// The version of every kind. When one gets a field, it gets a number of its own.
const VERSION: u8 = 1;
// An older release refuses a file by its format, before it changes anything in it.
const _: () = assert!(VERSION as u32 <= FORMAT, "a newer version of a record is a newer format");

#[cfg(test)]
pub(super) mod tests;
