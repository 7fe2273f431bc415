//! People who ring the gateway, from outside: in both orders, at all shards, confirmed and not.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::lab::{Lab, code};
use crate::phones::{DIDS, OTHER, PHONE, Phones, with_dids};
use crate::raw;
use crate::world::{World, eventually};

#[test]
fn a_missed_call_verifies_and_events_and_metrics_tell_the_same() {
    let world = World::start(&with_dids(raw::closed(), "1s"));
    let mut phones = Phones::new(world.sip[0]);
    let mut events = world.client.events("/v1/events");
    let started = world.await_call(PHONE, &json!({}));
    let (id, did) = (text(&started, "/id"), text(&started, "/missed_call/did"));
    assert!(DIDS.contains(&&*did), "{did}");
    assert_eq!(text(&started, "/missed_call/tel_uri"), format!("tel:{did}"));
    let heard = phones.ring(PHONE, &did);
    assert_eq!(heard.ending, "refused 486");
    let rang = (heard.refused - heard.rang.unwrap()).as_secs_f64();
    assert!((0.9..1.5).contains(&rang), "{heard:?}");

    let told = events.to("verification.verified");
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds.join(" "), "verification.created missed_call.received verification.verified");
    let (call, end) = (&told[1].data["data"], &told[2].data["data"]);
    assert_eq!((&call["outcome"], &call["verification"]), (&json!("matched"), &json!(id)));
    let evidence = &end["missed_call"]["matched_call"];
    assert_eq!((&evidence["id"], &evidence["trunk"]), (&call["id"], &json!("lab")));
    assert_eq!(evidence["identity_header"], "p_asserted_identity");
    assert_eq!(end["missed_call"]["assurance"], "return_routed");
    // `Last-Event-ID`, as a browser sends it.
    let back = world.client.with("Last-Event-ID", &told[1].id.to_string());
    assert_eq!(back.events("/v1/events").next().id, told[2].id, "who comes back misses nothing");

    let path = format!("/v1/calls/{}", text(call, "/id"));
    assert_eq!(world.client.get(&path).json()["from"], PHONE);
    assert_eq!(wire(&world, call), "INVITE >100 >180 >486 ACK");
    let scrape = world.scrape();
    let count = |family: &str, label: &str| scrape.sum(family, &[label]);
    assert_eq!(count("ringproof_missed_calls_total", "outcome=\"matched\""), 1.0);
    assert_eq!(count("ringproof_inbound_calls_total", "end=\"refused\""), 1.0);
    assert_eq!(count("ringproof_verifications_total", "reason=\"missed_call_matched\""), 1.0);
    assert_eq!(count("ringproof_table_entries", "table=\"waiting\""), 0.0);
    assert_eq!(phones.lapses(), [""; 0]);
    world.stop();
}

#[test]
fn a_call_that_came_first_verifies_who_asks_next_and_once() {
    let world = World::start(&with_dids(raw::closed(), "0s"));
    let mut phones = Phones::new(world.sip[0]);
    assert_eq!(phones.ring(PHONE, DIDS[1]).ending, "refused 486");
    let listed = eventually("it is remembered", || {
        let listed = world.client.get(&format!("/v1/missed-calls?from={PHONE}")).json();
        let call = listed["missed_calls"][0].clone();
        (!call.is_null()).then_some(call)
    });
    assert_eq!((&listed["outcome"], &listed["did"]), (&json!("remembered"), &json!(DIDS[1])));
    assert_eq!(wire(&world, &listed), "INVITE >486 ACK");
    let unwanted = world.await_call(PHONE, &json!({ "recent_within": 0, "did": DIDS[0] }));
    assert_eq!(unwanted["status"], "pending");
    let started = world.await_call(PHONE, &json!({ "did": DIDS[1] }));
    assert_eq!(started["status"], "verified");
    assert_eq!(started["missed_call"]["matched_call"]["id"], listed["id"]);
    let next = world.await_call(PHONE, &json!({ "did": DIDS[1] }));
    assert_eq!(next["status"], "pending", "it was used");
    world.stop();
}

#[test]
fn a_caller_is_called_back_and_the_code_of_that_call_confirms() {
    let mut lab = Lab::new();
    let mut plan = with_dids(lab.address, "0s");
    plan.missed += "\nconfirm_after = \"1s\"\nmin_assurance = \"challenge_confirmed\"";
    let world = World::start(&plan);
    let mut phones = Phones::new(world.sip[0]);
    // The minimum asks for the confirmation where the client does not.
    let started = world.await_call(PHONE, &json!({}));
    let id = text(&started, "/id");
    assert_eq!(started["missed_call"]["confirm"], "flash_call");
    phones.ring(PHONE, &text(&started, "/missed_call/did"));
    let caller = lab.rings(PHONE);
    lab.stopped(PHONE);
    let pending = world.get(&id);
    assert_eq!(
        (&pending["status"], pending["missed_call"]["matched_call"].is_null()),
        (&json!("pending"), false)
    );
    let verified = world.check(&id, code(&caller)).json();
    assert_eq!(verified["missed_call"]["assurance"], "challenge_confirmed", "{verified}");
    assert_eq!((lab.violations(), phones.lapses()), (vec![], vec![]));
    world.stop();
}

