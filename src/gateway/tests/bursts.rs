//! What one input makes the shard send is bounded, and what finds no room is made good later.

use std::sync::Arc;
use std::time::Duration;

use super::world::{World, crowd, line, order, response_to};
use crate::gateway::outbox::BURST_MAX;
use crate::gateway::reload::Reload;
use crate::gateway::{Command, Input};
use crate::sip::Method;
use crate::trunk::Profile;

/// The largest number of datagrams that one input made the shard send, of those up to `limit`.
fn largest_burst(world: &mut World, milliseconds: u64) -> usize {
    let limit = world.start + Duration::from_millis(milliseconds);
    let mut largest = 0;
    while let Some(wake) = world.gateway.next_wake().filter(|wake| wake.at <= limit) {
        let before = world.sent.len();
        world.now = wake.at.max(world.now);
        world.handle(Input::Timeout);
        largest = largest.max(world.sent.len() - before);
    }
    world.now = limit;
    largest
}

fn ring(world: &mut World) {
    let invites: Vec<_> = world.sent.iter().map(|(_, invite)| invite.clone()).collect();
    for invite in invites {
        world.receive(&response_to(&invite, 180, "a", ""));
    }
}

#[test]
fn r13_a_stop_hangs_a_thousand_calls_up_one_burst_after_another() {
    let mut world = World::crowd();
    ring(&mut world);
    world.handle(Input::Command(Command::Drain));
    assert_eq!(world.sent.len(), 1_000 + BURST_MAX);
    // Once more does not begin anew.
    world.handle(Input::Command(Command::Drain));
    assert_eq!(world.sent.len(), 1_000 + BURST_MAX);
    assert!(largest_burst(&mut world, 20) <= BURST_MAX);
    assert_eq!(world.trace.matches("-> CANCEL").count(), 1_000);
}

#[test]
fn r13_a_stop_gives_up_those_that_wait_and_those_that_have_not_rung() {
    let mut world = World::of_size(1_000, |profile| profile.in_flight_max = 1);
    let orders: Vec<_> = crowd().take(5).map(|to| order(&world.verify, &to, world.now)).collect();
    for order in &orders {
        world.handle(Input::Command(Command::Place(order.clone())));
    }
    world.handle(Input::Command(Command::Drain));
    assert!(orders[1..].iter().all(|order| order.call.ending().is_some()));
    let late = order(&world.verify, "+46721740605", world.now);
    world.handle(Input::Command(Command::Place(late.clone())));
    assert_eq!(late.call.ending().unwrap().outcome.as_str(), "restarted");
}

#[test]
fn s02_a_thousand_calls_that_are_due_at_once_leave_in_bursts() {
    let mut world = World::crowd();
    let largest = largest_burst(&mut world, 600);
    assert!((BURST_MAX..BURST_MAX + 2).contains(&largest), "timer A: {largest}");
    assert_eq!(world.trace.matches("-> INVITE").count(), 2_000);
}

#[test]
fn s02_those_that_wait_leave_in_bursts_when_there_is_room() {
    let slow = |profile: &mut Profile| profile.in_flight_max = 1;
    let quick = |profile: &mut Profile| profile.calls_per_second = 1_000_000;
    let mut world = World::of_size(1_000, slow);
    let orders: Vec<_> = crowd().map(|to| order(&world.verify, &to, world.now)).collect();
    for order in &orders {
        world.handle(Input::Command(Command::Place(order.clone())));
    }
    assert_eq!(world.sent.len(), 1);
    let lines = vec![(0, line("192.0.2.1:5060", &quick))];
    let reload = Reload { lines, routes: vec![[0].into()], dids: Arc::default() };
    world.handle(Input::Command(Command::Reload(Box::new(reload))));
    assert!(largest_burst(&mut world, 20) <= BURST_MAX);
    assert!(orders.iter().all(|order| order.call.moments().invited.is_some()));
}

#[test]
fn s04_a_dialog_that_found_no_room_for_its_bye_gets_one_when_there_is() {
    let mut world = World::of_size(1, |_| {});
    world.place();
    let invite = world.newest(Method::Invite);
    let byes = |world: &World| world.trace.matches("-> BYE").count();
    world.receive(&response_to(&invite, 200, "a", ""));
    let bye = world.newest(Method::Bye);
    world.receive(&response_to(&invite, 200, "b", ""));
    assert_eq!(byes(&world), 2, "the second leaves, and is not remembered");
    world.receive(&response_to(&bye, 200, "a", ""));
    world.run_until(world.start + Duration::from_secs(6));
    assert_eq!(byes(&world), 2);
    world.receive(&response_to(&invite, 200, "b", ""));
    world.run_until(world.start + Duration::from_secs(7));
    assert_eq!(byes(&world), 4, "there is room: it is repeated at 0.5 s");
    world.receive(&response_to(&invite, 200, "b", ""));
    assert_eq!(byes(&world), 4, "and remembered");
}
