//! Evidence over HTTP, by many at once, twice, too late and for nothing.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::lab::{Lab, code, wrong};
use crate::world::{Plan, World};

const PHONE: &str = "+46701740650";

#[test]
fn r07_a_hundred_checks_at_once_verify_once() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let id = started(&world, PHONE);
    let caller = lab.rings(PHONE);
    let statuses = at_once(|| {
        let reply = world.check(&id, code(&caller));
        if reply.status == 200 { reply.json()["status"].to_string() } else { reply.problem().1 }
    });
    let expected = [("\"verified\"", 1), ("already_ended", 99)];
    assert_eq!(statuses, expected.map(|(word, count)| (word.to_owned(), count)).into());

    // Wrong codes: three are looked at, whoever is first.
    let other = "+46701740651";
    let id = started(&world, other);
    let refused = wrong(code(&lab.rings(other)));
    let statuses = at_once(|| {
        let reply = world.check(&id, &refused);
        if reply.status == 200 {
            reply.json()["attempts_left"].to_string()
        } else {
            reply.problem().1
        }
    });
    let expected = [("0", 1), ("1", 1), ("2", 1), ("already_ended", 97)];
    assert_eq!(statuses, expected.map(|(word, count)| (word.to_owned(), count)).into());
    assert_eq!(world.ended(&id)["reason"], "too_many_attempts");
    assert_eq!(world.scrape().sum("ringproof_wrong_codes_total", &[]), 3.0);
    assert_eq!(world.scrape().sum("ringproof_verifications_total", &["code_matched"]), 1.0);
    world.stop();
}

#[test]
fn h04_a_repeated_start_rings_once() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let client = world.client.with("Idempotency-Key", "signup-8812");
    let body = json!({ "to": PHONE });
    let replies = at_once(|| {
        let reply = client.post("/v1/verifications", &body);
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body
    });
    assert_eq!(replies.len(), 1, "{replies:?}");
    let other = client.post("/v1/verifications", &json!({ "to": "+46701740651" }));
    assert_eq!(other.problem(), (422, "idempotency_mismatch".to_owned()));
    lab.stopped(PHONE);
    assert_eq!(world.scrape().sum("ringproof_calls_placed_total", &[]), 1.0);
    let labels = ["direction=\"out\"", "kind=\"INVITE\""];
    assert_eq!(world.scrape().sum("ringproof_sip_messages_total", &labels), 1.0);
    let id = client.post("/v1/verifications", &body).json()["id"].as_str().unwrap().to_owned();
    world.call_ended(&id);
    world.stop();
}

#[test]
fn h05_ids_that_are_not_there_look_the_same() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    let id = started(&world, PHONE);
    // One that could be, close to one that is; two that could not.
    let near = format!("{}{}", &id[..id.len() - 1], if id.ends_with('0') { '1' } else { '0' });
    let answers = [&near[..], "ver_", "%00"].map(|id| {
        let path = format!("/v1/verifications/{id}");
        let replies = [
            world.client.get(&path),
            world.client.delete(&path),
            world.client.post(&format!("{path}/check"), &json!({ "code": "00000" })),
            world.client.post(&format!("{path}/call"), &json!({})),
            world.client.post(&format!("{path}/report"), &json!({ "saw": "no_call" })),
        ];
        replies.map(|reply| (reply.status, reply.body))
    });
    assert!(answers.iter().flatten().all(|(status, _)| *status == 404), "{answers:?}");
    let bodies = answers.iter().flatten().map(|(_, body)| body);
    assert_eq!(bodies.collect::<std::collections::BTreeSet<_>>().len(), 1, "{answers:?}");
    world.stop();
}

#[test]
fn only_the_code_of_the_latest_call_counts() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let id = started(&world, PHONE);
    let path = format!("/v1/verifications/{id}/call");
    let first = lab.rings(PHONE);
    let early = world.client.post(&path, &json!({}));
    assert_eq!(early.problem(), (409, "call_in_progress".to_owned()));
    world.call_ended(&id);
    let again = world.client.post(&path, &json!({}));
    assert_eq!((again.status, &again.json()["calls_left"]), (202, &json!(1)), "{}", again.body);
    let second = lab.rings(PHONE);
    assert_ne!(code(&first), code(&second));
    world.call_ended(&id);
    let late = world.check(&id, code(&first)).json();
    assert_eq!((&late["status"], &late["attempts_left"]), (&json!("pending"), &json!(2)));
    assert_eq!(world.client.post(&path, &json!({})).status, 202);
    let third = lab.rings(PHONE);
    world.call_ended(&id);
    let over = world.client.post(&path, &json!({}));
    assert_eq!(over.problem(), (409, "no_calls_left".to_owned()));
    assert_eq!(world.check(&id, code(&third)).json()["status"], "verified");
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

#[test]
fn a_canceled_verification_hangs_up_at_once() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.trunks[0].2 = "ring = \"15s\"".to_owned();
    let world = World::start(&plan);
    let id = started(&world, PHONE);
    let caller = lab.rings(PHONE);
    let canceled = world.client.delete(&format!("/v1/verifications/{id}"));
    assert_eq!((canceled.status, &canceled.json()["status"]), (200, &json!("canceled")));
    let entry = lab.stopped(PHONE);
    assert!(entry.rang_for < Duration::from_secs(5), "rang for {:?}", entry.rang_for);
    let call = &world.call_ended(&id)["flash_call"]["call"];
    assert_eq!((&call["outcome"], &call["sip_code"]), (&json!("withdrawn"), &json!(487)));
    let late = world.check(&id, code(&caller));
    assert_eq!(late.problem(), (409, "already_ended".to_owned()));
    let again = world.client.delete(&format!("/v1/verifications/{id}"));
    assert_eq!(again.problem(), (409, "already_ended".to_owned()));
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

fn started(world: &World, phone: &str) -> String {
    world.verify(phone)["id"].as_str().expect("it has an id").to_owned()
}

/// What a hundred clients found who did the same at once, and how many of them.
fn at_once(act: impl Fn() -> String + Sync) -> BTreeMap<String, usize> {
    let gate = std::sync::Barrier::new(CLIENTS);
    let mut found = BTreeMap::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    gate.wait();
                    act()
                })
            })
            .collect();
        for client in clients {
            *found.entry(client.join().expect("a client gets an answer")).or_default() += 1;
        }
    });
    found
}

const CLIENTS: usize = 100;
