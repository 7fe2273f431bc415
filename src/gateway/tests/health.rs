//! Trunks that die and come back, and how a shard finds out.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::world::{World, order, response_to};
use crate::gateway::{Command, Input};
use crate::ladder::Undelivered;
use crate::sip::Method;

/// A shard with one trunk that is asked after 30 quiet seconds.
fn asked() -> World {
    World::with(&["192.0.2.1:5060"], |profile| {
        profile.options_interval = Some(Duration::from_secs(30));
    })
}

fn wait(world: &mut World, seconds: f64) {
    world.run_until(world.start + Duration::from_secs_f64(seconds));
}

/// Answers the newest OPTIONS.
fn answer(world: &mut World, code: u16) {
    let response = response_to(&world.newest(Method::Options), code, "a", "");
    world.receive(&response);
}

fn give_back(world: &mut World) {
    let (to, payload) = world.sent.last().unwrap().clone();
    world.line("<- ICMP port unreachable");
    world.handle(Input::SendFailed { to, payload: &payload, why: Undelivered::Refused });
}

/// Whether the trunk is up, and may be sent calls, as others see it.
fn stands(world: &mut World) -> (bool, bool) {
    world.gateway.handle(Input::Timeout, world.now);
    world.gateway.publish_tables();
    let board = world.gateway.board();
    (board.is_up(0), board.takes_calls(0))
}

#[track_caller]
fn trace(world: &World, expected: Expect) {
    expected.assert_eq(&world.trace);
}

#[test]
fn f11_a_quiet_trunk_is_asked_and_a_dead_one_found_before_a_call_does() {
    let mut world = asked();
    wait(&mut world, 30.1);
    answer(&mut world, 404);
    wait(&mut world, 126.0);
    assert_eq!(stands(&mut world), (false, false));
    trace(
        &world,
        expect![[r#"
        30.000  -> OPTIONS
        30.100  <- 404 OPTIONS
        60.100  -> OPTIONS
        60.600  -> OPTIONS
        61.600  -> OPTIONS
        63.600  -> OPTIONS
        67.600  -> OPTIONS
        71.600  -> OPTIONS
        75.600  -> OPTIONS
        79.600  -> OPTIONS
        83.600  -> OPTIONS
        87.600  -> OPTIONS
        91.600  -> OPTIONS
        93.100  -> OPTIONS
        93.600  -> OPTIONS
        94.600  -> OPTIONS
        96.600  -> OPTIONS
        100.600  -> OPTIONS
        104.600  -> OPTIONS
        108.600  -> OPTIONS
        112.600  -> OPTIONS
        116.600  -> OPTIONS
        120.600  -> OPTIONS
        124.600  -> OPTIONS
    "#]],
    );
}

#[test]
fn f11_a_trunk_at_work_is_not_asked() {
    let mut world = asked();
    wait(&mut world, 20.0);
    world.place();
    let busy = world.response(Method::Invite, 486, "a", "");
    world.receive(&busy);
    wait(&mut world, 49.9);
    let options = |world: &World| world.trace.matches("-> OPTIONS").count();
    assert_eq!(options(&world), 0, "{}", world.trace);
    wait(&mut world, 50.1);
    assert_eq!(options(&world), 1, "{}", world.trace);
}

#[test]
fn f11_a_trunk_is_not_asked_unless_its_profile_says_so() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    wait(&mut world, 3_600.0);
    assert_eq!(world.sent.len(), 0, "{}", world.trace);
    assert!(world.gateway.is_at_rest());
}

#[test]
fn f11_a_dead_trunk_is_asked_until_it_is_back() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    for phone in ["+46701740611", "+46701740612", "+46701740613"] {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order)));
        give_back(&mut world);
    }
    assert_eq!(stands(&mut world), (false, false));
    for seconds in [1.1, 2.1, 4.1] {
        wait(&mut world, seconds);
        give_back(&mut world);
    }
    // It is back, and says first that it is not ready.
    wait(&mut world, 8.2);
    answer(&mut world, 503);
    assert_eq!(stands(&mut world), (false, false));
    wait(&mut world, 16.3);
    answer(&mut world, 200);
    assert_eq!(stands(&mut world), (true, true));
    let quiet_since = world.sent.len();
    wait(&mut world, 60.0);
    assert_eq!(world.sent.len(), quiet_since, "{}", world.trace);
    assert!(world.gateway.is_quiet(), "{:?}", world.gateway.describe(world.now));
    trace(
        &world,
        expect![[r#"
        00.000  -> INVITE
        00.000  <- ICMP port unreachable
        00.000  == unsent by us
        00.000  == failed no_trunk
        00.000  -> INVITE
        00.000  <- ICMP port unreachable
        00.000  == unsent by us
        00.000  == failed no_trunk
        00.000  -> INVITE
        00.000  <- ICMP port unreachable
        00.000  == unsent by us
        00.000  == failed no_trunk
        01.000  -> OPTIONS
        01.100  <- ICMP port unreachable
        02.100  -> OPTIONS
        02.100  <- ICMP port unreachable
        04.100  -> OPTIONS
        04.100  <- ICMP port unreachable
        08.100  -> OPTIONS
        08.200  <- 503 OPTIONS
        16.200  -> OPTIONS
        16.300  <- 200 OPTIONS
    "#]],
    );
}

#[test]
fn f11_a_trunk_that_is_down_is_not_up_because_a_call_may_try() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    for phone in ["+46701740611", "+46701740612", "+46701740613"] {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order)));
        give_back(&mut world);
    }
    wait(&mut world, 29.9);
    assert_eq!(stands(&mut world), (false, false));
    wait(&mut world, 30.1);
    assert_eq!(stands(&mut world), (false, true));
    let order = order(&world.verify, "+46701740614", world.now);
    world.handle(Input::Command(Command::Place(order)));
    assert_eq!(stands(&mut world), (false, false), "one call tries for all");
    let busy = world.response(Method::Invite, 486, "a", "");
    world.receive(&busy);
    assert_eq!(stands(&mut world), (true, true));
}

