//! The shapes of the API, frozen.

#![expect(clippy::disallowed_methods, reason = "any instant will do")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use serde::Serialize;

use super::*;
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::ladder::{Course, Direction, Rung, Verb};
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::{CallRecord, Ending, Facts};
use crate::verify::snapshot::{AwaitedCall, CodeSpace, Reason, Snapshot, Status};
use crate::verify::{Fate, MissedCallRecord, TrunkNames};

#[test]
fn a_verification_has_the_shape_of_the_contract() {
    let call = call();
    call.on_invited(0, after(&call, 1_000));
    call.on_ringing(after(&call, 500_000));
    let snapshot = Snapshot {
        id: call.verification,
        to: E164::parse("+46701234567").unwrap(),
        status: Status::Pending,
        reason: None,
        created_at: Micros(NOW),
        expires_at: Micros(NOW + 300_000_000),
        ended_at: None,
        attempts_left: 3,
        calls_left: 2,
        client_ref: Some("signup-8812".into()),
        callback_url: None,
        codes: Some(CodeSpace {
            pool: "default".into(),
            caller_id_prefix: "+468765".to_owned(),
            distinct: 9_516,
        }),
        missed_call: None,
        latest: call.facts(),
        calls: vec![Arc::new(call)],
    };
    check(
        &VerificationView::new(&snapshot, &trunks()),
        expect![[r#"
        {
          "id": "ver_00000000000000000000000005",
          "to": "+46701234567",
          "method": "flash_call",
          "status": "pending",
          "reason": null,
          "created_at": "2026-11-20T10:15:30.123Z",
          "expires_at": "2026-11-20T10:20:30.123Z",
          "ended_at": null,
          "attempts_left": 3,
          "calls_left": 2,
          "client_ref": "signup-8812",
          "flash_call": {
            "caller_id_prefix": "+468765",
            "code_digits": 5,
            "code_space": 9516,
            "guess_odds": 0.000315,
            "call": {
              "id": "call_00000000000000000000000007",
              "state": "ringing",
              "outcome": null,
              "trunk": "asterisk",
              "placed_at": "2026-11-20T10:15:30.123Z",
              "ringing_at": "2026-11-20T10:15:30.623Z",
              "ended_at": null,
              "sip_code": null
            }
          },
          "missed_call": null
        }"#]],
    );
}

#[test]
fn a_verification_that_got_its_call_shows_the_evidence() {
    let (did, to) = (E164::parse("+46850500001").unwrap(), E164::parse("+46701234567").unwrap());
    let call = missed(did, Ok(to), Fate::Matched(VerificationId(5)));
    let snapshot = Snapshot {
        id: VerificationId(5),
        to,
        status: Status::Verified,
        reason: Some(Reason::MissedCallMatched),
        created_at: Micros(NOW),
        expires_at: Micros(NOW + 300_000_000),
        ended_at: Some(Micros(NOW + 9_000_000)),
        attempts_left: 0,
        calls_left: 0,
        client_ref: None,
        callback_url: None,
        codes: None,
        missed_call: Some(AwaitedCall { did, is_confirmed: false, matched: Some(Arc::new(call)) }),
        latest: Facts::default(),
        calls: vec![],
    };
    check(
        &VerificationView::new(&snapshot, &trunks()),
        expect![[r#"
        {
          "id": "ver_00000000000000000000000005",
          "to": "+46701234567",
          "method": "missed_call",
          "status": "verified",
          "reason": "missed_call_matched",
          "created_at": "2026-11-20T10:15:30.123Z",
          "expires_at": "2026-11-20T10:20:30.123Z",
          "ended_at": "2026-11-20T10:15:39.123Z",
          "attempts_left": 0,
          "calls_left": 0,
          "client_ref": null,
          "flash_call": null,
          "missed_call": {
            "did": "+46850500001",
            "tel_uri": "tel:+46850500001",
            "confirm": null,
            "matched_call": {
              "id": "call_00000000000000000000000007",
              "did": "+46850500001",
              "trunk": "asterisk",
              "sip_call_id": "a84b4c76e66710@192.0.2.1",
              "identity_header": "p_asserted_identity",
              "disputed": false,
              "forwarded": true,
              "received_at": "2026-11-20T10:15:38.123Z",
              "sip_code": 486
            },
            "assurance": "return_routed"
          }
        }"#]],
    );
}

#[test]
fn a_missed_call_says_who_rang_or_why_nobody_knows() {
    let (did, to) = (E164::parse("+46850500001").unwrap(), E164::parse("+46701234567").unwrap());
    let known = missed(did, Ok(to), Fate::Remembered);
    check(
        &MissedCallView::new(&known, &trunks()),
        expect![[r#"
        {
          "id": "call_00000000000000000000000007",
          "did": "+46850500001",
          "from": "+46701234567",
          "unknown": null,
          "outcome": "remembered",
          "verification": null,
          "assurance": "return_routed",
          "trunk": "asterisk",
          "sip_call_id": "a84b4c76e66710@192.0.2.1",
          "identity_header": "p_asserted_identity",
          "disputed": false,
          "forwarded": true,
          "received_at": "2026-11-20T10:15:38.123Z",
          "sip_code": 486
        }"#]],
    );
    let unknown = missed(did, Err(Unknown::Anonymous), Fate::UnknownCaller);
    let view = serde_json::to_value(MissedCallView::new(&unknown, &trunks())).unwrap();
    assert_eq!((&view["from"], &view["unknown"]), (&serde_json::Value::Null, &"anonymous".into()));
}

fn missed(did: E164, caller: Result<E164, Unknown>, fate: Fate) -> MissedCallRecord {
    let now = Instant::now();
    MissedCallRecord {
        id: CallId(7),
        did,
        caller,
        header: Some(IdentityHeader::PAssertedIdentity),
        is_disputed: false,
        is_forwarded: true,
        assurance: Assurance::ReturnRouted,
        trunk: 0,
        sip_call_id: "a84b4c76e66710@192.0.2.1".into(),
        sip_code: 486,
        course: Course::default(),
        received_at: Micros(NOW + 8_000_000),
        received: now,
        over: now,
        fate,
    }
}

#[test]
fn an_ended_call_says_all_that_is_known() {
    let call = call();
    call.on_invited(0, after(&call, 1_000));
    call.on_first_response(after(&call, 31_000));
    call.on_ringing(after(&call, 500_000));
    call.on_hung_up(after(&call, 5_500_000));
    let ending =
        Ending { outcome: Outcome::Completed, by: Side::Us, sip_code: Some(487), q850_cause: None };
    call.on_ended(ending, after(&call, 5_540_000));
    check(
        &CallView::new(&call, &call.facts(), &trunks()),
        expect![[r#"
        {
          "id": "call_00000000000000000000000007",
          "verification": "ver_00000000000000000000000005",
          "state": "ended",
          "outcome": "completed",
          "ended_by": "us",
          "trunk": "asterisk",
          "placed_at": "2026-11-20T10:15:30.123Z",
          "invited_at": "2026-11-20T10:15:30.124Z",
          "first_response_at": "2026-11-20T10:15:30.154Z",
          "ringing_at": "2026-11-20T10:15:30.623Z",
          "hung_up_at": "2026-11-20T10:15:35.623Z",
          "ended_at": "2026-11-20T10:15:35.663Z",
          "sip_code": 487,
          "q850_cause": null
        }"#]],
    );
}

#[test]
fn a_trace_tells_requests_from_responses() {
    let call = call();
    let rung = Rung {
        at: Duration::from_millis(2),
        direction: Direction::Out,
        is_again: false,
        is_ignored: false,
        method: Verb::Invite,
        status: None,
        undelivered: None,
    };
    call.ladder.push(rung);
    let at = Duration::from_millis(80);
    call.ladder.push(Rung { at, direction: Direction::In, status: Some(180), ..rung });
    check(
        &TraceView::new(&call),
        expect![[r#"
        {
          "call": "call_00000000000000000000000007",
          "placed_at": "2026-11-20T10:15:30.123Z",
          "messages": [
            {
              "seconds": 0.002,
              "direction": "out",
              "method": "INVITE",
              "status": null,
              "again": false,
              "ignored": false,
              "undelivered": null
            },
            {
              "seconds": 0.08,
              "direction": "in",
              "method": "INVITE",
              "status": 180,
              "again": false,
              "ignored": false,
              "undelivered": null
            }
          ],
          "left_out": 0
        }"#]],
    );
}

#[test]
fn a_moment_has_milliseconds_and_a_z() {
    assert_eq!(timestamp(Micros(NOW)), "2026-11-20T10:15:30.123Z");
    assert_eq!(timestamp(Micros(0)), "1970-01-01T00:00:00.000Z");
    assert_eq!(timestamp(Micros(u64::MAX)), "9999-12-30T22:00:00.999Z");
}

fn call() -> CallRecord {
    CallRecord::new(CallId(7), VerificationId(5), Instant::now(), Micros(NOW))
}

fn after(call: &CallRecord, micros: u64) -> Instant {
    call.placed + Duration::from_micros(micros)
}

fn trunks() -> TrunkNames {
    TrunkNames::new(["asterisk".into()])
}

#[track_caller]
fn check(view: &impl Serialize, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(view).unwrap());
}

/// 2026-11-20T10:15:30.123456Z.
const NOW: u64 = 1_795_169_730_123_456;
