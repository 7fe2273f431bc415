//! Endpoints that want no more, and messages that somebody asks for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::desk::{AskError, ENDPOINT_MESSAGES_MAX, PutBack};
use super::super::failure::Failure;
use super::super::{Message, MessageId};
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

#[test]
fn w08_dead_letters_that_are_put_back_leave_at_the_endpoint_s_pace() {
    let mut world = World::new(&settings());
    let letters: Vec<_> = (0..12_000).map(|n| dead(&world, n, "a")).collect();
    let other = dead(&world, 20_000, "b");
    let orphan = dead(&world, 20_001, "removed");
    world.run(Duration::from_secs(60), FAST, &|_, _| Ok(()));
    assert_eq!((world.tried.len(), world.dead("a")), (0, 12_000));
    let mut count = world.desk.put_back(vec![orphan], world.now);
    for page in letters.chunks(1_000) {
        let more = world.desk.put_back(page.to_vec(), world.now);
        count.waiting += more.waiting;
        world.settle();
    }
    assert_eq!(count, PutBack { waiting: 12_000, left: 1 });
    assert_eq!(world.dead("a"), 0);
    // Another life would send them, too.
    assert!(world.rows.get(letters[11_999].id).unwrap().next.is_some());
    // Those that wait already, as most of them do, are not put back twice.
    assert_eq!(world.desk.put_back(letters[..100].to_vec(), world.now), PutBack::default());
    world.run(Duration::from_secs(60), FAST, &|_, _| Ok(()));
    assert_eq!((world.tried.len(), world.rows.len()), (12_000, 2));
    assert_eq!(world.rows.get(other.id).unwrap().next, None);
    let mut at_once = BTreeMap::new();
    world.tried.iter().for_each(|(at, _)| *at_once.entry(*at).or_insert(0) += 1);
    assert_eq!(at_once.values().max(), Some(&8));
}

#[test]
fn w02_an_endpoint_that_said_410_is_told_again_once_its_letters_are_put_back() {
    let mut world = World::new(&settings());
    for n in 0..10 {
        world.push(n, named("a"));
    }
    let gone = |_: &Message, _: Duration| Err(Failure::Status(410));
    world.run(Duration::from_secs(60), FAST, &gone);
    let (tried, all) = (world.tried.len(), (0..10).map(|n| message(n, named("a"), world.zero).id));
    let letters = |world: &World, ids: &[MessageId]| -> Vec<Message> {
        ids.iter().filter_map(|id| world.rows.get(*id)).collect()
    };
    let ids: Vec<_> = all.collect();
    assert_eq!(
        (world.dead("a"), world.said.as_slice()),
        (10, &["a disabled".to_owned(), "a down".to_owned()][..])
    );
    // It still says so: they are dead letters again, and few were tried.
    let put_back = world.desk.put_back(letters(&world, &ids), world.now);
    assert_eq!(put_back.waiting, 10);
    world.run(Duration::from_secs(60), FAST, &gone);
    assert_eq!(
        (world.dead("a"), world.said[2..].join(", ").as_str()),
        (10, "a enabled, a disabled")
    );
    assert!(world.tried.len() - tried <= 8, "no more than leave at once");
    // It is back.
    world.desk.put_back(letters(&world, &ids), world.now);
    world.run(Duration::from_secs(60), FAST, &|_, _| Ok(()));
    assert_eq!((world.dead("a"), world.rows.len()), (0, 0));
    world.push(11, named("a"));
    world.run(Duration::from_secs(1), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
}

/// A dead letter of an earlier life, on disk.
fn dead(world: &World, n: u64, name: &str) -> Message {
    let mut letter = message(n, named(name), world.zero);
    letter.created = world.zero - Duration::from_secs(1);
    letter.next = None;
    world.rows.insert(letter.clone());
    letter
}
