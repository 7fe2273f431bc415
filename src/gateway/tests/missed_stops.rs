//! Stops and reloads while people ring.

use std::time::Duration;

use super::missed_world::{
    CALLER, DID, LONG, TRUNK, ack, await_call, cancel, dids, invite, ringable, sent_since, status,
    tag_of_last,
};
use super::world::line;
use crate::gateway::reload::Reload;
use crate::gateway::{Command, Input};
use crate::tally::InboundEnd;
use crate::trunk::Rate;

#[test]
fn r13_a_stop_refuses_who_rings_and_turns_the_others_to_later() {
    let mut world = ringable(&[TRUNK], 2_000);
    world.gateway.lines[0].arrivals = Rate::of_arrivals(100_000, 1);
    for call in 0..1_000 {
        let payload = invite(LONG, CALLER, &call.to_string());
        let from = TRUNK.parse().unwrap();
        world.handle(Input::Datagram { from, payload: payload.as_bytes() });
    }
    let sent = world.sent.len();
    world.handle(Input::Command(Command::Drain));
    assert_eq!(world.sent.len() - sent, 128, "a burst");
    assert!(!world.gateway.is_drained(), "others are still to be refused");
    world.run_until(world.now + Duration::from_millis(20));
    let refused = sent_since(&world, sent);
    assert_eq!(refused.len(), 1_000);
    assert!(refused.iter().all(|text| text.starts_with("SIP/2.0 480 ")));
    assert!(world.gateway.is_drained(), "nobody waits for these");
    world.receive(invite(DID, CALLER, "late").as_bytes());
    let last = sent_since(&world, world.sent.len() - 1).concat();
    assert!(last.starts_with("SIP/2.0 503 ") && last.contains("\r\nRetry-After: 30\r\n"), "{last}");
}

#[test]
fn r13_a_stop_waits_for_the_ack_that_a_verification_waits_for() {
    let stopped = |has_ack: bool| {
        let mut world = ringable(&[TRUNK], 64);
        world.gateway.hang_up(world.order.call.id, world.now);
        let awaited = await_call(&mut world, CALLER, DID, false);
        let invite = invite(DID, CALLER, "a");
        world.receive(invite.as_bytes());
        world.handle(Input::Command(Command::Drain));
        assert!(!world.gateway.is_drained(), "the proof may be on its way");
        world.run_until(world.now + Duration::from_millis(100));
        if has_ack {
            let tag = tag_of_last(&world);
            world.receive(ack(&invite, &tag).as_bytes());
        }
        while !world.gateway.is_drained() {
            world.run_until(world.gateway.next_wake().unwrap().at);
        }
        (world.now - world.start, status(&world, &awaited))
    };
    assert_eq!(stopped(true), (Duration::from_millis(100), "verified"));
    assert_eq!(stopped(false), (Duration::from_secs(5), "pending"));
}

#[test]
fn r12_a_call_ends_on_the_trunk_that_a_reload_took_away() {
    let mut world = ringable(&[TRUNK], 64);
    let first = invite(DID, CALLER, "a");
    world.receive(first.as_bytes());
    let lines = vec![(1, line("192.0.2.2:5060", &|_| {}))];
    let reload = Reload { lines, routes: vec![[1].into()], dids: dids() };
    world.handle(Input::Command(Command::Reload(Box::new(reload))));
    world.receive(first.as_bytes());
    assert!(world.trace.ends_with("-> 180 INVITE\n"), "{}", world.trace);
    // No new call begins there, from a place where something still lives.
    world.receive(invite(DID, CALLER, "b").as_bytes());
    assert!(world.trace.ends_with("-> 503 INVITE\n"), "{}", world.trace);
    world.receive(cancel(&first).as_bytes());
    let tag = tag_of_last(&world);
    world.receive(ack(&first, &tag).as_bytes());
    assert_eq!(world.tally.inbound_ends(InboundEnd::Canceled), 1);
    world.run_until(world.now + Duration::from_secs(60));
    let sent = world.sent.len();
    world.receive(invite(DID, CALLER, "c").as_bytes());
    assert_eq!(world.sent.len(), sent, "nothing lives there: it is a stranger's");
}

#[test]
fn r12_a_call_ends_where_its_trunk_was_before_it_moved() {
    let mut world = ringable(&[TRUNK], 64);
    let first = invite(DID, CALLER, "a");
    world.receive(first.as_bytes());
    let lines = vec![(0, line("192.0.2.7:5060", &|profile| profile.name = TRUNK.into()))];
    let reload = Reload { lines, routes: vec![[0].into()], dids: dids() };
    world.handle(Input::Command(Command::Reload(Box::new(reload))));
    world.run_until(world.now + Duration::from_millis(3_100));
    let tag = tag_of_last(&world);
    world.receive_from("192.0.2.7:5060", ack(&first, &tag).as_bytes());
    assert_eq!(world.tally.inbound_ends(InboundEnd::Refused), 0, "not where the call is");
    world.receive(ack(&first, &tag).as_bytes());
    assert_eq!(world.tally.inbound_ends(InboundEnd::Refused), 1);
    world.receive_from("192.0.2.7:5060", invite(DID, CALLER, "b").as_bytes());
    assert!(world.trace.ends_with("-> 180 INVITE\n"), "{}", world.trace);
}
