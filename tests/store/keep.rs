//! What is kept whatever the disk does, and the numbers of its events.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use ringproof::entropy::Entropy;
use ringproof::store::memory::MemoryDisk;
use ringproof::store::settings::{OFFERED_MAX, QUEUE_MAX};
use ringproof::store::{
    Announced, Batch, CommitError, Journal, Key, Kind, NewEvent, NewWebhook, Record, SubmitError,
    WriterThread,
};

use super::{check_events, event, numbered, on, reply, start, wait_until};

/// A journal whose announcements are seen: the event's number, and its batch's.
fn start_heard(disk: &Arc<MemoryDisk>) -> (Journal, WriterThread, Receiver<(u64, u64)>) {
    let (say, heard) = unbounded();
    let announce = move |events: &[Announced]| {
        for event in events {
            let number = event.about.expect("its number") as u64;
            say.send((event.sequence, number)).expect("somebody listens");
        }
    };
    let (journal, thread) = on(disk).start(Box::new(announce)).expect("a thread");
    (journal, thread, heard)
}

#[expect(clippy::disallowed_methods, reason = "the journal's thread must not wait for a test")]
fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel()
}

/// Keeps a batch; says when it is on disk.
fn keep(journal: &Journal, batch: Batch) -> Receiver<()> {
    let (tell, saved) = sync_channel(1);
    journal.keep(batch, move || tell.send(()).expect("somebody waits"));
    saved
}

fn told(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.tell(event(number));
    batch
}

#[test]
fn an_event_is_announced_with_its_envelope_and_its_webhooks_before_anybody_is_answered() {
    let disk = Arc::default();
    let opened = on(&disk);
    let next = opened.next_event();
    let (say, heard) = unbounded();
    let announce = move |events: &[Announced]| say.send(events.to_vec()).expect("it listens");
    let (journal, thread) = opened.start(Box::new(announce)).expect("a thread");
    let webhook =
        NewWebhook { id: 9, endpoint: "billing".into(), is_url: false, matters_until: None };
    let mut batch = Batch::new();
    batch.tell(event(1)).tell(NewEvent { webhooks: vec![webhook], ..event(2) });
    journal.submit(batch).expect("there is room").wait().expect("the disk works");
    let events = heard.try_recv().expect("it was announced before the answer");
    let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [next, next + 1]);
    assert_eq!(journal.last_event(), next + 1);
    let body = String::from_utf8(events[1].body.to_vec()).expect("it is text");
    let timestamp = "1970-01-01T00:00:00.000Z";
    let sequence = next + 1;
    let expected = format!(
        r#"{{"type":"n","timestamp":"{timestamp}","sequence":{sequence},"data":{{"number":2}}}}"#
    );
    assert_eq!(body, expected);
    // The same is on disk: the event, and a message that is due.
    let found = journal.after(&Key::Event(next), 9).expect("it reads");
    let [Record::Event(written)] = &*found else { panic!("{found:?}") };
    assert_eq!((&*written.body.0, written.about), (body.as_bytes(), Some(2)));
    let found = journal.first(Kind::Webhook, 9).expect("it reads");
    assert_eq!(found, [events[1].webhooks[0].clone().into()]);
    let message = &events[1].webhooks[0];
    assert_eq!((message.id, message.sequence, message.attempts), (9, sequence, 0));
    assert_eq!((&*message.body.0, message.next), (body.as_bytes(), Some(written.written)));
    drop(journal);
    thread.join();
}

