//! Dead letters and messages that wait for hours come back when their receiver works again.

use std::time::Duration;

use super::super::failure::Failure;
use super::super::recent::KEPT;
use super::super::{Endpoint, Message};
use super::world::{World, callback, message, named, settings};

const FAST: Duration = Duration::from_millis(1);
const DOWN: Result<(), Failure> = Err(Failure::Connect);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A message of an earlier life, on disk: dead, or due after `next`.
fn left(world: &World, n: u64, endpoint: Endpoint, next: Option<Duration>) -> Message {
    let mut row = message(n, endpoint, world.zero);
    row.created = world.zero - seconds(7_200);
    row.next = next.map(|next| world.zero + next);
    (row.attempts, row.status) = (9, Some(500));
    world.rows.insert(row.clone());
    row
}

fn tries(world: &World, n: u64) -> usize {
    world.tried.iter().filter(|(_, it)| it.sequence == n).count()
}

#[test]
fn w08_a_dead_letter_to_a_callback_host_that_nobody_else_waits_for_comes_back_with_its_next() {
    let mut world = World::new(&settings());
    let dead = world.push(0, callback("https://example.com/a"));
    world.run(seconds(2 * 86_400), FAST, &|_, _| DOWN);
    assert_eq!(world.rows.get(dead).unwrap().next, None);
    world.push(1, callback("https://example.org/other-host"));
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    assert!(world.rows.get(dead).is_some(), "another host says nothing of it");
    world.push(2, callback("https://example.com/b"));
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
}

#[test]
fn w08_a_callback_that_its_host_refuses_for_good_is_tried_once_more_and_no_walk_repeats() {
    let mut world = World::new(&settings());
    let poison = world.push(0, callback("https://example.com/a"));
    let receive = |message: &Message, _: Duration| match message.sequence {
        0 => Err(Failure::Status(400)),
        _ => Ok(()),
    };
    world.run(seconds(2 * 86_400), FAST, &receive);
    let (before, reads) = (tries(&world, 0), world.reads);
    for n in 1..50 {
        world.push(n, callback("https://example.com/b"));
        world.run(seconds(60), FAST, &receive);
    }
    assert_eq!(world.rows.get(poison).unwrap().next, None);
    assert_eq!((tries(&world, 0) - before, world.reads - reads), (1, 1));
}

#[test]
fn w08_what_an_earlier_life_left_comes_back_with_the_first_message_that_is_taken() {
    let mut world = World::new(&settings());
    left(&world, 0, named("a"), None);
    left(&world, 1, named("a"), Some(seconds(36_000)));
    left(&world, 2, callback("https://example.com/a"), None);
    let mut gone = left(&world, 3, named("a"), None);
    gone.status = Some(410);
    world.rows.insert(gone.clone());
    left(&world, 4, named("b"), None);
    world.restart(&settings());
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    assert!(world.tried.is_empty(), "nobody knows yet whether they work");
    world.push(10, named("a"));
    world.push(11, callback("https://example.com/b"));
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    let mut tried: Vec<_> = world.tried.iter().map(|(_, it)| it.sequence).collect();
    tried.sort_unstable();
    assert_eq!(tried, [0, 1, 2, 10, 11]);
    assert!(world.rows.get(gone.id).is_some(), "a 410 ended it: it is asked for");
    assert_eq!(world.rows.len(), 2, "that one, and the one for b, which took nothing");
}

#[test]
fn w08_an_endpoint_that_works_is_read_once_after_a_restart() {
    let mut world = World::new(&settings());
    left(&world, 0, named("a"), None);
    left(&world, 1, named("b"), Some(seconds(36_000)));
    world.restart(&settings());
    let receive = |message: &Message, _: Duration| match message.sequence {
        0 => Err(Failure::Status(400)),
        _ => Ok(()),
    };
    for n in 10..100 {
        world.push(n, named(if n % 2 == 0 { "a" } else { "b" }));
        world.run(seconds(10), FAST, &receive);
    }
    assert_eq!((tries(&world, 0), tries(&world, 1), world.rows.len()), (1, 1, 1));
    assert_eq!(world.reads, 3 + 2, "the first walk of each shelf, and one more of those two");
}

#[test]
fn w08_so_many_callback_hosts_are_known_to_have_been_down_and_no_more() {
    let mut world = World::new(&settings());
    let host = |n: u64| callback(&format!("https://host{n}.example/"));
    let hosts = KEPT as u64 + 1;
    (0..hosts).for_each(|n| drop(left(&world, n, host(n), None)));
    world.restart(&settings());
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    world.push(hosts, host(0));
    world.push(hosts + 1, host(hosts - 1));
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    assert_eq!((tries(&world, 0), tries(&world, hosts - 1)), (0, 1));
}

#[test]
fn w08_more_dead_letters_than_memory_holds_all_come_back_though_the_receiver_is_slow() {
    const LETTERS: u64 = 10_000;
    let mut world = World::new(&settings());
    (0..LETTERS).for_each(|n| drop(left(&world, n, named("a"), None)));
    world.restart(&settings());
    world.push(LETTERS, named("a"));
    world.run(seconds(3_600), Duration::from_millis(100), &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
    assert_eq!(world.dead("a"), 0);
    assert!(world.tried.len() as u64 <= LETTERS + 1, "none is sent twice");
}
