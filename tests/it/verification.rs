//! The main job: a phone is rung, its call log read, its holder verified; and every other way in
//! which a call can go.

use serde_json::Value;

use crate::lab::{Lab, code, wrong};
use crate::world::{World, eventually};

#[test]
fn a_phone_is_verified_and_events_and_metrics_tell_the_same() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let mut events = world.client.events("/v1/events");
    let phone = "+46701740650";

    let started = world.verify(phone);
    let id = started["id"].as_str().unwrap();
    assert_eq!(started["status"], "pending");
    assert_eq!(started["flash_call"]["caller_id_prefix"], "+468765");
    assert_eq!(started["flash_call"]["code_space"], 1_000);
    let caller = lab.rings(phone);
    assert!(caller.starts_with("+46876500"), "{caller}");
    // A code may be typed while the phone still rings: its screen shows the number.
    let refused = world.check(id, &wrong(code(&caller)));
    assert_eq!((refused.status, &refused.json()["status"]), (200, &Value::from("pending")));
    assert_eq!(refused.json()["attempts_left"], 2);
    let entry = lab.stopped(phone);
    let rang = entry.rang_for.as_secs_f64();
    assert!((0.9..1.5).contains(&rang), "rang for {rang} s instead of 1 s");
    world.call_ended(id);
    let verified = world.check(id, code(&caller));
    assert_eq!((verified.status, &verified.json()["status"]), (200, &Value::from("verified")));
    assert_eq!(verified.json()["reason"], "code_matched");

    let told = events.to("verification.verified");
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    let expected = "verification.created call.placed call.ringing call.ended verification.verified";
    assert_eq!(kinds.join(" "), expected);
    assert!(told.windows(2).all(|pair| pair[0].id < pair[1].id), "{told:?}");
    for event in &told {
        let data = &event.data;
        assert_eq!((&data["type"], &data["sequence"]), (&event.kind[..].into(), &event.id.into()));
        let owner = if event.kind.starts_with("call") { "verification" } else { "id" };
        assert_eq!(data["data"][owner], id, "{event:?}");
    }
    let mut again = world.client.events(&format!("/v1/events?after={}", told[2].id));
    assert_eq!(again.next().id, told[3].id, "a reader that comes back misses nothing");

    let scrape = world.scrape();
    let sum = |family: &str, labels: &[&str]| scrape.sum(family, labels);
    assert_eq!(sum("ringproof_calls_total", &["trunk=\"lab\"", "outcome=\"completed\""]), 1.0);
    assert_eq!(sum("ringproof_calls_total", &[]), 1.0);
    assert_eq!(sum("ringproof_ring_time_error_seconds_count", &[]), 1.0);
    assert!(sum("ringproof_ring_time_error_seconds_sum", &[]) < 0.25);
    assert_eq!(sum("ringproof_wrong_codes_total", &[]), 1.0);
    assert_eq!(sum("ringproof_verifications_total", &["reason=\"code_matched\""]), 1.0);
    let ways = [("out", "INVITE"), ("out", "CANCEL"), ("out", "ACK"), ("in", "2xx"), ("in", "4xx")];
    for (way, kind) in ways {
        let labels = [format!("direction=\"{way}\""), format!("kind=\"{kind}\"")];
        let count = sum("ringproof_sip_messages_total", &[&labels[0], &labels[1]]);
        assert_eq!(count, 1.0, "{way} {kind}");
    }
    // 100 and 180.
    assert_eq!(sum("ringproof_sip_messages_total", &["direction=\"in\"", "kind=\"1xx\""]), 2.0);
    assert_eq!(sum("ringproof_sip_retransmissions_total", &[]), 0.0);
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

/// Last digits of the phone, outcome of its call, status and reason of its verification. The phone
/// rings for a second: who would decline or answer after two has no time for it.
const WAYS: [(&str, &str, &str, &str); 12] = [
    ("01", "busy", "pending", ""),
    ("02", "completed", "pending", ""),
    ("04", "unallocated", "failed", "number_unallocated"),
    ("07", "completed", "pending", ""),
    ("08", "busy", "pending", ""),
    ("10", "answered_suspect", "pending", ""),
    ("11", "answered_in_race", "pending", ""),
    ("14", "completed", "pending", ""),
    ("15", "completed", "pending", ""),
    ("18", "trunk_failure", "failed", "no_trunk"),
    ("27", "completed", "pending", ""),
    ("50", "completed", "pending", ""),
];

#[test]
fn each_behaviour_of_a_phone_gives_its_outcome() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let phones = WAYS.map(|(digits, ..)| format!("+467017412{digits}"));
    let ids = phones.each_ref().map(|phone| world.verify(phone)["id"].as_str().unwrap().to_owned());
    let mut wrongs = vec![];
    for ((digits, outcome, status, reason), id) in WAYS.iter().zip(&ids) {
        let mut found = world.call_ended(id);
        if *status != "pending" {
            found = world.ended(id);
        }
        let (call, found_reason) = (&found["flash_call"]["call"], found["reason"].as_str());
        let is = [&call["outcome"], &found["status"]].map(|word| word.as_str().unwrap_or("-"));
        if is != [*outcome, *status] || found_reason.unwrap_or_default() != *reason {
            wrongs.push(format!("…{digits}: {is:?} {found_reason:?}"));
        }
    }
    assert_eq!(wrongs, [""; 0]);
    let scrape = world.scrape();
    assert_eq!(scrape.sum("ringproof_calls_total", &[]), WAYS.len() as f64);
    // Each answered dialog is hung up.
    eventually("every BYE is answered", || {
        let labels = ["direction=\"out\"", "kind=\"BYE\""];
        (world.scrape().sum("ringproof_sip_messages_total", &labels) == 2.0).then_some(())
    });
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

#[test]
fn the_inside_is_shown_on_the_unix_socket() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    world.verify("+46701740650");
    let state = eventually("the call is seen ringing", || {
        let state = world.client.get("/debug/state").json();
        let calls = &state["daemon"]["shards"][0]["calls"];
        calls[0]["state"].as_str().is_some_and(|state| state.contains("ring")).then_some(state)
    });
    let shard = &state["daemon"]["shards"][0];
    assert_eq!(shard["trunks"][0]["in_flight"], 1);
    assert_eq!(shard["tables"][0]["size"], 1);
    assert_eq!(state["verify"]["pending"]["size"], 1);
    world.stop();
}
