//! Verifications: started, checked, rung again, given up.

use expect_test::expect;

use super::answers::{CANCELED, FAILED, ID, PENDING, VERIFIED};
use super::check;

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
        | caller ID      +468765…
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
            | caller ID      +468765…
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

#[test]
fn call_rings_again_and_cancel_gives_up() {
    let again = "POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/call";
    check(
        &format!("call {ID}"),
        &[(again, 202, PENDING)],
        &expect![[r#"
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/call {}
        | verification   ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone          +46701234567
        | status         pending
        | reference      signup-8812
        | attempts left  2
        | calls left     1
        | expires        2026-11-20T10:20:30.000Z
        | caller ID      +468765…
        | code           9516 possible codes, a guesser's odds are 1 in 4762
        | call           call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  ringing over alpha
        ! next, with the new number's digits: ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE
        exit 0
    "#]],
    );
    let refused = r#"{"title":"All calls were used","status":409,"code":"no_calls_left","detail":"all calls of this verification were used"}"#;
    check(
        &format!("call {ID} --json"),
        &[(again, 409, refused)],
        &expect![[r#"
        > POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/call {}
        ! error: all calls of this verification were used
        exit 65
    "#]],
    );
    let delete = "DELETE /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
    check(
        &format!("cancel {ID}"),
        &[(delete, 200, CANCELED)],
        &expect![[r#"
        > DELETE /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | verification  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | phone         +46701234567
        | status        canceled (canceled by client)
        exit 0
    "#]],
    );
    check(
        &format!("cancel {ID} --json"),
        &[(delete, 200, CANCELED)],
        &expect![[r#"
        > DELETE /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        | {"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"canceled","reason":"canceled_by_client","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":2,"calls_left":1,"client_ref":null,"flash_call":null,"missed_call":null}
        exit 0
    "#]],
    );
    let ended = r#"{"title":"The verification has ended","status":409,"code":"already_ended","detail":"this verification has ended: verified"}"#;
    check(
        &format!("cancel {ID}"),
        &[(delete, 409, ended)],
        &expect![[r#"
        > DELETE /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        ! error: this verification has ended: verified
        exit 65
    "#]],
    );
}
