//! Messages to webhooks that were not taken, through the API; who sends them is played.

use std::sync::atomic::Ordering;

use ringproof::control::{KeySettings, Right, Shed, TcpSettings, TokenHash};
use serde_json::json;

use super::played::{CALLBACK, CROWDED, MESSAGE, ORPHAN, TOLD};
use super::world::{World, short};

#[tokio::test]
async fn messages_that_were_not_taken_are_listed() {
    let world = World::new(short()).await;
    let list = world.ask("GET", "/v1/webhooks/deliveries", "").await.json();
    assert_eq!(
        list["deliveries"][0],
        json!({
            "id": MESSAGE, "endpoint": "shop", "event": "verification.verified",
            "verification": TOLD, "sequence": 7,
            "state": "dead", "created_at": "2026-11-20T10:15:30.123Z", "attempts": 11,
            "next_at": null, "endpoint_state": "disabled", "last_status": 503, "error": "the endpoint answered 503",
        })
    );
    let (told, other) = (format!("verification={TOLD}"), TOLD.replace("8P", "8Q"));
    for (query, count) in [
        ("state=dead&limit=1", 1),
        ("endpoint=shop", 2),
        ("endpoint=x", 0),
        ("state=waiting", 0),
        (&*told, 2),
        (&*format!("verification={other}"), 0),
    ] {
        let list = world.ask("GET", &format!("/v1/webhooks/deliveries?{query}"), "").await.json();
        assert_eq!(list["deliveries"].as_array().unwrap().len(), count, "{query}");
    }
    for query in ["state=lost", "limit=0", "limit=1001", "verification=1", "after=1", "x=1"] {
        let refused = world.ask("GET", &format!("/v1/webhooks/deliveries?{query}"), "").await;
        assert_eq!(refused.problem(), (400, "invalid_request".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn endpoints_are_shown_as_they_do_and_without_their_urls() {
    let world = World::new(short()).await;
    let shown = world.ask("GET", "/v1/webhooks/endpoints", "").await.json();
    let shop = json!({
        "name": "shop", "host": "hooks.example.com", "state": "down",
        "rests_until": "2026-11-20T10:15:31.000Z", "waiting": 3, "trying": 1, "dead": 2,
        "last_error": "it replied 503", "last_error_at": "2026-11-20T10:15:30.123Z",
    });
    let gone = json!({
        "name": "old-shop", "host": null, "state": "gone", "rests_until": null, "waiting": 3,
        "trying": 1, "dead": 2, "last_error": null, "last_error_at": null,
    });
    assert_eq!(shown, json!({ "endpoints": [shop, gone] }));
}

#[tokio::test]
async fn messages_are_listed_page_by_page() {
    let world = World::new(short()).await;
    let page = async |query: &str| {
        let list = world.ask("GET", &format!("/v1/webhooks/deliveries?{query}"), "").await.json();
        let ids = list["deliveries"].as_array().unwrap().iter();
        let ids: Vec<_> = ids.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        (ids, list["next"].as_str().map(str::to_owned))
    };
    assert_eq!(page("limit=1").await, (vec![MESSAGE.into()], Some(MESSAGE.into())));
    let second = page(&format!("limit=1&after={MESSAGE}")).await;
    assert_eq!(second, (vec![CROWDED.into()], None));
    assert_eq!(page("").await, (vec![MESSAGE.into(), CROWDED.into()], None));
}

#[tokio::test]
async fn a_message_is_tried_again_by_those_who_may() {
    let key = |name: &str, right| KeySettings {
        name: name.into(),
        token: TokenHash::of(name),
        rights: vec![right],
        starts_per_second: None,
    };
    let keys = vec![key("reader", Right::Read), key("root", Right::Admin)];
    let listen = "127.0.0.1:0".parse().unwrap();
    let world = World::with(short(), Some(TcpSettings { listen, keys })).await;
    let retry = format!("/v1/webhooks/deliveries/{MESSAGE}/retry");
    let reader = "Authorization: Bearer reader\r\n";
    let all = world.ask_tcp("POST", "/v1/webhooks/deliveries/retry", reader).await;
    assert_eq!(all.problem(), (403, "forbidden".to_owned()));
    let refused = world.ask_tcp("POST", &retry, reader).await;
    assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
    assert!(refused.text().contains("needs the right admin"), "{}", refused.text());
    assert_eq!(world.ask_tcp("GET", "/v1/webhooks/deliveries", reader).await.status, 200);
    assert_eq!(world.shards.retried.load(Ordering::Relaxed), 0);

    let key = "Idempotency-Key: one\r\n";
    assert_eq!(world.ask_with("POST", &retry, key, "").await.status, 202);
    assert_eq!(world.ask_with("POST", &retry, key, "").await.status, 202);
    assert_eq!(world.shards.retried.load(Ordering::Relaxed), 1, "the second is a repetition");
    let unknown = world.ask("POST", "/v1/webhooks/deliveries/msg_x/retry", "").await;
    assert_eq!(unknown.problem(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn w08_dead_messages_are_put_back_as_the_wish_says_and_once_for_a_key() {
    let world = World::new(short()).await;
    let path = "/v1/webhooks/deliveries/retry";
    let wish = json!({
        "endpoint": "shop", "since": "2026-11-20T00:00:00Z", "before": "2026-11-21T01:00:00+01:00",
        "after": CROWDED, "limit": 7,
    });
    let key = "Idempotency-Key: all\r\n";
    for _ in 0..2 {
        let reply = world.ask_with("POST", path, key, &wish.to_string()).await;
        let shown = json!({ "retried": 7, "endpoint_gone": 1, "next": null });
        assert_eq!((reply.status, reply.json()), (202, shown));
    }
    assert_eq!(world.shards.retried.load(Ordering::Relaxed), 7, "the second is a repetition");
    let day = 86_400_000_000;
    let wanted = world.shards.wanted.borrow().clone().unwrap();
    assert_eq!(wanted.endpoint.as_deref(), Some("shop"));
    assert_eq!(wanted.since.unwrap().0 + day, wanted.before.unwrap().0);
    assert_eq!((wanted.since.unwrap().0, wanted.limit), (1_795_132_800_000_000, 7));

    let reply = world.ask("POST", path, "").await;
    assert_eq!(reply.json(), json!({ "retried": 1_000, "endpoint_gone": 1, "next": CROWDED }));
    for (body, field) in [
        (json!({ "limit": 0 }), "/limit"),
        (json!({ "limit": 1_001 }), "/limit"),
        (json!({ "since": "yesterday" }), "/since"),
        (json!({ "before": "1960-01-01T00:00:00Z" }), "/before"),
        (json!({ "after": "ver_1" }), "/after"),
    ] {
        let refused = world.ask("POST", path, &body.to_string()).await;
        assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
        assert_eq!(refused.json()["pointer"], field);
    }
    let refused = world.ask("POST", path, "{\"endpoint\":\"old-shop\"}").await;
    assert_eq!(refused.problem(), (409, "endpoint_gone".to_owned()));
}

#[tokio::test]
async fn a_message_for_an_endpoint_that_was_removed_says_which_and_what_would_help() {
    let world = World::new(short()).await;
    let retry = format!("/v1/webhooks/deliveries/{ORPHAN}/retry");
    let refused = world.ask("POST", &retry, "").await;
    assert_eq!(refused.problem(), (409, "endpoint_gone".to_owned()));
    assert_eq!(
        refused.json()["detail"],
        "the endpoint \"old-shop\" is not in the configuration: a `[[webhook]]` of this name and a \
         restart have its messages sent"
    );
}

#[tokio::test]
async fn a_message_too_many_that_is_asked_for_is_refused_and_counted() {
    let world = World::new(short()).await;
    let retry = format!("/v1/webhooks/deliveries/{CROWDED}/retry");
    let refused = world.ask("POST", &retry, "").await;
    assert_eq!(refused.problem(), (503, "overloaded".to_owned()));
    assert_eq!(world.shed(Shed::Retry), 1);
}

#[tokio::test]
async fn keys_in_callback_urls_are_shown_to_those_who_may_give_such_urls() {
    let key = |name: &str, rights: &[Right]| KeySettings {
        name: name.into(),
        token: TokenHash::of(name),
        rights: rights.to_vec(),
        starts_per_second: None,
    };
    let keys = vec![
        key("reader", &[Right::Read]),
        key("both", &[Right::Read, Right::Verify]),
        key("root", &[Right::Admin]),
    ];
    let listen = "127.0.0.1:0".parse().unwrap();
    let world = World::with(short(), Some(TcpSettings { listen, keys })).await;
    let path = "/v1/webhooks/deliveries?state=trying";
    for (name, shown) in
        [("reader", "https://shop.example/hook?…"), ("both", CALLBACK), ("root", CALLBACK)]
    {
        let token = format!("Authorization: Bearer {name}\r\n");
        let list = world.ask_tcp("GET", path, &token).await.json();
        assert_eq!(list["deliveries"][0]["endpoint"], shown, "{name}");
    }
    let socket = world.ask("GET", path, "").await.json();
    assert_eq!(socket["deliveries"][0]["endpoint"], CALLBACK);
}
