//! The journal's thread: what it answers, what it does when its disk fails, and what is left when its
//! process is killed.

#[path = "store/keep.rs"]
mod keep;
#[path = "store/kill.rs"]
mod kill;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{pin, thread};

use ringproof::number::E164;
use ringproof::store::clock::{JournalTime, Reading};
use ringproof::store::memory::MemoryDisk;
use ringproof::store::record::{Attempt, Idempotency};
use ringproof::store::settings::{BATCH_BYTES_MAX, QUEUE_MAX};
use ringproof::store::{
    Batch, CommitError, Durability, Hidden, Journal, Key, Kind, NewEvent, Opened, ReadError,
    Record, Settings, SubmitError, WriterThread,
};
use ringproof::time::Micros;
use ringproof::verify::id::VerificationId;

/// Replies of numbered batches that are not deleted.
const KEPT: u64 = 100;
/// Verifications that they write in turns.
const TURNS: u64 = 50;

fn reply(number: u64, bytes: usize) -> Idempotency {
    Idempotency {
        ticket: number,
        owner: [1; 32],
        request: [2; 32],
        before: None,
        status: 201,
        headers: vec![],
        body: Hidden(vec![number as u8; bytes].into()),
        expires: JournalTime(number),
    }
}

fn event(number: u64) -> NewEvent {
    let about = Some(number.into());
    let data = format!(r#"{{"number":{number}}}"#).into_bytes().into();
    NewEvent { name: "n".into(), at: Micros(number), about, data, webhooks: vec![] }
}

/// The batch with this number: three tables and a delete, so that a half is seen.
fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put(reply(number, 200)).put(Attempt {
        verification: VerificationId((number % TURNS).into()),
        left: 1,
        phone: E164::parse("+46701234567").expect("a number"),
        of_phone: 1,
        at: JournalTime(number),
    });
    if number > KEPT {
        batch.delete(&Key::Idempotency(number - KEPT));
    }
    batch.tell(event(number));
    batch
}

/// The last number, after a check that what is there is what all batches up to it leave.
fn check_numbered(opened: &Opened) -> u64 {
    let mut numbers = vec![];
    let reply = |record| {
        let Record::Idempotency(reply) = record else { panic!("{record:?} among the replies") };
        numbers.push(reply.ticket);
    };
    opened.visit(Kind::Idempotency, reply).expect("replies are read");
    let last = numbers.last().copied().unwrap_or(0);
    let first = last.saturating_sub(KEPT) + 1;
    assert_eq!(numbers, (first..=last).collect::<Vec<_>>());
    let mut attempts = BTreeMap::new();
    let attempt = |record| {
        let Record::Attempt(it) = record else { panic!("{record:?} among the attempts") };
        attempts.insert(it.verification.0 as u64, it.at.0);
    };
    opened.visit(Kind::Attempt, attempt).expect("attempts are read");
    let from = last.saturating_sub(TURNS) + 1;
    let expected = (from..=last).map(|number| (number % TURNS, number)).collect();
    assert_eq!(attempts, expected);
    check_events(opened, 1..=last);
    last
}

/// The events there are those of these batches, numbered without a gap.
fn check_events(opened: &Opened, numbers: impl IntoIterator<Item = u64>) {
    let mut events = vec![];
    let event = |record| {
        let Record::Event(it) = record else { panic!("{record:?} among the events") };
        events.push((it.sequence, it.about.expect("its number") as u64));
    };
    opened.visit(Kind::Event, event).expect("events are read");
    let first = opened.next_event() - events.len() as u64;
    let expected: Vec<_> = (first..).zip(numbers).collect();
    assert_eq!(events, expected);
}

fn settings(durability: Durability) -> Settings {
    Settings { durability, ..Settings::default() }
}

fn on(disk: &Arc<MemoryDisk>) -> Opened {
    let disk = Arc::clone(disk);
    Opened::on(disk, settings(Durability::Power), Reading::system()).expect("it opens")
}

fn start(disk: &Arc<MemoryDisk>) -> (Journal, WriterThread) {
    on(disk).start(Box::new(|_| {})).expect("a thread")
}

/// Asks again and again, for ten seconds.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let (_never, pause) = sync_channel::<()>(0);
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        let _ = pause.recv_timeout(Duration::from_millis(10));
    }
    panic!("in ten seconds {what} was not so");
}

#[test]
fn batches_of_many_threads_are_committed_in_groups_and_each_is_answered() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    thread::scope(|scope| {
        for nth in 0..4 {
            let journal = journal.clone();
            scope.spawn(move || {
                let tickets: Vec<_> = (0..250)
                    .map(|number| {
                        let mut batch = Batch::new();
                        batch.put(reply(nth * 1_000 + number, 100));
                        journal.submit(batch).expect("there is room")
                    })
                    .collect();
                for ticket in tickets {
                    assert_eq!(ticket.wait(), Ok(()));
                }
            });
        }
    });
    drop(journal);
    thread.join();
    let opened = on(&disk);
    assert_eq!(opened.count(Kind::Idempotency).expect("it reads"), 1_000);
    assert!(opened.report().commits < 900, "{:?}", opened.report());
}

