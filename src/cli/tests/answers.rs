//! What the daemon answers in these tests: the shapes of the control API.

pub(super) const ID: &str = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
pub(super) const EVENT_STREAM: &str = "GET /v1/events";
pub(super) const START: &str = "POST /v1/verifications";
pub(super) const GET: &str = "GET /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
pub(super) const CHECK: &str = "POST /v1/verifications/ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P/check";
pub(super) const PENDING: &str = r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"pending","reason":null,"created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":null,"attempts_left":2,"calls_left":1,"client_ref":"signup-8812","flash_call":{"caller_id_prefix":"+468765","code_digits":5,"code_space":9516,"guess_odds":0.00021,"call":{"id":"call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q","state":"ringing","outcome":null,"trunk":"alpha","placed_at":"2026-11-20T10:15:30.000Z","ringing_at":"2026-11-20T10:15:31.200Z","ended_at":null,"sip_code":null}},"missed_call":null}"#;
pub(super) const VERIFIED: &str = r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"verified","reason":"code_matched","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":2,"calls_left":1,"client_ref":null,"flash_call":null,"missed_call":null}"#;
pub(super) const FAILED: &str = r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"failed","reason":"unreachable","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":3,"calls_left":1,"client_ref":null,"flash_call":null,"missed_call":null}"#;
pub(super) const CANCELED: &str = r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"canceled","reason":"canceled_by_client","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":2,"calls_left":1,"client_ref":null,"flash_call":null,"missed_call":null}"#;
/// One call that rang, beside one of somebody else, with an event that no client knows yet.
pub(super) const EVENTS: &str = concat!(
    ": hello\n\n",
    r#"id: 7
event: call.placed
data: {"type":"call.placed","timestamp":"2026-11-20T10:15:30.010Z","sequence":7,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"placed","outcome":null,"trunk":null,"placed_at":"2026-11-20T10:15:30.010Z"}}

id: 8
event: call.placed
data: {"type":"call.placed","timestamp":"2026-11-20T10:15:30.020Z","sequence":8,"data":{"id":"call_B","verification":"ver_OTHER","state":"placed","placed_at":"2026-11-20T10:15:30.020Z"}}

id: 9
event: call.ringing
data: {"type":"call.ringing","timestamp":"2026-11-20T10:15:31.200Z","sequence":9,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"ringing","trunk":"alpha","placed_at":"2026-11-20T10:15:30.010Z","invited_at":"2026-11-20T10:15:30.012Z","ringing_at":"2026-11-20T10:15:31.200Z"}}

id: 10
event: call.ended
data: {"type":"call.ended","timestamp":"2026-11-20T10:15:36.230Z","sequence":10,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"ended","outcome":"completed","ended_by":"us","trunk":"alpha","placed_at":"2026-11-20T10:15:30.010Z","invited_at":"2026-11-20T10:15:30.012Z","ringing_at":"2026-11-20T10:15:31.200Z","hung_up_at":"2026-11-20T10:15:36.201Z","ended_at":"2026-11-20T10:15:36.230Z","sip_code":487}}

id: 11
event: trunk.down
data: {"type":"trunk.down","timestamp":"2026-11-20T10:15:36.500Z","sequence":11,"data":{"name":"alpha"}}

id: 12
event: trunk.up
data: {"type":"trunk.up","timestamp":"2026-11-20T10:15:36.750Z","sequence":12,"data":{"name":"alpha"}}

id: 13
event: star.fell
data: {"type":"star.fell","timestamp":"2026-11-20T10:15:37.000Z","sequence":13,"data":{"name":"\u001b[2J"}}

id: 14
event: verification.failed
data: {"type":"verification.failed","timestamp":"2026-11-20T10:15:42.000Z","sequence":14,"data":{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"flash_call","status":"failed","reason":"unreachable","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","attempts_left":3,"calls_left":1}}

