//! What the desk sends when, to receivers that work, fail, go away and come back, in virtual time.

use std::time::Duration;

use super::super::desk::AskError;
use super::super::failure::Failure;
use super::super::{EndpointFigures, Message, MessageId, Outbox};
use super::world::{BEGIN, World, callback, message, named, settings};

const DOWN: Result<(), Failure> = Err(Failure::Connect);
const FAST: Duration = Duration::from_millis(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn is_for(message: &Message, name: &str) -> bool {
    message.endpoint == named(name)
}

#[test]
fn w04_an_endpoint_has_so_many_under_way_and_no_more() {
    let mut world = World::new(&settings());
    world.run(Duration::ZERO, FAST, &|_, _| Ok(()));
    for n in 0..20 {
        world.push(n, named("a"));
    }
    let mut left = 0;
    while world.desk.next(world.now).is_some() {
        left += 1;
    }
    assert_eq!(left, 8);
}

#[test]
fn w04_an_endpoint_that_is_down_is_asked_ever_more_seldom_and_by_one_at_a_time() {
    let mut world = World::new(&settings());
    for n in 0..100 {
        world.push(n, named("a"));
    }
    world.run(seconds(600), seconds(1), &|_, _| DOWN);
    let moments: Vec<u64> = world.tried.iter().map(|(at, _)| at.as_secs()).collect();
    // Eight that left together, then questions 1, 2, 4 … 60 s after the failure of the one before.
    assert_eq!(moments[..14], [0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 10, 19, 36, 69]);
    assert!(moments[14..].windows(2).all(|pair| pair[1] - pair[0] == 61), "{moments:?}");
    assert_eq!(world.said, ["a down"]);
}

#[test]
fn w08_an_endpoint_that_was_down_for_three_days_gets_everything_dead_letters_too() {
    let mut world = World::new(&settings());
    for n in 0..5 {
        world.push(n, named("a"));
    }
    let back = 3 * 86_400;
    let receive = |message: &Message, at: Duration| match at.as_secs() < back {
        true if is_for(message, "a") => DOWN,
        _ => Ok(()),
    };
    world.run(seconds(back), FAST, &receive);
    let dead = (0..5).filter(|n| {
        let row = world.rows.get(message(*n, named("a"), world.now).id).unwrap();
        row.next.is_none()
    });
    assert_eq!(dead.count(), 5, "eighteen hours make a dead letter");
    world.push(5, named("a"));
    world.run(seconds(90), FAST, &receive);
    assert_eq!(world.rows.len(), 0);
    assert_eq!(world.said, ["a down".to_owned(), world.said[1].clone()]);
    assert!(world.said[1].starts_with("a up after"), "{:?}", world.said);
}

#[test]
fn a_message_that_one_endpoint_refuses_for_good_dies_alone() {
    let mut world = World::new(&settings());
    let poison = world.push(0, named("a"));
    let receive = |message: &Message, _: Duration| match message.sequence {
        0 => Err(Failure::Status(400)),
        _ => Ok(()),
    };
    // Others are taken in between, so the endpoint works, as far as is known.
    for n in 1..500 {
        world.push(n, named("a"));
        world.run(seconds(if n < 250 { 1 } else { 300 }), FAST, &receive);
    }
    assert_eq!(world.rows.len(), 1);
    assert_eq!(world.rows.get(poison).unwrap().next, None);
    assert!(world.said.is_empty(), "{:?}", world.said);
}

#[test]
fn w02_an_endpoint_that_says_410_is_disabled_and_its_messages_are_dead_letters() {
    let mut world = World::new(&settings());
    for n in 0..3_000 {
        world.push(n, named("a"));
    }
    let other = world.push(3_000, named("b"));
    let gone = |message: &Message, _: Duration| match is_for(message, "a") {
        true => Err(Failure::Status(410)),
        false => Ok(()),
    };
    world.run(seconds(60), FAST, &gone);
    let late = world.push(3_001, named("a"));
    world.run(seconds(86_400), FAST, &gone);
    assert_eq!(world.said, ["a disabled", "a down"]);
    assert_eq!(world.tried.len(), 9);
    assert_eq!((world.rows.len(), world.rows.get(other).is_none()), (3_001, true));
    let dead = world.rows.get(late).unwrap();
    assert_eq!((dead.attempts, dead.next, dead.status), (0, None, Some(410)));
    let rest = (0..3_000).map(|n| world.rows.get(message(n, named("a"), world.now).id).unwrap());
    assert!(rest.into_iter().all(|row| row.next.is_none() && row.status == Some(410)));
    // Whoever asks is heard, and a receiver that takes one is told again.
    let asked = world.rows.get(late).unwrap();
    assert_eq!(world.desk.ask(asked, world.now), Ok(()));
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    let next = world.push(3_002, named("a"));
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    assert_eq!((world.rows.get(late).is_none(), world.rows.get(next).is_none()), (true, true));
}

#[test]
fn a_callback_that_says_410_ends_itself_and_no_other() {
    let mut world = World::new(&settings());
    let gone = world.push(0, callback("https://example.com/gone"));
    let other = world.push(1, callback("https://example.com/here"));
    world.run(seconds(60), FAST, &|message, _| match message.sequence {
        0 => Err(Failure::Status(410)),
        _ => Ok(()),
    });
    assert_eq!(world.rows.get(gone).unwrap().next, None);
    assert!(world.rows.get(other).is_none() && world.said.is_empty());
}

#[test]
fn w04_a_host_of_callbacks_that_is_down_delays_no_other_host() {
    let mut world = World::new(&settings());
    for n in 0..20_000 {
        world.push(n, callback("https://down.example/"));
    }
    let receive = |message: &Message, _: Duration| match message.sequence < 20_000 {
        true => Err(Failure::Timeout),
        false => Ok(()),
    };
    world.run(seconds(600), seconds(30), &receive);
    let other = world.push(20_000, callback("https://up.example/"));
    let begin = world.now - world.zero;
    world.run(seconds(30), FAST, &receive);
    let (at, _) = world.tried.iter().find(|(_, message)| message.id == other).unwrap();
    assert_eq!(*at, begin);
    assert!(world.rows.get(other).is_none());
}

#[test]
fn w02_a_wish_to_be_left_alone_is_kept_by_the_whole_endpoint() {
    let mut world = World::new(&settings());
    world.run(Duration::ZERO, FAST, &|_, _| Ok(()));
    world.push(0, named("a"));
    let (shelf, first) = world.desk.next(world.now).unwrap();
    let wish = Some(seconds(100));
    world.desk.on_failed(shelf, first.id, Failure::Status(429), wish, world.now);
    world.settle();
    let row = world.rows.get(first.id).unwrap();
    let wait = row.next.unwrap() - world.now;
    assert!((seconds(100)..=seconds(120)).contains(&wait), "{wait:?}");
    world.push(1, named("a"));
    world.push(2, named("b"));
    world.run(seconds(99), FAST, &|_, _| Ok(()));
    assert_eq!(world.tried.iter().map(|(_, it)| it.sequence).collect::<Vec<_>>(), [2]);
    world.run(seconds(22), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
}

#[test]
fn a_message_that_is_pushed_and_read_from_disk_is_sent_once() {
    let mut world = World::new(&settings());
    let pushed = message(1, named("a"), world.now);
    world.rows.insert(pushed.clone());
    world.desk.push(pushed.clone(), world.now);
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    // Once more, after it was taken, as when a page was read before and the push came late.
    world.desk.push(pushed, world.now);
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    assert_eq!(world.tried.len(), 1);
}

#[test]
fn w07_who_asks_for_a_message_gets_it_now() {
    let mut world = World::new(&settings());
    let id = world.push(0, named("a"));
    world.run(seconds(86_400), FAST, &|_, _| DOWN);
    let tries = world.tried.len();
    assert_eq!(world.rows.get(id).unwrap().next, None);
    assert_eq!(world.desk.ask(world.rows.get(id).unwrap(), world.now), Ok(()));
    world.run(FAST, FAST, &|_, _| DOWN);
    let dead = world.rows.get(id).unwrap();
    assert_eq!((world.tried.len(), dead.attempts, dead.next), (tries + 1, 13, None));
    // One that waits is tried at once, and not a second time when it was due.
    let id = world.push(1, named("b"));
    world.run(FAST, FAST, &|_, _| DOWN);
    assert_eq!(world.desk.ask(world.rows.get(id).unwrap(), world.now), Ok(()));
    let now = world.now - world.zero;
    world.run(seconds(3_600), FAST, &|_, _| Ok(()));
    let tried: Vec<_> = world.tried.iter().filter(|(_, it)| it.id == id).collect();
    assert_eq!((tried.len(), tried[1].0), (2, now));
    let nobody = message(9, named("nobody"), world.now);
    assert_eq!(world.desk.ask(nobody, world.now), Err(AskError::Gone));
}

#[test]
fn what_an_earlier_life_left_is_sent_by_its_own_schedule() {
    let mut world = World::new(&settings());
    let mut late = message(1, named("a"), world.now + seconds(50));
    late.attempts = 3;
    world.rows.insert(late);
    world.rows.insert(message(2, named("b"), world.now));
    world.rows.insert(message(3, callback("https://example.com/"), world.now));
    world.rows.insert(message(4, named("removed"), world.now));
    let mut dead = message(5, named("a"), world.now);
    dead.next = None;
    world.rows.insert(dead);
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    let tried: Vec<_> = world.tried.iter().map(|(at, it)| (at.as_secs(), it.sequence)).collect();
    assert_eq!(tried, [(0, 2), (0, 3), (50, 1)]);
    assert_eq!(world.rows.len(), 2);
}

#[test]
fn what_is_taken_is_counted_by_how_long_after_its_event_that_was() {
    let mut world = World::new(&settings());
    world.push(0, named("a"));
    world.push(1, named("b"));
    // A wall clock that was set back since: what it tells of is to come.
    let mut early = message(2, callback("https://example.com/"), world.now);
    early.created_at.0 += 3_600_000_000;
    assert!(world.desk.push(early, world.now));
    let receive = |message: &Message, at: Duration| match at < seconds(30) {
        true if is_for(message, "b") => DOWN,
        _ => Ok(()),
    };
    world.run(seconds(300), 40 * FAST, &receive);
    let figures = world.desk.tallies().into_iter().map(|(name, tally)| tally.read(name));
    let [a, b, callbacks] = figures.collect::<Vec<_>>().try_into().unwrap();
    let below = |figures: &EndpointFigures, bound| {
        let taken = &figures.delivery_millis;
        let place = taken.bounds.iter().position(|it| *it == bound).unwrap();
        (taken.counts[place], figures.taken, taken.sum)
    };
    assert_eq!((below(&a, 50), below(&callbacks, 25)), ((1, 1, 40), (1, 1, 0)));
    let (count, taken, sum) = below(&b, 60_000);
    assert_eq!((count, taken), (1, 1), "tries that failed and their waits count, once");
    assert!((30_000..60_000).contains(&sum), "{sum} ms");
}

#[test]
fn a_disk_that_does_not_work_is_asked_again() {
    let mut world = World::new(&settings());
    world.rows.insert(message(1, named("a"), world.now));
    world.rows.set_broken(true);
    world.run(seconds(10), FAST, &|_, _| Ok(()));
    assert!(world.tried.is_empty() && world.reads <= 33, "{}", world.reads);
    world.rows.set_broken(false);
    world.run(seconds(2), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
}

#[test]
fn messages_that_were_not_pushed_are_found_on_disk() {
    let mut world = World::new(&settings());
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    world.rows.insert(message(1, named("a"), world.now));
    world.run(seconds(3_600), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 1, "nobody reads without a reason");
    world.desk.look_again(MessageId(u128::from(BEGIN * 1_000) << 80), world.now);
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
}

#[test]
fn w08_dead_letters_are_counted_as_long_as_they_are_dead() {
    let mut world = World::new(&settings());
    // Ten of an earlier life, more than a page of others between them.
    for n in 0..1_000 {
        let mut old = message(n, named("a"), world.now - seconds(3_600));
        if n.is_multiple_of(100) {
            // After a 410: they come back when somebody asks, and not before.
            (old.next, old.attempts, old.status) = (None, 11, Some(410));
        }
        world.rows.insert(old);
    }
    let first = world.rows.get(message(0, named("a"), world.now).id).unwrap();
    world.run(seconds(60), FAST, &|_, _| Ok(()));
    assert_eq!((world.dead("a"), world.dead("b")), (10, 0));
    // One that is asked for is none while it is tried, and again when it fails.
    assert_eq!(world.desk.ask(first.clone(), world.now), Ok(()));
    let (shelf, asked) = world.desk.next(world.now).unwrap();
    world.settle();
    assert_eq!(world.dead("a"), 9);
    world.desk.on_failed(shelf, asked.id, Failure::Connect, None, world.now);
    world.settle();
    assert_eq!(world.dead("a"), 10);
    let again = world.rows.get(first.id).unwrap();
    assert_eq!(world.desk.ask(again.clone(), world.now), Ok(()));
    // Who asks twice gets it once.
    assert_eq!(world.desk.ask(again.clone(), world.now), Ok(()));
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    assert_eq!(world.desk.ask(again, world.now), Ok(()));
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    assert_eq!((world.dead("a"), world.rows.len()), (9, 9));
    // A receiver that was down for long gets all that it missed.
    for n in 1_000..1_010 {
        world.push(n, named("a"));
    }
    world.run(seconds(86_400), FAST, &|_, _| DOWN);
    assert_eq!(world.dead("a"), 19);
    world.push(1_010, named("a"));
    world.run(seconds(90), FAST, &|_, _| Ok(()));
    assert_eq!((world.dead("a"), world.rows.len()), (9, 9));
}

#[test]
fn w08_a_message_whose_row_was_deleted_is_not_tried_and_no_dead_letter() {
    let mut world = World::new(&settings());
    let mut dead = message(0, named("a"), world.now - seconds(9));
    dead.next = None;
    world.rows.insert(dead.clone());
    let waiting = message(1, named("a"), world.now + seconds(60));
    world.rows.insert(waiting.clone());
    world.run(seconds(1), FAST, &|_, _| Ok(()));
    assert_eq!(world.dead("a"), 1);
    let orphan = message(2, named("removed"), world.now);
    // A page that is under way has both in it.
    world.desk.look_again(MessageId(0), world.now);
    let [page] = &world.desk.pages(world.now)[..1] else { panic!("one for a") };
    let rows = world.rows.rows(&page.of, page.from, page.limit);
    world.desk.forget(&[dead.clone(), waiting.clone(), orphan]);
    world.rows.taken(dead.id);
    world.rows.taken(waiting.id);
    world.desk.on_page(page.shelf, rows, world.now);
    world.run(seconds(3_600), FAST, &|_, _| Ok(()));
    assert_eq!((world.dead("a"), world.tried.len()), (0, 0));
}

#[test]
fn w02_a_wish_to_be_left_alone_outlives_the_daemon_and_what_is_due_is_not_delayed() {
    let mut world = World::new(&settings());
    world.run(Duration::ZERO, FAST, &|_, _| Ok(()));
    world.push(0, named("a"));
    let (shelf, first) = world.desk.next(world.now).unwrap();
    let wish = Some(seconds(3_600));
    world.desk.on_failed(shelf, first.id, Failure::Status(429), wish, world.now);
    world.settle();
    // Waits as it never left, as does what is for others.
    world.push(1, named("a"));
    world.rows.insert(message(2, named("b"), world.now + seconds(300)));
    world.rows.insert(message(3, named("b"), world.now + seconds(900)));
    world.now += seconds(600);
    world.restart(&settings());
    // More at once than memory holds half of, before anything was read.
    for n in 4..1_504 {
        world.push(n, named("a"));
    }
    world.run(seconds(2_999), FAST, &|_, _| Ok(()));
    let tried = |world: &World| -> Vec<_> {
        world.tried.iter().map(|(at, it)| (at.as_secs(), it.sequence)).collect()
    };
    assert_eq!(tried(&world), [(600, 2), (900, 3)]);
    world.run(seconds(800), FAST, &|_, _| Ok(()));
    assert_eq!((world.rows.len(), world.tried.len()), (0, 1_504));
}
