//! Nothing is told before it is on disk, and what was told is on it: replies, reads, repetitions.

use std::time::Duration;

use ringproof::control::CallbackError;
use ringproof::outcome::{Outcome, Side};
use ringproof::verify::Order;
use ringproof::verify::record::Ending;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::store::State;
use super::world::{Reply, START, Seed, World, request, short, soon};

#[tokio::test]
async fn d07_a_start_is_refused_while_nothing_can_be_written_and_leaves_no_trace() {
    let mut world = World::new(short()).await;
    world.disk.set(State::Broken);
    let refused = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(refused.problem(), (503, "store_unavailable".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(world.orders.try_recv().is_err(), "nothing was dialled");
    assert_eq!(world.verify.census().phones.size, 0);
    world.disk.set(State::Working);
    world.start().await;
}

#[tokio::test]
async fn d07_a_start_that_fails_to_be_written_is_hung_up_and_taken_back() {
    let mut world = World::new(short()).await;
    let mut reader = world.bus.follow();
    world.disk.set(State::Failing);
    let refused = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(refused.problem(), (503, "store_unavailable".to_owned()));
    let order = world.orders.try_recv().unwrap();
    assert_eq!(world.hung_up.try_recv().unwrap().id, order.call.id);
    end(&world, &order, Outcome::Withdrawn);
    world.disk.set(State::Working);
    let path = format!("/v1/verifications/{}", order.verification);
    assert_eq!(world.ask("GET", &path, "").await.status, 404);
    assert_eq!(world.ask("GET", "/v1/verifications", "").await.json()["verifications"], json!([]));
    let (id, _) = world.start().await;
    let first = soon(reader.next(&world.store())).await.unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(first.contains(&id), "nobody hears of the one that was taken back: {first}");
}

#[tokio::test]
async fn h07_nobody_is_told_of_a_start_before_it_is_on_disk() {
    let mut world = World::new(short()).await;
    world.disk.set(State::Slow);
    let mut first = say(&world, "POST", "/v1/verifications", "", START).await;
    let order = soon(world.orders.recv()).await.unwrap();
    let (id, path) =
        (order.verification.to_string(), format!("/v1/verifications/{}", order.verification));
    let mut others = vec![];
    for (method, path, body) in [
        ("GET", &*path, ""),
        ("GET", &format!("/v1/calls/{}", order.call.id), ""),
        ("POST", "/v1/verifications", START),
    ] {
        others.push(say(&world, method, path, "", body).await);
    }
    let listed = world.ask("GET", "/v1/verifications", "").await;
    assert_eq!(listed.json()["verifications"], json!([]));
    assert!(is_silent(&mut first).await, "it is not on disk");
    for other in &mut others {
        assert!(is_silent(other).await, "nor is it for others");
    }
    world.disk.set(State::Working);
    assert_eq!(hear(first).await.json()["id"], id);
    let [read, call, twin]: [UnixStream; 3] = others.try_into().unwrap();
    assert_eq!(hear(read).await.json()["id"], id);
    assert_eq!(hear(call).await.status, 200);
    let twin = hear(twin).await;
    assert_eq!(twin.problem(), (409, "already_pending".to_owned()));
    assert_eq!(twin.json()["id"], id);
}

#[tokio::test]
async fn d07_who_waits_for_another_start_that_fails_to_be_written_is_not_told_its_name() {
    let mut world = World::new(short()).await;
    world.disk.set(State::Slow);
    let first = say(&world, "POST", "/v1/verifications", "", START).await;
    soon(world.orders.recv()).await.unwrap();
    let mut twin = say(&world, "POST", "/v1/verifications", "", START).await;
    assert!(is_silent(&mut twin).await);
    world.disk.set(State::Failing);
    for refused in [hear(first).await, hear(twin).await] {
        assert_eq!(refused.problem(), (503, "store_unavailable".to_owned()));
        assert!(refused.json().get("id").is_none(), "{}", refused.text());
    }
}

#[tokio::test]
async fn d02_a_wrong_code_is_answered_when_it_is_counted_on_disk() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    world.disk.set(State::Slow);
    let path = format!("/v1/verifications/{id}");
    let mut wrong = say(&world, "POST", &format!("{path}/check"), "", &wrong(&order)).await;
    assert!(is_silent(&mut wrong).await);
    let mut read = say(&world, "GET", &path, "", "").await;
    assert!(is_silent(&mut read).await, "nor is it shown to others");
    world.disk.set(State::Working);
    for reply in [hear(wrong).await, hear(read).await] {
        assert_eq!((reply.status, &reply.json()["attempts_left"]), (200, &json!(2)));
    }
}

#[tokio::test]
async fn d07_nothing_is_compared_while_nothing_can_be_written() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let path = format!("/v1/verifications/{id}");
    world.disk.set(State::Broken);
    for (method, path, body) in [
        ("POST", &*format!("{path}/check"), &*wrong(&order)),
        ("POST", &*format!("{path}/check"), &*right(&order)),
        ("POST", &*format!("{path}/call"), "{}"),
        ("DELETE", &*path, ""),
    ] {
        let refused = world.ask(method, path, body).await;
        assert_eq!(refused.problem(), (503, "store_unavailable".to_owned()), "{method} {path}");
    }
    let read = world.ask("GET", &path, "").await;
    assert_eq!(read.status, 200, "what is on disk can be read");
    let seen = world.ask("POST", &format!("{path}/report"), "{\"saw\":\"no_call\"}").await;
    assert_eq!(seen.status, 204, "nothing of a report is kept");
    world.disk.set(State::Working);
    let read = world.ask("GET", &path, "").await.json();
    assert_eq!((&read["attempts_left"], &read["status"]), (&json!(3), &json!("pending")));
    let right = world.ask("POST", &format!("{path}/check"), &right(&order)).await;
    assert_eq!(right.json()["status"], "verified");
}

