//! Trunks that are not there (P33), and answers that are not the trunk's (P29).

use std::time::Duration;

use serde_json::json;

use crate::http::timed;
use crate::lab::Lab;
use crate::raw::{self, Request};
use crate::world::{FAST, Plan, World, eventually};

const PHONE: &str = "+46701740650";

#[test]
fn p33_a_call_goes_to_the_next_trunk_when_a_port_is_closed() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.trunks.insert(0, ("dead", raw::closed(), FAST.to_owned()));
    let world = World::start(&plan);
    let (id, delay) = timed(|| {
        let id = world.verify(PHONE)["id"].as_str().unwrap().to_owned();
        lab.rings(PHONE);
        id
    });
    // Timer B is 32 s, the first retransmission comes after half a second.
    assert!(delay < Duration::from_secs(2), "{delay:?}");
    let call = &world.call_ended(&id)["flash_call"]["call"];
    assert_eq!((&call["trunk"], &call["outcome"]), (&json!("lab"), &json!("completed")));
    let ladder = world.client.get(&format!("/v1/calls/{}/trace", call["id"].as_str().unwrap()));
    let ladder = ladder.json();
    let invites = ladder["messages"].as_array().unwrap().iter();
    let invites = invites.filter(|rung| rung["method"] == "INVITE" && rung["direction"] == "out");
    let first = invites.clone().next().unwrap();
    assert_eq!(first["undelivered"], "refused", "{ladder}");
    assert_eq!(invites.filter(|rung| rung["again"] == false).count(), 2, "{ladder}");
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

#[test]
fn p33_h08_without_any_trunk_calls_fail_at_once_and_then_are_refused() {
    let world = World::new(raw::closed());
    let mut events = world.client.events("/v1/events");
    assert_eq!(world.client.get("/readyz").status, 200, "nobody has tried it yet");
    for n in 0..3 {
        let id = world.verify(&format!("+467017406{n}0"))["id"].as_str().unwrap().to_owned();
        let (ended, delay) = timed(|| world.ended(&id));
        assert_eq!((&ended["status"], &ended["reason"]), (&json!("failed"), &json!("no_trunk")));
        assert_eq!(ended["flash_call"]["call"]["outcome"], "unsent");
        assert!(delay < Duration::from_secs(2), "{delay:?}");
    }
    let down = events.to("trunk.down").pop().unwrap();
    assert_eq!(down.data["data"]["name"], "lab");
    assert_eq!(world.client.get("/readyz").problem(), (503, "not_ready".to_owned()));
    for path in ["/healthz", "/metrics"] {
        let mut answers = [(); 9].map(|()| timed(|| world.client.get(path)));
        answers.sort_by_key(|(_, took)| *took);
        assert!(answers.iter().all(|(reply, _)| reply.status == 200), "{path}");
        assert!(answers[4].1 < Duration::from_millis(100), "{path}: half took {:?}", answers[4].1);
    }
    let refused = world.try_verify(PHONE);
    assert_eq!(refused.problem(), (503, "no_trunk".to_owned()));
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    assert_eq!(world.run(&["status"]).status.code(), Some(1));
    assert_eq!(world.run(&["verify", PHONE]).status.code(), Some(75));
    let trunks = world.client.get("/v1/trunks").json();
    assert_eq!(
        (&trunks["trunks"][0]["up"], &trunks["trunks"][0]["in_flight"]),
        (&json!(false), &json!(0))
    );
    world.stop();
}

#[test]
fn p29_an_answer_from_another_address_is_ignored() {
    let trunk = raw::socket("127.0.0.1:0");
    let stranger = raw::socket("127.0.0.2:0");
    let neighbour = raw::socket("127.0.0.1:0");
    let world = World::new(trunk.local_addr().unwrap());
    let id = world.verify(PHONE)["id"].as_str().unwrap().to_owned();
    let invite = Request::receive(&trunk);
    assert_eq!(invite.from, world.sip[0]);
    for status in ["180 Ringing", "404 Not Found", "200 OK"] {
        stranger.send_to(invite.response(status).as_bytes(), invite.from).unwrap();
    }
    let labels = ["reason=\"foreign_source\""];
    eventually("they are counted", || {
        (world.scrape().sum("ringproof_sip_dropped_total", &labels) == 3.0).then_some(())
    });
    let call = &world.get(&id)["flash_call"]["call"];
    assert_eq!((&call["state"], &call["ringing_at"]), (&json!("calling"), &json!(null)));
    eventually("the log names the trunk and the address", || {
        let log = world.log();
        let mut lines = log.lines().filter(|line| line.contains("responses are dropped"));
        let line = lines.next().filter(|_| lines.next().is_none())?;
        (line.contains("trunk=\"lab\"") && line.contains("source=127.0.0.2")).then_some(())
    });
    // The trunk's address is known, its port is not: it may answer from any.
    neighbour.send_to(invite.response("404 Not Found").as_bytes(), invite.from).unwrap();
    let ended = world.ended(&id);
    assert_eq!(ended["reason"], "number_unallocated");
    let mut next = Request::receive(&trunk);
    while next.text.starts_with("INVITE") {
        next = Request::receive(&trunk);
    }
    assert!(next.text.starts_with("ACK "), "{}", next.text);
    assert_eq!(next.header("Via:"), invite.header("Via:"));
    world.stop();
}

#[test]
fn f11_a_trunk_that_is_back_is_found_by_a_probe() {
    let address = raw::closed();
    let world = World::new(address);
    let mut events = world.client.events("/v1/events");
    for n in 0..3 {
        let id = world.verify(&format!("+467017407{n}0"))["id"].as_str().unwrap().to_owned();
        world.ended(&id);
    }
    events.to("trunk.down");
    assert_eq!(world.client.get("/readyz").status, 503);
    let trunk = raw::socket(&address.to_string());
    let options = Request::receive(&trunk);
    assert!(options.text.starts_with("OPTIONS sip:127.0.0.1"), "{}", options.text);
    trunk.send_to(options.response("200 OK").as_bytes(), options.from).unwrap();
    events.to("trunk.up");
    assert_eq!(world.client.get("/readyz").status, 200);
    assert_eq!(world.client.get("/v1/trunks").json()["trunks"][0]["up"], true);
    world.stop();
}

#[test]
fn f11_a_trunk_that_says_nothing_is_asked_before_a_call_needs_it() {
    let trunk = raw::socket("127.0.0.1:0");
    let mut plan = Plan::new(trunk.local_addr().unwrap());
    plan.trunks[0].2 += "\noptions_interval = \"1s\"\n";
    let world = World::start(&plan);
    for _ in 0..2 {
        let options = Request::receive(&trunk);
        assert!(options.text.starts_with("OPTIONS sip:127.0.0.1"), "{}", options.text);
        // What an Asterisk without a matching extension says.
        trunk.send_to(options.response("404 Not Found").as_bytes(), options.from).unwrap();
    }
    assert_eq!(world.client.get("/v1/trunks").json()["trunks"][0]["up"], true);
    world.stop();
}
