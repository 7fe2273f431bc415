use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clock::{JournalTime, Reading, Stamp};
use super::disk::Disk;
use super::engine::Engine;
use super::memory::MemoryDisk;
use super::preamble::{FORMAT, head_of};
use super::record::Event;
use super::record::tests::{attempt, one_of_each};
use super::{Batch, Durability, Hidden, Key, Kind, OpenError, Opened, Record, Settings};
use crate::entropy::Entropy;
use crate::time::Micros;
use crate::time::testing::origin;

mod damage;
mod first;
mod look;
mod slow;

const SETTINGS: Settings =
    Settings { durability: Durability::Power, window: Duration::ZERO, cache_bytes: 1 << 20 };

/// What a journal holds, by kind and key.
type Content = BTreeMap<(Kind, Key), Record>;

fn now() -> Reading {
    let wall = Micros(1_763_633_730_000_000);
    Reading { instant: origin(), wall, boot: 7, uptime: Duration::from_secs(1_000) }
}

fn open(disk: &Arc<MemoryDisk>) -> Result<Opened, OpenError> {
    Opened::on(Arc::clone(disk) as Arc<dyn Disk>, SETTINGS, now())
}

fn content(opened: &Opened) -> Content {
    let mut content = Content::new();
    for kind in Kind::ALL {
        let mut see = |record: Record| {
            content.insert((kind, record.key()), record);
        };
        opened.visit(kind, &mut see).unwrap();
    }
    content
}

fn batch(records: impl IntoIterator<Item = Record>) -> Batch {
    let mut batch = Batch::new();
    for record in records {
        batch.put(record);
    }
    batch
}

/// An event with a number of the test's own.
fn event(sequence: u64, bytes: usize) -> Event {
    let body = Hidden(vec![sequence as u8; bytes].into());
    let (at, written) = (Micros(sequence), JournalTime(sequence));
    Event { sequence, at, written, name: "n".into(), about: None, body }
}

/// The batch with this number: it says so in two tables, so that a half is seen.
fn numbered(number: u64) -> Batch {
    let attempt = attempt(u128::from(number % 10), number);
    let mut batch = batch([event(number, 300).into(), attempt.into()]);
    if number > 20 {
        batch.delete(&Key::Event(number - 20));
    }
    batch
}

/// What a journal holds after numbered batches up to this one.
fn after_numbered(last: u64) -> Content {
    let opened = (1..=last).fold(open(&Arc::default()).unwrap(), |opened, number| {
        opened.commit(numbered(number), &now()).unwrap()
    });
    content(&opened)
}

#[test]
fn a_key_is_made_once_and_kept() {
    let disk = Arc::default();
    let make = |byte: u8| move || -> Box<[u8]> { vec![byte; 4].into() };
    let (opened, codes) = open(&disk).unwrap().secret("codes", &now(), make(1)).unwrap();
    let (opened, tags) = opened.secret("tags", &now(), make(2)).unwrap();
    assert_eq!((codes.bytes.0, tags.bytes.0), (vec![1; 4].into(), vec![2; 4].into()));
    drop(opened);
    let (_, codes) = open(&disk).unwrap().secret("codes", &now(), make(3)).unwrap();
    assert_eq!(codes.bytes.0, vec![1; 4].into());
}

#[test]
fn every_record_is_read_back_and_what_was_deleted_is_not() {
    let disk = Arc::default();
    let opened = open(&disk).unwrap();
    assert!(opened.report().is_new);
    let records = one_of_each();
    let opened = opened.commit(batch(records.clone()), &now()).unwrap();
    let mut deletes = Batch::new();
    deletes.delete(&records[0].key()).delete(&Key::Event(99));
    drop(opened.commit(deletes, &now()).unwrap());
    let opened = open(&disk).unwrap();
    let report = opened.report();
    assert_eq!((report.is_new, report.commits, report.lost), (false, 3, 0));
    let expected: Vec<_> = records.into_iter().skip(1).collect();
    assert_eq!(content(&opened).into_values().collect::<Vec<_>>(), expected);
}

#[test]
fn the_last_word_of_a_batch_on_a_key_counts() {
    let mut batch = Batch::new();
    batch
        .put(attempt(1, 1))
        .delete(&Key::Attempt(attempt(1, 1).verification, 1))
        .put(attempt(1, 2));
    let opened = open(&Arc::default()).unwrap().commit(batch, &now()).unwrap();
    let found: Vec<_> = content(&opened).into_values().collect();
    assert_eq!(found, [attempt(1, 2).into()]);
}

