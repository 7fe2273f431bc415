//! What the API does, route by route.

use std::sync::atomic::Ordering;

use ringproof::control::{Limits, Shed};
use serde_json::Value;

use super::world::{START, World, short, soon};

#[tokio::test]
async fn a_phone_is_verified_by_its_code() {
    let mut world = World::new(short()).await;
    let reply = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(reply.status, 201);
    let order = soon(world.orders.recv()).await.unwrap();
    let path = format!("/v1/verifications/{}", order.verification);
    assert_eq!(reply.header("location"), Some(&*path.to_lowercase()));
    let code = format!("{:05}", order.caller_id.suffix());
    let wrong = format!("{:05}", (order.caller_id.suffix() + 1) % 100_000);
    assert!(!reply.text().contains(&code), "the code is no part of the reply");

    let checked = world.ask("POST", &format!("{path}/check"), &body("code", &wrong)).await;
    assert_eq!((checked.status, &checked.json()["status"]), (200, &"pending".into()));
    assert_eq!(checked.json()["attempts_left"], 2);
    let checked = world.ask("POST", &format!("{path}/check"), &body("code", &code)).await;
    assert_eq!((checked.status, &checked.json()["status"]), (200, &"verified".into()));
    assert_eq!(checked.json()["reason"], "code_matched");
    let late = world.ask("POST", &format!("{path}/check"), &body("code", &code)).await;
    assert_eq!(late.problem(), (409, "already_ended".to_owned()));
    assert_eq!(late.json()["verification"]["status"], "verified");
}

#[tokio::test]
async fn h05_unknown_ids_and_texts_that_are_no_ids_look_the_same() {
    let world = World::new(short()).await;
    let mut seen = Vec::new();
    for id in ["ver_00000000000000000000000000", "ver_x", "call_00000000000000000000000000"] {
        for (method, tail, body) in [
            ("GET", "", ""),
            ("DELETE", "", ""),
            ("POST", "/check", "{\"code\":\"12345\"}"),
            ("POST", "/call", ""),
            ("POST", "/report", "{\"saw\":\"no_call\"}"),
        ] {
            let reply = world.ask(method, &format!("/v1/verifications/{id}{tail}"), body).await;
            assert_eq!(reply.problem(), (404, "not_found".to_owned()), "{method} {id}{tail}");
            seen.push((method, tail, reply.text()));
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5, "one text for each route: {seen:?}");
}

#[tokio::test]
async fn a_phone_is_rung_again_from_another_number() {
    let mut world = World::new(short()).await;
    let (id, first) = world.start().await;
    let path = format!("/v1/verifications/{id}/call");
    let reply = world.ask("POST", &path, "").await;
    assert_eq!(reply.problem(), (409, "call_in_progress".to_owned()));
    end(&world, &first);
    let reply = world.ask("POST", &path, "").await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    let second = soon(world.orders.recv()).await.unwrap();
    assert_eq!(reply.json()["flash_call"]["call"]["id"], second.call.id.to_string());
    assert_ne!(first.caller_id, second.caller_id);
}

#[tokio::test]
async fn a_canceled_verification_hangs_up_its_call() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let path = format!("/v1/verifications/{id}");
    let reply = world.ask("DELETE", &path, "").await;
    assert_eq!((reply.status, &reply.json()["status"]), (200, &"canceled".into()));
    assert_eq!(reply.json()["reason"], "canceled_by_client");
    assert_eq!(soon(world.hung_up.recv()).await.unwrap().id, order.call.id);
    assert_eq!(world.ask("DELETE", &path, "").await.problem(), (409, "already_ended".to_owned()));
}

