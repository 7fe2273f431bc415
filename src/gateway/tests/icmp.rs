//! What the network gives back: which errors end something, and which are only a lost copy.

use std::time::Duration;

use expect_test::expect;

use super::world::{World, check};
use crate::gateway::{Command, Input};
use crate::ladder::{Undelivered, draw};
use crate::sip::Method;
use crate::transaction::branch::BRANCH_LENGTH;

#[test]
fn p33_an_error_that_comes_after_the_trunk_has_spoken_ends_nothing() {
    check(
        "0.1 100; 0.2 unreachable; 0.3 180; 5.4 200 CANCEL; 5.4 487",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 100 INVITE
        00.200  <- ICMP port unreachable
        00.300  <- 180 INVITE
        00.300  == rings
        05.300  -> CANCEL
        05.400  <- 200 CANCEL
        05.400  <- 487 INVITE
        05.400  -> ACK
        05.400  == completed 487 by us
        77.400  quiet
    "#]],
    );
}

#[test]
fn p05_a_cancel_that_the_network_gives_back_is_sent_again() {
    check(
        "0.1 180; 5.2 unreachable; 5.7 200 CANCEL; 5.7 487",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        05.100  -> CANCEL
        05.200  <- ICMP port unreachable
        05.600  -> CANCEL
        05.700  <- 200 CANCEL
        05.700  <- 487 INVITE
        05.700  -> ACK
        05.700  == completed 487 by us
        77.700  quiet
    "#]],
    );
}

#[test]
fn s04_a_bye_that_the_network_gives_back_is_sent_again() {
    check(
        "0.1 180; 3 200; 3.1 unreachable; 3.6 200 BYE",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        03.000  <- 200 INVITE
        03.000  -> ACK
        03.000  -> BYE
        03.000  == answered 200 by callee
        03.100  <- ICMP port unreachable
        03.500  -> BYE
        03.600  <- 200 BYE
        75.600  quiet
    "#]],
    );
}

#[test]
fn p33_the_ladder_shows_an_invite_that_did_not_leave_and_why() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    for why in [Undelivered::NoRoute, Undelivered::Refused] {
        let (to, payload) = world.sent.last().unwrap().clone();
        world.handle(Input::SendFailed { to, payload: &payload, why });
        assert_eq!(world.order.call.ladder.undelivered(), Some(why));
    }
    expect![[r#"
        seconds   gateway                            trunk
        0.000       │──────────── INVITE ────────────✗│  not sent, or turned back: no route there (network unreachable)
        0.000       │──────────── INVITE ────────────✗│  not delivered: nobody listens there (ICMP port unreachable)
    "#]]
    .assert_eq(&draw("gateway", "trunk", &world.order.call.ladder.rungs()));
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "unsent");
}

#[test]
fn p33_the_beginning_of_an_invite_is_enough() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let invite = world.newest(Method::Invite);
    let via = invite.windows(7).position(|bytes| bytes == b"z9hG4bK").unwrap();
    let enough = via + BRANCH_LENGTH;
    let dull: Vec<usize> = (enough..=invite.len())
        .filter(|&length| {
            let mut world = World::new(&["192.0.2.1:5060"]);
            world.place();
            let (to, payload) = world.sent[0].clone();
            let payload = &payload[..length];
            world.handle(Input::SendFailed { to, payload, why: Undelivered::Refused });
            world.order.call.ending().is_none()
        })
        .collect();
    assert!(enough < 250, "an ICMP error quotes about 520 bytes, {enough} are needed");
    assert_eq!(dull, [0; 0], "of {}", invite.len());
}

#[test]
fn r13_a_stop_waits_until_a_phone_that_was_answered_knows_it() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "");
    world.receive(&answer);
    world.handle(Input::Command(Command::Drain));
    assert!(!world.gateway.is_drained(), "the BYE may be lost");
    world.run_until(world.start + Duration::from_secs(31));
    assert!(!world.gateway.is_drained());
    let end = world.response(Method::Bye, 200, "a", "");
    world.receive(&end);
    assert!(world.gateway.is_drained());
}
