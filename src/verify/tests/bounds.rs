//! Every table at its bound.

use std::time::Duration;

use super::world::{PHONE, World, world};
use crate::outcome::Outcome;
use crate::verify::settings::{Bounds, Settings};
use crate::verify::snapshot::Status;
use crate::verify::{Filter, Level, PAGE_DEFAULT, Page, StartError};

fn small(change: impl FnOnce(&mut Bounds)) -> World {
    world(|settings: &mut Settings| {
        settings.limits.prefix.clear();
        change(&mut settings.bounds);
    })
}

fn phone(nth: u32) -> String {
    format!("+4670{nth:07}")
}

#[test]
fn pending_verifications_are_bounded() {
    let world = small(|bounds| bounds.pending_max = 2);
    let first = world.start(&phone(1), 0.0).unwrap();
    world.start(&phone(2), 0.0).unwrap();
    let refused = world.start(&phone(3), 0.0).unwrap_err();
    assert_eq!(refused, StartError::Overloaded { table: "pending verifications", limit: 2 });
    assert_eq!(refused.to_string(), "too many pending verifications (limit 2), retry later");
    assert_eq!(world.verify.census().pending, Level { size: 2, limit: 2, shed: 1 });
    world.verify.cancel(first.snapshot.id, world.at(1.0)).unwrap();
    assert!(world.start(&phone(3), 1.0).is_ok());
}

#[test]
fn ended_verifications_are_bounded_and_the_oldest_goes_first() {
    let world = small(|bounds| bounds.ended_max = 3);
    let mut ids = Vec::new();
    for nth in 0..5 {
        let started = world.start(&phone(nth), f64::from(nth)).unwrap();
        world.hang_up(&started.order, Outcome::Completed, f64::from(nth));
        world.verify.cancel(started.snapshot.id, world.at(f64::from(nth))).unwrap();
        ids.push(started.snapshot.id);
    }
    let kept: Vec<bool> = ids.iter().map(|id| world.look(*id).is_some()).collect();
    assert_eq!(kept, [false, false, true, true, true]);
    assert_eq!(world.verify.census().ended, Level { size: 3, limit: 3, shed: 2 });
    assert_eq!(world.verify.census().calls.size, 3);
    assert_eq!(world.verify.on_timeout(ids[0], world.at(300.0)), None);
    assert_eq!(world.verify.on_timeout(ids[2], world.at(900.0)), None);
    assert_eq!(world.verify.census().ended, Level { size: 2, limit: 3, shed: 2 });
}

#[test]
fn what_is_due_to_be_forgotten_goes_by_the_thousand_and_two_with_each_end() {
    let world = world(|settings: &mut Settings| {
        settings.limits.prefix.clear();
        settings.keep_ended = Duration::from_secs(60);
    });
    let cancel = |nth: u32, seconds| {
        let started = world.start(&phone(nth), seconds).unwrap();
        world.hang_up(&started.order, Outcome::Completed, seconds);
        world.verify.cancel(started.snapshot.id, world.at(seconds)).unwrap();
    };
    (0..2_500).for_each(|nth| cancel(nth, 0.0));
    let ended = || world.verify.census().ended.size;
    world.verify.sweep(world.at(59.9));
    assert_eq!(ended(), 2_500);
    world.verify.sweep(world.at(60.0));
    assert_eq!(ended(), 1_500);
    (0..100).for_each(|nth| cancel(3_000 + nth, 61.0));
    assert_eq!(ended(), 1_400);
    world.verify.sweep(world.at(61.0));
    world.verify.sweep(world.at(61.0));
    assert_eq!(ended(), 100, "those that ended just now are kept");
}

#[test]
fn the_ring_of_ended_ones_comes_round_while_it_is_swept() {
    let world = world(|settings: &mut Settings| {
        settings.limits.prefix.clear();
        settings.keep_ended = Duration::from_secs(1);
        settings.bounds.ended_max = 1_500;
    });
    for nth in 0..4_000 {
        let seconds = f64::from(nth) / 1_000.0;
        let started = world.start(&phone(nth), seconds).unwrap();
        world.hang_up(&started.order, Outcome::Completed, seconds);
        world.verify.cancel(started.snapshot.id, world.at(seconds)).unwrap();
    }
    assert_eq!(world.verify.census().ended, Level { size: 1_000, limit: 1_500, shed: 0 });
    world.verify.sweep(world.at(5.0));
    assert_eq!(world.verify.census().ended.size, 0);
}

