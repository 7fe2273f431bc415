//! What a journal by hand does with what waits, and what it leaves.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::*;
use crate::store::memory::MemoryDisk;
use crate::store::record::Secret;
use crate::store::{Batch, CommitError, Hidden, Kind, NewEvent, Settings, SubmitError};
use crate::time::Micros;

struct Desk {
    disk: Arc<MemoryDisk>,
    journal: Journal,
    hand: Hand,
    numbers: Receiver<u64>,
    now: Reading,
}

#[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
fn desk() -> Desk {
    let instant = Instant::now();
    let now = Reading { instant, wall: Micros(1_000), boot: 1, uptime: Duration::ZERO };
    let (disk, (mouth, numbers)) = (Arc::new(MemoryDisk::default()), channel());
    let opened = Opened::on(Arc::clone(&disk) as _, Settings::default(), now).unwrap();
    let announce = move |events: &[crate::store::Announced]| {
        events.iter().for_each(|event| mouth.send(event.sequence).unwrap());
    };
    let (journal, hand) = opened.by_hand(Box::new(announce));
    Desk { disk, journal, hand, numbers, now }
}

impl Desk {
    /// The names of the secrets that the next process finds.
    fn found(&self) -> Vec<String> {
        let disk = Arc::new(MemoryDisk::of(self.disk.bytes()));
        let opened = Opened::on(disk, Settings::default(), self.now).unwrap();
        let mut found = vec![];
        let see = |record| {
            if let crate::store::Record::Secret(secret) = record {
                found.push(secret.name.into());
            }
        };
        opened.visit(Kind::Secret, see).unwrap();
        found
    }
}

fn batch(name: &str) -> Batch {
    let mut batch = Batch::new();
    batch.put(Secret { name: name.into(), bytes: Hidden([1].into()) });
    let (name, data) = ("call.placed".into(), b"{}".as_slice().into());
    batch.tell(NewEvent { name, at: Micros(1), about: None, data, webhooks: vec![] });
    batch
}

#[test]
fn nothing_is_written_until_the_hand_is_told_to() {
    let mut desk = desk();
    let mut tickets = ["one", "two", "three"].map(|name| desk.journal.submit(batch(name)).unwrap());
    assert_eq!((desk.hand.waiting(), desk.found().len()), (3, 0));
    desk.hand.commit(2, &desk.now);
    assert_eq!(desk.found(), ["one", "two"]);
    assert_eq!(tickets.each_mut().map(|it| it.poll_now()), [Some(Ok(())), Some(Ok(())), None]);
    assert_eq!(desk.numbers.try_iter().collect::<Vec<_>>(), [1_000, 1_001]);
    assert_eq!(desk.hand.waiting(), 1);
}

#[test]
fn d07_a_disk_that_fails_refuses_and_holds_until_the_hand_finds_that_it_works() {
    let mut desk = desk();
    let mut refused = desk.journal.submit(batch("refused")).unwrap();
    desk.journal.keep(batch("kept"), || {});
    desk.disk.break_after(Some(3));
    desk.hand.commit(2, &desk.now);
    assert_eq!(refused.poll_now(), Some(Err(CommitError::Disk)));
    assert_eq!(desk.journal.submit(batch("late")).unwrap_err(), SubmitError::Unwritable);
    desk.journal.keep(batch("kept, too"), || {});
    desk.hand.commit(1, &desk.now);
    desk.hand.try_disk(&desk.now);
    assert_eq!((desk.journal.is_writable(), desk.journal.held()), (false, 2));
    desk.disk.break_after(None);
    desk.hand.try_disk(&desk.now);
    assert_eq!((desk.journal.is_writable(), desk.journal.held()), (true, 0));
    assert_eq!(desk.found(), ["kept", "kept, too"]);
    assert_eq!(desk.numbers.try_iter().collect::<Vec<_>>(), [1_000, 1_001]);
}

#[test]
fn d01_what_is_handed_over_after_a_kill_is_not_written() {
    let mut desk = desk();
    desk.journal.keep(batch("before"), || {});
    desk.hand.commit(1, &desk.now);
    let bytes = desk.disk.bytes();
    desk.journal.keep(batch("after"), || {});
    let Desk { disk, journal, hand, .. } = desk;
    hand.kill();
    assert!(journal.first(Kind::Secret, 1).is_err(), "nobody reads, either");
    drop(journal);
    assert!(disk.bytes() == bytes, "not even a word of farewell");
}
