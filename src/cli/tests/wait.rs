//! `verify --wait`: what happens is shown, and the code is asked for when there can be one.

use expect_test::expect;

use super::answers::{
    CANCELED, CHECK, EVENT_STREAM, EVENTS, FAILED, GET, PENDING, RINGING, START, VERIFIED,
};
use super::{Typed, check, check_typed};

#[test]
fn verify_wait_follows_its_own_events_to_the_end() {
    let answers = [(EVENT_STREAM, 200, EVENTS), (START, 201, PENDING), (GET, 200, FAILED)];
    check(
        "verify +46701234567 --wait",
        &answers,
        &expect![[r#"
            > GET /v1/events
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone         +46701234567
            | status        failed (unreachable)
            ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
            ! it rings from +468765…: the last 5 digits are the code
            !    0.0 s  calling
            !    1.2 s  the phone rings
            !    6.2 s  the call is over: completed over alpha, hung up after 5.0 s, SIP 487
            exit 1
        "#]],
    );
}

#[test]
fn verify_wait_asks_a_person_once_it_rings_until_the_code_is_right() {
    let answers = [
        (EVENT_STREAM, 200, RINGING),
        (START, 201, PENDING),
        (CHECK, 200, PENDING),
        (CHECK, 200, VERIFIED),
    ];
    let typed = Typed::Person(&["11111", "", " 20085 "]);
    check_typed(
        "verify +46701234567 --wait",
        typed,
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"11111"}
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"20085"}
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        verified (code matched)
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the phone rings
        ! code (or `call`, `cancel`): wrong, 2 more may be tried
        ! code (or `call`, `cancel`): code (or `call`, `cancel`): 
        exit 0
    "#]],
    );
    // Nothing has rung: what is typed ahead is kept, and the stream's end ends the wait.
    let answers = [(EVENT_STREAM, 200, ": hello\n\n"), (START, 201, PENDING), (GET, 200, FAILED)];
    check_typed(
        "verify +46701234567 --wait",
        typed,
        &answers,
        &expect![[r#"
            > GET /v1/events
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            > GET /v1/events
            ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
            ! it rings from +468765…: the last 5 digits are the code
            ! pending when last seen: `ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE` checks the code
            ! error: the daemon answered 404
            exit 65
        "#]],
    );
}

#[test]
fn verify_wait_reads_a_pipe_too_and_says_what_it_waits_for() {
    let answers = [(EVENT_STREAM, 200, RINGING), (START, 201, PENDING), (CHECK, 200, VERIFIED)];
    let typed = Typed::Pipe(&["20085"]);
    check_typed(
        "verify +46701234567 --wait",
        typed,
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"20085"}
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        verified (code matched)
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the phone rings
        ! waiting for the code, one line on the standard input
        exit 0
    "#]],
    );
}

#[test]
fn verify_wait_says_what_a_busy_phone_means_and_gives_up_when_told() {
    let limited = r#"{"title":"The phone is being called","status":409,"code":"call_in_progress","detail":"the phone is being called, wait for the end of the call"}"#;
    let answers = [
        (EVENT_STREAM, 200, BUSY),
        (START, 201, PENDING),
        (AGAIN, 409, limited),
        (CANCEL, 200, CANCELED),
    ];
    let typed = Typed::Person(&["call", "cancel"]);
    check_typed(
        "verify +46701234567 --wait",
        typed,
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/call {}
        > DELETE /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        canceled (canceled by client)
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the call is over: busy over alpha, SIP 486
        ! the phone is in another call, and may list this one as missed; `call` rings again, `cancel` gives up
        ! code (or `call`, `cancel`): the phone is being called, wait for the end of the call
        ! code (or `call`, `cancel`): 
        exit 1
    "#]],
    );
}

#[test]
fn verify_wait_asks_nobody_for_the_code_of_a_call_that_reached_no_phone() {
    let answers = [(EVENT_STREAM, 200, UNREACHABLE), (START, 201, PENDING), (GET, 200, FAILED)];
    check_typed(
        "verify +46701234567 --wait",
        Typed::Person(&["20085"]),
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        failed (unreachable)
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the call is over: unreachable over alpha, SIP 480
        ! the phone is off, or out of coverage; `ringproof verify +46701234567 --wait` tries again, best a little later
        exit 1
    "#]],
    );
}

#[test]
fn verify_wait_interrupted_leaves_the_verification_and_says_how_to_go_on() {
    let answers = [(EVENT_STREAM, 200, ": open\n\n"), (START, 201, PENDING)];
    check_typed(
        "verify +46701234567 --wait",
        Typed::Interrupt,
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P stays pending until 2026-11-20T10:20:30.000Z
        ! `ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE` checks the code, `ringproof cancel ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P` gives up
        exit 130
    "#]],
    );
}

/// A call to a phone in another call, in a stream that stays open.
const BUSY: &str = concat!(
    ": open\n\n",
    r#"data: {"type":"call.ended","timestamp":"2026-11-20T10:15:31.200Z","sequence":9,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"ended","outcome":"busy","trunk":"alpha","placed_at":"2026-11-20T10:15:30.010Z","invited_at":"2026-11-20T10:15:30.012Z","ended_at":"2026-11-20T10:15:31.200Z","sip_code":486}}

"#
);
/// A call to a phone that is off, and what follows from it.
const UNREACHABLE: &str = r#"data: {"type":"call.ended","timestamp":"2026-11-20T10:15:31.200Z","sequence":9,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"ended","outcome":"unreachable","trunk":"alpha","placed_at":"2026-11-20T10:15:30.010Z","invited_at":"2026-11-20T10:15:30.012Z","ended_at":"2026-11-20T10:15:31.200Z","sip_code":480}}

data: {"type":"verification.failed","timestamp":"2026-11-20T10:15:31.200Z","sequence":10,"data":{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"failed","reason":"unreachable","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","attempts_left":3,"calls_left":1}}

"#;
const AGAIN: &str = "POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/call";
const CANCEL: &str = "DELETE /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