#[tokio::test]
async fn d07_what_was_counted_and_not_written_is_there_when_the_disk_works_again() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let path = format!("/v1/verifications/{id}");
    world.disk.set(State::Failing);
    for (method, path, body) in [
        ("POST", &*format!("{path}/check"), &*wrong(&order)),
        ("DELETE", &*path, ""),
        // What it would show is not on disk.
        ("GET", &*path, ""),
        ("GET", "/v1/verifications", ""),
    ] {
        let refused = world.ask(method, path, body).await;
        assert_eq!(refused.problem(), (503, "store_unavailable".to_owned()), "{method} {path}");
    }
    world.disk.set(State::Working);
    let read = world.ask("GET", &path, "").await.json();
    assert_eq!((&read["attempts_left"], &read["status"]), (&json!(2), &json!("canceled")));
    let again = world.ask("DELETE", &path, "").await;
    assert_eq!(again.problem(), (409, "already_ended".to_owned()));
}

#[tokio::test]
async fn d07_a_gateway_that_cannot_write_is_alive_and_not_ready_until_it_can() {
    let world = World::new(short()).await;
    world.disk.set(State::Broken);
    assert_eq!(world.ask("GET", "/healthz", "").await.status, 200);
    let ready = world.ask("GET", "/readyz", "").await;
    assert_eq!(ready.problem(), (503, "store_unavailable".to_owned()));
    let status = world.ask("GET", "/v1/status", "").await.json();
    assert_eq!(status["readiness"], "store_unavailable");
    world.disk.set(State::Working);
    assert_eq!(world.ask("GET", "/readyz", "").await.status, 200);
}

#[tokio::test]
async fn a_disk_that_does_not_answer_is_not_waited_for_for_ever() {
    let save_timeout = Duration::from_millis(100);
    let mut world = World::grown(Seed { limits: limits(save_timeout), ..Seed::default() }).await;
    let (id, order) = world.start().await;
    world.disk.set(State::Slow);
    let path = format!("/v1/verifications/{id}/check");
    let refused = world.ask("POST", &path, &wrong(&order)).await;
    assert_eq!(refused.problem(), (503, "store_unavailable".to_owned()));
}

#[tokio::test]
async fn d07_a_further_call_is_answered_when_it_is_on_disk() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    end(&world, &order, Outcome::Completed);
    world.disk.set(State::Slow);
    let mut again = say(&world, "POST", &format!("/v1/verifications/{id}/call"), "", "{}").await;
    let second = soon(world.orders.recv()).await.unwrap();
    assert!(is_silent(&mut again).await);
    world.disk.set(State::Working);
    let again = hear(again).await;
    let call = &again.json()["flash_call"]["call"]["id"];
    assert_eq!((again.status, call), (202, &json!(second.call.id.to_string())));
}

#[tokio::test]
async fn d07_a_call_is_shown_as_far_as_it_had_come_when_it_was_asked_for() {
    let mut world = World::new(short()).await;
    let (_, order) = world.start().await;
    world.disk.set(State::Slow);
    order.call.on_ringing(order.call.placed);
    world.verify.on_call_ringing(&order.call);
    let mut asked = say(&world, "GET", &format!("/v1/calls/{}", order.call.id), "", "").await;
    assert!(is_silent(&mut asked).await);
    end(&world, &order, Outcome::Completed);
    world.disk.set(State::Working);
    assert_eq!(hear(asked).await.json()["state"], "ringing");
}

