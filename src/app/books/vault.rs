//! What the control room writes before it answers.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::scribe::Scribe;
use crate::app::teller::{Item, Teller};
use crate::control::{
    Answer, Before, EventRange, KeptReply, Saving, Store, StoredEvent, Unavailable,
};
use crate::store::clock::JournalClock;
use crate::store::record::{Event, Idempotency};
use crate::store::{Batch, Hidden, Key, Kind, Ticket};
use crate::verify::Beginning;

/// The journal as the control room sees it.
pub(crate) struct Vault {
    scribe: Arc<Scribe>,
    teller: Arc<Teller<Item>>,
}

impl Vault {
    pub(crate) fn new(scribe: Arc<Scribe>, teller: Arc<Teller<Item>>) -> Arc<Self> {
        Arc::new(Self { scribe, teller })
    }

    fn submit(&self, batch: Batch) -> Result<Saving, Unavailable> {
        let ticket = self.scribe.journal.submit(batch).map_err(|_| Unavailable)?;
        Ok(saving(ticket))
    }

    fn record(&self, kept: KeptReply) -> Idempotency {
        let KeptReply { ticket, owner, request, answer, expires } = kept;
        let (before, (status, headers, body)) = match answer {
            Answer::Intent(Before { attempts_left, calls_left }) => {
                (Some((attempts_left, calls_left)), (0, vec![], Default::default()))
            }
            Answer::Reply { status, headers, body } => (None, (status, headers, body)),
        };
        let (body, expires) = (Hidden(body.to_vec().into()), self.scribe.pen.clock.at(expires));
        Idempotency { ticket, owner, request, before, status, headers, body, expires }
    }

    fn one(&self, kept: KeptReply) -> Batch {
        let mut batch = Batch::new();
        batch.put(self.record(kept));
        batch
    }
}

impl Store for Vault {
    fn is_writable(&self) -> bool {
        self.scribe.journal.is_writable()
    }

    fn begin(&self, beginning: Beginning, reply: Option<KeptReply>) -> Result<Saving, Unavailable> {
        let Beginning { notes, events } = beginning;
        let mut batch = self.scribe.batch(&notes, events.iter());
        if let Some(reply) = reply {
            batch.put(self.record(reply));
        }
        let (saving, scribe) = (self.submit(batch)?, Arc::clone(&self.scribe));
        Ok(Box::pin(async move {
            saving.await?;
            // A start that is refused has never been.
            events.into_iter().for_each(|event| scribe.log(event));
            Ok(())
        }))
    }

    fn intend(&self, intent: KeptReply) -> Result<(), Unavailable> {
        // What comes of it waits for the disk behind it.
        self.submit(self.one(intent)).map(drop)
    }

    fn keep_reply(&self, reply: KeptReply) -> Saving {
        self.submit(self.one(reply))
            .unwrap_or_else(|refused| Box::pin(std::future::ready(Err(refused))))
    }

    fn forget_reply(&self, ticket: u64) {
        let mut batch = Batch::new();
        batch.delete(&Key::Idempotency(ticket));
        self.scribe.journal.keep(batch, || {});
    }

    fn barrier(&self) -> Saving {
        let (hand, ticket) = oneshot::channel();
        let journal = self.scribe.journal.clone();
        // Behind what waits to be told; a task that is gone needs no ticket.
        self.teller.then(move || drop(hand.send(journal.barrier())));
        Box::pin(async move { saving(ticket.await.map_err(|_| Unavailable)?).await })
    }

    fn events_after(&self, number: u64, limit: usize) -> Result<Vec<StoredEvent>, Unavailable> {
        let found = self.scribe.journal.after(&Key::Event(number), limit);
        let stored = |event: Event| StoredEvent {
            number: event.sequence,
            name: event.name,
            body: Vec::from(event.body.0).into(),
        };
        let found = found.map_err(|_| Unavailable)?;
        Ok(found.into_iter().filter_map(Event::of).map(stored).collect())
    }

    fn event_range(&self) -> Result<EventRange, Unavailable> {
        // First the end: what comes meanwhile is not in it.
        let latest = self.scribe.journal.last_event();
        let first = self.scribe.journal.first(Kind::Event, 1).map_err(|_| Unavailable)?.pop();
        let oldest = first.and_then(Event::of).map_or(latest + 1, |event| event.sequence);
        Ok(EventRange { oldest, latest })
    }
}

/// A request that the process before this one kept, answered or not.
pub(crate) fn reply(record: Idempotency, clock: JournalClock) -> KeptReply {
    let Idempotency { ticket, owner, request, before, status, headers, body, expires } = record;
    let answer = match before {
        Some((attempts_left, calls_left)) => Answer::Intent(Before { attempts_left, calls_left }),
        None => Answer::Reply { status, headers, body: Vec::from(body.0).into() },
    };
    KeptReply { ticket, owner, request, answer, expires: clock.instant(expires) }
}

fn saving(ticket: Ticket) -> Saving {
    Box::pin(async move { ticket.await.map_err(|_| Unavailable) })
}
