//! Several shards, both IP versions.

use std::collections::BTreeSet;

use ringproof::lab::Event;
use serde_json::json;

use crate::lab::{Lab, code};
use crate::raw::{self, Request};
use crate::world::{FAST, Plan, World, eventually};

#[test]
fn t13_a_phone_is_verified_over_ipv6() {
    let mut lab = Lab::with("[::1]:0", |_| {});
    let world = World::new(lab.address);
    assert!(world.sip[0].is_ipv6());
    let phone = "+46701740650";
    let id = world.verify(phone)["id"].as_str().unwrap().to_owned();
    let caller = lab.rings(phone);
    lab.stopped(phone);
    let call = &world.call_ended(&id)["flash_call"]["call"];
    assert_eq!(call["outcome"], "completed");
    assert_eq!(world.check(&id, code(&caller)).json()["status"], "verified");
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

#[test]
fn t13_calls_go_from_one_ip_version_to_the_other() {
    let mut lab = Lab::with("[::1]:0", |_| {});
    let mut plan = Plan::new(lab.address);
    plan.sip = "listen = [\"udp:127.0.0.1:0\", \"udp:[::1]:0\"]".to_owned();
    plan.trunks.insert(0, ("dead", raw::closed(), FAST.to_owned()));
    let world = World::start(&plan);
    assert_eq!(world.sip.len(), 2);
    let id = world.verify("+46701740650")["id"].as_str().unwrap().to_owned();
    lab.rings("+46701740650");
    assert_eq!(world.call_ended(&id)["flash_call"]["call"]["trunk"], "lab");
    world.stop();
}

#[test]
fn p33_an_ipv6_port_that_is_closed_fails_at_once() {
    let closed = raw::socket("[::1]:0").local_addr().unwrap();
    let world = World::new(closed);
    let id = world.verify("+46701740650")["id"].as_str().unwrap().to_owned();
    assert_eq!(world.ended(&id)["reason"], "no_trunk");
    world.stop();
}

#[test]
fn shards_share_the_calls_and_each_speaks_from_its_own_port() {
    let trunk = raw::socket("127.0.0.1:0");
    let mut plan = Plan::new(trunk.local_addr().unwrap());
    plan.sip += "\nshards = 3";
    let world = World::start(&plan);
    let own: BTreeSet<_> = world.sip.iter().copied().collect();
    assert_eq!(own.len(), 3);
    let mut seen = BTreeSet::new();
    let mut ids = vec![];
    for n in 0..30 {
        ids.push(world.verify(&format!("+46701{n:04}50"))["id"].as_str().unwrap().to_owned());
        let invite = loop {
            let request = Request::receive(&trunk);
            if request.text.starts_with("INVITE") {
                break request;
            }
        };
        assert!(invite.header("Via:").contains(&invite.from.to_string()), "{}", invite.text);
        assert!(invite.header("Contact:").contains(&invite.from.to_string()), "{}", invite.text);
        seen.insert(invite.from);
        trunk.send_to(invite.response("486 Busy Here").as_bytes(), invite.from).unwrap();
    }
    assert_eq!(seen, own);
    for id in &ids {
        assert_eq!(world.call_ended(id)["flash_call"]["call"]["outcome"], "busy");
    }
    let state = world.client.get("/debug/state").json();
    assert_eq!(state["daemon"]["shards"].as_array().unwrap().len(), 3);
    assert_eq!(world.scrape().sum("ringproof_calls_total", &["outcome=\"busy\""]), 30.0);
    world.stop();
}

#[test]
fn shards_carry_whole_calls_side_by_side() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.sip += "\nshards = 3";
    let world = World::start(&plan);
    let phones: Vec<String> = (0..60).map(|n| format!("+46701{n:04}50")).collect();
    let ids: Vec<_> =
        phones.iter().map(|phone| world.verify(phone)["id"].as_str().unwrap().to_owned()).collect();
    for (phone, id) in phones.iter().zip(&ids) {
        let caller = lab.rings(phone);
        // Half of them are hung up, which must find the shard that has the call.
        match phone.as_bytes()[9] % 2 {
            0 => assert_eq!(world.check(id, code(&caller)).json()["status"], "verified"),
            _ => assert_eq!(world.client.delete(&format!("/v1/verifications/{id}")).status, 200),
        }
    }
    let is_quiet = |event: &Event| matches!(event, Event::Stopped(_));
    eventually("every phone is quiet", || (lab.count(is_quiet) == 60).then_some(()));
    for id in &ids {
        let call = &world.call_ended(id)["flash_call"]["call"];
        assert!([json!("completed"), json!("withdrawn")].contains(&call["outcome"]), "{call}");
    }
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}