#[test]
fn d07_kept_batches_survive_a_failed_disk_in_order_and_their_events_have_no_gaps() {
    let disk = Arc::new(MemoryDisk::default());
    let (journal, thread, heard) = start_heard(&disk);
    assert_eq!(keep(&journal, numbered(1)).recv(), Ok(()));
    disk.break_after(Some(2));
    let mut saved = vec![];
    for number in 2..=6 {
        saved.push(keep(&journal, numbered(number)));
        wait_until("it held", || journal.held() == number as usize - 1);
        assert!(saved.iter().all(|saved| saved.try_recv().is_err()));
        assert_eq!(journal.submit(told(99)).unwrap_err(), SubmitError::Unwritable);
        assert_eq!(journal.barrier().wait(), Err(CommitError::Disk));
    }
    assert_eq!(heard.try_iter().count(), 1, "what is held is not announced");
    disk.break_after(None);
    wait_until("it writable", || journal.is_writable());
    // It is not writable before what was held is written.
    assert_eq!(journal.held(), 0);
    assert_eq!(journal.barrier().wait(), Ok(()));
    assert!(saved.iter().all(|saved| saved.recv().is_ok()));
    assert_eq!(keep(&journal, numbered(7)).recv(), Ok(()));
    let figures = journal.figures();
    assert_eq!((figures.failures, figures.held, figures.waiting), (1, 0, 0));
    drop(journal);
    thread.join();
    let announced: Vec<_> = heard.iter().collect();
    let opened = on(&disk);
    let next = opened.next_event();
    assert_eq!(announced, (next - 6..next).zip(2..=7).collect::<Vec<_>>());
    assert_eq!(super::check_numbered(&opened), 7);
}

#[test]
fn d07_a_group_that_fails_loses_what_was_submitted_and_holds_what_was_kept() {
    let disk = Arc::new(MemoryDisk::default());
    let (journal, thread, heard) = start_heard(&disk);
    let let_go = stop_the_thread(&journal);
    let first = journal.submit(told(1)).expect("there is room");
    let second = keep(&journal, told(2));
    let third = journal.submit(told(3)).expect("there is room");
    let fourth = keep(&journal, told(4));
    // What the same key says last, counts, also when what came between is refused.
    let (mut older, mut newer) = (Batch::new(), Batch::new());
    older.put(reply(1, 10));
    newer.put(reply(1, 20));
    journal.keep(older, || {});
    drop(journal.submit(newer).expect("there is room"));
    let barrier = journal.barrier();
    disk.break_after(Some(0));
    drop(let_go);
    assert_eq!((first.wait(), third.wait()), (Err(CommitError::Disk), Err(CommitError::Disk)));
    assert_eq!(barrier.wait(), Err(CommitError::Disk));
    disk.break_after(None);
    wait_until("it writable", || journal.is_writable());
    assert_eq!((second.recv(), fourth.recv()), (Ok(()), Ok(())));
    let found = journal.first(Kind::Idempotency, 9).expect("it reads");
    assert_eq!(found, [reply(1, 10).into()]);
    drop(journal);
    thread.join();
    let numbers: Vec<_> = heard.iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, [2, 4]);
    check_events(&on(&disk), [2, 4]);
}

/// The journal's thread does nothing until what this returns is dropped.
fn stop_the_thread(journal: &Journal) -> SyncSender<()> {
    let (let_go, held) = sync_channel::<()>(0);
    let (tell, stopped) = sync_channel(0);
    let hold = move |_| {
        tell.send(()).expect("somebody waits");
        let _ = held.recv();
    };
    journal.submit_then(Batch::new(), hold).expect("there is room");
    stopped.recv().expect("it stops");
    let_go
}

#[test]
fn what_is_kept_has_no_bound_and_takes_no_place_of_what_is_submitted() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    let let_go = stop_the_thread(&journal);
    for number in 1..=QUEUE_MAX as u64 + 10 {
        journal.keep(told(number), || {});
    }
    let last = journal.submit(told(QUEUE_MAX as u64 + 11)).expect("there is room");
    assert_eq!(journal.figures().waiting, QUEUE_MAX as u64 + 11);
    drop(let_go);
    assert_eq!(last.wait(), Ok(()));
    drop(journal);
    thread.join();
    check_events(&on(&disk), 1..=QUEUE_MAX as u64 + 11);
}