#[test]
fn a_ticket_is_awaited_polled_or_waited_for_and_an_answer_can_be_called() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    let mut polled = journal.submit(numbered(1)).expect("there is room");
    wait_until("the answer there", || polled.poll_now() == Some(Ok(())));

    let mut awaited = pin::pin!(journal.submit(numbered(2)).expect("there is room"));
    let mut context = Context::from_waker(Waker::noop());
    wait_until("the answer there", || awaited.as_mut().poll(&mut context) == Poll::Ready(Ok(())));
    let (told, answer) = sync_channel(1);
    let tell = move |it| told.send(it).expect("somebody waits");
    journal.submit_then(Batch::new(), tell).expect("there is room");
    assert_eq!(answer.recv(), Ok(Ok(())));
    // Readers see what was committed while the journal is written.
    let found = journal.after(&Key::Idempotency(1), 10).expect("it reads");
    assert_eq!(found, [reply(2, 200).into()]);
    let found = journal.first(Kind::Idempotency, 1).expect("it reads");
    assert_eq!(found, [reply(1, 200).into()]);
    drop(journal);
    thread.join();
    assert_eq!(check_numbered(&on(&disk)), 2);
}

#[test]
fn what_waits_when_the_last_handle_goes_is_committed() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    for number in 1..=500 {
        drop(journal.submit(numbered(number)).expect("there is room"));
    }
    drop(journal);
    thread.join();
    assert_eq!(check_numbered(&on(&disk)), 500);
}

#[test]
fn a_full_queue_and_a_batch_that_is_too_large_are_refused() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    let (let_go, held) = sync_channel::<()>(0);
    let hold = move |_| {
        let _ = held.recv();
    };
    journal.submit_then(Batch::new(), hold).expect("there is room");
    let mut taken = 0;
    let refused = loop {
        match journal.submit(Batch::new()) {
            Ok(_) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, SubmitError::Full);
    // The one that holds the thread may still have been in it.
    assert!(taken >= QUEUE_MAX - 1, "{taken}");
    drop(let_go);
    wait_until("there room", || journal.submit(Batch::new()).is_ok());
    let mut large = Batch::new();
    large.put(reply(1, BATCH_BYTES_MAX));
    let refused = journal.submit(large).expect_err("it is too large");
    assert!(matches!(refused, SubmitError::TooLarge { .. }), "{refused}");
    drop(journal);
    thread.join();
}

#[test]
fn d07_a_failing_disk_refuses_and_is_used_again_when_it_works() {
    let disk = Arc::new(MemoryDisk::default());
    let (journal, thread) = start(&disk);
    let commit = |number| journal.submit(numbered(number)).map(|ticket| ticket.wait());
    assert_eq!(commit(1), Ok(Ok(())));
    disk.break_after(Some(2));
    assert_eq!(commit(2), Ok(Err(CommitError::Disk)));
    assert!(!journal.is_writable());
    assert_eq!(commit(2), Err(SubmitError::Unwritable));
    let away = journal.after(&Key::Event(0), 1).expect_err("nothing is read from it");
    assert!(matches!(away, ReadError::Away), "{away}");
    disk.break_after(None);
    wait_until("it writable", || journal.is_writable());
    assert_eq!(commit(2), Ok(Ok(())));
    assert_eq!(journal.after(&Key::Event(0), 9).expect("it reads").len(), 2);
    drop(journal);
    thread.join();
    let opened = on(&disk);
    assert_eq!(check_numbered(&opened), 2);
    assert_eq!(opened.report().lost, 0);
}

#[test]
fn d07_a_disk_without_room_is_used_again_when_there_is() {
    let disk = Arc::new(MemoryDisk::default());
    let (journal, thread) = start(&disk);
    disk.limit(Some(disk.bytes().len() as u64 + 100_000));
    let commit = |number| {
        let mut batch = Batch::new();
        batch.put(reply(number, 30_000));
        journal.submit(batch).map(|ticket| ticket.wait())
    };
    let mut last = 0;
    while commit(last + 1) == Ok(Ok(())) {
        last += 1;
    }
    assert!(last > 0 && !journal.is_writable());
    disk.limit(None);
    wait_until("it writable", || journal.is_writable());
    assert_eq!(journal.after(&Key::Idempotency(0), 1_000).expect("it reads").len() as u64, last);
    assert_eq!(commit(last + 1), Ok(Ok(())));
    drop(journal);
    thread.join();
    assert_eq!(on(&disk).count(Kind::Idempotency).expect("it reads"), last + 1);
}
