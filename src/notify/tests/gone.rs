//! Endpoints that want no more, and messages that somebody asks for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::desk::{AskError, ENDPOINT_MESSAGES_MAX, PutBack};
use super::super::failure::Failure;
use super::super::{Message, MessageId, Outbox};
use super::world::{World, message, named, settings};
use crate::delivery::EndpointState::{Disabled, Down, Gone, Resting, Working};

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
    assert_eq!(world.desk.tallies()[0].1.read(None).in_memory, max, "those that wait give way");
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

#[test]
fn messages_are_counted_where_they_are_on_disk_and_in_memory_alike() {
    let mut world = World::new(&settings());
    for n in 0..3_000 {
        let mut old = message(n, named("a"), world.zero + Duration::from_secs(7_200));
        old.created = world.zero - Duration::from_secs(1);
        world.rows.insert(old);
    }
    (3_000..3_010).for_each(|n| drop(dead(&world, n, "a")));
    let counted = |world: &World| {
        let figures = world.desk.tallies()[0].1.read(None);
        (figures.waiting, figures.dead)
    };
    world.run(Duration::from_secs(60), FAST, &|_, _| Ok(()));
    assert_eq!(counted(&world), (3_000, 10));
    for n in 4_000..8_000 {
        world.push(n, named("a"));
    }
    assert_eq!(counted(&world), (7_000, 10), "also those that memory has no room for");
    world.run(Duration::from_secs(60), FAST, &|message, _| match message.sequence % 2 {
        0 => Ok(()),
        _ => Err(Failure::Status(500)),
    });
    assert_eq!(world.rows.len() as u64, counted(&world).0 + 10);
    // Some are asked for, one of which was dead, some deleted, and a restart counts anew.
    for n in [0, 1, 3_000] {
        let asked = world.rows.get(message(n, named("a"), world.now).id).unwrap();
        assert_eq!(world.desk.ask(asked, world.now), Ok(()));
    }
    world.run(Duration::from_secs(1), FAST, &|_, _| Ok(()));
    let gone: Vec<_> = [2, 3_001].map(|n| message(n, named("a"), world.now).id).into();
    let rows: Vec<_> = gone.iter().filter_map(|id| world.rows.get(*id)).collect();
    gone.iter().for_each(|id| world.rows.taken(*id));
    world.desk.forget(&rows);
    world.settle();
    let (waiting, letters) = counted(&world);
    assert_eq!((world.rows.len() as u64, letters), (waiting + letters, 8));
    world.now += Duration::from_secs(1);
    world.restart(&settings());
    world.run(Duration::from_secs(60), FAST, &|_, _| Err(Failure::Connect));
    assert_eq!(counted(&world), (waiting, letters));
    world.run(Duration::from_secs(86_400), FAST, &|_, _| Ok(()));
    assert_eq!((counted(&world).0, world.rows.len() as u64), (0, counted(&world).1));
}

#[test]
fn a_list_tells_when_a_message_is_tried_while_its_endpoint_rests_is_down_or_wants_no_more() {
    let mut world = World::new(&settings());
    let shown = |world: &World, n| {
        let row = world.rows.get(message(n, named("a"), world.zero).id).unwrap();
        let (_, standing) = world.desk.standing(&row, world.now);
        let next = row.next.and_then(|due| standing.tries_at(due));
        (standing.state, next.map(|at| at.saturating_duration_since(world.now).as_secs()))
    };
    let endpoint = |world: &World| {
        let (standing, failure) = world.desk.endpoints(world.now)[0];
        let from = standing.from.map(|at| (at - world.now).as_secs());
        (standing.state, from, failure.map(|(failure, _)| failure))
    };
    world.push(0, named("a"));
    assert_eq!((shown(&world, 0), endpoint(&world)), ((Working, Some(0)), (Working, None, None)));
    let shelf = world.desk.next(world.now).unwrap().0;
    let (id, busy) = (message(0, named("a"), world.now).id, Failure::Status(503));
    world.desk.on_failed(shelf, id, busy, Some(Duration::from_secs(600)), world.now);
    world.settle();
    world.push(1, named("a"));
    let (state, next) = shown(&world, 1);
    assert!(state == Resting && (600..=720).contains(&next.unwrap()), "{next:?}");
    assert_eq!((endpoint(&world).0, endpoint(&world).2), (Resting, Some(busy)));

    // The rest is over, and it does not work.
    world.run(Duration::from_secs(3_600), FAST, &|_, _| Err(Failure::Connect));
    world.push(2, named("a"));
    let (state, next) = shown(&world, 2);
    assert!(state == Down && next.unwrap() <= 60, "{next:?}");
    assert_eq!(endpoint(&world).1.unwrap_or(0), next.unwrap());

    world.run(Duration::from_secs(60), FAST, &|_, _| Err(Failure::Status(410)));
    // One that was never read is on disk still, due and never tried.
    world.rows.insert(message(3, named("a"), world.now));
    assert_eq!(shown(&world, 3), (Disabled, None));
    assert_eq!(endpoint(&world), (Disabled, None, Some(Failure::Status(410))));
    let removed = message(4, named("removed"), world.now);
    assert_eq!(world.desk.standing(&removed, world.now).1.state, Gone);
}

/// A dead letter of an earlier life, on disk: one that comes back when somebody asks, and not before.
fn dead(world: &World, n: u64, name: &str) -> Message {
    let mut letter = message(n, named(name), world.zero);
    letter.created = world.zero - Duration::from_secs(1);
    (letter.next, letter.status) = (None, Some(410));
    world.rows.insert(letter.clone());
    letter
}