/// A journal with so many numbered batches, as a crash leaves it.
fn journal_of(batches: u64) -> MemoryDisk {
    let (disk, opened) = opened_journal_of(batches);
    let crashed = MemoryDisk::of(disk.bytes());
    drop(opened);
    crashed
}

/// The same, closed in order.
fn closed_journal_of(batches: u64) -> MemoryDisk {
    let (disk, opened) = opened_journal_of(batches);
    drop(opened);
    MemoryDisk::of(disk.bytes())
}

fn opened_journal_of(batches: u64) -> (Arc<MemoryDisk>, Opened) {
    let disk = Arc::new(MemoryDisk::default());
    let mut opened = open(&disk).unwrap();
    for number in 1..=batches {
        opened = opened.commit(numbered(number), &now()).unwrap();
    }
    (disk, opened)
}

#[test]
fn d13_a_newer_format_and_a_foreign_file_are_refused() {
    let disk = journal_of(1);
    disk.write(0, &head_of(FORMAT + 1)).unwrap();
    let refused = open(&Arc::new(disk)).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 2 }));
    assert_eq!(refused.to_string(), "the journal is of format 2, this release reads up to 1");
    let foreign = MemoryDisk::of(vec![0x7f; 10_000]);
    assert!(matches!(open(&Arc::new(foreign)), Err(OpenError::Foreign)));
}

