//! Which trunk, when: failover, pacing, and the bounds.

use std::time::Duration;

use expect_test::expect;

use super::world::{World, order, response_to};
use crate::gateway::{Command, Input};
use crate::ladder::Undelivered;
use crate::sip::Method;
use crate::tally::Shed;

#[test]
fn p33_the_next_trunk_gets_the_same_caller_id_and_a_call_of_its_own() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    let first = world.newest(Method::Invite);
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    let second = world.newest(Method::Invite);
    let (first, second) = (String::from_utf8(first).unwrap(), String::from_utf8(second).unwrap());
    let field = |text: &str, name: &str| {
        text.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    let user = |from: String| from.split_once('@').unwrap().0.to_owned();
    assert_eq!(user(field(&first, "From")), user(field(&second, "From")));
    assert_ne!(field(&first, "Call-ID"), field(&second, "Call-ID"));
    assert_ne!(field(&first, "Via"), field(&second, "Via"));
    assert_eq!(world.sent.last().unwrap().0.to_string(), "192.0.2.2:5060");
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 503 INVITE
        00.000  -> ACK
        00.000  -> INVITE
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn a_phone_that_rang_or_a_client_that_gave_up_gets_no_second_trunk() {
    for script in ["0.1 180; 0.2 503", "0.1 404", "0.05 hang_up; 0.1 503"] {
        let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
        world.run(script);
        let elsewhere = world.sent.iter().any(|(to, _)| to.to_string() == "192.0.2.2:5060");
        assert!(!elsewhere, "{script}: {}", world.trace);
    }
}

#[test]
fn every_trunk_in_trouble_ends_the_verification() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    let refusal = world.response(Method::Invite, 500, "a", "");
    world.receive_from("192.0.2.2:5060", &refusal);
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 503 INVITE
        00.000  -> ACK
        00.000  -> INVITE
        00.000  <- 500 INVITE
        00.000  -> ACK
        00.000  == trunk_failure 500 by carrier
        00.000  == failed no_trunk
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn a_trunk_at_its_rate_makes_calls_wait_and_then_go() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.calls_per_second = 2);
    for number in 0..3 {
        let order = order(&world.verify, &format!("+4670174061{number}"), world.now);
        world.handle(Input::Command(Command::Place(order)));
    }
    let invites = |world: &World| world.trace.matches("INVITE").count();
    assert_eq!(invites(&world), 1);
    world.run_until(world.start + Duration::from_millis(501));
    let first = invites(&world);
    world.run_until(world.start + Duration::from_millis(1_001));
    // The first INVITE is repeated by timer A at 0.5 s as well.
    assert!(first >= 2 && invites(&world) >= 4, "{}", world.trace);
}

#[test]
fn a_call_that_waits_too_long_for_a_trunk_fails() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.in_flight_max = 1);
    world.place();
    let late = order(&world.verify, "+46701740611", world.now);
    world.handle(Input::Command(Command::Place(late.clone())));
    world.run_until(world.start + Duration::from_millis(1_990));
    assert_eq!(late.call.ending(), None);
    world.run_until(world.start + Duration::from_millis(2_050));
    assert_eq!(late.call.ending().unwrap().outcome.as_str(), "unsent");
}

#[test]
fn a_full_queue_sheds_and_says_so() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.in_flight_max = 1);
    world.place();
    let mut orders = vec![];
    for number in 0..5 {
        let order = order(&world.verify, &format!("+4670174062{number}"), world.now);
        world.handle(Input::Command(Command::Place(order.clone())));
        orders.push(order);
    }
    assert_eq!(world.tally.shed(Shed::Call), 1);
    assert!(orders[4].call.ending().is_some());
    assert!(orders[..4].iter().all(|order| order.call.ending().is_none()));
}

#[test]
fn a_waiting_call_can_be_hung_up() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.in_flight_max = 1);
    world.place();
    let waiting = order(&world.verify, "+46701740611", world.now);
    world.handle(Input::Command(Command::Place(waiting.clone())));
    world.handle(Input::Command(Command::HangUp(waiting.call.id)));
    assert_eq!(waiting.call.ending().unwrap().outcome.as_str(), "withdrawn");
}

#[test]
fn s05_a_call_that_nobody_wants_any_more_is_not_sent() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.verify.cancel(world.order.verification, world.now).unwrap();
    world.place();
    expect!["00.000  == canceled canceled_by_client\n00.000  == withdrawn by us\n"]
        .assert_eq(&world.trace);
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.calls_per_second = 1);
    world.place();
    let waiting = order(&world.verify, "+46701740611", world.now);
    world.handle(Input::Command(Command::Place(waiting.clone())));
    world.verify.cancel(waiting.verification, world.now).unwrap();
    world.run_until(world.now + Duration::from_secs(3));
    assert_eq!(waiting.call.ending().unwrap().outcome.as_str(), "withdrawn");
    assert_eq!(waiting.call.moments().invited, None);
}

#[test]
fn a_trunk_that_stays_silent_is_tried_last_and_again_after_a_while() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    let mut phone = 700;
    let mut first_trunk_of_a_call = |world: &mut World| {
        phone += 1;
        let order = order(&world.verify, &format!("+467017{phone}05"), world.now);
        let before = world.sent.len();
        world.handle(Input::Command(Command::Place(order)));
        let (to, request) = world.sent[before].clone();
        world.handle(Input::SendFailed { to, payload: &request, why: Undelivered::Refused });
        if let Some((to, request)) = world.sent.get(before + 1).cloned() {
            world.receive_from(&to.to_string(), &response_to(&request, 486, "a", ""));
        }
        to.ip().to_string()
    };
    let trunks: Vec<String> = (0..4).map(|_| first_trunk_of_a_call(&mut world)).collect();
    assert_eq!(trunks, ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]);
    world.run_until(world.now + Duration::from_secs(31));
    assert_eq!(first_trunk_of_a_call(&mut world), "192.0.2.1");
    assert_eq!(first_trunk_of_a_call(&mut world), "192.0.2.2");
}

