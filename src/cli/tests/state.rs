//! What the daemon shows of itself: events, readiness, pools, trunks, traces.

use expect_test::expect;

use super::answers::{EVENTS, ID, PENDING, POOLS, RANG, STATUS, TRUNKS, VERIFIED};
use super::check;

#[test]
fn watch_prints_a_line_for_each_event_and_where_it_stopped() {
    check(
        "watch",
        &[("GET /v1/events", 200, EVENTS)],
        &expect![[r#"
            > GET /v1/events
            |      7  10:15:30.010  call.placed            call_A  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  placed
            |      8  10:15:30.020  call.placed            call_B  ver_OTHER  placed
            |      9  10:15:31.200  call.ringing           call_A  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  ringing over alpha after 1.2 s
            |     10  10:15:36.230  call.ended             call_A  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  completed over alpha, hung up after 5.0 s, SIP 487
            |     11  10:15:36.500  trunk.down             alpha  does not answer, calls avoid it
            |     12  10:15:36.750  trunk.up               alpha  answers, calls may use it
            |     13  10:15:37.000  star.fell              {"name":"\u001b[2J"}
            |     14  10:15:42.000  verification.failed    ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  +46701234567  unreachable
            ! go on with: ringproof watch --after 14
            ! error: the event stream broke off
            exit 69
        "#]],
    );
    check(
        "watch --after 11 --json",
        &[(
            "GET /v1/events?after=11",
            200,
            "data: {\"type\":\"a\",\"timestamp\":\"b\",\"sequence\":12,\"data\":1}\n\n",
        )],
        &expect![[r#"
            > GET /v1/events?after=11
            | {"type":"a","timestamp":"b","sequence":12,"data":1}
            ! go on with: ringproof watch --after 12
            ! error: the event stream broke off
            exit 69
        "#]],
    );
}

#[test]
fn watch_says_where_to_go_on_before_the_first_event_came() {
    check(
        "watch",
        &[("GET /v1/events", 200, "retry: 1000\nid: 00000000000000000041\n\n")],
        &expect![[r#"
            > GET /v1/events
            ! go on with: ringproof watch --after 41
            ! error: the event stream broke off
            exit 69
        "#]],
    );
    check(
        "watch --after oldest",
        &[("GET /v1/events?after=oldest", 200, ": hello\n\n")],
        &expect![[r#"
            > GET /v1/events?after=oldest
            ! go on with: ringproof watch --after oldest
            ! error: the event stream broke off
            exit 69
        "#]],
    );
}

#[test]
fn status_says_whether_calls_can_be_placed() {
    let ready = [
        ("GET /v1/status", 200, STATUS),
        ("GET /v1/trunks", 200, TRUNKS),
        ("GET /v1/pools", 200, POOLS),
    ];
    check(
        "status",
        &ready,
        &expect![[r#"
            > GET /v1/status
            > GET /v1/trunks
            > GET /v1/pools
            | gateway                ready
            | version                0.1.0
            | running since          2026-11-20T10:15:00.123Z
            | verifications pending  7
            | waiting for a call     0
            | calls in flight        2
            | calls remembered       0
            | events kept            none that can be read
            | 
            | trunk  state  in flight  in flight max  calls/s max
            | alpha  up             2            100           50
            | beta   down           0            100          0.5
            | 
            | pool     numbers  codes  bits      guess  leases  cooling
            | default    10000   9516  13.2  1 in 3175       2      140
            exit 0
        "#]],
    );
    let no_trunk = STATUS.replace("\"ready\"", "\"no_trunk\"");
    let no_trunk: &'static str = no_trunk.leak();
    check(
        "status",
        &[("GET /v1/status", 200, no_trunk), ready[1], ready[2]],
        &expect![[r#"
            > GET /v1/status
            > GET /v1/trunks
            > GET /v1/pools
            | gateway                not ready: no trunk is up
            | version                0.1.0
            | running since          2026-11-20T10:15:00.123Z
            | verifications pending  7
            | waiting for a call     0
            | calls in flight        2
            | calls remembered       0
            | events kept            none that can be read
            | 
            | trunk  state  in flight  in flight max  calls/s max
            | alpha  up             2            100           50
            | beta   down           0            100          0.5
            | 
            | pool     numbers  codes  bits      guess  leases  cooling
            | default    10000   9516  13.2  1 in 3175       2      140
            exit 1
        "#]],
    );
}

#[test]
fn status_as_json_is_what_came() {
    let ready = [("GET /v1/status", 200, STATUS)];
    let stopping: &'static str = STATUS.replace("\"ready\"", "\"stopping\"").leak();
    // Word for word.
    check(
        "status --json",
        &[("GET /v1/status", 200, stopping)],
        &expect![[r#"
        > GET /v1/status
        | {"version":"0.1.0","readiness":"stopping","started_at":"2026-11-20T10:15:00.123Z","uptime_seconds":7200,"verifications_pending":7,"calls_in_flight":2}
        exit 1
    "#]],
    );
    check(
        "status --json",
        &ready,
        &expect![[r#"
        > GET /v1/status
        | {"version":"0.1.0","readiness":"ready","started_at":"2026-11-20T10:15:00.123Z","uptime_seconds":7200,"verifications_pending":7,"calls_in_flight":2}
        exit 0
    "#]],
    );
}

#[test]
fn a_phone_that_may_have_rung_on_is_told_so() {
    let ended = |outcome: &str, moments: &str| {
        let call = format!(
            r#"{{"id":"call_A","verification":"ver_B","state":"ended","outcome":"{outcome}","ringing_at":"2026-11-20T10:15:30.000Z",{moments}}}"#
        );
        format!(
            "data: {{\"type\":\"call.ended\",\"timestamp\":\"2026-11-20T10:16:00.000Z\",\"sequence\":1,\"data\":{call}}}\n\n"
        )
    };
    let hung_up = |seconds: &str| format!(r#""hung_up_at":"2026-11-20T10:15:{seconds}Z""#);
    let over = |seconds: &str| format!(r#""ended_at":"2026-11-20T10:15:{seconds}Z""#);
    let calls = [
        ended("completed", &format!("{},{}", hung_up("35.000"), over("35.030"))),
        ended("completed", &format!("{},{}", hung_up("35.000"), over("55.030"))),
        ended("cancel_unconfirmed", &format!("{},{}", hung_up("35.000"), over("59.000"))),
        ended("declined", &over("32.000")),
        ended("cancel_unconfirmed", &over("59.000")),
        // It began to ring when it was given up.
        ended(
            "withdrawn",
            r#""hung_up_at":"2026-11-20T10:15:29.900Z","ended_at":"2026-11-20T10:15:30.100Z""#,
        ),
    ];
    check(
        "watch",
        &[("GET /v1/events", 200, calls.concat().leak())],
        &expect![[r#"
        > GET /v1/events
        |      1  10:16:00.000  call.ended             call_A  ver_B  completed, hung up after 5.0 s
        |      1  10:16:00.000  call.ended             call_A  ver_B  completed, hung up after 5.0 s, may have rung for 25.0 s
        |      1  10:16:00.000  call.ended             call_A  ver_B  cancel unconfirmed, hung up after 5.0 s, may have rung for 29.0 s
        |      1  10:16:00.000  call.ended             call_A  ver_B  declined, rang for 2.0 s
        |      1  10:16:00.000  call.ended             call_A  ver_B  cancel unconfirmed, may have rung for 29.0 s
        |      1  10:16:00.000  call.ended             call_A  ver_B  withdrawn, hung up after 0.0 s
        ! go on with: ringproof watch --after 1
        ! error: the event stream broke off
        exit 69
    "#]],
    );
}

#[test]
fn pools_and_trunks_are_tables() {
    check(
        "pools",
        &[("GET /v1/pools", 200, POOLS)],
        &expect![[r#"
            > GET /v1/pools
            | pool     numbers  codes  bits      guess  leases  cooling
            | default    10000   9516  13.2  1 in 3175       2      140
            exit 0
        "#]],
    );
    check(
        "trunks",
        &[("GET /v1/trunks", 200, TRUNKS)],
        &expect![[r#"
            > GET /v1/trunks
            | trunk  state  in flight  in flight max  calls/s max
            | alpha  up             2            100           50
            | beta   down           0            100          0.5
            exit 0
        "#]],
    );
    check(
        "trunks --json",
        &[("GET /v1/trunks", 200, TRUNKS)],
        &expect![[r#"
        > GET /v1/trunks
        | {"trunks":[{"name":"alpha","up":true,"in_flight":2,"in_flight_max":100,"calls_per_second_max":50.0},{"name":"beta","up":false,"in_flight":0,"in_flight_max":100,"calls_per_second_max":0.5}]}
        exit 0
    "#]],
    );
}

#[test]
fn trace_draws_a_call_or_the_latest_of_a_verification() {
    let drawn = "   seconds  gateway   trunk\n     0.000    │── INVITE ──▶\n";
    let trace = ("GET /v1/calls/call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q/trace", 200, drawn);
    check(
        "trace call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q",
        &[trace],
        &expect![[r#"
        > GET /v1/calls/call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q/trace
        |    seconds  gateway   trunk
        |      0.000    │── INVITE ──▶
        exit 0
    "#]],
    );
    let get = ("GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P", 200, PENDING);
    check(
        &format!("trace {ID}"),
        &[get, trace],
        &expect![[r#"
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        > GET /v1/calls/call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q/trace
        |    seconds  gateway   trunk
        |      0.000    │── INVITE ──▶
        exit 0
    "#]],
    );
    check(
        &format!("trace {ID}"),
        &[(get.0, 200, RANG), ("GET /v1/calls/call_M/trace", 200, drawn)],
        &expect![[r#"
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        > GET /v1/calls/call_M/trace
        |    seconds  gateway   trunk
        |      0.000    │── INVITE ──▶
        exit 0
    "#]],
    );
    check(
        &format!("trace {ID}"),
        &[(get.0, 200, VERIFIED)],
        &expect![[r#"
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        ! error: this verification has no call yet
        exit 1
    "#]],
    );
}