#[test]
fn d09_what_was_acknowledged_survives_a_loss_of_power_and_half_a_commit_is_none() {
    let mut dice = Entropy::seeded(9).stream();
    for seed in 0..300_u64 {
        let disk = Arc::new(MemoryDisk::default());
        let mut opened = open(&disk).unwrap();
        disk.break_after(Some(dice.below(120).into()));
        let mut acknowledged = 0;
        let crashed = loop {
            match opened.commit(numbered(acknowledged + 1), &now()) {
                Ok(next) => opened = next,
                // Whoever fails puts back what stood before; here the power is gone already.
                Err(_) => break Arc::new(disk.lose_power(&mut dice)),
            }
            acknowledged += 1;
        };
        let opened = open(&crashed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let report = opened.report();
        assert_eq!(report.lost, 0, "seed {seed}");
        let commits = report.commits - 1;
        assert!(
            commits == acknowledged || commits == acknowledged + 1,
            "seed {seed}: {acknowledged} acknowledged, {report:?}"
        );
        assert_eq!(content(&opened), after_numbered(commits), "seed {seed}");
    }
}

#[test]
fn d07_what_a_failing_disk_refused_is_never_visible_whenever_it_failed() {
    let clean = journal_of(40).bytes();
    let before = after_numbered(40);
    let refused = numbered(41);
    let mut dice = Entropy::seeded(8).stream();
    let mut failed = 0;
    for nth in 0..64 {
        let disk = Arc::new(MemoryDisk::of(clean.clone()));
        let mut engine = Engine::open(Arc::clone(&disk) as Arc<dyn Disk>, SETTINGS).unwrap();
        disk.sync().unwrap();
        disk.break_after(Some(nth));
        if engine.commit(&[&refused], Stamp::default()).is_ok() {
            break;
        }
        failed += 1;
        let rest = engine.give_up();
        rest.put_back().unwrap_err();
        disk.break_after(None);
        // The machine that comes back only to lose its power at once.
        rest.put_back().unwrap();
        let dark = open(&Arc::new(disk.lose_power(&mut dice))).unwrap();
        assert_eq!(content(&dark), before, "broken at call {nth}");
        // And the one that goes on.
        let Ok(engine) = rest.try_again(Stamp::default()) else {
            panic!("broken at call {nth}: it does not go on");
        };
        assert_eq!(engine.head().commits, 42);
        drop(engine);
        let opened = open(&disk).unwrap().commit(numbered(41), &now()).unwrap();
        assert_eq!(opened.report().lost, 0, "broken at call {nth}");
        assert_eq!(content(&opened), after_numbered(41), "broken at call {nth}");
    }
    assert!((4..64).contains(&failed), "a commit makes {failed} calls");
}

#[test]
fn d07_a_disk_that_fails_again_while_it_is_tried_keeps_what_it_had() {
    let clean = journal_of(40).bytes();
    let before = after_numbered(40);
    for nth in 0..40 {
        let disk = Arc::new(MemoryDisk::of(clean.clone()));
        let mut engine = Engine::open(Arc::clone(&disk) as Arc<dyn Disk>, SETTINGS).unwrap();
        disk.break_after(Some(2));
        assert!(engine.commit(&[&numbered(41)], Stamp::default()).is_err());
        let rest = engine.give_up();
        // It works for a few calls, more each time, and then for good.
        disk.break_after(Some(nth));
        let engine = rest.try_again(Stamp::default()).or_else(|still| {
            disk.break_after(None);
            still.try_again(Stamp::default())
        });
        let Ok(engine) = engine else { panic!("a mended disk does not go on after call {nth}") };
        disk.break_after(None);
        drop(engine);
        let opened = open(&disk).unwrap();
        assert_eq!(content(&opened), before, "broken at call {nth}");
    }
}

#[test]
fn d07_a_full_disk_refuses_puts_back_and_goes_on_when_there_is_room() {
    let disk = Arc::new(MemoryDisk::default());
    let mut opened = open(&disk).unwrap();
    let room = disk.len().unwrap() + 20_000;
    disk.limit(Some(room));
    let large = |number: u64| batch([event(number, 40_000).into()]);
    let mut number = 0;
    loop {
        number += 1;
        let held = disk.bytes();
        match opened.commit(large(number), &now()) {
            Ok(next) => opened = next,
            Err(_) => {
                assert!(disk.len().unwrap() <= held.len() as u64, "room was given back");
                break;
            }
        }
    }
    // Right after the refusal the power goes: the refused one must not come back.
    let mut dice = Entropy::seeded(1).stream();
    let opened = open(&Arc::new(disk.lose_power(&mut dice))).unwrap();
    assert_eq!(opened.count(Kind::Event).unwrap(), number - 1);
    disk.limit(None);
    let opened = open(&disk).unwrap().commit(large(number), &now()).unwrap();
    assert_eq!(opened.count(Kind::Event).unwrap(), number);
    assert_eq!(opened.report().lost, 0);
}

#[test]
fn d07_a_disk_that_has_only_room_for_nothing_does_not_work_again() {
    let disk = Arc::new(MemoryDisk::of(journal_of(40).bytes()));
    let mut engine = Engine::open(Arc::clone(&disk) as Arc<dyn Disk>, SETTINGS).unwrap();
    let len = disk.len().unwrap();
    disk.break_after(Some(0));
    assert!(engine.commit(&[&numbered(41)], Stamp::default()).is_err());
    disk.break_after(None);
    disk.limit(Some(len + 100_000));
    let rest = engine.give_up().try_again(Stamp::default()).err().unwrap();
    disk.limit(Some(len + (1 << 20)));
    assert!(rest.try_again(Stamp::default()).is_ok());
}

#[test]
fn d08_room_of_what_expired_is_used_again_and_given_back_when_asked() {
    let disk = Arc::new(MemoryDisk::default());
    let mut opened = open(&disk).unwrap();
    let turn = |numbers: std::ops::Range<u64>, keep: u64| {
        let mut batch = Batch::new();
        for number in numbers {
            batch.put(event(number, 1_000));
            if number >= keep {
                batch.delete(&Key::Event(number - keep));
            }
        }
        batch
    };
    let mut lengths = vec![];
    for nth in 0..60 {
        opened = opened.commit(turn(nth * 50..nth * 50 + 50, 500), &now()).unwrap();
        lengths.push(disk.len().unwrap());
    }
    // Half a megabyte lives; three went through.
    assert!(lengths[59] <= lengths[20] && lengths[59] < 1 << 21, "{lengths:?}");
    opened = opened.commit(turn(3_000..3_500, 10), &now()).unwrap();
    let mut rest = Batch::new();
    for number in 2_500..3_490 {
        rest.delete(&Key::Event(number));
    }
    let opened = opened.commit(rest, &now()).unwrap().compact().unwrap();
    let (before, after) = (lengths[59], disk.len().unwrap());
    assert!(after < before / 4, "{after} of {before}");
    let opened = opened.commit(numbered(1), &now()).unwrap();
    let expected = content(&opened);
    drop(opened);
    assert_eq!(content(&open(&disk).unwrap()), expected);
    assert_eq!(expected.len(), 12);
}

#[test]
fn d08_a_compaction_that_is_killed_or_loses_its_power_half_way_loses_nothing() {
    let disk = Arc::new(journal_of(200));
    let expected = content(&open(&disk).unwrap());
    let (clean, mut dice) = (disk.bytes(), Entropy::seeded(3).stream());
    let mut broke = 0;
    for nth in 0..10_000 {
        let disk = Arc::new(MemoryDisk::of(clean.clone()));
        let opened = open(&disk).unwrap();
        disk.sync().unwrap();
        disk.break_after(Some(nth));
        if opened.compact().is_ok() {
            break;
        }
        broke += 1;
        for left in [MemoryDisk::of(disk.bytes()), disk.lose_power(&mut dice)] {
            assert_eq!(content(&open(&Arc::new(left)).unwrap()), expected, "after {nth} writes");
        }
    }
    assert!(broke > 10, "{broke}");
}
