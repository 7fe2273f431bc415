//! Looks through the messages for those who ask, page by page: a request reads a bounded number of rows,
//! and says where the next one goes on.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::delivery::{DeadFilter, Deliveries, Delivery, Filter, Retried};
use super::super::desk::PutBack;
use super::super::message::{Endpoint, Message, MessageId};
use super::super::outbox::{Found, Of, Outbox, OutboxError};
use super::super::standing::Standing;
use super::{Command, Notifier, RetryError};

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
            let rows = self.standings(rows).await?.into_iter();
            let shown = rows.map(|(row, is_trying, standing)| {
                Delivery::of(row, is_trying, standing, &self.clock)
            });
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

    /// Puts dead letters back: they wait like any other message, are due now, and leave as their
    /// endpoint's concurrency, breaker and wish to be left alone have it. It is on disk when this
    /// returns.
    ///
    /// # Errors
    ///
    /// None for this endpoint can be, or the disk does not work; some may have been put back then.
    pub async fn retry_dead(&self, wanted: DeadFilter) -> Result<Retried, RetryError> {
        if let Some(gone) = self.gone(&wanted.of) {
            return Err(RetryError::Gone(gone));
        }
        let mut walk = Walk::new(&self.outbox, &wanted.of, wanted.after);
        let mut retried = Retried { waiting: 0, left: 0, next: None };
        let mut room = wanted.limit;
        while room > 0
            && let Some(rows) = walk.page().await?
        {
            let mut dead: Vec<_> = rows.into_iter().filter(|row| wanted.means(row)).collect();
            let is_cut = dead.len() > room;
            dead.truncate(room);
            room -= dead.len();
            let last = dead.last().map(|letter| letter.id);
            let PutBack { waiting, left } = self.put_back(dead).await?;
            retried.waiting += waiting;
            retried.left += left;
            if is_cut {
                return Ok(Retried { next: last, ..retried });
            }
        }
        Ok(Retried { next: walk.behind(), ..retried })
    }

    /// A page of them, so that what others write meanwhile waits for one page at most.
    async fn put_back(&self, dead: Vec<Message>) -> Result<PutBack, OutboxError> {
        if dead.is_empty() {
            return Ok(PutBack::default());
        }
        let (reply, answer) = oneshot::channel();
        let _ = self.commands.send(Command::PutBack(dead, reply)).await;
        // Without an answer it has stopped, and they are what they were.
        let count = answer.await.map_err(|_| OutboxError)?;
        let outbox = self.outbox.clone();
        let settled = tokio::task::spawn_blocking(move || outbox.settle());
        settled.await.map_err(|_| OutboxError)??;
        Ok(count)
    }

    async fn standings(
        &self,
        rows: Vec<Message>,
    ) -> Result<Vec<(Message, bool, Standing)>, OutboxError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.commands.send(Command::Standings(rows, reply)).await;
        answer.await.map_err(|_| OutboxError)
    }

    /// The endpoint that is meant, if nobody is configured for it.
    fn gone(&self, of: &Of) -> Option<Endpoint> {
        let endpoint = match of {
            Of::All => return None,
            Of::Named(name) => Endpoint::Named(name.clone()),
            Of::Urls => Endpoint::Url("".into()),
        };
        self.tally_of(&endpoint).is_none().then_some(endpoint)
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
