//! Another configuration while calls ring (R12).

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;

use super::world::{World, line, order, response_to};
use crate::call::inbound::Plan;
use crate::gateway::dids::{Did, Dids};
use crate::gateway::reload::Reload;
use crate::gateway::{Command, Input};
use crate::ladder::Undelivered;
use crate::number::E164;
use crate::sip::{Method, Status};
use crate::trunk::Profile;
use crate::verify::DidId;

/// Gives the shard these trunks, and the indices of those that carry calls.
fn reload(world: &mut World, trunks: &[(u16, &str)], route: &[u16], change: impl Fn(&mut Profile)) {
    let lines = trunks.iter().map(|(index, address)| (*index, line(address, &change))).collect();
    let reload = Reload { lines, routes: vec![route.into()], dids: Arc::default() };
    world.handle(Input::Command(Command::Reload(Box::new(reload))));
}

#[test]
fn r12_a_call_finishes_on_the_trunk_that_a_reload_took_away() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive(&ringing);
    reload(&mut world, &[(1, "192.0.2.2:5060")], &[1], |profile| {
        profile.ring = Duration::from_secs(9);
    });
    world.run_until(world.start + Duration::from_millis(5_200));
    let done = world.response(Method::Cancel, 200, "a", "");
    world.receive(&done);
    let terminated = world.response(Method::Invite, 487, "a", "");
    world.receive(&terminated);
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 180 INVITE
        00.000  == rings
        05.000  -> CANCEL
        05.200  <- 200 CANCEL
        05.200  <- 487 INVITE
        05.200  -> ACK
        05.200  == completed 487 by us
    "#]]
    .assert_eq(&world.trace);
    assert!(world.sent.iter().all(|(to, _)| to.to_string() == "192.0.2.1:5060"));
    let next = order(&world.verify, "+46701740611", world.now);
    world.handle(Input::Command(Command::Place(next)));
    assert_eq!(world.sent.last().unwrap().0.to_string(), "192.0.2.2:5060");
}

#[test]
fn r12_a_call_answered_after_its_trunk_is_gone_is_hung_up() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "Contact: <sip:x@192.0.2.1>");
    reload(&mut world, &[(1, "192.0.2.2:5060")], &[1], |_| {});
    // Long after the transaction: timer B gave the call up.
    world.run_until(world.start + Duration::from_secs(100));
    let sent = world.sent.len();
    world.receive(&answer);
    let late: Vec<_> = world.sent[sent..].iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(late, ["192.0.2.1:5060", "192.0.2.1:5060"], "{}", world.trace);
    assert!(world.trace.contains("-> ACK") && world.trace.contains("-> BYE"), "{}", world.trace);
}

#[test]
fn r12_a_call_answered_after_its_trunk_has_moved_is_hung_up() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "Contact: <sip:x@192.0.2.1>");
    reload(&mut world, &[(0, "192.0.2.7:5060")], &[0], |_| {});
    reload(&mut world, &[(0, "192.0.2.8:5060")], &[0], |_| {});
    world.run_until(world.start + Duration::from_secs(100));
    let sent = world.sent.len();
    world.receive(&answer);
    let late: Vec<_> = world.sent[sent..].iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(late, ["192.0.2.1:5060", "192.0.2.1:5060"], "{}", world.trace);
}

#[test]
fn r12_a_trunk_that_has_moved_may_end_its_calls_from_where_it_was() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "Contact: <sip:x@192.0.2.1>");
    reload(&mut world, &[(0, "192.0.2.7:5060")], &[0], |_| {});
    world.receive(&answer);
    let bye = turned_round(&world.newest(Method::Bye));
    let sent = world.sent.len();
    world.receive_from("192.0.2.1:5060", &bye);
    let text = String::from_utf8(world.sent[sent].1.clone()).unwrap();
    assert!(text.starts_with("SIP/2.0 200 "), "{text}");
    world.run_until(world.start + Duration::from_secs(100));
    let sent = world.sent.len();
    world.receive_from("192.0.2.1:5060", &bye);
    assert_eq!(world.sent.len(), sent, "nothing is left that began there");
}

#[test]
fn a_trunk_that_moves_and_moves_is_remembered_at_its_last_places() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "Contact: <sip:x@192.0.2.1>");
    for last in 10..18 {
        let address = format!("192.0.2.{last}:5060");
        reload(&mut world, &[(0, &address)], &[0], |_| {});
        reload(&mut world, &[(0, &address)], &[0], |_| {});
    }
    world.run_until(world.start + Duration::from_secs(100));
    world.receive(&answer);
    assert!(world.trace.contains("-> BYE"), "the eighth place before this one");
    // Until that BYE is over it is needed, and another place would make room.
    world.run_until(world.start + Duration::from_secs(140));
    reload(&mut world, &[(0, "192.0.2.18:5060")], &[0], |_| {});
    let sent = world.sent.len();
    world.receive(&answer);
    assert_eq!(world.sent.len(), sent, "{}", world.trace);
}