#[test]
fn a_call_that_outlives_its_verification_can_still_end() {
    let world = small(|bounds| bounds.ended_max = 1);
    let first = world.start(PHONE, 0.0).unwrap().order;
    world.verify.cancel(first.verification, world.at(1.0)).unwrap();
    let second = world.start(&phone(2), 2.0).unwrap();
    world.verify.cancel(second.snapshot.id, world.at(3.0)).unwrap();
    assert!(world.look(first.verification).is_none());
    assert!(world.verify.call(first.call.id).is_some());
    assert_eq!(world.start(PHONE, 4.0).unwrap_err(), StartError::CallInProgress);
    world.hang_up(&first, Outcome::Withdrawn, 5.0);
    assert!(world.verify.call(first.call.id).is_none());
    assert!(world.start(PHONE, 6.0).is_ok());
}

#[test]
fn remembered_phones_are_bounded() {
    let world = small(|bounds| bounds.phones_max = 1);
    let first = world.start(&phone(1), 0.0).unwrap();
    let refused = world.start(&phone(2), 0.0).unwrap_err();
    assert_eq!(refused, StartError::Overloaded { table: "phones", limit: 1 });
    assert_eq!(world.verify.census().phones, Level { size: 1, limit: 1, shed: 1 });
    assert_eq!(world.verify.census().pending.size, 1);
    world.hang_up(&first.order, Outcome::Completed, 1.0);
    world.verify.cancel(first.snapshot.id, world.at(1.0)).unwrap();
    assert!(world.start(&phone(1), 2.0).is_ok(), "a phone that is remembered is served");
}

#[test]
fn counted_blocks_are_bounded() {
    let world = world(|settings| settings.bounds.prefixes_max = 1);
    world.start("+46701230001", 0.0).unwrap();
    let refused = world.start("+46701240001", 0.0).unwrap_err();
    assert_eq!(refused, StartError::Overloaded { table: "number blocks", limit: 1 });
    assert_eq!(world.verify.census().prefixes, Level { size: 1, limit: 1, shed: 1 });
    assert_eq!(world.verify.census().pending.size, 1);
    assert!(world.start("+46701230002", 0.0).is_ok());
}

#[test]
fn lists_are_pages_newest_first() {
    let world = small(|_| {});
    let ids: Vec<_> =
        (0..45).map(|nth| world.start(&phone(nth), f64::from(nth)).unwrap().snapshot.id).collect();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let Page { items, next } = world.list(Filter { after, ..Filter::default() });
        assert!(items.len() <= PAGE_DEFAULT);
        found.extend(items.iter().map(|item| item.id));
        after = next;
        if next.is_none() {
            break;
        }
    }
    let newest_first: Vec<_> = ids.iter().rev().copied().collect();
    assert_eq!(found, newest_first);
    let whole = world.list(Filter { limit: 45, ..Filter::default() });
    assert_eq!((whole.items.len(), whole.next), (45, None));
}

#[test]
fn lists_are_filtered() {
    let world = small(|_| {});
    let first = world.start(&phone(1), 0.0).unwrap();
    world.start(&phone(2), 1.0).unwrap();
    world.verify.cancel(first.snapshot.id, world.at(2.0)).unwrap();
    let count = |filter| world.list(filter).items.len();
    let to = Some(first.snapshot.to);
    assert_eq!(count(Filter { to, ..Filter::default() }), 1);
    assert_eq!(count(Filter { status: Some(Status::Pending), ..Filter::default() }), 1);
    assert_eq!(count(Filter { to, status: Some(Status::Pending), ..Filter::default() }), 0);
    assert_eq!(count(Filter::default()), 2);
}
