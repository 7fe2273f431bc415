use std::sync::Arc;

use super::*;
use crate::store::clock::Reading;
use crate::store::memory::MemoryDisk;
use crate::store::record::Idempotency;
use crate::store::{Hidden, Opened};

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
    let reply = Record::from(Idempotency {
        ticket: 1,
        owner: [0; 32],
        request: [0; 32],
        status: 201,
        headers: vec![],
        body: Hidden(Box::default()),
        expires: JournalTime(1_000),
    });
    let is_due = |now| terms().is_due(&reply, 0, JournalTime(now));
    assert_eq!([1, 999, 1_000, 2_000].map(is_due), [false, false, true, true]);
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
        rest_until: None,
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
