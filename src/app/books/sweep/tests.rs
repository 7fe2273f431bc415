//! What is swept, and when.

use std::cell::RefCell;
use std::sync::Arc;

use super::*;
use crate::store::clock::Reading;
use crate::store::memory::MemoryDisk;
use crate::store::record::{self, Idempotency};
use crate::store::{Hidden, Key, Opened};

fn terms() -> Terms {
    let journal = config::Journal {
        path: "journal".into(),
        settings: crate::store::Settings::default(),
        events_kept: 1,
        events_kept_for: Duration::ZERO,
    };
    Terms::new(&Settings::default(), &journal)
}

#[test]
fn h04_a_reply_is_kept_until_it_expires() {
    let reply = reply(1);
    let is_due = |now| terms().is_due(&reply, JournalTime(now));
    assert_eq!([1, 999, 1_000, 2_000].map(is_due), [false, false, true, true]);
}

#[test]
fn one_record_is_read_of_a_table_whose_oldest_is_young() {
    let table: Vec<_> = (1..=3_000).map(reply).collect();
    let reads = RefCell::new(vec![]);
    let due = |below: u64| {
        reads.borrow_mut().clear();
        let first = |limit| {
            let read: Vec<_> = table.iter().take(limit).cloned().collect();
            reads.borrow_mut().push(read.len());
            Ok(read)
        };
        let due = oldest_due(first, |_, record| record.key() < Key::Idempotency(below)).unwrap();
        (due.len(), reads.borrow().clone())
    };
    assert_eq!(due(1), (0, vec![1]));
    assert_eq!(due(8), (7, vec![1, ROUND]));
    assert_eq!(due(5_000), (ROUND, vec![1, ROUND]));
}

fn reply(ticket: u64) -> Record {
    let reply = Idempotency {
        ticket,
        owner: [0; 32],
        request: [0; 32],
        before: None,
        status: 201,
        headers: vec![],
        body: Hidden(Box::default()),
        expires: JournalTime(1_000),
    };
    reply.into()
}

#[test]
fn w08_a_message_that_nobody_took_is_deleted_seven_days_after_its_event() {
    let now = crate::time::testing::origin();
    let reading = Reading { instant: now, ..Reading::system() };
    let disk = Arc::new(MemoryDisk::default());
    let opened = Opened::on(disk, crate::store::Settings::default(), reading).unwrap();
    let (journal, _) = opened.start(Box::new(|_| {})).unwrap();
    // A dead letter and one that waits, of each of three days; both are tried again and written anew
    // until the day before they are looked at.
    let day = Duration::from_secs(86_400);
    let written = |id: u128, days: u32, next| Webhook {
        id,
        endpoint: "removed".into(),
        is_url: false,
        sequence: 1,
        name: "verification.failed".into(),
        body: Hidden(b"{}".as_slice().into()),
        created_at: crate::time::Micros(1),
        created: journal.clock().at(now + day * days),
        matters_until: None,
        attempts: 1,
        next,
        status: None,
        error: None,
    };
    let mut batch = Batch::new();
    for days in 0..3 {
        let id = u128::from(days) * 2;
        batch.put(written(id, days, None));
        batch.put(written(id + 1, days, Some(journal.clock().at(now + day * 9))));
    }
    journal.submit(batch).unwrap().wait().unwrap();
    let left_after = |days: u64, seconds| {
        let (mut untaken, at) = (vec![], now + day * days as u32 + Duration::from_secs(seconds));
        sweep(&journal, &terms(), at, &mut untaken).unwrap();
        let ids = untaken.iter().map(|row| row.id).collect::<Vec<_>>();
        (ids, journal.first(Kind::Webhook, 9).unwrap().len())
    };
    assert_eq!(left_after(6, 86_399), (vec![], 6));
    assert_eq!(left_after(7, 0), (vec![0, 1], 4));
    assert_eq!(left_after(9, 0), (vec![2, 3, 4, 5], 0));
}

/// After a start that may lack commits the numbers go on from the wall clock, far from the last.
#[test]
fn events_are_counted_and_not_their_numbers() {
    let reading = Reading::system();
    let disk = Arc::new(MemoryDisk::default());
    let mut opened = Opened::on(disk, crate::store::Settings::default(), reading).unwrap();
    for nth in 1..=4 {
        let mut batch = Batch::new();
        batch.put(event(nth * 1_000_000_000, opened.clock().at(reading.instant)));
        opened = opened.commit(batch, &reading).unwrap();
    }
    let (journal, _) = opened.start(Box::new(|_| {})).unwrap();
    let long = Duration::from_secs(86_400);
    let kept_after = |kept: u64, at: Duration| {
        let terms = Terms { events: (kept, long), ..terms() };
        sweep(&journal, &terms, reading.instant + at, &mut vec![]).unwrap();
        journal.first(Kind::Event, 9).unwrap().len()
    };
    let second = Duration::from_secs(1);
    assert_eq!([4, 3, 1].map(|kept| kept_after(kept, second)), [4, 3, 1]);
    assert_eq!(kept_after(1, long + second), 0);
}

fn event(sequence: u64, written: JournalTime) -> Record {
    let event = record::Event {
        sequence,
        at: crate::time::Micros(sequence),
        written,
        name: "verification.created".into(),
        about: None,
        body: Hidden(Box::default()),
    };
    event.into()
}
