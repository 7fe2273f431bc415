//! `verify --wait` while the daemon is away: it is asked again, and the wait goes on where it was.

use expect_test::expect;

use super::answers::{
    CHECK, EVENT_STREAM, FAILED, GET, PENDING, RINGING, RINGING_CUT, START, VERIFIED,
};
use super::{CUT, Typed, check, check_typed};

#[test]
fn a_stream_that_breaks_is_followed_on_behind_the_last_event() {
    let answers = [
        (EVENT_STREAM, 200, RINGING_CUT),
        (START, 201, PENDING),
        (FROM_NINE, 200, ENDS),
        (GET, 200, PENDING),
        (GET, 200, FAILED),
    ];
    check(
        "verify +46701234567 --wait",
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > GET /v1/events?after=9
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        failed (unreachable)
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the phone rings
        !    3.2 s  the call is over: restarted over alpha
        ! the gateway was restarted while it called; `ringproof verify +46701234567 --wait` tries again, best a little later
        exit 1
    "#]],
    );
}

#[test]
fn what_ended_while_the_daemon_was_away_is_the_end() {
    let answers = [(EVENT_STREAM, 200, RINGING_CUT), (START, 201, PENDING), (FROM_NINE, CUT, "")];
    let back = [(FROM_NINE, CUT, ""), (FROM_NINE, 200, OPEN), (GET, 200, VERIFIED)];
    let answers = [answers, back].concat();
    check(
        "verify +46701234567 --wait --json",
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > GET /v1/events?after=9
        > GET /v1/events?after=9
        > GET /v1/events?after=9
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | {"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"verified","reason":"code_matched","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":2,"calls_left":1,"client_ref":null,"flash_call":null,"missed_call":null}
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the phone rings
        ! the daemon's answer cannot be read: connection closed before message completed: waiting for the daemon until 2026-11-20T10:20:30.000Z, Ctrl-C gives up
        ! the daemon is back
        exit 0
    "#]],
    );
}

#[test]
fn events_that_are_gone_and_a_disk_that_does_not_work_end_no_wait() {
    let gone = r#"{"title":"Gone","status":410,"code":"events_gone"}"#;
    let full = r#"{"title":"The store","status":503,"code":"store_unavailable"}"#;
    let answers = [
        (EVENT_STREAM, 200, RINGING_CUT),
        (START, 201, PENDING),
        (FROM_NINE, 503, full),
        (FROM_NINE, 410, gone),
        (EVENT_STREAM, 200, OPEN),
        (GET, 200, FAILED),
    ];
    check(
        "verify +46701234567 --wait",
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > GET /v1/events?after=9
        > GET /v1/events?after=9
        > GET /v1/events
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        failed (unreachable)
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765…: the last 5 digits are the code
        !    1.2 s  the phone rings
        ! The store: waiting for the daemon until 2026-11-20T10:20:30.000Z, Ctrl-C gives up
        ! the daemon is back
        exit 1
    "#]],
    );
}

/// The code is checked under the same name, so that it counts once.
#[test]
fn h04_a_code_whose_answer_was_lost_is_sent_again() {
    let answers = [
        (EVENT_STREAM, 200, RINGING),
        (START, 201, PENDING),
        (CHECK, CUT, ""),
        (FROM_NINE, 200, OPEN),
        (GET, 200, PENDING),
        (CHECK, 200, VERIFIED),
    ];
    let typed = Typed::Pipe(&["20085"]);
    check_typed(
        "verify +46701234567 --wait",
        typed,
        &answers,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"20085"}
        > GET /v1/events?after=9
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"20085"} (again)
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
fn a_daemon_that_does_not_come_back_before_the_end_is_given_up() {
    let short = PENDING.replace("10:20:30.000Z", "10:15:30.150Z").leak();
    let answers = [(EVENT_STREAM, 200, RINGING_CUT), (START, 201, &*short)];
    let away = [(FROM_NINE, CUT, ""); 8];
    let answers = [&answers[..], &away].concat();
    check(
        "verify +46701234567 --wait",
        &answers,
        &expect![[r#"
            > GET /v1/events
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            > GET /v1/events?after=9
            > GET /v1/events?after=9
            > GET /v1/events?after=9
            ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
            ! it rings from +468765…: the last 5 digits are the code
            !    1.2 s  the phone rings
            ! the daemon's answer cannot be read: connection closed before message completed: waiting for the daemon until 2026-11-20T10:15:30.150Z, Ctrl-C gives up
            ! the daemon did not come back before the end
            ! pending when last seen: `ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE` checks the code
            ! error: the daemon's answer cannot be read: connection closed before message completed
            exit 69
        "#]],
    );
}

/// What a restart does to a call and its verification.
const ENDS: &str = r#"data: {"type":"call.ended","timestamp":"2026-11-20T10:15:33.200Z","sequence":10,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"ended","outcome":"restarted","trunk":"alpha","placed_at":"2026-11-20T10:15:30.010Z","invited_at":"2026-11-20T10:15:30.012Z","ended_at":"2026-11-20T10:15:33.200Z"}}

data: {"type":"verification.failed","timestamp":"2026-11-20T10:15:33.200Z","sequence":11,"data":{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","status":"failed"}}

"#;
const FROM_NINE: &str = "GET /v1/events?after=9";
const OPEN: &str = super::super::fake::OPEN;
