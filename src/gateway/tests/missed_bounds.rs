//! More calls from trunks than are taken.

use std::time::Duration;

use super::missed_world::{
    AT_ONCE, CALLER, DID, TRUNK, ack, await_call, cancel, invite, ringable, sent_since, status,
    tag_of_last,
};
use super::world::World;
use crate::gateway::Input;
use crate::tally::{InboundEnd, Shed, Table};
use crate::trunk::Rate;
use crate::verify::id::VerificationId;

/// Gives the shard an INVITE of a call of its own, and what it answers first.
fn ring(world: &mut World, called: &str, name: usize) -> String {
    let sent = world.sent.len();
    let payload = invite(called, CALLER, &name.to_string());
    let from = TRUNK.parse().unwrap();
    world.handle(Input::Datagram { from, payload: payload.as_bytes() });
    sent_since(world, sent).into_iter().next().unwrap_or_default()
}

#[test]
fn f04_a_trunk_that_sends_too_much_gets_bare_503s_and_soon_none() {
    let mut world = ringable(&[TRUNK], 100_000);
    world.gateway.lines[0].arrivals = Rate::of_arrivals(100, 1);
    let mut refused = 0;
    for number in 0..10_000 {
        world.run_until(world.start + Duration::from_millis(number));
        let answer = ring(&mut world, AT_ONCE, number as usize);
        if answer.starts_with("SIP/2.0 486 ") {
            refused += 1;
        } else {
            assert!(answer.starts_with("SIP/2.0 503 Service Unavailable\r\n"), "{answer}");
            assert!(!answer.contains("Retry-After"), "{answer}");
        }
    }
    assert!((1_000..=1_060).contains(&refused), "the rate, and half a burst: {refused}");
    assert_eq!(world.tally.shed(Shed::MissedCallRate), 10_000 - refused);
    world.now += Duration::from_secs(1);
    assert!(ring(&mut world, AT_ONCE, 20_000).starts_with("SIP/2.0 486 "));
}

#[test]
fn f04_who_is_waited_for_is_verified_while_a_trunk_sends_ten_times_too_much() {
    let mut world = ringable(&[TRUNK], 100_000);
    world.gateway.lines[0].arrivals = Rate::of_arrivals(100, 1);
    let mut verifications = vec![];
    for number in 0..50_usize {
        for other in 0..100 {
            world.run_until(world.now + Duration::from_millis(1));
            ring(&mut world, AT_ONCE, 100 * number + other);
        }
        let phone = format!("+4670{}{}0707", 1 + number / 20, 10 + number % 20);
        verifications.push(await_call(&mut world, &phone, AT_ONCE, false));
        let invite = invite(AT_ONCE, &phone, &format!("w{number}"));
        world.receive(invite.as_bytes());
        world.receive(ack(&invite, &tag_of_last(&world)).as_bytes());
    }
    assert!(world.tally.shed(Shed::MissedCallRate) > 4_000, "ten times as many as are taken");
    assert!(verifications.iter().all(|one| status(&world, one) == "verified"));
}

#[test]
fn f04_more_than_half_of_the_table_is_kept_for_calls_that_are_waited_for() {
    let mut world = ringable(&[TRUNK], 100);
    for number in 0..100 {
        ring(&mut world, DID, number);
    }
    assert_eq!(world.gateway.servers.occupancy(), (51, 100));
    assert_eq!(world.tally.shed(Shed::MissedCallRoom), 49);
    // There is room for who is waited for, until there is none at all.
    for number in 0..60 {
        let phone = format!("+4670{}{}0707", 1 + number / 20, 10 + number % 20);
        await_call(&mut world, &phone, DID, false);
        let invite = invite(DID, &phone, &format!("w{number}"));
        world.receive(invite.as_bytes());
        let is_taken = world.trace.ends_with("-> 180 INVITE\n");
        assert_eq!(is_taken, number < 49, "{number}");
        assert!(is_taken || world.trace.ends_with("-> 503 INVITE\n"));
    }
    assert_eq!(world.gateway.servers.occupancy(), (100, 100));
    world.gateway.publish_tables();
    assert_eq!(world.tally.table(Table::ServerTransactions), (100, 100));
    assert_eq!(world.gateway.describe(world.now).inbound.len(), 100);
    // An ACK of a bare 503 is nothing to anybody.
    let sent = world.sent.len();
    world.receive(ack(&invite(DID, CALLER, "99"), "0123456789abcdef").as_bytes());
    assert_eq!(world.sent.len(), sent);
    world.run_until(world.now + Duration::from_secs(40));
    assert!(world.gateway.is_quiet() && world.gateway.wheel.is_empty());
    assert!(ring(&mut world, DID, 200).starts_with("SIP/2.0 100 "));
}