#[tokio::test]
async fn a_report_is_taken_down() {
    let mut world = World::new(short()).await;
    let (id, _order) = world.start().await;
    let path = format!("/v1/verifications/{id}/report");
    let reply = world.ask("POST", &path, "{\"saw\":\"no_call\",\"caller_id\":null}").await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    let reply = world.ask("POST", &path, "{\"saw\":\"nothing\"}").await;
    assert_eq!(reply.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(reply.json()["pointer"], "/saw");
}

#[tokio::test]
async fn verifications_are_listed_newest_first_page_by_page() {
    let world = World::new(short()).await;
    for last in 1..=3 {
        let body = body("to", &format!("+4670123456{last}"));
        assert_eq!(world.ask("POST", "/v1/verifications", &body).await.status, 201);
    }
    let first = world.ask("GET", "/v1/verifications?limit=2", "").await.json();
    let path = format!("/v1/verifications?after={}", first["next"].as_str().unwrap());
    let second = world.ask("GET", &path, "").await.json();
    assert_eq!((ids(&first).len(), ids(&second).len(), &second["next"]), (2, 1, &Value::Null));
    // Names sort by age; those of one millisecond in any order.
    let all = [ids(&first), ids(&second)].concat();
    assert!(all.is_sorted_by(|newer, older| newer > older), "{all:?}");
    for to in ["+46701234562", "%2B46701234562"] {
        let path = format!("/v1/verifications?to={to}&status=pending");
        assert_eq!(phones(&world.ask("GET", &path, "").await.json()), ["+46701234562"]);
    }
    for query in
        ["limit=0", "limit=1001", "status=lost", "to=1", "after=x", "limit=1&limit=2", "x=1"]
    {
        let reply = world.ask("GET", &format!("/v1/verifications?{query}"), "").await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_call_and_its_ladder_can_be_read() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let path = format!("/v1/calls/{}", order.call.id);
    let call = world.ask("GET", &path, "").await.json();
    assert_eq!((&call["verification"], &call["state"]), (&id.into(), &"placed".into()));
    let trace = world.ask("GET", &format!("{path}/trace"), "").await.json();
    assert_eq!(trace["messages"], Value::Array(vec![]));
    let text = "Accept: text/plain\r\n";
    let drawn = world.ask_with("GET", &format!("{path}/trace"), text, "").await;
    assert_eq!(drawn.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(drawn.text().contains("no message yet; those of calls before"), "{}", drawn.text());
}

#[tokio::test]
async fn a_second_start_names_the_first() {
    let mut world = World::new(short()).await;
    let (id, _order) = world.start().await;
    let reply = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(reply.problem(), (409, "already_pending".to_owned()));
    assert_eq!(reply.json()["id"], id);
}

#[tokio::test]
async fn without_a_trunk_nothing_is_started_and_nobody_is_ready() {
    let world = World::new(short()).await;
    world.shards.is_down.store(true, Ordering::Relaxed);
    let reply = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(reply.problem(), (503, "no_trunk".to_owned()));
    assert_eq!(reply.header("retry-after"), Some("5"));
    assert_eq!(world.ask("GET", "/readyz", "").await.problem(), (503, "not_ready".to_owned()));
    world.shards.is_down.store(false, Ordering::Relaxed);
    assert_eq!(world.ask("GET", "/readyz", "").await.status, 200);
    let reply = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(reply.status, 201, "what was refused left no trace");
}

#[tokio::test]
async fn lists_have_a_limit_that_hides_no_metrics() {
    let world = World::new(Limits { scans_max: 0, ..short() }).await;
    for path in ["/v1/verifications", "/v1/pools", "/debug/state"] {
        let reply = world.ask("GET", path, "").await;
        assert_eq!(reply.problem(), (503, "overloaded".to_owned()), "{path}");
    }
    assert_eq!(world.shed(Shed::Scan), 3);
    assert_eq!(world.ask("GET", "/metrics", "").await.status, 200);
}

#[tokio::test]
async fn a_shard_without_room_is_said_and_counted() {
    let world = World::new(short()).await;
    world.shards.is_full.store(true, Ordering::Relaxed);
    let reply = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(reply.problem(), (503, "overloaded".to_owned()));
    assert_eq!(world.shed(Shed::ShardQueue), 1);
}

#[tokio::test]
async fn h03_numbers_that_are_never_called_are_refused() {
    let mut world = World::new(short()).await;
    for to in ["+46876500001", "+447012345678", "+469001234567", "+881612345678", "+4611"] {
        let reply = world.ask("POST", "/v1/verifications", &body("to", to)).await;
        let expected = if to == "+4611" { "invalid_request" } else { "number_not_allowed" };
        assert_eq!(reply.problem().1, expected, "{to}: {}", reply.text());
        assert_eq!(reply.json()["pointer"], "/to");
    }
    assert!(world.orders.try_recv().is_err(), "nothing is dialled");
}

#[tokio::test]
async fn the_gateway_shows_itself() {
    let mut world = World::new(short()).await;
    world.start().await;
    let pools = world.ask("GET", "/v1/pools", "").await.json();
    assert_eq!(pools["pools"][0]["distinct_suffixes"], 1_000);
    let status = world.ask("GET", "/v1/status", "").await.json();
    let version = env!("CARGO_PKG_VERSION");
    // The start, and its call.
    let oldest = world.disk.bus.range().oldest;
    assert_eq!(
        status,
        serde_json::json!({
            "version": version,
            "readiness": "ready",
            "started_at": "2026-11-20T10:15:30.123Z",
            "uptime_seconds": 61,
            "verifications_pending": 1,
            "calls_in_flight": 1,
            "verifications_waiting": 0,
            "missed_calls_remembered": 0,
            "events": { "oldest": oldest, "newest": oldest + 1 },
        })
    );
    let trunks = world.ask("GET", "/v1/trunks", "").await.json();
    assert_eq!(trunks["trunks"][0]["name"], "asterisk");
    let state = world.ask("GET", "/debug/state", "").await.json();
    assert_eq!(state["verify"]["pending"]["size"], 1);
    assert_eq!(state["control"]["events"]["limit"], 10_000);
    assert_eq!(world.ask("GET", "/metrics", "").await.text(), "ringproof_up 1\n");
    let described = world.ask("GET", "/openapi.json", "").await;
    assert_eq!(described.text(), ringproof::control::document());
    let count = world
        .counters
        .requests()
        .find(|kind| kind.route == "/v1/pools" && kind.class == "2xx")
        .unwrap();
    assert_eq!((count.method, count.class, count.count), ("GET", "2xx", 1));
}

fn body(name: &str, value: &str) -> String {
    format!("{{\"{name}\":\"{value}\"}}")
}

fn phones(page: &Value) -> Vec<&str> {
    each(page, "to")
}

fn ids(page: &Value) -> Vec<&str> {
    each(page, "id")
}

fn each<'a>(page: &'a Value, field: &str) -> Vec<&'a str> {
    let list = page["verifications"].as_array().unwrap();
    list.iter().map(|one| one[field].as_str().unwrap()).collect()
}

/// Plays the shard: the call rang for as long as it should.
#[tokio::test]
async fn x09_head_is_answered_and_counted_as_get() {
    let world = World::new(short()).await;
    let reply = world.ask("HEAD", "/healthz", "").await;
    assert_eq!((reply.status, reply.text()), (200, String::new()));
    let counted: Vec<_> = world.counters.requests().filter(|kind| kind.count > 0).collect();
    let [kind] = counted[..] else { panic!("{counted:?}") };
    assert_eq!((kind.method, kind.route, kind.class), ("GET", "/healthz", "2xx"));
}

fn end(world: &World, order: &ringproof::verify::Order) {
    use ringproof::outcome::{Outcome, Side};
    use ringproof::verify::record::Ending;

    let ending =
        Ending { outcome: Outcome::Completed, by: Side::Us, sip_code: Some(487), q850_cause: None };
    order.call.on_ended(ending, order.call.placed);
    world.verify.on_call_ended(&order.call);
}
