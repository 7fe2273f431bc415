//! Messages to webhooks: what is asked, what is shown.

use expect_test::expect;

use super::answers::DELIVERIES;
use super::check;

#[test]
fn w07_messages_that_were_not_taken_are_listed_and_filtered() {
    check(
        "webhook list",
        &[("GET /v1/webhooks/deliveries?limit=20", 200, DELIVERIES)],
        &expect![[r#"
            > GET /v1/webhooks/deliveries?limit=20
            | message                         endpoint                event                  verification                    state    tries  next                      last failure
            | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P  shop                    verification.verified  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  dead        12                            it replied 503
            | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  https://example.com/?…  trunk.down                                             waiting      1  2026-11-20T10:15:31.100Z  it took too long
            exit 0
        "#]],
    );
    check(
        "webhook list --limit 2 --state dead",
        &[("GET /v1/webhooks/deliveries?limit=2&state=dead", 200, DELIVERIES)],
        &expect![[r#"
            > GET /v1/webhooks/deliveries?limit=2&state=dead
            | message                         endpoint                event                  verification                    state    tries  next                      last failure
            | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P  shop                    verification.verified  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  dead        12                            it replied 503
            | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  https://example.com/?…  trunk.down                                             waiting      1  2026-11-20T10:15:31.100Z  it took too long
            exit 0
        "#]],
    );
    let path = "GET /v1/webhooks/deliveries?limit=5&state=dead&endpoint=shop&verification=ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
    check(
        "webhook list --json --state dead --endpoint shop --limit 5 --verification ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P",
        &[(path, 200, "{\"deliveries\":[]}"), (ENDPOINTS, 200, SHOP)],
        &expect![[r#"
            > GET /v1/webhooks/deliveries?limit=5&state=dead&endpoint=shop&verification=ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P
            > GET /v1/webhooks/endpoints
            | {"deliveries":[]}
            exit 0
        "#]],
    );
}

#[test]
fn w08_all_messages_are_listed_page_by_page() {
    const FIRST: &str = "GET /v1/webhooks/deliveries?limit=1000";
    const BEHIND: &str =
        "GET /v1/webhooks/deliveries?limit=1000&after=msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q";
    let first = [(FIRST, 200, FIRST_PAGE), (BEHIND, 200, DELIVERIES)];
    check(
        "webhook list --all",
        &first,
        &expect![[r#"
        > GET /v1/webhooks/deliveries?limit=1000
        > GET /v1/webhooks/deliveries?limit=1000&after=msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q
        | message                         endpoint  event       verification  state  tries  next  last failure
        | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  shop      trunk.down                dead      12        it replied 410
        | message                         endpoint                event                  verification                    state    tries  next                      last failure
        | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P  shop                    verification.verified  ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P  dead        12                            it replied 503
        | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  https://example.com/?…  trunk.down                                             waiting      1  2026-11-20T10:15:31.100Z  it took too long
        exit 0
    "#]],
    );
    let nothing = r#"{"deliveries":[],"next":null}"#;
    let last = [(FIRST, 200, FIRST_PAGE), (BEHIND, 200, nothing)];
    check(
        "webhook list --all --json",
        &last,
        &expect![[r#"
        > GET /v1/webhooks/deliveries?limit=1000
        > GET /v1/webhooks/deliveries?limit=1000&after=msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q
        | {"deliveries":[{"id":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q","endpoint":"shop","event":"trunk.down","verification":null,"sequence":8,"state":"dead","created_at":"2026-11-20T10:15:30.123Z","attempts":12,"next_at":null,"last_status":410,"error":"it replied 410"}],"next":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q"}
        exit 0
    "#]],
    );
    let line = "webhook list --limit 2 --after msg_01JD8Q0R6T9W3K5X7Z2B4N6M8N";
    let path = "GET /v1/webhooks/deliveries?limit=2&after=msg_01JD8Q0R6T9W3K5X7Z2B4N6M8N";
    check(
        line,
        &[(path, 200, FIRST_PAGE)],
        &expect![[r#"
        > GET /v1/webhooks/deliveries?limit=2&after=msg_01JD8Q0R6T9W3K5X7Z2B4N6M8N
        | message                         endpoint  event       verification  state  tries  next  last failure
        | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  shop      trunk.down                dead      12        it replied 410
        ! there may be more: --after msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q, or --all
        exit 0
    "#]],
    );
}

#[test]
fn w07_a_message_is_tried_again_and_a_refusal_is_said() {
    let path = "POST /v1/webhooks/deliveries/msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P/retry";
    let line = "webhook retry msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
    check(
        line,
        &[(path, 202, "")],
        &expect![[r#"
        > POST /v1/webhooks/deliveries/msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P/retry {}
        | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P is tried now
        exit 0
    "#]],
    );
    check(
        &format!("{line} --json"),
        &[(path, 202, "")],
        &expect![[r#"
        > POST /v1/webhooks/deliveries/msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P/retry {}
        exit 0
    "#]],
    );
    let gone = r#"{"type":"urn:ringproof:problem:endpoint_gone","title":"The endpoint is not in the configuration","status":409,"code":"endpoint_gone","detail":"the endpoint \"shop\" is not in the configuration"}"#;
    check(
        line,
        &[(path, 409, gone)],
        &expect![[r#"
            > POST /v1/webhooks/deliveries/msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P/retry {}
            ! error: the endpoint "shop" is not in the configuration
            exit 65
        "#]],
    );
}

#[test]
fn w08_all_dead_messages_are_put_back() {
    const PATH: &str = "POST /v1/webhooks/deliveries/retry";
    let first = r#"{"retried":1000,"endpoint_gone":0,"next":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q"}"#;
    let last = r#"{"retried":200,"endpoint_gone":3,"next":null}"#;
    let replies = [(PATH, 202, first), (PATH, 202, last)];
    check(
        "webhook retry --all",
        &replies,
        &expect![[r#"
        > POST /v1/webhooks/deliveries/retry {}
        > POST /v1/webhooks/deliveries/retry {"after":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q"}
        | 1200 messages put back, to be tried as they are taken
        ! 3 stay dead: their endpoints are not in the configuration (webhook list --state dead)
        exit 0
    "#]],
    );
    let line = "webhook retry --json --all --endpoint shop --since 2026-11-20T00:00:00Z \
                --before 2026-11-21T00:00:00Z";
    check(
        line,
        &[(PATH, 202, last)],
        &expect![[r#"
        > POST /v1/webhooks/deliveries/retry {"before":"2026-11-21T00:00:00Z","endpoint":"shop","since":"2026-11-20T00:00:00Z"}
        | {"retried":200,"endpoint_gone":3,"next":null}
        ! 3 stay dead: their endpoints are not in the configuration (webhook list --state dead)
        exit 0
    "#]],
    );
}

#[test]
fn endpoints_are_shown_with_what_waits_for_them() {
    const PATH: &str = "GET /v1/webhooks/endpoints";
    let found = r#"{"endpoints":[{"name":"shop","host":"hooks.example.com","state":"down","rests_until":"2026-11-20T10:16:30.000Z","waiting":12000,"trying":1,"dead":7,"last_error":"it replied 503","last_error_at":"2026-11-20T10:15:30.000Z"},{"name":"old-shop","host":null,"state":"gone","rests_until":null,"waiting":3,"trying":0,"dead":0,"last_error":null,"last_error_at":null}]}"#;
    check(
        "webhook endpoints",
        &[(PATH, 200, found)],
        &expect![[r#"
        > GET /v1/webhooks/endpoints
        | endpoint  host               state  until                     waiting  trying  dead  last failure
        | shop      hooks.example.com  down   2026-11-20T10:16:30.000Z    12000       1     7  it replied 503
        | old-shop                     gone                                   3       0     0
        exit 0
    "#]],
    );
    let disabled = r#"{"deliveries":[{"id":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q","endpoint":"shop","event":"trunk.down","verification":null,"sequence":8,"state":"waiting","created_at":"2026-11-20T10:15:30.123Z","attempts":0,"next_at":null,"endpoint_state":"disabled","last_status":null,"error":null}],"next":null}"#;
    let path = "GET /v1/webhooks/deliveries?limit=20";
    check(
        "webhook list",
        &[(path, 200, disabled)],
        &expect![[r#"
        > GET /v1/webhooks/deliveries?limit=20
        | message                         endpoint  event       verification  state    tries  next               last failure
        | msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q  shop      trunk.down                waiting      0  endpoint disabled
        exit 0
    "#]],
    );
}

#[test]
fn w07_an_endpoint_that_nobody_knows_is_said_to_be_none() {
    let list = "GET /v1/webhooks/deliveries?limit=20&endpoint=typo";
    let (nothing, none) = (r#"{"deliveries":[],"next":null}"#, r#"{"endpoints":[]}"#);
    check(
        "webhook list --endpoint typo",
        &[(list, 200, nothing), (ENDPOINTS, 200, SHOP)],
        &expect![[r#"
            > GET /v1/webhooks/deliveries?limit=20&endpoint=typo
            > GET /v1/webhooks/endpoints
            | message  endpoint  event  verification  state  tries  next  last failure
            ! no endpoint `typo` is configured, and nothing waits for one; there are: shop
            exit 1
        "#]],
    );
    check(
        "webhook list --endpoint shop",
        &[
            ("GET /v1/webhooks/deliveries?limit=20&endpoint=shop", 200, nothing),
            (ENDPOINTS, 200, SHOP),
        ],
        &expect![[r#"
            > GET /v1/webhooks/deliveries?limit=20&endpoint=shop
            > GET /v1/webhooks/endpoints
            | message  endpoint  event  verification  state  tries  next  last failure
            exit 0
        "#]],
    );
    let retry = "POST /v1/webhooks/deliveries/retry";
    let gone = r#"{"code":"endpoint_gone","title":"The endpoint is not in the configuration","detail":"it is not"}"#;
    check(
        "webhook retry --all --endpoint typo",
        &[(retry, 409, gone), (ENDPOINTS, 200, none)],
        &expect![[r#"
            > POST /v1/webhooks/deliveries/retry {"endpoint":"typo"}
            > GET /v1/webhooks/endpoints
            ! no endpoint `typo` is configured, and nothing waits for one; there are: none
            exit 1
        "#]],
    );
}

const ENDPOINTS: &str = "GET /v1/webhooks/endpoints";
const SHOP: &str = r#"{"endpoints":[{"name":"shop","host":"a","state":"working","rests_until":null,"waiting":0,"trying":0,"dead":0,"last_error":null}]}"#;
/// A page with others behind it.
const FIRST_PAGE: &str = r#"{"deliveries":[{"id":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q","endpoint":"shop","event":"trunk.down","verification":null,"sequence":8,"state":"dead","created_at":"2026-11-20T10:15:30.123Z","attempts":12,"next_at":null,"last_status":410,"error":"it replied 410"}],"next":"msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q"}"#;