#[test]
fn f11_a_silent_trunk_is_found_though_its_clients_give_up_before_timer_b() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.calls_per_second = 10_000);
    for phone in ["+46701740611", "+46701740612", "+46701740613"] {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order.clone())));
        world.verify.cancel(order.verification, world.now).unwrap();
        world.handle(Input::Command(Command::HangUp(order.call.id)));
    }
    wait(&mut world, 31.9);
    assert_eq!(stands(&mut world), (true, true), "it has not had its time to answer");
    wait(&mut world, 32.1);
    assert_eq!(stands(&mut world), (false, false), "{}", world.trace);
}

#[test]
fn f11_a_client_that_gives_up_before_the_first_word_says_nothing_of_the_trunk() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.calls_per_second = 10_000);
    for phone in ["+46701740611", "+46701740612", "+46701740613"] {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order.clone())));
        let invite = world.newest(Method::Invite);
        world.run_until(world.now + Duration::from_millis(200));
        world.verify.cancel(order.verification, world.now).unwrap();
        world.handle(Input::Command(Command::HangUp(order.call.id)));
        world.run_until(world.now + Duration::from_millis(200));
        world.receive(&response_to(&invite, 100, "", ""));
    }
    // Each gets its CANCEL now, which is not answered.
    wait(&mut world, 80.0);
    assert_eq!(stands(&mut world), (true, true), "{}", world.trace);
}

#[test]
fn p29_an_answer_to_a_probe_counts_from_the_trunk_alone() {
    let mut world = asked();
    wait(&mut world, 30.1);
    let response = response_to(&world.newest(Method::Options), 200, "a", "");
    world.receive_from("198.51.100.1:5060", &response);
    wait(&mut world, 31.0);
    assert_eq!(world.trace.matches("-> OPTIONS").count(), 2, "{}", world.trace);
}

#[test]
fn f11_a_stop_sends_no_probes() {
    let mut world = asked();
    world.gateway.handle(Input::Command(Command::Drain), world.now);
    wait(&mut world, 300.0);
    assert_eq!(world.sent.len(), 0, "{}", world.trace);
    assert!(world.gateway.is_drained());
}

#[test]
fn r13_a_probe_under_way_does_not_hold_up_a_stop() {
    let mut world = asked();
    wait(&mut world, 30.1);
    world.handle(Input::Command(Command::Drain));
    assert!(world.gateway.is_drained());
}
