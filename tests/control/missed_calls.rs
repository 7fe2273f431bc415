//! Phones that ring us, through the API.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringproof::evidence::{Assurance, IdentityHeader};
use ringproof::ladder::{Course, Direction, Rung, Verb};
use ringproof::number::E164;
use ringproof::verify::{DidId, MissedCall, Settled};
use serde_json::{Value, json};

use super::world::{DIDS, World, short, soon};

const PHONE: &str = "+46701234567";
const WAIT: &str = "{\"to\":\"+46701234567\",\"method\":\"missed_call\"}";

/// The phone rings one of [`DIDS`], and it is over.
#[expect(clippy::disallowed_methods, reason = "a test may read the clock")]
pub(crate) fn ring(world: &World, did: u16) -> Settled {
    let now = std::time::Instant::now();
    let call = MissedCall {
        did: DidId(did),
        caller: Ok(E164::parse(PHONE).unwrap()),
        header: Some(IdentityHeader::PAssertedIdentity),
        is_disputed: false,
        is_forwarded: false,
        assurance: Assurance::ReturnRouted,
        trunk: 0,
        sip_call_id: "a84b4c76e66710".into(),
        sip_code: 486,
        course: course(),
        received: now,
    };
    world.verify.on_missed_call(call, now)
}

/// What is kept of its messages: the INVITE.
fn course() -> Course {
    let mut course = Course::default();
    course.push(Rung {
        at: Duration::ZERO,
        direction: Direction::In,
        is_again: false,
        is_ignored: false,
        method: Verb::Invite,
        status: None,
        undelivered: None,
    });
    course
}

fn place(started: &Value) -> u16 {
    u16::from(started["missed_call"]["did"] == DIDS[1])
}

#[tokio::test]
async fn a_phone_is_verified_by_its_call() {
    let world = World::new(short()).await;
    let started = world.ask("POST", "/v1/verifications", WAIT).await;
    assert_eq!(started.status, 201);
    let started = started.json();
    let missed = &started["missed_call"];
    assert_eq!(
        (&started["method"], &started["status"]),
        (&json!("missed_call"), &json!("pending"))
    );
    assert_eq!(missed["tel_uri"], format!("tel:{}", missed["did"].as_str().unwrap()));
    assert_eq!((&missed["matched_call"], &missed["assurance"]), (&Value::Null, &Value::Null));
    assert_eq!(started["flash_call"], Value::Null);

    let dids = world.ask("GET", "/v1/dids", "").await.json();
    let waiting: u64 =
        dids["dids"].as_array().unwrap().iter().map(|did| did["waiting"].as_u64().unwrap()).sum();
    assert_eq!((waiting, &dids["dids"][0]["trunks"]), (1, &json!(["asterisk"])));

    assert!(matches!(ring(&world, place(&started)), Settled::Verified(_)));
    let path = format!("/v1/verifications/{}", started["id"].as_str().unwrap());
    let ended = world.ask("GET", &path, "").await.json();
    assert_eq!(
        (&ended["status"], &ended["reason"]),
        (&json!("verified"), &json!("missed_call_matched"))
    );
    let missed = &ended["missed_call"];
    assert_eq!(missed["assurance"], "return_routed");
    let call = &missed["matched_call"];
    assert_eq!(
        (&call["trunk"], &call["sip_call_id"]),
        (&json!("asterisk"), &json!("a84b4c76e66710"))
    );
    assert_eq!(
        (&call["identity_header"], &call["sip_code"]),
        (&json!("p_asserted_identity"), &json!(486))
    );
    let listed = world.ask("GET", "/v1/verifications?method=missed_call", "").await.json();
    assert_eq!(listed["verifications"][0]["id"], ended["id"]);
    let others = world.ask("GET", "/v1/verifications?method=flash_call", "").await.json();
    assert_eq!(others["verifications"], json!([]));
}

