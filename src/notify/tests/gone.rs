//! Endpoints that want no more, and messages that somebody asks for.

use std::time::Duration;

use super::super::desk::{AskError, ENDPOINT_MESSAGES_MAX};
use super::super::failure::Failure;
use super::world::{World, message, named, settings};

const FAST: Duration = Duration::from_millis(1);

#[test]
fn w02_a_2xx_that_was_under_way_when_the_410_came_takes_nothing_back() {
    let mut world = World::new(&settings());
    let (first, second) = (world.push(0, named("a")), world.push(1, named("a")));
    let shelf = world.desk.next(world.now).unwrap().0;
    assert_eq!(world.desk.next(world.now).unwrap().1.id, second);
    world.desk.on_failed(shelf, first, Failure::Status(410), None, world.now);
    world.desk.on_taken(shelf, second, world.now);
    world.settle();
    assert!(world.desk.tallies()[0].1.read(None).is_disabled);
    let late = world.push(2, named("a"));
    world.run(Duration::from_secs(3_600), FAST, &|_, _| Ok(()));
    assert!(world.tried.is_empty());
    // Whoever asks now learns what the endpoint says now.
    let asked = world.rows.get(late).unwrap();
    assert_eq!(world.desk.ask(asked, world.now), Ok(()));
    world.run(FAST, FAST, &|_, _| Ok(()));
    assert!(!world.desk.tallies()[0].1.read(None).is_disabled);
}

#[test]
fn w08_no_more_messages_may_be_asked_for_than_memory_holds() {
    let mut world = World::new(&settings());
    let max = ENDPOINT_MESSAGES_MAX as u64;
    for n in 0..100 {
        world.push(10_000 + n, named("a"));
    }
    for n in 0..=max {
        let mut dead = message(n, named("a"), world.now);
        dead.next = None;
        world.rows.insert(dead.clone());
        let expected = if n < max { Ok(()) } else { Err(AskError::Full) };
        assert_eq!(world.desk.ask(dead, world.now), expected);
    }
    world.settle();
    assert_eq!(world.desk.tallies()[0].1.read(None).waiting, max, "those that wait give way");
    // Who was asked for already is not one more, and others have room of their own.
    let again = message(0, named("a"), world.now);
    assert_eq!(world.desk.ask(again, world.now), Ok(()));
    assert_eq!(world.desk.ask(message(max + 1, named("b"), world.now), world.now), Ok(()));
    world.run(Duration::from_secs(60), FAST, &|_, _| Ok(()));
    let refused = message(max, named("a"), world.now);
    assert_eq!(world.rows.len(), 1, "each was taken");
    assert_eq!(world.desk.ask(refused, world.now), Ok(()));
}
