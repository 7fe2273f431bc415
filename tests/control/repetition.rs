//! H4 and H7: one wish is one call, however often it is sent and whoever waits for the answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringproof::control::{Limits, Shed};
use ringproof::outcome::{Outcome, Side};
use ringproof::verify::record::Ending;
use tokio::io::AsyncWriteExt;

use super::store::State;
use super::world::{START, World, request, short, soon};

#[tokio::test]
async fn h04_the_same_key_and_body_get_the_same_reply() {
    let mut world = World::new(short()).await;
    let first = world.ask_with("POST", "/v1/verifications", KEY, START).await;
    let again = world.ask_with("POST", "/v1/verifications", KEY, START).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(world.orders.try_recv().is_ok() && world.orders.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn h04_the_same_key_with_another_body_is_a_mismatch() {
    let mut world = World::new(short()).await;
    world.ask_with("POST", "/v1/verifications", KEY, START).await;
    let other = "{\"to\":\"+46701234568\"}";
    let reply = world.ask_with("POST", "/v1/verifications", KEY, other).await;
    assert_eq!(reply.problem(), (422, "idempotency_mismatch".to_owned()));
    assert!(world.orders.try_recv().is_ok() && world.orders.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn h04_a_refusal_is_repeated_unless_it_was_for_the_moment() {
    let world = World::new(short()).await;
    world.shards.is_full.store(true, Ordering::Relaxed);
    let busy = world.ask_with("POST", "/v1/verifications", KEY, START).await;
    assert_eq!(busy.problem(), (503, "overloaded".to_owned()));
    assert_eq!(busy.header("retry-after"), Some("1"));
    world.shards.is_full.store(false, Ordering::Relaxed);
    let tried = world.ask_with("POST", "/v1/verifications", KEY, START).await;
    assert_eq!(tried.status, 201, "a full queue left no trace: {}", tried.text());
    let wrong = "{\"to\":\"+46\"}";
    let other = "Idempotency-Key: other\r\n";
    let first = world.ask_with("POST", "/v1/verifications", other, wrong).await;
    let again = world.ask_with("POST", "/v1/verifications", other, wrong).await;
    assert_eq!((first.status, &first.body), (400, &again.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn h04_what_is_refused_while_the_phone_rings_is_tried_again_when_it_is_repeated() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let path = format!("/v1/verifications/{id}/call");
    let early = world.ask_with("POST", &path, KEY, "{}").await;
    assert_eq!(early.problem(), (409, "call_in_progress".to_owned()));
    assert_eq!(early.header("retry-after"), Some("5"));
    let ending =
        Ending { outcome: Outcome::Completed, by: Side::Us, sip_code: Some(487), q850_cause: None };
    order.call.on_ended(ending, order.call.placed);
    world.verify.on_call_ended(&order.call);
    let later = world.ask_with("POST", &path, KEY, "{}").await;
    assert_eq!(later.status, 202, "{}", later.text());
}

#[tokio::test]
async fn h04_twins_are_one_call() {
    let mut world = World::new(short()).await;
    world.disk.set(State::Slow);
    let bytes = request("POST", "/v1/verifications", KEY, START);
    let (one, other) = (world.connect().await, world.connect().await);
    let one = super::world::converse(one, bytes.as_bytes());
    let other = super::world::converse(other, bytes.as_bytes());
    let release = async {
        soon(world.orders.recv()).await.unwrap();
        world.disk.set(State::Working);
    };
    let (one, other, ()) = tokio::join!(one, other, release);
    let (one, other) = (super::world::Reply::read(&one), super::world::Reply::read(&other));
    assert_eq!((one.status, other.status), (201, 201));
    assert_eq!(one.body, other.body);
    assert!(world.orders.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn h04_a_twin_does_not_wait_for_ever() {
    let limits = Limits { twin_timeout: Duration::from_millis(100), ..short() };
    let mut world = World::new(limits).await;
    world.disk.set(State::Slow);
    let mut first = world.connect().await;
    let bytes = request("POST", "/v1/verifications", KEY, START);
    first.write_all(bytes.as_bytes()).await.unwrap();
    soon(world.orders.recv()).await.unwrap();
    let twin = world.ask_with("POST", "/v1/verifications", KEY, START).await;
    assert_eq!(twin.problem(), (408, "request_timeout".to_owned()));
    assert_eq!(world.shed(Shed::Twin), 1);
    world.disk.set(State::Working);
}

#[tokio::test]
async fn h07_a_client_that_goes_away_has_its_wish_carried_out_once() {
    let mut world = World::new(short()).await;
    let mut reader = world.bus.follow();
    world.disk.set(State::Slow);
    let mut stream = world.connect().await;
    let bytes = request("POST", "/v1/verifications", KEY, START);
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let order = soon(world.orders.recv()).await.unwrap();
    drop(stream);
    world.disk.set(State::Working);
    let created = soon(reader.next(&world.store())).await.unwrap();
    assert!(created.windows(20).any(|text| text == b"verification.created"));
    let path = format!("/v1/verifications/{}", order.verification);
    assert_eq!(world.ask("GET", &path, "").await.status, 200);
    let again = world.ask_with("POST", "/v1/verifications", KEY, START).await;
    assert_eq!(again.json()["id"], order.verification.to_string());
    assert!(world.orders.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn h04_keys_that_are_no_keys_are_refused() {
    let world = World::new(short()).await;
    let long = format!("Idempotency-Key: {}\r\n", "k".repeat(256));
    for key in ["Idempotency-Key: \r\n", "Idempotency-Key: \u{e9}\r\n", &long, &KEY.repeat(2)] {
        let reply = world.ask_with("POST", "/v1/verifications", key, START).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{key}");
    }
}

const KEY: &str = "Idempotency-Key: one\r\n";
