//! The event stream from outside.

use std::time::Duration;

use ringproof::control::{Limits, Shed};
use ringproof::time::Micros;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::world::{World, short, soon};

#[tokio::test]
async fn events_are_followed_as_they_happen() {
    let mut world = World::new(short()).await;
    let mut stream = follow(&world, "/v1/events", "").await;
    let (id, _order) = world.start().await;
    let text = until(&mut stream, "event: call.placed").await;
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    let created = text.find("event: verification.created").unwrap();
    assert!(created < text.find("event: call.placed").unwrap());
    assert!(text.contains(&format!("\"id\":\"{id}\"")), "{text}");
}

#[tokio::test]
async fn a_missed_call_is_told_of_between_the_start_and_the_end() {
    let world = World::new(short()).await;
    let mut stream = follow(&world, "/v1/events", "").await;
    let body = "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"did\":\"+46850500001\"}";
    world.ask("POST", "/v1/verifications", body).await;
    super::missed_calls::ring(&world, 0);
    let text = until(&mut stream, "event: verification.verified").await;
    let [created, received, verified] =
        ["verification.created", "missed_call.received", "verification.verified"]
            .map(|word| text.find(&format!("event: {word}")).unwrap());
    assert!(created < received && received < verified, "{text}");
    assert!(text.contains("\"outcome\":\"matched\""), "{text}");
}

#[tokio::test]
async fn a_reader_that_comes_back_misses_nothing() {
    let mut world = World::new(short()).await;
    let mut stream = follow(&world, "/v1/events", "").await;
    world.start().await;
    let text = until(&mut stream, "event: verification.created").await;
    drop(stream);
    // The first is of the greeting, which is no event.
    let id = text.split("id: ").nth(2).unwrap().lines().next().unwrap().to_owned();
    let by_query = format!("/v1/events?after={id}");
    // The header wins: a browser repeats the address it began with.
    let by_header = format!("Last-Event-ID: {id}\r\n");
    for (path, header) in [(&*by_query, ""), ("/v1/events?after=1", &*by_header)] {
        let mut stream = follow(&world, path, header).await;
        let text = until(&mut stream, "event: call.placed").await;
        assert!(!text.contains("verification.created"), "{text}");
    }
}

#[tokio::test]
async fn a_reader_that_was_cut_off_before_its_first_event_knows_where_to_go_on() {
    let mut world = World::new(short()).await;
    let text = until(&mut follow(&world, "/v1/events", "").await, "retry: ").await;
    let id = text.split("id: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    world.start().await;
    let header = format!("Last-Event-ID: {id}\r\n");
    let mut stream = follow(&world, "/v1/events", &header).await;
    until(&mut stream, "event: verification.created").await;
    let mut stream = follow(&world, "/v1/events?after=oldest", "").await;
    until(&mut stream, "event: verification.created").await;
}

#[tokio::test]
async fn events_that_are_gone_are_said_to_be_gone() {
    let world = World::new(Limits { events_kept: 10, ..short() }).await;
    (0..30).for_each(|_| world.disk.numbering.on_trunk("asterisk", true, Micros(1)));
    let (oldest, newest) = (world.disk.bus.range().oldest, world.disk.bus.range().latest);
    for (after, word) in
        [(1, "are not kept any more"), (newest + 1, "no event has had this number")]
    {
        let reply = world.ask("GET", &format!("/v1/events?after={after}"), "").await;
        assert_eq!(reply.problem(), (410, "events_gone".to_owned()));
        let said = reply.json();
        assert!(said["detail"].as_str().unwrap().contains(word), "{said}");
        assert_eq!(said["events"], serde_json::json!({ "oldest": oldest, "newest": newest }));
    }
    let status = world.ask("GET", "/v1/status", "").await.json();
    assert_eq!(status["events"], serde_json::json!({ "oldest": oldest, "newest": newest }));
    for no_id in ["one", "1-", "1-5f3a9c2e", "-1"] {
        let reply = world.ask("GET", &format!("/v1/events?after={no_id}"), "").await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{no_id}");
    }
}

#[tokio::test]
async fn a_silent_stream_says_that_it_lives() {
    let keep_alive = Duration::from_millis(20);
    let world = World::new(Limits { keep_alive, ..short() }).await;
    let mut stream = follow(&world, "/v1/events", "").await;
    until(&mut stream, ": still here").await;
}

#[tokio::test]
async fn a_slow_reader_is_disconnected_and_told_why() {
    let world = World::new(Limits { events_kept: 10, ..short() }).await;
    let mut stream = follow(&world, "/v1/events", "").await;
    until(&mut stream, "retry: ").await;
    let numbering = &world.disk.numbering;
    (0..1_000).for_each(|_| numbering.on_trunk("asterisk", true, Micros(1)));
    let mut heard = Vec::new();
    soon(stream.read_to_end(&mut heard)).await.unwrap();
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.contains(": cut off, too slow: come back with Last-Event-ID\n\n"), "{heard}");
    assert_eq!(world.shed(Shed::EventReader), 1);
}

#[tokio::test]
async fn a_reader_that_reads_nothing_is_disconnected_and_counted() {
    let world = World::new(Limits { events_kept: 50_000, ..short() }).await;
    let _deaf = follow(&world, "/v1/events", "").await;
    soon(async {
        // Every buffer between us fills.
        while world.shed(Shed::EventReader) == 0 {
            world.disk.numbering.on_trunk("asterisk", true, Micros(1));
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(world.shed(Shed::DeafClient), 0, "it is counted once");
}

#[tokio::test]
async fn a_reader_gets_what_happened_before_the_stop() {
    for round in 0..20 {
        let mut world = World::new(short()).await;
        let mut stream = follow(&world, "/v1/events", "").await;
        until(&mut stream, "retry: ").await;
        for _ in 0..5 {
            world.disk.numbering.on_trunk("asterisk", false, Micros(1));
        }
        world.stop().await;
        let mut heard = Vec::new();
        soon(stream.read_to_end(&mut heard)).await.unwrap();
        let text = String::from_utf8(heard).unwrap();
        assert_eq!(text.matches("event: trunk.down").count(), 5, "in round {round}");
    }
}

#[tokio::test]
async fn readers_have_a_limit_and_end_when_the_server_stops() {
    let mut world = World::new(Limits { readers_max: 1, ..short() }).await;
    let mut stream = follow(&world, "/v1/events", "").await;
    until(&mut stream, "retry: ").await;
    let reply = world.ask("GET", "/v1/events", "").await;
    assert_eq!(reply.problem(), (503, "overloaded".to_owned()));
    assert_eq!(world.shed(Shed::EventReaders), 1);
    world.stop().await;
    soon(stream.read_to_end(&mut Vec::new())).await.unwrap();
}

async fn follow(world: &World, path: &str, headers: &str) -> UnixStream {
    let mut stream = world.connect().await;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads until `words` have come, and the rest of their frame.
async fn until(stream: &mut UnixStream, words: &str) -> String {
    let mut heard = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&heard).into_owned();
        if text.find(words).is_some_and(|at| text[at..].contains("\n\n")) {
            return text;
        }
        let read = soon(stream.read_buf(&mut heard)).await.unwrap();
        assert!(read > 0, "the stream ended: {text}");
    }
}