/// A request of ours as its other side would send it.
fn turned_round(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(request.to_vec()).unwrap();
    let text = text.replace("From: ", "X: ").replace("To: ", "From: ").replace("X: ", "To: ");
    text.replace("Via: SIP/2.0/UDP 192.0.2.9:5070", "Via: SIP/2.0/UDP 192.0.2.1:5060").into_bytes()
}

#[test]
fn r12_what_is_heard_of_a_trunk_where_it_was_says_nothing_of_where_it_is() {
    let quick = |profile: &mut Profile| profile.calls_per_second = 10_000;
    let mut world = World::with(&["192.0.2.1:5060"], quick);
    let is_up = |world: &World| {
        world.gateway.publish_tables();
        world.gateway.board().is_up(0)
    };
    let place_three = |world: &mut World, block: u32| {
        for last in 0..3 {
            let order = order(&world.verify, &format!("+4670{block}061{last}"), world.now);
            world.handle(Input::Command(Command::Place(order)));
        }
    };
    // Three calls to the old place are silent: nobody has spoken to the new one yet.
    place_three(&mut world, 174);
    reload(&mut world, &[(0, "192.0.2.7:5060")], &[0], quick);
    world.run_until(world.start + Duration::from_secs(33));
    assert!(is_up(&world), "{}", world.trace);
    // Three to the new place are silent too, and somebody at the old one comes back to life.
    let late = response_to(&world.sent[0].1.clone(), 200, "a", "");
    place_three(&mut world, 175);
    world.run_until(world.now + Duration::from_secs(33));
    world.receive(&late);
    assert!(!is_up(&world), "{}", world.trace);
}

#[test]
fn r12_a_call_that_goes_on_where_a_trunk_was_does_not_bring_it_up_where_it_is() {
    let quick = |profile: &mut Profile| profile.calls_per_second = 10_000;
    let mut world = World::with(&["192.0.2.1:5060"], quick);
    world.place();
    let ringing = world.response(Method::Invite, 180, "a", "");
    reload(&mut world, &[(0, "192.0.2.7:5060")], &[0], quick);
    for last in 0..3 {
        let order = order(&world.verify, &format!("+467017406{last}1"), world.now);
        world.handle(Input::Command(Command::Place(order)));
        let (to, payload) = world.sent.last().unwrap().clone();
        world.handle(Input::SendFailed { to, payload: &payload, why: Undelivered::Refused });
    }
    world.receive(&ringing);
    world.gateway.publish_tables();
    assert!(!world.gateway.board().is_up(0), "{}", world.trace);
}

#[test]
fn r12_a_reload_does_not_forget_to_ask_a_trunk_that_is_down() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    for phone in ["+46701740611", "+46701740612", "+46701740613"] {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order)));
        let (to, payload) = world.sent.last().unwrap().clone();
        world.handle(Input::SendFailed { to, payload: &payload, why: Undelivered::Refused });
    }
    world.run_until(world.start + Duration::from_millis(500));
    reload(&mut world, &[(0, "192.0.2.1:5060")], &[0], |_| {});
    world.run_until(world.start + Duration::from_millis(1_100));
    assert_eq!(world.trace.matches("-> OPTIONS").count(), 1, "{}", world.trace);
    // While one is under way: asked anew at once.
    reload(&mut world, &[(0, "192.0.2.1:5060")], &[0], |_| {});
    world.run_until(world.start + Duration::from_millis(1_200));
    assert_eq!(world.trace.matches("-> OPTIONS").count(), 2, "{}", world.trace);
}

#[test]
fn r12_a_changed_trunk_gets_new_calls_at_its_new_address_and_counts_the_old_ones() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.in_flight_max = 2);
    world.place();
    reload(&mut world, &[(0, "192.0.2.7:5060")], &[0], |profile| profile.in_flight_max = 2);
    let orders = ["+46701740611", "+46701740612"].map(|to| order(&world.verify, to, world.now));
    for order in &orders {
        world.handle(Input::Command(Command::Place(order.clone())));
        world.run_until(world.now + Duration::from_millis(200));
    }
    let to: Vec<_> = world.sent.iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(to, ["192.0.2.1:5060", "192.0.2.7:5060"], "the third call waits");
    assert!(orders[1].call.moments().invited.is_none());
    // The first call ends where it began, and so makes room.
    let busy = response_to(&world.sent[0].1.clone(), 486, "a", "");
    world.receive(&busy);
    world.run_until(world.now + Duration::from_millis(200));
    assert!(orders[1].call.moments().invited.is_some(), "{}", world.trace);
}

#[test]
fn r12_a_call_that_fails_on_a_trunk_that_is_gone_goes_on_through_those_there_are() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    reload(&mut world, &[(2, "192.0.2.3:5060")], &[2], |_| {});
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    assert_eq!(world.sent.last().unwrap().0.to_string(), "192.0.2.3:5060");
}