/// Strangers go on ringing while the disk fails.
#[test]
fn what_is_offered_has_a_bound_and_what_is_kept_has_none() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    let let_go = stop_the_thread(&journal);
    let all = OFFERED_MAX as u64;
    for number in 1..=all + 2 {
        journal.offer(numbered(number), || {});
    }
    journal.keep(numbered(all + 3), || {});
    journal.offer(numbered(all + 4), || {});
    assert_eq!((journal.figures().waiting, journal.figures().left_out), (all + 1, 3));
    drop(let_go);
    assert_eq!(journal.barrier().wait(), Ok(()));
    assert_eq!(journal.figures().batches, all + 1);
    journal.offer(numbered(all + 5), || {});
    assert_eq!(journal.barrier().wait(), Ok(()));
    assert_eq!((journal.figures().batches, journal.figures().left_out), (all + 2, 3));
    drop(journal);
    thread.join();
}

#[test]
fn a_barrier_tells_that_all_before_it_is_on_disk() {
    let disk = Arc::default();
    let (journal, thread) = start(&disk);
    journal.keep(numbered(1), || {});
    assert_eq!(journal.barrier().wait(), Ok(()));
    assert_eq!(journal.first(Kind::Idempotency, 9).expect("it reads").len(), 1);
    let figures = journal.figures();
    assert_eq!((figures.commits, figures.batches, figures.records), (1, 1, 3));
    assert_eq!(figures.commit_micros.counts.iter().sum::<u64>(), 1);
    assert_eq!((figures.group_batches.counts[0], figures.group_batches.sum), (1, 1));
    assert!(figures.is_writable && figures.bytes > 300 && figures.file_bytes > 4_096);
    drop(journal);
    thread.join();
}

#[test]
fn d07_what_is_held_when_the_last_handle_goes_is_written_if_the_disk_works_then() {
    for works in [true, false] {
        let disk = Arc::new(MemoryDisk::default());
        let (journal, thread) = start(&disk);
        disk.break_after(Some(0));
        let saved = keep(&journal, numbered(1));
        wait_until("it refusing", || !journal.is_writable());
        if works {
            disk.break_after(None);
        }
        drop(journal);
        thread.join();
        disk.break_after(None);
        assert_eq!(super::check_numbered(&on(&disk)), u64::from(works));
        assert_eq!(saved.recv().is_ok(), works);
    }
}

#[test]
fn d07_whenever_the_disk_fails_and_works_again_nothing_kept_is_lost_and_no_number_given_twice() {
    let mut dice = Entropy::seeded(3).stream();
    let disk = Arc::new(MemoryDisk::default());
    let (journal, thread, heard) = start_heard(&disk);
    let (mut kept, mut submitted) = (vec![], vec![]);
    let mut number = 0;
    for _ in 0..8 {
        // It fails in the middle of something, perhaps again while it is tried.
        disk.break_after(Some(dice.below(60).into()));
        for _ in 0..40 {
            number += 1;
            if dice.below(3) == 0 {
                submitted.extend(journal.submit(told(number)).map(|ticket| (number, ticket)));
            } else {
                kept.push(number);
                journal.keep(told(number), || {});
            }
            if dice.below(4) == 0 {
                let _ = journal.barrier().wait();
            }
        }
        disk.break_after(dice.below(2).eq(&0).then_some(12));
        let _ = journal.barrier().wait();
        disk.break_after(None);
        wait_until("it writable", || journal.is_writable());
    }
    assert_eq!(journal.barrier().wait(), Ok(()));
    drop(journal);
    thread.join();
    let safe = submitted.into_iter().filter_map(|(number, ticket)| {
        let answer = ticket.wait();
        answer.is_ok().then_some(number)
    });
    let mut expected: Vec<_> = kept.into_iter().chain(safe).collect();
    expected.sort_unstable();
    let (sequences, numbers): (Vec<_>, Vec<_>) = heard.iter().unzip();
    assert_eq!(numbers, expected, "each was announced once, in the order of this thread");
    // What was not synced may go with the power: nothing that was told of is in it.
    let opened = on(&Arc::new(disk.lose_power(&mut dice)));
    let next = opened.next_event();
    let all = next - sequences.len() as u64..next;
    assert_eq!(sequences, all.collect::<Vec<_>>());
    check_events(&opened, numbers);
}