"#
);
pub(super) const POOLS: &str = r#"{"pools":[{"name":"default","numbers":10000,"distinct_suffixes":9516,"bits":13.2,"guess_odds":0.000315,"leased":2,"cooling":140}]}"#;
pub(super) const TRUNKS: &str = r#"{"trunks":[{"name":"alpha","up":true,"in_flight":2,"in_flight_max":100,"calls_per_second_max":50.0},{"name":"beta","up":false,"in_flight":0,"in_flight_max":100,"calls_per_second_max":0.5}]}"#;
pub(super) const STATUS: &str = r#"{"version":"0.1.0","readiness":"ready","started_at":"2026-11-20T10:15:00.123Z","uptime_seconds":7200,"verifications_pending":7,"calls_in_flight":2}"#;
pub(super) const WAITING: &str = r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"missed_call","status":"pending","reason":null,"created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":null,"attempts_left":0,"calls_left":0,"client_ref":null,"flash_call":null,"missed_call":{"did":"+46850500001","tel_uri":"tel:+46850500001","confirm":null,"matched_call":null,"assurance":null}}"#;
pub(super) const RANG: &str = r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","method":"missed_call","status":"verified","reason":"missed_call_matched","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","ended_at":"2026-11-20T10:15:42.000Z","attempts_left":0,"calls_left":0,"client_ref":null,"flash_call":null,"missed_call":{"did":"+46850500001","tel_uri":"tel:+46850500001","confirm":null,"matched_call":{"id":"call_M","did":"+46850500001","trunk":"alpha","sip_call_id":"a84b4c","identity_header":"p_asserted_identity","disputed":false,"forwarded":false,"received_at":"2026-11-20T10:15:41.000Z","sip_code":486},"assurance":"return_routed"}}"#;
/// A call that nobody waited for, one that somebody did, and the end that it brought.
pub(super) const MISSED: &str = concat!(
    r#"id: 15
event: missed_call.received
data: {"type":"missed_call.received","timestamp":"2026-11-20T10:15:40.000Z","sequence":15,"data":{"id":"call_L","did":"+46850500001","from":null,"unknown":"anonymous","outcome":"unknown_caller","verification":null,"assurance":"return_routed","trunk":"alpha","sip_call_id":"x","identity_header":null,"disputed":false,"forwarded":false,"received_at":"2026-11-20T10:15:40.000Z","sip_code":486}}

id: 16
event: missed_call.received
data: {"type":"missed_call.received","timestamp":"2026-11-20T10:15:41.000Z","sequence":16,"data":{"id":"call_M","did":"+46850500001","from":"+46701234567","unknown":null,"outcome":"matched","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","assurance":"return_routed","trunk":"alpha","sip_call_id":"a84b4c","identity_header":"p_asserted_identity","disputed":true,"forwarded":false,"received_at":"2026-11-20T10:15:41.000Z","sip_code":486}}

id: 17
event: verification.verified
data: {"type":"verification.verified","timestamp":"2026-11-20T10:15:41.000Z","sequence":17,"data":"#,
    r#"{"id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","to":"+46701234567","status":"verified","reason":"missed_call_matched","created_at":"2026-11-20T10:15:30.000Z","expires_at":"2026-11-20T10:20:30.000Z","attempts_left":0,"calls_left":0}}

"#
);
pub(super) const DIDS: &str = r#"{"dids":[{"number":"+46850500001","tel_uri":"tel:+46850500001","trunks":["alpha","beta"],"waiting":3},{"number":"+46850500002","tel_uri":"tel:+46850500002","trunks":[],"waiting":0}]}"#;
pub(super) const DELIVERIES: &str = r#"{"deliveries":[{"id":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P","endpoint":"shop","event":"verification.verified","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","sequence":7,"state":"dead","created_at":"2026-11-20T10:15:30.123Z","attempts":12,"next_at":null,"last_status":503,"error":"it replied 503"},{"id":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q","endpoint":"https://example.com/?…","event":"trunk.down","verification":null,"sequence":8,"state":"waiting","created_at":"2026-11-20T10:15:30.123Z","attempts":1,"next_at":"2026-11-20T10:15:31.100Z","last_status":null,"error":"it took too long"}]}"#;

macro_rules! rings {
    () => {
        r#"data: {"type":"call.ringing","timestamp":"2026-11-20T10:15:31.200Z","sequence":9,"data":{"id":"call_A","verification":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P","state":"ringing","trunk":"alpha","placed_at":"2026-11-20T10:15:30.010Z","invited_at":"2026-11-20T10:15:30.012Z","ringing_at":"2026-11-20T10:15:31.200Z"}}

"#
    };
}

/// A call that rings, in a stream that stays open.
pub(super) const RINGING: &str = concat!(": open\n\n", rings!());
/// The same, in a stream that breaks.
pub(super) const RINGING_CUT: &str = rings!();
