//! H1: what a client may not do to the server, and to others.

use std::time::Duration;

use ringproof::control::{Limits, RequestCount, Shed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::{Reply, START, World, converse, request, short, soon};

#[tokio::test]
async fn h01_a_body_over_the_limit_is_refused() {
    let world = World::new(short()).await;
    let long = "x".repeat(16 * 1024 + 1);
    let reply = world.ask("POST", "/v1/verifications", &long).await;
    assert_eq!(reply.problem(), (413, "body_too_large".to_owned()));
    let chunks = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let reply = Reply::read(&world.talk(&chunked("", &chunks)).await);
    assert_eq!(reply.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(world.shed(Shed::Body), 2);
    others_are_served(&world).await;
}

#[tokio::test]
async fn h01_chunks_that_lie_are_refused() {
    let world = World::new(short()).await;
    for chunks in ["zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}", "2\r\n{}XX0\r\n\r\n"] {
        let reply = Reply::read(&world.talk(&chunked("", chunks)).await);
        assert_eq!(reply.status, 400, "{chunks:?}");
    }
    // Fewer octets than promised: the clock decides.
    let reply = Reply::read(&attack(&world, &chunked("", "ff\r\n{}")).await);
    assert_eq!(reply.problem(), (408, "request_timeout".to_owned()));
}

#[tokio::test]
async fn h01_two_lengths_end_the_connection_and_hide_no_second_request() {
    let world = World::new(short()).await;
    let hidden = request("GET", "/healthz", "", "");
    let chunks = format!("0\r\n\r\n{hidden}");
    let heard = world.talk(&chunked("Content-Length: 5\r\n", &chunks)).await;
    let text = String::from_utf8(heard).unwrap();
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    assert_eq!(Reply::read(text.as_bytes()).header("connection"), Some("close"));
    let differ = "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\
                  Content-Length: 3\r\n\r\n{} ";
    assert_eq!(Reply::read(&world.talk(differ.as_bytes()).await).status, 400);
    others_are_served(&world).await;
}

#[tokio::test]
async fn h01_ten_thousand_headers_are_refused() {
    let world = World::new(short()).await;
    let headers: String = (0..10_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let heard = world.talk(request("GET", "/healthz", &headers, "").as_bytes()).await;
    // Whoever still sends when the server hangs up may miss the reply.
    assert!(heard.is_empty() || Reply::read(&heard).status == 431);
    let headers: String = (0..100).map(|n| format!("X-{n}: {n}\r\n")).collect();
    assert_eq!(world.ask_with("GET", "/healthz", &headers, "").await.status, 431);
    others_are_served(&world).await;
    assert_eq!(world.shed(Shed::Head), 2);
    assert_eq!(Reply::read(&world.talk(b"no HTTP\r\n\r\n").await).status, 400);
    let others = |kind: &RequestCount<'_>| kind.route == "other" && kind.class == "4xx";
    assert_eq!(world.counters.requests().find(others).map(|kind| kind.count), Some(3));
}

#[tokio::test]
async fn h01_a_slow_body_meets_the_clock() {
    let world = World::new(short()).await;
    let reply = Reply::read(&attack(&world, HALF.as_bytes()).await);
    assert_eq!(reply.problem(), (408, "request_timeout".to_owned()));
}

#[tokio::test]
async fn h01_a_body_of_one_byte_at_a_time_meets_the_same_clock() {
    let world = World::new(short()).await;
    let (mut reader, mut writer) = world.connect().await.into_split();
    writer.write_all(HALF.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let drip = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            // It may be closed already.
            let _ = writer.write_all(b" ").await;
            others_are_served(&world).await;
        }
    };
    tokio::select! {
        read = soon(reader.read_to_end(&mut heard)) => drop(read),
        () = drip => {}
    }
    assert_eq!(Reply::read(&heard).problem(), (408, "request_timeout".to_owned()));
}

#[tokio::test]
async fn h01_a_slow_head_and_an_idle_connection_meet_the_clock() {
    let world = World::new(short()).await;
    assert_eq!(attack(&world, b"GET /healthz HT").await, b"");
    assert_eq!(world.shed(Shed::Head), 1);
    assert_eq!(attack(&world, b"").await, b"");
    let kept_alive = attack(&world, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(Reply::read(&kept_alive).status, 200);
    assert_eq!(world.shed(Shed::Head), 1, "who is idle has done no wrong");
}

#[tokio::test]
async fn h01_a_thousand_requests_in_a_row_are_answered_in_a_row() {
    let world = World::new(short()).await;
    let one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let heard = world.talk(one.repeat(1_000).as_bytes()).await;
    assert_eq!(String::from_utf8(heard).unwrap().matches("HTTP/1.1 200 OK").count(), 1_000);
    others_are_served(&world).await;
}

#[tokio::test]
async fn h01_a_client_that_has_said_everything_still_gets_its_answer() {
    let world = World::new(short()).await;
    let mut stream = world.connect().await;
    let bytes = request("POST", "/v1/verifications", "", START);
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = Vec::new();
    soon(stream.read_to_end(&mut heard)).await.unwrap();
    assert_eq!(Reply::read(&heard).status, 201);
    others_are_served(&world).await;
}

#[tokio::test]
async fn h01_a_client_that_does_not_read_is_dropped() {
    let world = World::new(short()).await;
    let mut stream = world.connect().await;
    let one = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    // Replies of 40 kB each fill every buffer between us long before the last.
    let _ = soon(stream.write_all(one.repeat(200).as_bytes())).await;
    soon(async {
        while world.shed(Shed::DeafClient) == 0 {
            others_are_served(&world).await;
        }
    })
    .await;
}

#[tokio::test]
async fn h01_idle_connections_give_way_in_time() {
    let world = World::new(Limits { connections_max: 2, ..short() }).await;
    let _idle = [world.connect().await, world.connect().await];
    soon(async {
        while world.shed(Shed::Connections) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(world.counters.connections(), 2);
    let state = world.ask("GET", "/debug/state", "").await;
    assert_eq!(state.json()["control"]["connections"]["limit"], 2);
}

#[tokio::test]
async fn h01_other_methods_paths_and_types_are_refused() {
    let world = World::new(short()).await;
    let reply = world.ask("PUT", "/v1/verifications", START).await;
    assert_eq!(reply.problem(), (405, "method_not_allowed".to_owned()));
    let allowed = reply.header("allow").unwrap();
    assert!(allowed.contains("get") && allowed.contains("post"), "{allowed}");
    let reply = world.ask("GET", "/v2/verifications", "").await;
    assert_eq!(reply.problem(), (404, "not_found".to_owned()));
    let form = "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\nto=1";
    let stream = world.connect().await;
    let reply = Reply::read(&converse(stream, form.as_bytes()).await);
    assert_eq!(reply.problem(), (415, "unsupported_media_type".to_owned()));
}

/// What is heard by somebody who waits until the server has had enough; others are served before.
async fn attack(world: &World, bytes: &[u8]) -> Vec<u8> {
    let mut attack = std::pin::pin!(world.talk(bytes));
    tokio::select! {
        biased;
        heard = &mut attack => panic!("it is over: {}", String::from_utf8_lossy(&heard)),
        () = others_are_served(world) => {}
    }
    attack.await
}

async fn others_are_served(world: &World) {
    assert_eq!(world.ask("GET", "/healthz", "").await.text(), "{\"status\":\"alive\"}");
}

/// A request whose body never ends.
const HALF: &str = "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";

fn chunked(headers: &str, chunks: &str) -> Vec<u8> {
    format!(
        "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         {headers}Transfer-Encoding: chunked\r\n\r\n{chunks}"
    )
    .into_bytes()
}
