//! How events get their numbers and their envelopes, over restarts and failures of the disk.

use std::sync::Arc;
use std::time::Duration;

use super::super::clock::Reading;
use super::super::disk::Disk;
use super::super::engine::Engine;
use super::super::memory::MemoryDisk;
use super::super::{Batch, Durability, Key, Kind, Opened, Record, Settings};
use super::*;
use crate::time::testing::origin;

const SETTINGS: Settings =
    Settings { durability: Durability::Power, window: Duration::ZERO, cache_bytes: 1 << 20 };

fn now(wall: u64) -> Reading {
    Reading { instant: origin(), wall: Micros(wall), boot: 7, uptime: Duration::from_secs(1) }
}

fn open(disk: &Arc<MemoryDisk>, wall: u64) -> Opened {
    open_as(disk, SETTINGS, now(wall))
}

fn open_as(disk: &Arc<MemoryDisk>, settings: Settings, now: Reading) -> Opened {
    Opened::on(Arc::clone(disk) as Arc<dyn Disk>, settings, now).unwrap()
}

/// A batch of so many events.
fn told(events: u32) -> Batch {
    let mut batch = Batch::new();
    for _ in 0..events {
        let (name, at, data) = ("n".into(), Micros(1), b"{}".as_slice().into());
        batch.tell(NewEvent { name, at, about: None, data, webhooks: vec![] });
    }
    batch
}

fn numbers(opened: &Opened) -> Vec<u64> {
    let mut numbers = vec![];
    let mut see = |record| {
        let Record::Event(event) = record else { panic!("{record:?} among the events") };
        numbers.push(event.sequence);
    };
    opened.visit(Kind::Event, &mut see).unwrap();
    numbers
}

#[test]
fn an_envelope_says_what_when_and_which_and_holds_the_data_as_it_came() {
    let event = NewEvent {
        name: "trunk.up".into(),
        at: Micros(1_795_169_730_123_456),
        about: None,
        data: br#"{"name":"asterisk"}"#.as_slice().into(),
        webhooks: vec![],
    };
    let envelope = r#"{"type":"trunk.up","timestamp":"2026-11-20T10:15:30.123Z","sequence":7,"data":{"name":"asterisk"}}"#;
    assert_eq!(event.envelope(7), envelope.as_bytes());
}

#[test]
fn a_new_journal_numbers_from_the_wall_clock_on() {
    let opened = open(&Arc::default(), 5_000);
    assert_eq!(opened.next_event(), 5_000);
    let opened = opened.commit(told(3), &now(9_000)).unwrap();
    assert_eq!((numbers(&opened), opened.next_event()), (vec![5_000, 5_001, 5_002], 5_003));
}

#[test]
fn d01_a_number_is_not_given_again_when_its_event_was_deleted() {
    let disk = Arc::default();
    let mut deletes = Batch::new();
    deletes.delete(&Key::Event(10)).delete(&Key::Event(11));
    let opened = open(&disk, 10).commit(told(2), &now(10)).unwrap();
    drop(opened.commit(deletes, &now(10)).unwrap());
    // Neither the wall clock before nor behind moves it.
    for wall in [0, 99] {
        assert_eq!(open(&disk, wall).next_event(), 12);
    }
}

#[test]
fn d06_a_journal_that_lacks_commits_goes_on_above_the_numbers_that_they_gave() {
    let disk = Arc::new(MemoryDisk::default());
    let opened = open(&disk, 10).commit(told(1), &now(10)).unwrap();
    let older = disk.bytes();
    let opened = opened.commit(told(5), &now(20)).unwrap();
    let newer = disk.bytes();
    drop(opened);
    // What the witness counted is not there.
    let bytes = [&newer[..4_096], &older[4_096..]].concat();
    let damaged = Arc::new(MemoryDisk::of(bytes));
    let opened = open(&damaged, 1_000);
    assert_eq!((opened.report().lost, opened.next_event()), (1, 1_001));
    // A commit without an event is enough: from then on nobody knows that any is missing.
    drop(opened.commit(told(0), &now(1_000)).unwrap());
    let opened = open(&damaged, 2_000);
    assert_eq!((opened.report().lost, opened.next_event()), (0, 1_001));
}

#[test]
fn d09_without_flushes_a_journal_goes_on_from_the_wall_clock_after_a_boot() {
    let settings = Settings { durability: Durability::Process, ..SETTINGS };
    let disk = Arc::default();
    drop(open_as(&disk, settings, now(10)).commit(told(2), &now(10)).unwrap());
    assert_eq!(open_as(&disk, settings, now(500)).next_event(), 12);
    let booted = Reading { boot: 8, ..now(500) };
    assert_eq!(open_as(&disk, settings, booted).next_event(), 501);
}

#[test]
fn d07_the_events_of_a_refused_batch_never_get_a_number() {
    let clean = Arc::new(MemoryDisk::default());
    drop(open(&clean, 10).commit(told(2), &now(10)).unwrap());
    for nth in 0.. {
        let disk = Arc::new(MemoryDisk::of(clean.bytes()));
        let mut engine = Engine::open(Arc::clone(&disk) as Arc<dyn Disk>, SETTINGS).unwrap();
        let stamp = engine.head().stamp;
        disk.break_after(Some(nth));
        if engine.commit(&[&told(4)], stamp).is_ok() {
            assert!(nth > 3, "a commit makes {nth} calls");
            break;
        }
        let rest = engine.give_up();
        disk.break_after(None);
        let Ok(mut engine) = rest.try_again(stamp) else { panic!("it does not go on") };
        let written =
            engine.commit(&[&told(1), &told(1)], stamp).map_err(|error| error.to_string());
        let announced = written.map(|written| written.announced).unwrap_or_default();
        let sequences: Vec<_> = announced.iter().map(|event| event.sequence).collect();
        assert_eq!((sequences, engine.last_event()), (vec![12, 13], 13), "broken at call {nth}");
        drop(engine);
        assert_eq!(numbers(&open(&disk, 10)), [10, 11, 12, 13], "broken at call {nth}");
    }
}
