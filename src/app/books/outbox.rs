//! The webhooks' messages in the journal.

use std::sync::Arc;
use std::time::Instant;

use crate::notify::{Endpoint, Found, Message, MessageId, Of, Outbox, OutboxError};
use crate::store::clock::JournalClock;
use crate::store::record::{Pause, Webhook};
use crate::store::{Batch, Hidden, Journal, Key, Kind};

/// The rows of the journal, as the webhooks' room knows them.
pub(crate) struct Rows(pub(crate) Journal);

impl Rows {
    /// The row with this id or the next one, and those behind it.
    fn read(&self, from: MessageId, limit: usize) -> Result<Vec<Webhook>, OutboxError> {
        let before = Key::Webhook(from.0.saturating_sub(1));
        let found = self.0.after(&before, limit).map_err(|_| OutboxError)?;
        Ok(found.into_iter().filter_map(Webhook::of).collect())
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
            let pause = Pause::of(record);
            found.extend(pause.map(|Pause { endpoint, until }| (endpoint, clock.instant(until))));
        });
        read.map(|()| found).map_err(|_| OutboxError)
    }

    fn settle(&self) -> Result<(), OutboxError> {
        self.0.barrier().wait().map_err(|_| OutboxError)
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
mod tests;
