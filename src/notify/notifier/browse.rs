//! Looks through the messages for those who ask, page by page: a request reads a bounded number of rows,
//! and says where the next one goes on.

use std::sync::Arc;

use super::super::delivery::{Deliveries, Delivery, Filter};
use super::super::message::{Message, MessageId};
use super::super::outbox::{Found, Of, Outbox, OutboxError};
use super::Notifier;

impl Notifier {
    /// Messages that were not taken yet, in the order of their ids.
    ///
    /// # Errors
    ///
    /// When the disk does not work.
    pub async fn deliveries(&self, filter: Filter) -> Result<Deliveries, OutboxError> {
        let mut walk = Walk::new(&self.outbox, &filter.of, filter.after);
        let mut items = Vec::new();
        while items.len() < filter.limit
            && let Some(rows) = walk.page().await?
        {
            let trying = self.trying(rows.iter().map(|row| row.id).collect()).await;
            let shown = rows.into_iter().zip(trying);
            let shown = shown.map(|(row, is_trying)| Delivery::of(row, is_trying, &self.clock));
            items.extend(shown.filter(|it| filter.means(it)));
        }
        let is_cut = items.len() > filter.limit;
        items.truncate(filter.limit);
        let next = match is_cut {
            true => items.last().map(|last| last.id),
            false => walk.behind(),
        };
        Ok(Deliveries { items, next })
    }
}

/// A way through the rows.
struct Walk<'a> {
    outbox: &'a Arc<dyn Outbox>,
    of: &'a Of,
    /// Where the next look begins; `None`: it is at the end.
    next: Option<MessageId>,
    looks: usize,
}

impl<'a> Walk<'a> {
    fn new(outbox: &'a Arc<dyn Outbox>, of: &'a Of, after: Option<MessageId>) -> Self {
        let next = Some(after.map_or(MessageId(0), MessageId::next));
        Self { outbox, of, next, looks: 0 }
    }

    /// The next rows, maybe none; `None` when there are no more, or enough was looked at.
    async fn page(&mut self) -> Result<Option<Vec<Message>>, OutboxError> {
        let Some(from) = self.next.filter(|_| self.looks < LOOKS_MAX) else { return Ok(None) };
        self.looks += 1;
        let (outbox, of) = (self.outbox.clone(), self.of.clone());
        let found = tokio::task::spawn_blocking(move || outbox.rows(&of, from, PAGE));
        let Found { messages, next } = found.await.map_err(|_| OutboxError)??;
        self.next = next;
        Ok(Some(messages))
    }

    /// Behind which row it goes on; `None`: it has seen the last.
    fn behind(&self) -> Option<MessageId> {
        self.next.map(MessageId::before)
    }
}

/// Rows that are read at once.
const PAGE: usize = 256;
/// Looks of one request. Each ends after 4096 rows at the latest, whoever they are for.
const LOOKS_MAX: usize = 64;
