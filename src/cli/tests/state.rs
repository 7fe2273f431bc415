//! What the daemon shows of itself: events, readiness, pools, trunks, traces.

use expect_test::expect;

use super::answers::{EVENTS, ID, METRICS, PENDING, POOLS, TRUNKS, VERIFIED};
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
            |     10  10:15:36.230  call.ended             call_A  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  completed over alpha, rang for 5.0 s, SIP 487
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
fn status_says_whether_calls_can_be_placed() {
    let ready = [
        ("GET /readyz", 200, "{}"),
        ("GET /v1/trunks", 200, TRUNKS),
        ("GET /v1/pools", 200, POOLS),
        ("GET /metrics", 200, METRICS),
    ];
    check(
        "status",
        &ready,
        &expect![[r#"
            > GET /readyz
            > GET /v1/trunks
            > GET /v1/pools
            > GET /metrics
            | gateway                ready
            | version                0.1.0
            | running since          2026-11-20T10:15:00Z
            | verifications pending  7
            | calls in flight        2
            | 
            | trunk  state  in flight  in flight max  calls/s max
            | alpha  up             2            100           50
            | beta   down           0            100          0.5
            | 
            | pool     numbers  codes  bits      guess  leased  cooling
            | default    10000   9516  13.2  1 in 3175       2      140
            exit 0
        "#]],
    );
    let problem = r#"{"title":"The gateway cannot place calls","status":503,"code":"not_ready","detail":"no trunk is up"}"#;
    // A key that may not read metrics is no reason to say nothing.
    let not_ready =
        [("GET /readyz", 503, problem), ready[1], ready[2], ("GET /metrics", 403, "{}")];
    check(
        "status",
        &not_ready,
        &expect![[r#"
            > GET /readyz
            > GET /v1/trunks
            > GET /v1/pools
            > GET /metrics
            | gateway          not ready: no trunk is up
            | calls in flight  2
            | 
            | trunk  state  in flight  in flight max  calls/s max
            | alpha  up             2            100           50
            | beta   down           0            100          0.5
            | 
            | pool     numbers  codes  bits      guess  leased  cooling
            | default    10000   9516  13.2  1 in 3175       2      140
            exit 1
        "#]],
    );
    check(
        "status --json",
        &not_ready,
        &expect![[r#"
            > GET /readyz
            > GET /v1/trunks
            > GET /v1/pools
            > GET /metrics
            | {"calls_in_flight":2,"pools":[{"bits":13.2,"cooling":140,"distinct_suffixes":9516,"guess_odds":0.000315,"leased":2,"name":"default","numbers":10000}],"problem":"no trunk is up","ready":false,"started_at":null,"trunks":[{"calls_per_second_max":50.0,"in_flight":2,"in_flight_max":100,"name":"alpha","up":true},{"calls_per_second_max":0.5,"in_flight":0,"in_flight_max":100,"name":"beta","up":false}],"verifications_pending":null,"version":null}
            exit 1
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
        | pool     numbers  codes  bits      guess  leased  cooling
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
        &[(get.0, 200, VERIFIED)],
        &expect![[r#"
        > GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
        ! error: this verification has no call yet
        exit 1
    "#]],
    );
}