#[test]
fn r12_a_call_is_not_sent_to_a_trunk_that_failed_it_because_a_reload_changed_its_route() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    reload(&mut world, &[(0, "192.0.2.1:5060"), (2, "192.0.2.3:5060")], &[0, 2], |_| {});
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive_from("192.0.2.2:5060", &refusal);
    let invites = world.sent.iter().filter(|(_, bytes)| bytes.starts_with(b"INVITE "));
    let to: Vec<_> = invites.map(|(to, _)| to.ip().to_string()).collect();
    assert_eq!(to, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
}

#[test]
fn a_trunk_that_is_gone_and_carries_nothing_is_a_stranger() {
    let options = b"OPTIONS sip:192.0.2.9:5070 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
        From: <sip:192.0.2.1>;tag=1\r\nTo: <sip:192.0.2.9>\r\nCall-ID: 1\r\n\
        CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.receive(options);
    assert_eq!(world.sent.len(), 1, "the trunk is answered");
    reload(&mut world, &[(1, "192.0.2.2:5060")], &[1], |_| {});
    world.receive(options);
    assert_eq!(world.sent.len(), 1, "a stranger is not");
    reload(&mut world, &[(0, "192.0.2.1:5060")], &[0], |_| {});
    world.receive(options);
    assert_eq!(world.sent.len(), 2, "it is back, under its old index");
}

#[test]
fn r12_a_trunk_that_is_gone_is_asked_no_more_and_a_new_one_is() {
    let watched = |profile: &mut Profile| profile.options_interval = Some(Duration::from_secs(30));
    let mut world = World::with(&["192.0.2.1:5060"], watched);
    world.run_until(world.start + Duration::from_secs(30));
    assert_eq!(world.sent.len(), 1, "it is asked, and has not answered yet");
    reload(&mut world, &[(1, "192.0.2.2:5060")], &[1], watched);
    world.run_until(world.start + Duration::from_secs(61));
    let to: Vec<_> = world.sent[1..].iter().map(|(to, _)| to.to_string()).collect();
    assert!(!to.is_empty() && to.iter().all(|to| to == "192.0.2.2:5060"), "{to:?}");
    let late = response_to(&world.sent[0].1.clone(), 200, "a", "");
    world.receive(&late);
    assert_eq!(world.gateway.describe(world.now).lines.len(), 2, "an answer to nobody");
}

#[test]
fn r12_a_reload_does_not_put_off_the_next_look_at_a_trunk() {
    let plan = |reloads: u64| {
        let mut world = World::new(&["192.0.2.1:5060"]);
        for phone in ["+46701740611", "+46701740612", "+46701740613"] {
            let order = order(&world.verify, phone, world.now);
            world.handle(Input::Command(Command::Place(order)));
            give_back(&mut world);
        }
        // It is down, and was asked after a second in vain: again after 1, 2, 4 … s.
        world.run_until(world.start + Duration::from_millis(1_100));
        give_back(&mut world);
        for nth in 0..reloads {
            reload(&mut world, &[(0, "192.0.2.1:5060")], &[0], |_| {});
            world.run_until(world.start + Duration::from_millis(1_150 + 50 * nth));
        }
        world.run_until(world.start + Duration::from_secs(2));
        world.trace.clear();
        world.run_until(world.start + Duration::from_secs(60));
        world.trace
    };
    assert_eq!(plan(5), plan(0));
}

/// The network gives the last datagram back.
fn give_back(world: &mut World) {
    let (to, payload) = world.sent.last().unwrap().clone();
    world.handle(Input::SendFailed { to, payload: &payload, why: Undelivered::Refused });
}

#[test]
fn r12_a_trunk_that_changed_where_it_is_and_is_gone_may_end_its_calls() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "Contact: <sip:x@192.0.2.1>");
    reload(&mut world, &[(0, "192.0.2.1:5060")], &[0], |it| it.ring = Duration::from_secs(6));
    world.receive(&answer);
    let bye = turned_round(&world.newest(Method::Bye));
    reload(&mut world, &[(1, "192.0.2.7:5060")], &[1], |_| {});
    let sent = world.sent.len();
    world.receive_from("192.0.2.1:5060", &bye);
    assert_eq!(world.sent.len(), sent + 1, "{}", world.trace);
}

#[test]
fn r12_a_did_takes_calls_from_the_trunks_that_a_reload_gave_it() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    let number = E164::parse("+46812345678").unwrap();
    let plan = Plan { ring: Duration::ZERO, refusal: Status::BUSY_HERE };
    let place = |world: &World, trunk| world.gateway.dids.find(Some(number), trunk).0;
    for (trunk, other) in [(0, 1), (1, 0)] {
        let did = Did { number, trunks: [trunk].into(), plan };
        let dids = Arc::new(Dids::new(vec![did], plan));
        let reload = Reload { lines: vec![], routes: vec![[].into()], dids };
        world.handle(Input::Command(Command::Reload(Box::new(reload))));
        assert_eq!([trunk, other].map(|trunk| place(&world, trunk)), [Some(DidId(0)), None]);
    }
}
