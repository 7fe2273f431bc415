//! More messages than memory takes: which stay in it, and which wait on disk.

use std::time::Duration;

use super::super::desk::{CALLBACK_MESSAGES_MAX, ENDPOINT_MESSAGES_MAX};
use super::super::failure::Failure;
use super::super::{Endpoint, Message, Outbox};
use super::world::{World, callback, message, named, settings};

const FAST: Duration = Duration::from_millis(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn in_memory(world: &World, shelf: usize) -> u64 {
    world.desk.tallies()[shelf].1.read(None).in_memory
}

#[test]
fn w04_memory_holds_what_is_due_first_and_the_disk_the_rest() {
    let mut world = World::new(&settings());
    for n in 0..50_000 {
        world.push(n, named("a"));
    }
    assert_eq!(in_memory(&world, 0), ENDPOINT_MESSAGES_MAX as u64);
    let receive = |message: &Message, at: Duration| match at.as_secs() < 600 {
        true if message.endpoint == named("a") => Err(Failure::Connect),
        _ => Ok(()),
    };
    world.run(Duration::from_secs(600), FAST, &receive);
    assert!(in_memory(&world, 0) <= ENDPOINT_MESSAGES_MAX as u64);
    let reads = world.reads;
    assert!(reads < 1_000, "{reads} pages in ten minutes");
    world.run(Duration::from_secs(300), FAST, &receive);
    assert_eq!(world.rows.len(), 0);
    assert!(world.reads - reads < 400, "{} pages for 50,000", world.reads - reads);
    let mut sent: Vec<_> = world.tried.iter().map(|(_, message)| message.sequence).collect();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), 50_000);
    let twice = world.tried.len() - 50_000;
    assert!(twice < 50, "{twice} more tries than messages");
}

#[test]
fn w04_the_host_with_most_messages_gives_way() {
    let mut world = World::new(&settings());
    for n in 0..CALLBACK_MESSAGES_MAX as u64 {
        world.push(n, callback("https://down.example/"));
    }
    for n in 0..4_000 {
        world.push(100_000 + n, callback(&format!("https://host{}.example/", n % 100)));
    }
    assert_eq!(in_memory(&world, 2), CALLBACK_MESSAGES_MAX as u64);
    world.run(Duration::from_millis(40), FAST, &|message, _| match message.sequence < 100_000 {
        true => Err(Failure::Timeout),
        false => Ok(()),
    });
    assert_eq!(world.rows.len(), CALLBACK_MESSAGES_MAX);
}

#[test]
fn messages_that_wait_for_hours_do_not_keep_others_out() {
    let mut world = World::new(&settings());
    // More than fit into memory, each refused until it waits for hours.
    let hours = world.now + Duration::from_secs(36_000);
    for n in 0..3_000 {
        let poison = message(n, named("a"), hours);
        world.rows.insert(poison);
    }
    world.run(Duration::from_secs(1), FAST, &|_, _| Ok(()));
    assert_eq!(in_memory(&world, 0), ENDPOINT_MESSAGES_MAX as u64);
    world.push(5_000, named("a"));
    world.run(Duration::from_secs(1), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 3_000);
    world.run(Duration::from_secs(36_010), FAST, &|_, _| Ok(()));
    assert_eq!(world.rows.len(), 0);
}

#[test]
fn w04_after_a_restart_what_is_new_waits_for_no_other_endpoint_s_rows() {
    let mut world = World::new(&settings());
    for n in 0..10_000 {
        world.rows.insert(message(n, named("a"), world.now));
    }
    world.rows.insert(message(10_000, named("b"), world.now));
    world.restart(&settings());
    // The disk is being read and says nothing yet.
    let pages = world.desk.pages(world.now);
    assert_eq!(pages.len(), 3);
    let new = world.push(10_001, named("b"));
    let (_, left) = world.desk.next(world.now).unwrap();
    assert_eq!(left.id, new);
    // What an earlier life left for it comes as the disk is read, however much of it is for others.
    for page in pages {
        let rows = world.rows.rows(&page.of, page.from, page.limit);
        world.desk.on_page(page.shelf, rows, world.now);
    }
    let receive = |message: &Message, _: Duration| match message.endpoint == named("a") {
        true => Err(Failure::Connect),
        false => Ok(()),
    };
    world.run(Duration::ZERO, FAST, &receive);
    assert!(world.tried.iter().any(|(_, it)| it.sequence == 10_000));
}

/// Somebody gives ever new hosts that accept and say nothing.
#[test]
fn w04_hosts_that_take_nothing_hold_up_nobody_who_took_something_before() {
    let mut world = World::new(&settings());
    let url = |message: &Message| match &message.endpoint {
        Endpoint::Url(url) => url.to_string(),
        Endpoint::Named(name) => panic!("{name} is told"),
    };
    let is_silent = |message: &Message| url(message).contains("silent");
    let takes = |message: &Message| if is_silent(message) { seconds(30) } else { FAST };
    let receive = |message: &Message, _: Duration| match is_silent(message) {
        true => Err(Failure::Timeout),
        false => Ok(()),
    };
    world.push(0, callback("https://works.example/"));
    world.run_each(seconds(10), &takes, &receive);
    for second in 1..=450 {
        for n in 0..20 {
            let n = second * 100 + n;
            world.push(n, callback(&format!("https://silent{n}.example/")));
        }
        let begin = world.now - world.zero;
        let told = world.push(second * 100 + 99, callback("https://works.example/"));
        world.run_each(seconds(1), &takes, &receive);
        let at = world.tried.iter().rev().find(|(_, it)| it.id == told).map(|(at, _)| *at);
        assert_eq!(at, Some(begin), "{second}");
        world.tried.clear();
    }
    assert!(world.rows.len() > CALLBACK_MESSAGES_MAX, "memory was full");
}
