//! Endpoints that want no more, and messages that somebody asks for.

use std::time::Duration;

use super::super::failure::Failure;
use super::world::{World, named, settings};

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
    world.desk.ask(asked, world.now);
    world.run(FAST, FAST, &|_, _| Ok(()));
    assert!(!world.desk.tallies()[0].1.read(None).is_disabled);
}