#[test]
fn q20_two_verifications_of_a_phone_are_told_apart_by_the_number_that_it_rings() {
    let world = World::start(&with_dids(raw::closed(), "0s"));
    let mut phones = Phones::new(world.sip[0]);
    let ids = [0, 1].map(|_| {
        let started = world.await_call(PHONE, &json!({}));
        (text(&started, "/id"), text(&started, "/missed_call/did"))
    });
    let [(first, here), (second, there)] = &ids;
    assert_ne!(here, there, "each gets a number of its own");
    phones.ring(PHONE, there);
    assert_eq!(world.ended(second)["status"], "verified");
    assert_eq!(world.get(first)["status"], "pending");
    phones.ring(PHONE, here);
    assert_eq!(world.ended(first)["status"], "verified");
    world.stop();
}

#[test]
fn a_call_counts_at_whichever_shard_it_arrives() {
    let mut plan = with_dids(raw::closed(), "0s");
    plan.sip += "\nshards = 2";
    let world = World::start(&plan);
    assert_eq!(world.sip.len(), 2);
    for (shard, address) in world.sip.iter().enumerate() {
        let mut phones = Phones::new(*address);
        // Their timers are kept by both shards.
        let started: Vec<_> = (0..8)
            .map(|n| format!("+4670174{shard}6{n}0"))
            .map(|phone| (world.await_call(&phone, &json!({ "did": DIDS[0] })), phone))
            .collect();
        for (started, phone) in &started {
            phones.ring(phone, DIDS[0]);
            assert_eq!(world.ended(&text(started, "/id"))["status"], "verified", "{phone}");
        }
    }
    world.stop();
}

#[test]
fn r13_a_caller_who_rings_when_the_daemon_stops_is_refused_and_verified() {
    let mut world = World::start(&with_dids(raw::closed(), "20s"));
    let mut phones = Phones::new(world.sip[0]);
    let mut events = world.client.events("/v1/events");
    let started = world.await_call(PHONE, &json!({ "did": DIDS[0] }));
    let [awaited, stranger] = [PHONE, OTHER].map(|phone| phones.dial(phone, DIDS[0]));
    for line in [awaited, stranger] {
        phones.rings(line);
    }
    world.signal(Signal::SIGTERM);
    for line in [awaited, stranger] {
        let heard = phones.heard(line);
        assert_eq!(heard.ending, "refused 486");
        assert!(heard.refused < Duration::from_secs(10), "{heard:?}");
    }
    let told = events.to("verification.verified");
    assert_eq!(told.last().unwrap().data["data"]["id"], started["id"]);
    assert_eq!(world.exits(Duration::from_secs(10)).code(), Some(0), "{}", world.log());
    assert_eq!(phones.lapses(), [""; 0]);
}

#[test]
fn a_daemon_without_a_pool_waits_for_calls_and_makes_none() {
    let mut plan = with_dids(raw::closed(), "0s");
    plan.numbers = "";
    plan.trunks[0].2 += "\noptions_interval = \"1s\"\n";
    let world = World::start(&plan);
    let mut phones = Phones::new(world.sip[0]);
    let refused = world.try_verify(PHONE);
    assert_eq!(refused.problem(), (400, "invalid_request".to_owned()), "{}", refused.body);
    let started = world.await_call(PHONE, &json!({}));
    phones.ring(PHONE, &text(&started, "/missed_call/did"));
    assert_eq!(world.ended(&text(&started, "/id"))["reason"], "missed_call_matched");
    assert_eq!(world.client.get("/v1/dids").json()["dids"].as_array().unwrap().len(), 2);
    let is_up = || world.client.get("/v1/trunks").json()["trunks"][0]["up"] == true;
    eventually("the trunk takes no calls", || (!is_up()).then_some(()));
    assert_eq!(world.client.get("/readyz").status, 200, "nobody is to be called");
    world.stop();
}

/// What crossed the wire of a call: requests of the caller, our statuses with an arrow.
pub(crate) fn wire(world: &World, call: &Value) -> String {
    let trace = world.client.get(&format!("/v1/calls/{}/trace", text(call, "/id"))).json();
    let messages = trace["messages"].as_array().unwrap().iter();
    let words = messages.map(|message| {
        let ignored = if message["ignored"] == true { "!" } else { "" };
        match message["status"].as_u64() {
            None => format!("{ignored}{}", message["method"].as_str().unwrap()),
            Some(status) => format!(">{status}"),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).expect(pointer).to_owned()
}