#[test]
fn calls_that_wait_share_one_timer() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.in_flight_max = 1);
    world.place();
    let timers = |world: &World| {
        let tables = world.gateway.describe(world.now).tables;
        tables.iter().rev().take(2).map(|(_, size, _)| size).sum::<usize>()
    };
    let before = timers(&world);
    for number in 0..4 {
        let order = order(&world.verify, &format!("+4670174062{number}"), world.now);
        world.handle(Input::Command(Command::Place(order)));
    }
    world.run_until(world.start + Duration::from_millis(400));
    let after = timers(&world);
    // Four verifications, and the one look at those that wait.
    assert_eq!(after - before, 4 + 1, "{:?}", world.gateway.describe(world.now).tables);
}

#[test]
fn who_waits_goes_before_who_comes_later_and_as_soon_as_there_is_room() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.in_flight_max = 1);
    world.place();
    let waiting = order(&world.verify, "+46701740611", world.now);
    world.handle(Input::Command(Command::Place(waiting.clone())));
    world.run_until(world.start + Duration::from_millis(1_005));
    let busy = world.response(Method::Invite, 486, "a", "");
    world.receive(&busy);
    let later = order(&world.verify, "+46701740612", world.now);
    world.handle(Input::Command(Command::Place(later.clone())));
    world.handle(Input::Timeout);
    assert!(waiting.call.moments().invited.is_some(), "{}", world.trace);
    assert_eq!(later.call.moments().invited, None);
}

/// A call that the first trunk refuses while a second, which takes one call at once, is full.
fn refused_before_a_full_trunk() -> World {
    let mut world = World::with(&["192.0.2.1:5060", "192.0.2.2:5060"], |profile| {
        let is_second = profile.address.to_string() == "192.0.2.2:5060";
        profile.in_flight_max = if is_second { 1 } else { 100 };
    });
    let other = order(&world.verify, "+46701740611", world.now);
    world.handle(Input::Command(Command::Place(other)));
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    world.place();
    world
}

#[test]
fn p33_a_call_that_finds_no_second_trunk_ended_as_the_first_one_said() {
    let mut world = refused_before_a_full_trunk();
    let refusal = world.response(Method::Invite, 500, "a", "Reason: Q.850;cause=38");
    world.receive(&refusal);
    assert_eq!(world.order.call.ending(), None, "it waits for the second");
    world.run_until(world.now + Duration::from_millis(2_050));
    let ending = world.order.call.ending().unwrap();
    assert_eq!((ending.outcome.as_str(), ending.sip_code), ("trunk_failure", Some(500)));
    assert_eq!((ending.by.as_str(), ending.q850_cause), ("carrier", Some(38)));
}

#[test]
fn p33_a_call_that_finds_a_full_queue_ended_as_its_trunk_said() {
    let mut world = refused_before_a_full_trunk();
    let refusal = world.response(Method::Invite, 500, "a", "");
    for number in 0..4 {
        let waiting = order(&world.verify, &format!("+4670174062{number}"), world.now);
        world.handle(Input::Command(Command::Place(waiting)));
        let refusal = world.response(Method::Invite, 503, "a", "");
        world.receive(&refusal);
    }
    world.receive(&refusal);
    assert_eq!(world.tally.shed(Shed::Call), 1);
    let ending = world.order.call.ending().unwrap();
    assert_eq!((ending.outcome.as_str(), ending.sip_code), ("trunk_failure", Some(500)));
}

#[test]
fn a_call_that_waits_for_the_second_trunk_does_not_hold_up_those_for_the_first() {
    let mut world = refused_before_a_full_trunk();
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    assert_eq!(world.gateway.calls(), 2, "one on the second trunk, one that waits for it");
    let next = order(&world.verify, "+46701740612", world.now);
    world.handle(Input::Command(Command::Place(next.clone())));
    world.run_until(world.start + Duration::from_millis(100));
    assert!(next.call.moments().invited.is_some(), "{}", world.trace);
}

#[test]
fn who_waits_for_the_second_trunk_gets_it_before_a_newcomer_for_whom_the_first_is_full() {
    let mut world = World::with(&["192.0.2.1:5060", "192.0.2.2:5060"], |profile| {
        (profile.in_flight_max, profile.calls_per_second) = (1, 10_000);
    });
    let place = |world: &mut World, phone: &str| {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order.clone())));
        (order, world.newest(Method::Invite))
    };
    // The first holds the second trunk; the next is refused by the first and waits for the second.
    let (_, invite) = place(&mut world, "+46701740611");
    world.receive(&response_to(&invite, 503, "a", ""));
    let on_second = world.newest(Method::Invite);
    let (waiting, invite) = place(&mut world, "+46701740612");
    world.receive(&response_to(&invite, 503, "a", ""));
    // A third fills the first trunk. Then the second has room, and somebody comes at that moment.
    place(&mut world, "+46701740613");
    world.receive_from("192.0.2.2:5060", &response_to(&on_second, 486, "a", ""));
    let before = world.sent.len();
    let (later, _) = place(&mut world, "+46701740614");
    assert_eq!(later.call.moments().invited, None);
    let to: Vec<_> = world.sent[before..].iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(to, ["192.0.2.2:5060"]);
    assert_eq!(waiting.call.ending(), None);
}
