//! A disk that answers nothing, and a writer that is held back.

#![expect(clippy::disallowed_methods, reason = "the writer's thread reads the clock, too")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::{SETTINGS, attempt, open};
use crate::store::clock::Reading;
use crate::store::disk::Disk;
use crate::store::memory::MemoryDisk;
use crate::store::settings::SILENCE_MAX;
use crate::store::{Batch, Kind, Opened, SubmitError};

/// A disk whose syncs wait for a word each, once it is slow.
#[derive(Debug)]
struct SlowDisk {
    disk: MemoryDisk,
    is_slow: AtomicBool,
    asked: SyncSender<SyncSender<()>>,
}

impl Disk for SlowDisk {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, place: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(place, out)
    }

    fn write(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.write(place, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.set_len(len)
    }

    fn try_room(&self, bytes: u64) -> io::Result<()> {
        self.disk.try_room(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        if self.is_slow.load(Ordering::Relaxed) {
            let (word, waiting) = sync_channel(0);
            self.asked.send(word).expect("the test listens");
            waiting.recv().expect("the test answers");
        }
        self.disk.sync()
    }
}

fn slow_disk() -> (Arc<SlowDisk>, Receiver<SyncSender<()>>) {
    let (asked, asks) = sync_channel(0);
    let is_slow = AtomicBool::new(false);
    (Arc::new(SlowDisk { disk: MemoryDisk::default(), is_slow, asked }), asks)
}

fn batch() -> Batch {
    super::batch([attempt(1, 1).into()])
}

#[test]
fn d07_a_disk_that_answers_nothing_counts_as_one_that_does_not_work() {
    let (disk, asks) = slow_disk();
    let opened =
        Opened::on(Arc::clone(&disk) as Arc<dyn Disk>, SETTINGS, Reading::system()).unwrap();
    let (journal, _) = opened.start(Box::new(|_| {})).unwrap();
    disk.is_slow.store(true, Ordering::Relaxed);
    let ticket = journal.submit(batch()).unwrap();
    let word = asks.recv().unwrap();
    let begun = Instant::now();
    let is_writable = |after| journal.is_writable_at(|| begun + after);
    assert!(journal.is_writable(), "not yet");
    assert!(is_writable(SILENCE_MAX - Duration::from_secs(1)) && !is_writable(SILENCE_MAX));
    disk.is_slow.store(false, Ordering::Relaxed);
    word.send(()).unwrap();
    ticket.wait().unwrap();
    assert!(is_writable(SILENCE_MAX) && journal.silence().is_zero());
}

/// What a start reads must not look damaged because a disk without room refuses what is written beside.
#[tokio::test]
async fn d07_nothing_is_written_while_a_journal_is_held() {
    let disk = Arc::new(MemoryDisk::default());
    let (journal, _, hold) = open(&disk).unwrap().start_held(Box::new(|_| {})).unwrap();
    disk.break_after(Some(0));
    let mut ticket = Box::pin(journal.submit(batch()).unwrap());
    let early = tokio::time::timeout(Duration::from_millis(50), &mut ticket).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(journal.first(Kind::Attempt, 1).unwrap(), []);
    drop(hold);
    assert!(ticket.await.is_err());
    assert!(matches!(journal.submit(batch()), Err(SubmitError::Unwritable)));
}