#[tokio::test]
async fn r08_the_event_says_what_the_reply_says() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let mut reader = world.bus.follow();
    let path = format!("/v1/verifications/{id}");
    let checked = world.ask("POST", &format!("{path}/check"), &right(&order)).await.json();
    let read = world.ask("GET", &path, "").await.json();
    let frame = soon(reader.next(&world.store())).await.unwrap();
    let frame = String::from_utf8(frame.to_vec()).unwrap();
    let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let told: Value = serde_json::from_str(data).unwrap();
    assert_eq!(told["type"], "verification.verified");
    assert_eq!((&told["data"], &read), (&checked, &checked));
}

#[tokio::test]
async fn callback_urls_are_taken_where_they_are_allowed() {
    let body = |url: &str| format!("{{\"to\":\"+46701234567\",\"callback_url\":\"{url}\"}}");
    let off = World::new(short()).await;
    let refused = off.ask("POST", "/v1/verifications", &body("https://shop.example/")).await;
    assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
    assert!(refused.text().contains("`[callbacks] enabled = true`"), "{}", refused.text());

    let allowed = |url: &str| match url.starts_with("https://shop.example/") {
        true => Ok(()),
        false if url.starts_with("https://10.") => Err(CallbackError::NotPublic("10.0.0.1".into())),
        false => Err(CallbackError::Wrong("the host is not one of `callbacks.hosts`".to_owned())),
    };
    let callbacks = Some(std::sync::Arc::new(allowed) as _);
    let mut on = World::grown(Seed { callbacks, ..Seed::default() }).await;
    let refused = on.ask("POST", "/v1/verifications", &body("https://other.example/")).await;
    assert_eq!(refused.json()["pointer"], "/callback_url");
    assert_eq!(refused.json()["detail"], "the host is not one of `callbacks.hosts`");
    let inside = on.ask("POST", "/v1/verifications", &body("https://10.0.0.1/x")).await;
    assert_eq!(inside.problem(), (422, "url_not_allowed".to_owned()));
    assert_eq!(inside.json()["pointer"], "/callback_url");
    let long = format!("https://shop.example/{}", "x".repeat(2_048));
    assert_eq!(on.ask("POST", "/v1/verifications", &body(&long)).await.status, 400);
    let url = "https://shop.example/verified";
    assert_eq!(on.ask("POST", "/v1/verifications", &body(url)).await.status, 201);
    let order = on.orders.try_recv().unwrap();
    let found = on.verify.get(order.verification, order.call.placed).unwrap();
    assert_eq!(found.callback_url.as_deref(), Some(url));
}

fn limits(save_timeout: Duration) -> ringproof::control::Limits {
    ringproof::control::Limits { save_timeout, ..short() }
}

/// Asks with a key that is always the same.
pub(super) async fn ask(world: &World, path: &str, body: &str) -> Reply {
    world.ask_with("POST", path, KEY, body).await
}

/// Asks without waiting for the answer.
pub(super) async fn say(
    world: &World,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> UnixStream {
    let mut stream = world.connect().await;
    stream.write_all(request(method, path, headers, body).as_bytes()).await.unwrap();
    stream
}

/// Whether there is no answer, for as long as one would take by far.
pub(super) async fn is_silent(stream: &mut UnixStream) -> bool {
    tokio::time::timeout(Duration::from_millis(50), stream.readable()).await.is_err()
}

pub(super) async fn hear(mut stream: UnixStream) -> Reply {
    let mut heard = Vec::new();
    soon(stream.read_to_end(&mut heard)).await.unwrap();
    Reply::read(&heard)
}

pub(super) fn end(world: &World, order: &Order, outcome: Outcome) {
    let ending = Ending { outcome, by: Side::Us, sip_code: Some(487), q850_cause: None };
    order.call.on_ended(ending, order.call.placed);
    world.verify.on_call_ended(&order.call);
}

pub(super) fn code(order: &Order) -> u32 {
    order.caller_id.suffix()
}

pub(super) fn right(order: &Order) -> String {
    format!("{{\"code\":\"{:05}\"}}", code(order))
}

pub(super) fn wrong(order: &Order) -> String {
    format!("{{\"code\":\"{:05}\"}}", (code(order) + 1) % 100_000)
}

pub(super) const KEY: &str = "Idempotency-Key: one\r\n";
