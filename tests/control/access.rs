//! H6: TCP with keys.

use ringproof::control::{KeySettings, Limits, Right, Shed, TcpSettings, TokenHash};

use super::world::{World, short};

#[tokio::test]
async fn h06_tcp_needs_a_key_and_the_right_that_a_route_asks_for() {
    let world = world(short()).await;
    let reply = world.ask_tcp("GET", "/v1/pools", "").await;
    assert_eq!(reply.problem(), (401, "unauthorized".to_owned()));
    assert_eq!(reply.header("www-authenticate"), Some("bearer realm=\"ringproof\""));
    for (token, path, status) in [
        ("wrong", "/v1/pools", 401),
        ("reader", "/v1/pools", 200),
        ("reader", "/v1/verifications", 200),
        ("reader", "/metrics", 200),
        ("starter", "/v1/pools", 403),
        ("starter", "/v1/verifications", 403),
        ("starter", "/v1/events", 403),
        ("starter", "/v1/calls/call_00000000000000000000000000", 404),
        ("root", "/v1/trunks", 200),
        ("root", "/debug/state", 404),
    ] {
        let reply = world.ask_tcp("GET", path, &bearer(token)).await;
        assert_eq!(reply.status, status, "{token} {path}");
    }
    let reply = world.ask_tcp("POST", "/v1/verifications", &bearer("reader")).await;
    assert_eq!(reply.problem(), (403, "forbidden".to_owned()));
    assert!(reply.text().contains("needs the right verify"), "{}", reply.text());
}

#[tokio::test]
async fn h06_admin_does_everything_but_what_only_the_socket_shows() {
    let world = world(short()).await;
    let root = bearer("root");
    let started = world.ask_tcp("POST", "/v1/verifications", &root).await;
    assert_eq!(started.status, 201, "{}", started.text());
    let path = format!("/v1/verifications/{}", started.json()["id"].as_str().unwrap());
    for (method, path, status) in [
        ("GET", "/v1/verifications", 200),
        ("GET", "/metrics", 200),
        ("DELETE", &path, 200),
        ("GET", "/debug/state", 404),
    ] {
        assert_eq!(world.ask_tcp(method, path, &root).await.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn h06_health_and_description_are_open_and_metrics_are_not() {
    let world = world(short()).await;
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/openapi.json", 200), ("/metrics", 401)]
    {
        assert_eq!(world.ask_tcp("GET", path, "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn h06_wrong_tokens_are_limited_and_right_ones_are_not() {
    let world = world(Limits { wrong_tokens_per_minute: 3, ..short() }).await;
    for _ in 0..3 {
        assert_eq!(world.ask_tcp("GET", "/v1/pools", &bearer("wrong")).await.status, 401);
    }
    let reply = world.ask_tcp("GET", "/v1/pools", &bearer("wrong")).await;
    assert_eq!(reply.problem(), (429, "rate_limited".to_owned()));
    assert!(reply.header("retry-after").is_some());
    assert_eq!(world.shed(Shed::WrongToken), 1);
    assert_eq!(world.ask_tcp("GET", "/v1/pools", &bearer("reader")).await.status, 200);
}

#[tokio::test]
async fn h06_a_key_starts_as_many_calls_as_it_may() {
    let mut world = world(short()).await;
    assert_eq!(world.ask_tcp("POST", "/v1/verifications", &bearer("starter")).await.status, 201);
    let reply = world.ask_tcp("POST", "/v1/verifications", &bearer("starter")).await;
    assert_eq!(reply.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(world.shed(Shed::CallRate), 1);
    assert!(world.orders.try_recv().is_ok() && world.orders.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn keys_do_not_share_idempotency_keys() {
    let world = world(short()).await;
    let same = "Idempotency-Key: same\r\n";
    let starter = format!("{}{same}", bearer("starter"));
    let root = format!("{}{same}", bearer("root"));
    assert_eq!(world.ask_tcp("POST", "/v1/verifications", &starter).await.status, 201);
    let reply = world.ask_tcp("POST", "/v1/verifications", &root).await;
    assert_eq!(reply.problem(), (409, "already_pending".to_owned()));
}

async fn world(limits: Limits) -> World {
    let key = |name: &str, right, starts_per_second| KeySettings {
        name: name.into(),
        token: TokenHash::of(name),
        rights: vec![right],
        starts_per_second,
    };
    let keys = vec![
        key("reader", Right::Read, None),
        key("starter", Right::Verify, Some(1)),
        key("root", Right::Admin, None),
    ];
    let listen = "127.0.0.1:0".parse().unwrap();
    World::with(limits, Some(TcpSettings { listen, keys })).await
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}
