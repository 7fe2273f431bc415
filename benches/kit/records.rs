//! What the daemon writes into its journal for a flash call, made up.

use std::time::Duration;

use ringproof::number::E164;
use ringproof::outcome::{Outcome, Side};
use ringproof::store::clock::JournalTime;
use ringproof::store::record::{Call, Idempotency, Lease, Verification};
use ringproof::store::{Hidden, NewEvent};
use ringproof::time::Micros;
use ringproof::verify::id::{CallId, VerificationId};
use ringproof::verify::snapshot::Method;

/// When it happens, for people and for the journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) wall: Micros,
    pub(crate) time: JournalTime,
}

pub(crate) fn verification(id: VerificationId, at: Moment) -> Verification {
    Verification {
        id,
        to: number(id),
        country: "SE".into(),
        method: Method::FlashCall,
        pool: Some(POOL.into()),
        did: None,
        ring_ms: None,
        confirm: false,
        recent_within_ms: None,
        attempts: 3,
        client_ref: Some("signup-8812".into()),
        callback_url: None,
        created_at: at.wall,
        created: at.time,
        expires: at.time.after(Duration::from_secs(300)),
    }
}

/// Without an outcome it still rings.
pub(crate) fn call(id: VerificationId, at: Moment, outcome: Option<Outcome>) -> Call {
    Call {
        id: CallId(id.0),
        verification: id,
        ordinal: 1,
        pool: POOL.into(),
        block: Hidden(468_765),
        code: Hidden([9; 32]),
        usable: 9_516,
        placed_at: at.wall,
        placed: at.time,
        trunk: Some("sipp".into()),
        ring_planned_ms: Some(5_000),
        moments: vec![Some(1_000), Some(30_000), Some(2_000_000), Some(7_000_000), Some(7_100_000)],
        outcome,
        by: outcome.map(|_| Side::Us),
        sip_code: outcome.map(|_| 487),
        q850_cause: None,
    }
}

pub(crate) fn lease(id: VerificationId, at: Moment) -> Lease {
    Lease {
        id: id.0,
        phone: number(id),
        at: at.time,
        suffix: Some(Hidden(id.0 as u32 % 100_000)),
        pool: Some(POOL.into()),
        is_start: true,
    }
}

/// The reply to the start, kept for its key: another for each.
pub(crate) fn reply(id: VerificationId, ticket: u64, at: Moment) -> Idempotency {
    let mut owner = [8; 32];
    owner[..16].copy_from_slice(&id.0.to_be_bytes());
    Idempotency {
        ticket,
        owner,
        request: [7; 32],
        before: None,
        status: 201,
        headers: vec![("location".into(), format!("/v1/verifications/{id}").into())],
        body: Hidden(vec![b'x'; 600].into()),
        expires: at.time.after(Duration::from_secs(300)),
    }
}

pub(crate) fn event(name: &str, id: VerificationId, at: Moment) -> NewEvent {
    let data = vec![b'x'; 600].into();
    NewEvent { name: name.into(), at: at.wall, about: Some(id.0), data, webhooks: vec![] }
}

/// The phone of the n-th verification: another for each of ten million.
pub(crate) fn number(id: VerificationId) -> E164 {
    let nth = (id.0 >> 80) as u64 % PHONES;
    // A factor that shares none with the count of phones: neighbours are spread, and none meet.
    let spread = nth * 6_180_339 % PHONES;
    E164::from_u64(46_700_000_000 + spread).unwrap_or_else(|| unreachable!())
}

const PHONES: u64 = 10_000_000;
/// As the daemon of a benchmark calls it.
const POOL: &str = "default";
