//! Rows as messages, looks of bounded length, and who asked to be left alone.

use std::time::Duration;

use super::*;
use crate::store::clock::{JournalTime, Reading, Stamp};
use crate::store::memory::MemoryDisk;
use crate::store::{Opened, Settings};
use crate::time::Micros;
use crate::time::testing::origin;

#[test]
fn w07_a_row_that_is_put_again_stays_as_old_as_it_is() {
    // A life that began an hour after the one that made the row.
    let last = Stamp { time: JournalTime(7_000_000), wall: Micros(0), boot: 1, uptime: Micros(0) };
    let uptime = Duration::from_secs(3_600);
    let now = Reading { instant: origin(), wall: Micros(0), boot: 1, uptime };
    let clock = JournalClock::resume(Some(last), &now);
    let row = row(7, "https://example.com/");
    assert_eq!(record(&message(row.clone(), clock), clock), row);
}

#[test]
fn w04_one_look_is_bounded_whoever_the_rows_are_for() {
    let rows = Rows(journal());
    let mut batch = Batch::new();
    for id in 1..=5_000 {
        batch.put(row(id, "https://down.example/"));
    }
    batch.put(Webhook { is_url: false, ..row(5_001, "b") });
    rows.0.keep(batch, || {});
    let b = Of::Named("b".into());
    let look = |of, from| {
        let Found { messages, next } = rows.rows(of, MessageId(from), 512).unwrap();
        let ids = messages.iter().map(|it| it.id.0);
        (ids.clone().min(), ids.count(), next.map(|next| next.0))
    };
    assert_eq!(look(&b, 0), (None, 0, Some(4_097)));
    assert_eq!(look(&b, 4_097), (Some(5_001), 1, None));
    assert_eq!(look(&Of::Urls, 0), (Some(1), 512, Some(513)));
    // In the midst of a page: what was read and does not fit is not passed over.
    let Found { messages, next } = rows.rows(&Of::All, MessageId(1), 300).unwrap();
    assert_eq!((messages.len(), next), (300, Some(MessageId(301))));
}

#[test]
fn w02_who_asked_to_be_left_alone_is_known_by_name() {
    let rows = Rows(journal());
    let zero = origin();
    let until = |minutes: u32| zero + Duration::from_secs(60) * minutes;
    for (name, minutes) in [("a", 5), ("b", 7), ("a", 60)] {
        rows.pause(name, until(minutes));
    }
    rows.settle().unwrap();
    let found = rows.pauses().unwrap().into_iter();
    // The journal counts microseconds.
    let found: Vec<_> = found.map(|(name, at)| (name, rows.0.clock().at(at))).collect();
    let expected = [("a", until(60)), ("b", until(7))];
    assert_eq!(found, expected.map(|(name, at)| (name.into(), rows.0.clock().at(at))));
}

fn journal() -> Journal {
    let reading = Reading { instant: origin(), ..Reading::system() };
    let disk = Arc::new(MemoryDisk::default());
    let opened = Opened::on(disk, Settings::default(), reading).unwrap();
    opened.start(Box::new(|_| {})).unwrap().0
}

fn row(id: u128, endpoint: &str) -> Webhook {
    Webhook {
        id,
        endpoint: endpoint.into(),
        is_url: true,
        sequence: 1,
        name: "verification.failed".into(),
        body: Hidden(b"{}".as_slice().into()),
        created_at: Micros(1),
        created: JournalTime(2_000_001),
        matters_until: Some(JournalTime(9_000_003)),
        attempts: 3,
        next: Some(JournalTime(4_000_000_000)),
        status: Some(503),
        error: Some("it replied 503".into()),
    }
}
