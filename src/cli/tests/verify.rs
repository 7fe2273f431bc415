//! Verifications: started, waited for, checked.

use expect_test::expect;

use super::answers::{EVENTS, FAILED, ID, PENDING, VERIFIED};
use super::{OPEN, check, check_typed};

#[test]
fn verify_starts_one_and_says_what_comes_next() {
    let answers = [("POST /v1/verifications", 201, PENDING)];
    check(
        "verify +46701234567 --pool default --ring-ms 4000",
        &answers,
        &expect![[r#"
        > POST /v1/verifications {"method":"flash_call","pool":"default","ring_ms":4000,"to":"+46701234567"}
        | verification   ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone          +46701234567
        | status         pending
        | reference      signup-8812
        | attempts left  2
        | calls left     1
        | expires        2026-11-20T10:20:30.000Z
        | caller ID      +468765·····
        | code           9516 possible codes, a guesser's odds are 1 in 4762
        | call           call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  ringing over alpha
        ! next: ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE
        exit 0
    "#]],
    );
    check(
        "verify +46701234567 --json",
        &answers,
        &expect![[r#"
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        | {"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"pending","reason":null,"created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":null,"attempts_left":2,"calls_left":1,"client_ref":"signup-8812","flash_call":{"caller_id_prefix":"+468765","code_digits":5,"code_space":9516,"guess_odds":0.00021,"call":{"id":"call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q","state":"ringing","outcome":null,"trunk":"alpha","placed_at":"2026-11-20T10:15:30.000Z","ringing_at":"2026-11-20T10:15:31.200Z","ended_at":null,"sip_code":null}},"missed_call":null}
        ! next: ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE
        exit 0
    "#]],
    );
}

#[test]
fn verify_wait_follows_its_own_events_to_the_end() {
    let answers = [
        ("GET /v1/events", 200, EVENTS),
        ("POST /v1/verifications", 201, PENDING),
        ("GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P", 200, FAILED),
    ];
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
        ! it rings from +468765·····: the last 5 digits are the code
        !    0.0 s  calling
        !    1.2 s  the phone rings
        !    6.2 s  the call is over: completed over alpha, rang for 5.0 s, SIP 487
        exit 1
    "#]],
    );
}

#[test]
fn verify_wait_asks_a_person_until_the_code_is_right() {
    let answers = [
        ("GET /v1/events", 200, OPEN),
        ("POST /v1/verifications", 201, PENDING),
        ("POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check", 200, PENDING),
        ("POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check", 200, VERIFIED),
    ];
    check_typed(
        "verify +46701234567 --wait",
        &["11111", "", " 20085 "],
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
            ! it rings from +468765·····: the last 5 digits are the code
            ! code: wrong, 2 more may be tried
            ! code: code: 
            exit 0
        "#]],
    );
}

#[test]
fn verify_wait_whose_stream_breaks_asks_once_how_it_stands() {
    let start = [("GET /v1/events", 200, ": hello\n\n"), ("POST /v1/verifications", 201, PENDING)];
    let get = "GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
    let ended = [start[0], start[1], (get, 200, VERIFIED)];
    check(
        "verify +46701234567 --wait --json",
        &ended,
        &expect![[r#"
        > GET /v1/events
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | {"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"verified","reason":"code_matched","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":2,"calls_left":1,"client_ref":null,"flash_call":null,"missed_call":null}
        ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
        ! it rings from +468765·····: the last 5 digits are the code
        exit 0
    "#]],
    );
    let pending = [start[0], start[1], (get, 200, PENDING)];
    check(
        "verify +46701234567 --wait --json",
        &pending,
        &expect![[r#"
            > GET /v1/events
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
            ! it rings from +468765·····: the last 5 digits are the code
            ! still pending: ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE
            ! error: the event stream broke off
            exit 69
        "#]],
    );
}

#[test]
fn check_tells_right_from_wrong_by_its_exit_code() {
    let request = "POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check";
    check(
        &format!("check {ID} 20085"),
        &[(request, 200, VERIFIED)],
        &expect![[r#"
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"20085"}
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        verified (code matched)
        exit 0
    "#]],
    );
    check(
        &format!("check {ID} 11111"),
        &[(request, 200, PENDING)],
        &expect![[r#"
            > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"code":"11111"}
            | verification   ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone          +46701234567
            | status         pending
            | reference      signup-8812
            | attempts left  2
            | calls left     1
            | expires        2026-11-20T10:20:30.000Z
            | caller ID      +468765·····
            | code           9516 possible codes, a guesser's odds are 1 in 4762
            | call           call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  ringing over alpha
            ! wrong, 2 more may be tried
            exit 1
        "#]],
    );
    check(
        &format!("check {ID} +46876520085"),
        &[(request, 200, FAILED)],
        &expect![[r#"
            > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check {"caller_id":"+46876520085"}
            | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone         +46701234567
            | status        failed (unreachable)
            exit 1
        "#]],
    );
}
