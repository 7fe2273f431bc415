//! A call that was answered by a gateway that died: the next one says BYE until it is heard.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::clerk::Clerk;
use super::ghosts::restarted;
use super::world::World;
use crate::gateway::inflight::{GhostEnd, InFlight};
use crate::sip::{Message, Method};
use crate::tally::Farewell;

const TRUNK: &str = "192.0.2.1:5060";

/// The last record of a call that was answered, and the BYE that its gateway sent before it died.
fn died() -> (InFlight, Vec<u8>) {
    let (mut clerk, mut world) = Clerk::of(World::new(&[TRUNK]));
    world.place();
    clerk.answer(Ok(()), &mut world);
    world.play_all("0.1 180; 3 200");
    clerk.listen();
    assert_eq!((clerk.records.len(), &*clerk.forgotten), (2, &[][..]), "{}", world.trace);
    (clerk.records.remove(1), world.newest(Method::Bye))
}

/// Plays what the trunk says to the next gateway; compares what crosses the wire.
#[track_caller]
fn check(script: &str, how: Farewell, expected: Expect) {
    let (record, _) = died();
    let (mut clerk, mut world) = restarted(&[TRUNK], &record);
    clerk.listen();
    assert_eq!(clerk.over, [], "its record is there until it has been heard");
    world.play_all(script);
    world.run_until(world.now + Duration::from_secs(72));
    expected.assert_eq(&world.trace);
    clerk.listen();
    assert_eq!(clerk.over, [(record.call, GhostEnd::Answered)]);
    assert_eq!(world.tally.farewells(how), 1);
    assert!(world.gateway.is_quiet(), "{}", world.trace);
}

#[test]
fn d03_the_record_of_an_answered_call_is_its_bye() {
    let (record, bye) = died();
    assert_eq!(*record.invite, *bye);
    assert_eq!(record.remote.to_string(), TRUNK);
}

#[test]
fn d03_a_bye_that_was_lost_with_its_gateway_is_said_again_until_it_is_heard() {
    check(
        "0.7 200 BYE",
        Farewell::Confirmed,
        expect![[r#"
        00.000  -> BYE
        00.500  -> BYE
        00.700  <- 200 BYE
    "#]],
    );
}

#[test]
fn d03_a_trunk_that_had_heard_the_bye_ends_it_too() {
    check(
        "0.02 481 BYE",
        Farewell::Confirmed,
        expect![[r#"
        00.000  -> BYE
        00.020  <- 481 BYE
    "#]],
    );
}

#[test]
fn d03_a_bye_that_nobody_hears_is_given_up() {
    check(
        "",
        Farewell::Unanswered,
        expect![[r#"
        00.000  -> BYE
        00.500  -> BYE
        01.500  -> BYE
        03.500  -> BYE
        07.500  -> BYE
        11.500  -> BYE
        15.500  -> BYE
        19.500  -> BYE
        23.500  -> BYE
        27.500  -> BYE
        31.500  -> BYE
    "#]],
    );
}

#[test]
fn d03_the_next_gateway_says_the_same_bye_with_a_branch_of_its_own() {
    let (record, bye) = died();
    let (_clerk, world) = restarted(&[TRUNK], &record);
    let again = world.newest(Method::Bye);
    let (before, after) = (Message::parse(&bye).unwrap(), Message::parse(&again).unwrap());
    assert_eq!(after.check(), Ok(()));
    let branches = [&before, &after].map(|it| it.via().unwrap().branch.unwrap().to_vec());
    assert_ne!(branches[0], branches[1]);
    let text = |bytes: &[u8], branch: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&*String::from_utf8_lossy(branch), "BRANCH")
    };
    assert_eq!(text(&again, &branches[1]), text(&bye, &branches[0]));
    assert!(!world.gateway.is_quiet());
}
