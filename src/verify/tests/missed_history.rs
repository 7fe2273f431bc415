//! Missed calls by their names: what is asked when one did not match.

use super::missed_world::{Ring, missed_world, wait};
use super::world::World;
use crate::evidence::{Assurance, Unknown};
use crate::verify::Fate;
use crate::verify::id::CallId;
use crate::verify::missed::history::HISTORY_MAX;

/// What is found of a call.
fn fate(world: &World, id: CallId) -> Option<Fate> {
    world.verify.missed_call(id).map(|call| call.fate)
}

#[test]
fn a_call_is_found_whatever_became_of_it() {
    let world = missed_world(|_| {});
    let rings = [
        (Ring { assurance: Assurance::None, ..Ring::default() }, "unproven"),
        (Ring { caller: Err(Unknown::Anonymous), ..Ring::default() }, "unknown_caller"),
        (Ring { is_forwarded: true, ..Ring::default() }, "forwarded"),
        (Ring::default(), "remembered"),
    ];
    for (ring, word) in rings {
        world.rings(ring, 1.0);
        let found = fate(&world, world.last_missed()).unwrap();
        assert_eq!(found.as_str(), word);
    }
    assert_eq!(fate(&world, CallId(7)), None);
}

#[test]
fn a_call_that_matched_is_known_as_long_as_its_verification() {
    for is_first in [false, true] {
        let world = missed_world(|_| {});
        if is_first {
            world.rings(Ring::default(), 0.0);
        }
        let id = world.waiting(wait(0), 1.0).unwrap().snapshot.id;
        if !is_first {
            world.rings(Ring::default(), 1.0);
        }
        let call = world.last_missed();
        for _ in 0..=HISTORY_MAX {
            world.rings(Ring { caller: Err(Unknown::Missing), ..Ring::default() }, 2.0);
        }
        assert!(fate(&world, call).is_some(), "others push it out: {is_first}");
        assert_eq!(world.verify.census().calls.size, 1);
        assert_eq!(world.verify.on_timeout(id, world.at(3_600.0)), None);
        assert_eq!(fate(&world, call), None);
        assert_eq!(world.verify.census().calls.size, 0);
    }
}

#[test]
fn of_those_that_did_not_match_only_the_latest_are_known() {
    let world = missed_world(|_| {});
    world.rings(Ring { caller: Err(Unknown::Missing), ..Ring::default() }, 0.0);
    let first = world.last_missed();
    for others in 0..HISTORY_MAX {
        assert_eq!(fate(&world, first), Some(Fate::UnknownCaller), "after {others}");
        world.rings(Ring { caller: Err(Unknown::Missing), ..Ring::default() }, 1.0);
    }
    assert_eq!(fate(&world, first), None);
}

#[test]
fn a_call_that_came_too_late_leaves_nothing_in_the_index() {
    let world = missed_world(|_| {});
    let id = world.waiting(wait(0), 0.0).unwrap().snapshot.id;
    world.rings(Ring::default(), 1_000.0);
    assert_eq!(fate(&world, world.last_missed()).map(Fate::as_str), Some("remembered"));
    assert!(world.look(id).is_some());
    assert_eq!(world.verify.census().calls.size, 0);
}
