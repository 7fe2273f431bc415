//! Phones that ring us: what is asked, what the person is told to do, what is shown of the call.

use expect_test::expect;

use super::answers::{DIDS, MISSED, RANG, WAITING};
use super::check;

#[test]
fn verify_missed_call_says_which_number_to_ring() {
    check(
        "verify --missed-call +46701234567",
        &[("POST /v1/verifications", 201, WAITING)],
        &expect![[r#"
            > POST /v1/verifications {"method":"missed_call","to":"+46701234567"}
            | verification    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone           +46701234567
            | status          pending
            | expires         2026-11-20T10:20:30.000Z
            | number to ring  +46850500001
            ! next: ring +46850500001 from +46701234567
            exit 0
        "#]],
    );
    check(
        "verify --missed-call +46701234567 --did +46850500001 --confirm --recent-within 0",
        &[("POST /v1/verifications", 201, WAITING)],
        &expect![[r#"
            > POST /v1/verifications {"confirm":"flash_call","did":"+46850500001","method":"missed_call","recent_within":0,"to":"+46701234567"}
            | verification    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone           +46701234567
            | status          pending
            | expires         2026-11-20T10:20:30.000Z
            | number to ring  +46850500001
            ! next: ring +46850500001 from +46701234567
            exit 0
        "#]],
    );
}

#[test]
fn verify_missed_call_that_is_to_be_confirmed_wants_the_code_of_the_call_back() {
    let waiting = WAITING.replace("\"confirm\":null", "\"confirm\":\"flash_call\"");
    check(
        "verify --missed-call +46701234567 --confirm",
        &[("POST /v1/verifications", 201, waiting.leak())],
        &expect![[r#"
            > POST /v1/verifications {"confirm":"flash_call","method":"missed_call","to":"+46701234567"}
            | verification    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone           +46701234567
            | status          pending
            | attempts left   0
            | calls left      0
            | expires         2026-11-20T10:20:30.000Z
            | number to ring  +46850500001
            ! next: ring +46850500001 from +46701234567, then: ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE
            exit 0
        "#]],
    );
    let rang = RANG.replace("\"confirm\":null", "\"confirm\":\"flash_call\"");
    let rang = rang
        .replace("\"verified\",\"reason\":\"missed_call_matched\"", "\"pending\",\"reason\":null");
    check(
        "verify --missed-call +46701234567 --confirm",
        &[("POST /v1/verifications", 201, rang.leak())],
        &expect![[r#"
            > POST /v1/verifications {"confirm":"flash_call","method":"missed_call","to":"+46701234567"}
            | verification    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone           +46701234567
            | status          pending
            | attempts left   0
            | calls left      0
            | expires         2026-11-20T10:20:30.000Z
            | number to ring  +46850500001
            | missed call     call_M  over alpha, by P-Asserted-Identity, SIP 486
            ! next: ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE
            exit 0
        "#]],
    );
}

#[test]
fn verify_missed_call_wait_that_loses_the_daemon_says_which_number_still_counts() {
    let path = "GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
    check(
        "verify --missed-call +46701234567 --wait",
        &[
            ("GET /v1/events", 200, ": hello\n\n"),
            ("POST /v1/verifications", 201, WAITING),
            (path, 200, WAITING),
        ],
        &expect![[r#"
            > GET /v1/events
            > POST /v1/verifications {"method":"missed_call","to":"+46701234567"}
            > GET /v1/events
            ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
            ! ring +46850500001 from +46701234567: that call is the proof
            ! pending when last seen: a call to +46850500001 verifies it
            ! error: the daemon answered 404
            exit 65
        "#]],
    );
}

#[test]
fn verify_missed_call_that_has_come_already_shows_the_evidence() {
    check(
        "verify --missed-call +46701234567",
        &[("POST /v1/verifications", 201, RANG)],
        &expect![[r#"
            > POST /v1/verifications {"method":"missed_call","to":"+46701234567"}
            | verification    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone           +46701234567
            | status          verified (missed call matched)
            | number to ring  +46850500001
            | missed call     call_M  over alpha, by P-Asserted-Identity, SIP 486
            | proven by       the trunk's word for the number
            exit 0
        "#]],
    );
}

#[test]
fn verify_missed_call_wait_stays_until_the_phone_has_rung() {
    check(
        "verify --missed-call +46701234567 --wait",
        &[
            ("GET /v1/events", 200, MISSED),
            ("POST /v1/verifications", 201, WAITING),
            ("GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P", 200, RANG),
        ],
        &expect![[r#"
            > GET /v1/events
            > POST /v1/verifications {"method":"missed_call","to":"+46701234567"}
            > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | verification    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            | phone           +46701234567
            | status          verified (missed call matched)
            | number to ring  +46850500001
            | missed call     call_M  over alpha, by P-Asserted-Identity, SIP 486
            | proven by       the trunk's word for the number
            ! ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P of +46701234567 has started
            ! ring +46850500001 from +46701234567: that call is the proof
            !   11.0 s  a call to +46850500001: over alpha, by P-Asserted-Identity, another field names another number, SIP 486
            exit 0
        "#]],
    );
}

#[test]
fn watch_prints_missed_calls() {
    check(
        "watch",
        &[("GET /v1/events", 200, MISSED)],
        &expect![[r#"
        > GET /v1/events
        |     15  10:15:40.000  missed_call.received   call_L  anonymous rang +46850500001, unknown caller
        |     16  10:15:41.000  missed_call.received   call_M  +46701234567 rang +46850500001, matched  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        |     17  10:15:41.000  verification.verified  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  +46701234567  missed call matched
        ! go on with: ringproof watch --after 17
        ! error: the event stream broke off
        exit 69
    "#]],
    );
}

#[test]
fn dids_are_shown_with_those_who_wait() {
    check(
        "dids",
        &[("GET /v1/dids", 200, DIDS)],
        &expect![[r#"
        > GET /v1/dids
        | number        trunks       waiting
        | +46850500001  alpha, beta        3
        | +46850500002                     0
        exit 0
    "#]],
    );
    check(
        "dids --json",
        &[("GET /v1/dids", 200, DIDS)],
        &expect![[r#"
        > GET /v1/dids
        | {"dids":[{"number":"+46850500001","tel_uri":"tel:+46850500001","trunks":["alpha","beta"],"waiting":3},{"number":"+46850500002","tel_uri":"tel:+46850500002","trunks":[],"waiting":0}]}
        exit 0
    "#]],
    );
}
