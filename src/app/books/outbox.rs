//! The webhooks' messages in the journal.

use std::sync::Arc;

use crate::notify::{Endpoint, Message, MessageId, Of, Outbox, OutboxError};
use crate::store::clock::JournalClock;
use crate::store::record::Webhook;
use crate::store::{Batch, Hidden, Journal, Key, Record};

/// The rows of the journal, as the webhooks' room knows them.
pub(crate) struct Rows(pub(crate) Journal);

impl Rows {
    /// The row with this id or the next one, and those behind it. What was handed over before is in it.
    fn read(&self, from: MessageId, limit: usize) -> Result<Vec<Webhook>, OutboxError> {
        self.0.barrier().wait().map_err(|_| OutboxError)?;
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

    fn row(&self, id: MessageId) -> Result<Option<Message>, OutboxError> {
        let found = self.read(id, 1)?.pop().filter(|row| row.id == id.0);
        Ok(found.map(|row| message(row, self.0.clock())))
    }

    fn rows(&self, of: &Of, from: MessageId, limit: usize) -> Result<Vec<Message>, OutboxError> {
        let (mut found, mut from) = (vec![], from);
        while found.len() < limit {
            let page = self.read(from, PAGE)?;
            let is_last = page.len() < PAGE;
            from = page.last().map_or(from, |row| MessageId(row.id.saturating_add(1)));
            let wanted = page.into_iter().filter(|row| is_of(row, of));
            found.extend(wanted.map(|row| message(row, self.0.clock())));
            if is_last {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
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
        rest_until: row.rest_until.map(|until| clock.instant(until)),
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
        rest_until: message.rest_until.map(|until| clock.at(until)),
    }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::clock::{JournalTime, Reading, Stamp};
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
        let row = Webhook {
            id: 7,
            endpoint: "https://example.com/".into(),
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
            rest_until: Some(JournalTime(3_000_000_000)),
        };
        assert_eq!(record(&message(row.clone(), clock), clock), row);
    }
}