#[tokio::test]
async fn a_call_is_shown_with_its_messages_whether_it_matched_or_not() {
    let world = World::new(short()).await;
    let started = world.ask("POST", "/v1/verifications", WAIT).await.json();
    ring(&world, place(&started));
    ring(&world, 0);
    let path = format!("/v1/verifications/{}", started["id"].as_str().unwrap());
    let ended = world.ask("GET", &path, "").await.json();
    let others = world.ask("GET", "/v1/missed-calls?from=+46701234567", "").await.json();
    let matched = (&ended["missed_call"]["matched_call"]["id"], "matched", &ended["id"]);
    let other = (&others["missed_calls"][0]["id"], "remembered", &Value::Null);
    for (id, outcome, verification) in [matched, other] {
        let id = id.as_str().unwrap();
        let call = world.ask("GET", &format!("/v1/calls/{id}"), "").await.json();
        assert_eq!((&call["outcome"], &call["from"]), (&json!(outcome), &json!(PHONE)), "{call}");
        assert_eq!(&call["verification"], verification);
        let path = format!("/v1/calls/{id}/trace");
        let trace = world.ask("GET", &path, "").await.json();
        assert_eq!((&trace["call"], &trace["left_out"]), (&json!(id), &json!(0)));
        assert_eq!(trace["messages"][0]["direction"], "in");
        let drawn = world.ask_with("GET", &path, "Accept: text/plain\r\n", "").await;
        let text = String::from_utf8(drawn.body).unwrap();
        assert!(text.contains("◀──────────── INVITE"), "{text}");
    }
    let gone = world.ask("GET", "/v1/calls/call_01JD8Q0R6T9W3K5X7Z2B4N6M8P/trace", "").await;
    assert_eq!(gone.problem(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_call_that_came_first_is_listed_and_verifies_at_the_start() {
    let world = World::new(short()).await;
    ring(&world, 1);
    for query in
        ["from=+46701234567", "from=%2B46701234567&within=60", "from=+46701234567&did=+46850500002"]
    {
        let listed = world.ask("GET", &format!("/v1/missed-calls?{query}"), "").await.json();
        assert_eq!(listed["missed_calls"][0]["from"], PHONE, "{query}: {listed}");
        assert_eq!(listed["missed_calls"][0]["outcome"], "remembered");
    }
    for query in
        ["from=+46701234568", "from=+46701234567&did=+46850500001", "from=+46701234567&within=0"]
    {
        let listed = world.ask("GET", &format!("/v1/missed-calls?{query}"), "").await.json();
        assert_eq!(listed, json!({ "missed_calls": [] }), "{query}");
    }
    for query in [
        "",
        "from=1",
        "from=+46701234567&did=x",
        "from=+46701234567&within=-1",
        "from=+46701234567&x=1",
    ] {
        let reply = world.ask("GET", &format!("/v1/missed-calls?{query}"), "").await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{query}");
    }
    let status = world.ask("GET", "/v1/status", "").await.json();
    assert_eq!(status["missed_calls_remembered"], 1);
    let started = world.ask("POST", "/v1/verifications", WAIT).await.json();
    assert_eq!(
        (&started["status"], &started["missed_call"]["did"]),
        (&json!("verified"), &json!(DIDS[1]))
    );
    let listed = world.ask("GET", "/v1/missed-calls?from=+46701234567", "").await.json();
    assert_eq!(listed, json!({ "missed_calls": [] }), "it was used");
}

#[tokio::test]
async fn a_call_that_came_first_verifies_although_no_shard_has_room() {
    let world = World::new(short()).await;
    ring(&world, 0);
    world.shards.is_full.store(true, Ordering::SeqCst);
    let started = world.ask("POST", "/v1/verifications", WAIT).await;
    assert_eq!((started.status, &started.json()["status"]), (201, &json!("verified")));
    let refused = world.ask("POST", "/v1/verifications", WAIT).await;
    assert_eq!(refused.problem(), (503, "overloaded".to_owned()));
    assert_eq!(world.verify.census().waiting.size, 0);
}

#[tokio::test]
async fn a_caller_is_called_back_and_checked() {
    let mut world = World::new(short()).await;
    ring(&world, 0);
    let body = "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"confirm\":\"flash_call\",\"ring_ms\":5000}";
    let started = world.ask("POST", "/v1/verifications", body).await.json();
    assert_eq!(started["missed_call"]["confirm"], "flash_call");
    let path = format!("/v1/verifications/{}", started["id"].as_str().unwrap());
    // It has only just rung: no code was shown, and the client may have it called before its time.
    let early = world.ask("POST", &format!("{path}/check"), "{\"code\":\"12345\"}").await;
    assert_eq!(early.problem(), (409, "not_called".to_owned()));
    let detail = "the phone has not been called back, so it was shown no code";
    assert_eq!(early.json()["detail"], detail, "its call has come");
    let early = world.ask("POST", &format!("{path}/report"), "{\"saw\":\"no_call\"}").await;
    assert_eq!(early.problem(), (409, "not_called".to_owned()));
    assert_eq!(world.ask("POST", &format!("{path}/call"), "").await.status, 202);
    let order = soon(world.orders.recv()).await.unwrap();
    assert_eq!(order.ring, Some(Duration::from_secs(5)));
    let code = format!("{{\"code\":\"{:05}\"}}", order.caller_id.suffix());
    let ended = world.ask("POST", &format!("{path}/check"), &code).await.json();
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("verified"), &json!("code_matched")));
    assert_eq!(ended["missed_call"]["assurance"], "challenge_confirmed");
    assert_eq!(ended["flash_call"]["code_digits"], 5);
}

#[tokio::test]
async fn what_cannot_be_waited_for_is_refused_with_a_pointer() {
    let world = World::new(short()).await;
    let started =
        world.ask("POST", "/v1/verifications", &with("\"did\":\"+46850500001\"")).await.json();
    let again = world.ask("POST", "/v1/verifications", &with("\"did\":\"+46850500001\"")).await;
    assert_eq!(again.problem(), (409, "already_pending".to_owned()));
    assert_eq!(again.json()["id"], started["id"]);
    assert_eq!(world.ask("POST", "/v1/verifications", WAIT).await.status, 201);
    let full = world.ask("POST", "/v1/verifications", WAIT).await;
    assert_eq!(full.problem(), (409, "already_pending".to_owned()), "{}", full.text());
    for (field, pointer) in [
        ("\"did\":\"+46850500009\"", "/did"),
        ("\"recent_within\":601", "/recent_within"),
        ("\"confirm\":\"flash_call\",\"pool\":\"other\"", "/pool"),
        ("\"confirm\":\"flash_call\",\"ring_ms\":1", "/ring_ms"),
    ] {
        let reply = world.ask("POST", "/v1/verifications", &with(field)).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{field}");
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text());
    }
    let reply = world.ask("POST", "/v1/verifications", &with("\"recent_within\":601")).await;
    assert_eq!(reply.json()["detail"], "calls of the last 601 s, must be at most 600 s");
}

fn with(field: &str) -> String {
    format!("{{\"to\":\"{PHONE}\",\"method\":\"missed_call\",{field}}}")
}
