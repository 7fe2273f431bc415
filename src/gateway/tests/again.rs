//! What comes or goes again is said so in the ladder, and counted.

use expect_test::{Expect, expect};

use super::world::World;
use crate::ladder::draw;
use crate::sip::Method;

#[test]
fn a_response_that_comes_again_is_told_from_that_of_another_fork() {
    check(
        "0.1 100; 0.2 180; 0.3 180; 0.4 180 INVITE b; 5.3 200 CANCEL; 5.4 200 CANCEL; 5.5 487; 5.6 487",
        expect![[r#"
            seconds   gateway                            trunk
            0.000       │──────────── INVITE ────────────▶│
            0.100       │◀────────── 100 INVITE ──────────│
            0.200       │◀────────── 180 INVITE ──────────│
            0.300       │◀────── 180 INVITE (again) ──────│
            0.400       │◀────────── 180 INVITE ──────────│
            5.200       │──────────── CANCEL ────────────▶│
            5.300       │◀────────── 200 CANCEL ──────────│
            5.400       │◀────── 200 CANCEL (again) ──────│
            5.500       │◀────────── 487 INVITE ──────────│
            5.500       │───────────── ACK ──────────────▶│
            5.600       │◀────── 487 INVITE (again) ──────│
            5.600       │───────── ACK (again) ──────────▶│
            again: 3 in, 1 out
        "#]],
    );
}

#[test]
fn more_kinds_of_responses_than_are_remembered_are_new_again() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let forks = "abcdefghi".split("").filter(|tag| !tag.is_empty());
    for tag in forks.clone() {
        let ringing = world.response(Method::Invite, 180, tag, "");
        world.receive(&ringing);
    }
    let again = |world: &mut World, tag: &str| {
        let before = world.tally.received_again();
        let ringing = world.response(Method::Invite, 180, tag, "");
        world.receive(&ringing);
        world.tally.received_again() - before
    };
    assert_eq!(forks.clone().count(), 9);
    assert_eq!(again(&mut world, "i"), 1, "the last eight are remembered");
    assert_eq!(again(&mut world, "b"), 1, "the last eight are remembered");
    assert_eq!(again(&mut world, "a"), 0, "the ninth made the first be forgotten");
}

#[test]
fn an_answer_and_its_end_that_come_again_are_told() {
    check(
        "0.1 180; 2 200; 2.1 200 BYE; 2.5 200; 2.6 200 BYE; 2.7 200 INVITE b",
        expect![[r#"
        seconds   gateway                            trunk
        0.000       │──────────── INVITE ────────────▶│
        0.100       │◀────────── 180 INVITE ──────────│
        2.000       │◀────────── 200 INVITE ──────────│
        2.000       │───────────── ACK ──────────────▶│
        2.000       │───────────── BYE ──────────────▶│
        2.100       │◀─────────── 200 BYE ────────────│
        2.500       │◀────── 200 INVITE (again) ──────│
        2.500       │───────── ACK (again) ──────────▶│
        2.600       │◀─────── 200 BYE (again) ────────│
        2.700       │◀────────── 200 INVITE ──────────│
        2.700       │───────────── ACK ──────────────▶│
        2.700       │───────────── BYE ──────────────▶│
        3.200       │───────── BYE (again) ──────────▶│
        4.200       │───────── BYE (again) ──────────▶│
        6.200       │───────── BYE (again) ──────────▶│
        10.200      │───────── BYE (again) ──────────▶│
        14.200      │───────── BYE (again) ──────────▶│
        18.200      │───────── BYE (again) ──────────▶│
        22.200      │───────── BYE (again) ──────────▶│
        26.200      │───────── BYE (again) ──────────▶│
        30.200      │───────── BYE (again) ──────────▶│
        34.200      │───────── BYE (again) ──────────▶│
        again: 2 in, 11 out
    "#]],
    );
}

#[test]
fn r01_a_provisional_response_that_comes_late_is_new() {
    check(
        "0.1 486; 0.2 180",
        expect![[r#"
        seconds   gateway                            trunk
        0.000       │──────────── INVITE ────────────▶│
        0.100       │◀────────── 486 INVITE ──────────│
        0.100       │───────────── ACK ──────────────▶│
        0.200       │◀────────── 180 INVITE ──────────│
        again: 0 in, 0 out
    "#]],
    );
}

fn check(script: &str, expected: Expect) {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.run(script);
    let drawn = draw("gateway", "trunk", &world.order.call.ladder.rungs());
    let counts = (world.tally.received_again(), world.tally.sent_again());
    expected.assert_eq(&format!("{drawn}again: {} in, {} out\n", counts.0, counts.1));
}
