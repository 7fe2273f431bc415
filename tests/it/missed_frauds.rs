//! Calls that prove nothing: forged, never acknowledged, unknown, for nobody. They hear what everybody
//! hears, verify nobody, and an operator can see why.

use std::time::Duration;

use ringproof::lab::caller::{Conduct, Identity};
use serde_json::json;

use crate::missed_calls::{text, wire};
use crate::phones::{DIDS, OTHER, PHONE, Phones, with_dids};
use crate::raw;
use crate::world::{FAST, World, eventually};

#[test]
fn f02_whoever_rings_whatever_hears_the_same_at_the_same_moments() {
    let world = World::start(&with_dids(raw::closed(), "1s"));
    let mut phones = Phones::new(world.sip[0]);
    let started = world.await_call(PHONE, &json!({ "did": DIDS[0] }));
    let nobodys = "+46876509999";
    let calls = [
        (PHONE, DIDS[0], Identity::International),
        (OTHER, DIDS[0], Identity::International),
        (PHONE, DIDS[1], Identity::Anonymous),
        (PHONE, nobodys, Identity::International),
        (OTHER, nobodys, Identity::TwoIdentities),
    ];
    let lines = calls.map(|(from, to, shown)| phones.dial_as(from, to, shown, Conduct::Waits));
    let heard = lines.map(|line| phones.heard(line));
    let first = heard[0].refused;
    for (call, heard) in calls.iter().zip(&heard) {
        assert_eq!((&*heard.ending, heard.rang.is_some()), ("refused 486", true), "{call:?}");
        let late = heard.refused.abs_diff(first);
        assert!(late < Duration::from_millis(200), "{call:?} {late:?}");
    }
    assert_eq!(world.ended(&text(&started, "/id"))["status"], "verified");
    assert_eq!(phones.lapses(), [""; 0]);
    world.stop();
}

#[test]
fn q03_q04_who_does_not_repeat_our_tag_verifies_nobody_and_the_ladder_shows_it() {
    let mut plan = with_dids(raw::closed(), "0s");
    plan.trunks[0].2 = format!("{FAST}\nt1 = \"50ms\"");
    let world = World::start(&plan);
    let mut events = world.client.events("/v1/events");
    let mut phones = Phones::new(world.sip[0]);
    let started = world.await_call(PHONE, &json!({ "did": DIDS[0] }));
    // Each is told of after 64*T1.
    for conduct in [Conduct::NeverAcks, Conduct::WrongTag, Conduct::NoTag] {
        let line = phones.dial_as(PHONE, DIDS[0], Identity::International, conduct);
        assert_eq!(phones.heard(line).ending, "refused 486");
    }
    for _ in 0..3 {
        let call = events.to("missed_call.received").pop().unwrap().data["data"].clone();
        assert_eq!((&call["outcome"], &call["assurance"]), (&json!("unproven"), &json!("none")));
        let wire = wire(&world, &call);
        assert!(wire.starts_with("INVITE >486 "), "{wire}");
        assert!(!wire.contains(" ACK"), "{wire}");
    }
    let forged = world.scrape().sum("ringproof_sip_dropped_total", &["reason=\"forged_ack\""]);
    assert!(forged >= 2.0, "{forged}");
    assert_eq!(world.get(&text(&started, "/id"))["status"], "pending");
    phones.ring(PHONE, DIDS[0]);
    assert_eq!(world.ended(&text(&started, "/id"))["status"], "verified");
    world.stop();
}

#[test]
fn x04_forged_invites_for_every_caller_who_is_waited_for_verify_nobody() {
    let mut plan = with_dids(raw::closed(), "0s");
    plan.trunks[0].2 = format!("{FAST}\nt1 = \"50ms\"\nmissed_calls_per_second = 100000");
    let world = World::start(&plan);
    let callers: Vec<String> = (0..CALLERS).map(|n| format!("+46701{n:04}60")).collect();
    let mut kept = world.client.keep();
    let ids: Vec<String> = callers
        .iter()
        .map(|phone| {
            let body = json!({ "to": phone, "method": "missed_call", "did": DIDS[0] });
            let reply = kept.post("/v1/verifications", &body);
            assert_eq!(reply.status, 201, "{}", reply.body);
            text(&reply.json(), "/id")
        })
        .collect();
    let mut phones = Phones::new(world.sip[0]);
    for phone in &callers {
        phones.dial_as(phone, DIDS[0], Identity::International, Conduct::Forged);
    }
    eventually("every one is over", || {
        let over = world.scrape().sum("ringproof_inbound_calls_total", &["end=\"unreturned\""]);
        (over >= CALLERS as f64).then_some(())
    });
    let waiting = world.scrape().sum("ringproof_table_entries", &["table=\"waiting\""]);
    assert_eq!(waiting, CALLERS as f64, "nobody was verified");
    // The people themselves can still ring.
    phones.ring(&callers[7], DIDS[0]);
    assert_eq!(world.ended(&ids[7])["status"], "verified");
    assert_eq!(world.scrape().sum("ringproof_missed_calls_total", &["outcome=\"matched\""]), 1.0);
    world.stop();
}

#[test]
fn why_a_call_did_not_match_is_told() {
    let world = World::start(&with_dids(raw::closed(), "0s"));
    let mut events = world.client.events("/v1/events");
    let mut phones = Phones::new(world.sip[0]);
    let awaited = world.await_call(PHONE, &json!({ "did": DIDS[0] }));
    for (identity, outcome, unknown) in [
        (Identity::Anonymous, "unknown_caller", json!("anonymous")),
        (Identity::TwoIdentities, "unknown_caller", json!("disagreeing")),
        // No country is configured, so nobody knows whose 070… it is.
        (Identity::National, "unknown_caller", json!("unreadable")),
        (Identity::Forwarded, "forwarded", json!(null)),
    ] {
        let line = phones.dial_as(PHONE, DIDS[0], identity, Conduct::Waits);
        phones.heard(line);
        let call = events.to("missed_call.received").pop().unwrap().data["data"].clone();
        assert_eq!((&call["outcome"], &call["unknown"]), (&json!(outcome), &unknown), "{call}");
        let shown = world.client.get(&format!("/v1/calls/{}", text(&call, "/id"))).json();
        assert_eq!(shown, call, "what the event told can be read again");
        assert_eq!(wire(&world, &call), "INVITE >486 ACK");
    }
    assert_eq!(world.get(&text(&awaited, "/id"))["status"], "pending");
    world.stop();
}

const CALLERS: usize = 500;