#[test]
fn s02_deadlines_that_canceled_calls_leave_behind_have_a_bound() {
    let mut world = ringable(&[TRUNK], 10);
    world.gateway.lines[0].arrivals = Rate::of_arrivals(100_000, 1);
    let mut shed = 0;
    for number in 0..1_000 {
        let called = super::missed_world::LONG;
        let first = ring(&mut world, called, number);
        let invite = invite(called, CALLER, &number.to_string());
        if first.starts_with("SIP/2.0 100 ") {
            world.receive(cancel(&invite).as_bytes());
            let tag = tag_of_last(&world);
            world.receive(ack(&invite, &tag).as_bytes());
        } else {
            shed += 1;
        }
        world.run_until(world.now + Duration::from_secs(1));
        for (name, size, limit) in world.gateway.describe(world.now).tables {
            assert!(size <= limit, "{name}: {size} of {limit}");
        }
    }
    assert_eq!(shed, world.tally.shed(Shed::MissedCallRoom));
    assert_eq!(world.tally.inbound_ends(InboundEnd::Canceled), 1_000 - shed);
    world.run_until(world.now + Duration::from_secs(60));
    assert_eq!((world.gateway.servers_filed, world.gateway.wheel.len()), (0, 0));
}

#[test]
fn s02_calls_from_trunks_take_no_room_of_flash_calls() {
    let mut world = ringable(&[TRUNK], 2_000);
    for number in 0..1_000 {
        ring(&mut world, DID, number);
    }
    assert!(world.gateway.wheel.len() > 5 * 64, "more than flash calls may file");
    world.place();
    assert!(world.trace.ends_with("-> INVITE\n"), "{}", world.trace);
}

#[test]
fn s02_callers_who_are_to_be_called_back_have_a_bound() {
    let mut world = ringable(&[TRUNK], 10);
    let at = world.now + Duration::from_secs(3);
    let limit = world.gateway.challenges_max() as u128;
    for number in 0..limit + 5 {
        world.gateway.file_challenge(VerificationId(number), at);
    }
    assert_eq!(world.tally.shed(Shed::Call), 5);
    assert!(!world.gateway.is_quiet());
    for (name, size, limit) in world.gateway.describe(world.now).tables {
        assert!(size <= limit, "{name}: {size} of {limit}");
    }
    world.run_until(at);
    assert!(world.gateway.is_quiet() && world.gateway.wheel.is_empty());
}

#[test]
fn x04_single_forged_invites_prove_nothing() {
    let mut world = ringable(&[TRUNK], 1 << 17);
    world.gateway.lines[0].arrivals = Rate::of_arrivals(1_000_000, 1);
    let from = TRUNK.parse().unwrap();
    let phone = |number| format!("+4670{}{}0707", 1 + number / 20, 10 + number % 20);
    let phones: Vec<_> = (0..50).map(phone).collect();
    let waiting = phones.iter().map(|phone| await_call(&mut world, phone, AT_ONCE, false));
    let waiting: Vec<_> = waiting.collect();
    for number in 0..100_000 {
        let payload = invite(AT_ONCE, &phones[number % 50], &number.to_string());
        let payload = payload.as_bytes();
        world.gateway.handle(Input::Datagram { from, payload }, world.now);
        while world.gateway.poll_transmit().is_some() {}
    }
    let until = world.now + Duration::from_secs(60);
    while let Some(wake) = world.gateway.next_wake().filter(|wake| wake.at <= until) {
        world.now = wake.at.max(world.now);
        world.gateway.handle(Input::Timeout, world.now);
        while world.gateway.poll_transmit().is_some() {}
    }
    let ends = InboundEnd::ALL.map(|how| world.tally.inbound_ends(how));
    assert_eq!(ends, [0, 0, 100_000]);
    assert!(waiting.iter().all(|one| status(&world, one) == "pending"));
    assert!(world.gateway.is_quiet());
}
