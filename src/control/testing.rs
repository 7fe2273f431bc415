//! A store for the tests of this room: events that can be read, and what was forgotten.

use std::future::ready;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::Bytes;

use super::outside::{Answer, EventRange, KeptReply, Saving, Store, StoredEvent, Unavailable};
use crate::verify::Beginning;

/// Writes whatever it is given, but no starts.
#[derive(Default)]
pub(super) struct Disk {
    /// The number of the oldest event.
    pub(super) oldest: AtomicU64,
    /// The number of the event after the latest.
    end: u64,
    /// How often events were read.
    pub(super) reads: AtomicU64,
    /// It cannot say which events there are.
    pub(super) is_away: AtomicBool,
    forgotten: dashmap::DashSet<u64>,
    /// Requests that were about to be carried out, by their tickets.
    pub(super) intents: dashmap::DashMap<u64, Answer>,
}

impl Disk {
    /// With these events on it.
    pub(super) fn with_events(events: Range<u64>) -> Arc<Self> {
        let oldest = AtomicU64::new(events.start);
        Arc::new(Self { oldest, end: events.end, ..Self::default() })
    }

    /// The tickets of the replies that were forgotten, in ascending order.
    pub(super) fn forgotten(&self) -> Vec<u64> {
        let mut tickets: Vec<_> = self.forgotten.iter().map(|ticket| *ticket).collect();
        tickets.sort_unstable();
        tickets
    }
}

impl Store for Disk {
    fn is_writable(&self) -> bool {
        true
    }

    fn begin(&self, _: Beginning, _: Option<KeptReply>) -> Result<Saving, Unavailable> {
        Err(Unavailable)
    }

    fn intend(&self, intent: KeptReply) -> Result<(), Unavailable> {
        self.intents.insert(intent.ticket, intent.answer);
        Ok(())
    }

    fn keep_reply(&self, _: KeptReply) -> Saving {
        Box::pin(ready(Ok(())))
    }

    fn forget_reply(&self, ticket: u64) {
        assert!(self.forgotten.insert(ticket), "{ticket} was forgotten before");
    }

    fn barrier(&self) -> Saving {
        Box::pin(ready(Ok(())))
    }

    fn events_after(&self, number: u64, limit: usize) -> Result<Vec<StoredEvent>, Unavailable> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let first = self.oldest.load(Ordering::Relaxed).max(number + 1);
        let event = |number| StoredEvent { number, name: "x".into(), body: Bytes::new() };
        Ok((first..self.end).take(limit).map(event).collect())
    }

    fn event_range(&self) -> Result<EventRange, Unavailable> {
        let oldest = self.oldest.load(Ordering::Relaxed);
        match self.is_away.load(Ordering::Relaxed) {
            true => Err(Unavailable),
            false => Ok(EventRange { oldest, latest: self.end.saturating_sub(1) }),
        }
    }
}
