//! The webhooks' messages in the journal.

use std::sync::Arc;
use std::time::Instant;

use crate::notify::{Endpoint, Found, Message, MessageId, Of, Outbox, OutboxError};
use crate::store::clock::JournalClock;
use crate::store::record::{Pause, Webhook};
use crate::store::{Batch, Hidden, Journal, Key, Kind, Record};

/// The rows of the journal, as the webhooks' room knows them.
pub(crate) struct Rows(pub(crate) Journal);

impl Rows {
    /// Waits for what was handed over before, so that a read finds it.
    fn settle(&self) -> Result<(), OutboxError> {
        self.0.barrier().wait().map_err(|_| OutboxError)
    }

    /// The row with this id or the next one, and those behind it.
    fn read(&self, from: MessageId, limit: usize) -> Result<Vec<Webhook>, OutboxError> {
        let before = Key::Webhook(from.0.saturating_sub(1));
        let found = self.0.after(&before, limit).map_err(|_| OutboxError)?;
        let row = |record| if let Record::Webhook(row) = record { Some(row) } else { None };
        Ok(found.into_iter().filter_map(row).collect())
    }
}

impl Outbox for Rows {
    fn taken(&self, id: MessageId) {
        let mut batch = Batch::new();
        batch.delete(&Key::Webhook(id.0));
        self.0.keep(batch, || {});
    }

    fn later(&self, message: &Message) {
        let mut batch = Batch::new();
        batch.put(record(message, self.0.clock()));
        self.0.keep(batch, || {});
    }

    fn pause(&self, endpoint: &str, until: Instant) {
        let mut batch = Batch::new();
        batch.put(Pause { endpoint: endpoint.into(), until: self.0.clock().at(until) });
        self.0.keep(batch, || {});
    }

    fn pauses(&self) -> Result<Vec<(Box<str>, Instant)>, OutboxError> {
        let (mut found, clock) = (vec![], self.0.clock());
        let read = self.0.visit(Kind::Pause, |record| {
            if let Record::Pause(Pause { endpoint, until }) = record {
                found.push((endpoint, clock.instant(until)));
            }
        });
        read.map(|()| found).map_err(|_| OutboxError)
    }

    fn row(&self, id: MessageId) -> Result<Option<Message>, OutboxError> {
        self.settle()?;
        let found = self.read(id, 1)?.pop().filter(|row| row.id == id.0);
        Ok(found.map(|row| message(row, self.0.clock())))
    }

    fn rows(&self, of: &Of, from: MessageId, limit: usize) -> Result<Found, OutboxError> {
        self.settle()?;
        let (mut messages, mut next) = (vec![], Some(from));
        for _ in 0..PAGES {
            let Some(from) = next.filter(|_| messages.len() < limit) else { break };
            let page = self.read(from, PAGE)?;
            next = page.last().filter(|_| page.len() == PAGE).map(behind);
            let wanted = page.into_iter().filter(|row| is_of(row, of));
            messages.extend(wanted.map(|row| message(row, self.0.clock())));
        }
        if messages.len() > limit {
            next = Some(messages[limit].id);
            messages.truncate(limit);
        }
        Ok(Found { messages, next })
    }
}

/// A row that was committed with its event, or read back.
pub(crate) fn message(row: Webhook, clock: JournalClock) -> Message {
    let endpoint: Arc<str> = row.endpoint.into();
    Message {
        id: MessageId(row.id),
        endpoint: if row.is_url { Endpoint::Url(endpoint) } else { Endpoint::Named(endpoint) },
        sequence: row.sequence,
        name: row.name.into(),
        body: row.body.0.into(),
        created_at: row.created_at,
        created: clock.instant(row.created),
        matters_until: row.matters_until.map(|until| clock.instant(until)),
        attempts: row.attempts,
        next: row.next.map(|next| clock.instant(next)),
        status: row.status,
        error: row.error,
    }
}

fn record(message: &Message, clock: JournalClock) -> Webhook {
    let (endpoint, is_url) = match &message.endpoint {
        Endpoint::Named(name) => (name, false),
        Endpoint::Url(url) => (url, true),
    };
    Webhook {
        id: message.id.0,
        endpoint: (**endpoint).into(),
        is_url,
        sequence: message.sequence,
        name: (*message.name).into(),
        body: Hidden((*message.body).into()),
        created_at: message.created_at,
        created: clock.at(message.created),
        matters_until: message.matters_until.map(|until| clock.at(until)),
        attempts: message.attempts,
        next: message.next.map(|next| clock.at(next)),
        status: message.status,
        error: message.error.clone(),
    }
}

/// The least id behind a row.
fn behind(row: &Webhook) -> MessageId {
    MessageId(row.id.saturating_add(1))
}

fn is_of(row: &Webhook, of: &Of) -> bool {
    match of {
        Of::All => true,
        Of::Named(name) => !row.is_url && *row.endpoint == **name,
        Of::Urls => row.is_url,
    }
}

/// Rows that are read at once.
const PAGE: usize = 256;
/// Pages of one look, for which everything handed over before is waited for once.
const PAGES: usize = 16;

#[cfg(test)]
mod tests {
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
        let last =
            Stamp { time: JournalTime(7_000_000), wall: Micros(0), boot: 1, uptime: Micros(0) };
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
}
