//! A store for those who keep nothing: what is handed over is as good as on disk at once, and is gone
//! with the process. Events get their numbers here.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::events::{EventBus, Rendered, render, render_trunk};
use super::outside::{EventRange, KeptReply, Saving, Store, StoredEvent, Unavailable};
use crate::time::Micros;
use crate::verify::event::{Event, Listener};
use crate::verify::{Beginning, TrunkNames};

/// Numbers events and puts them into the stream at once.
#[derive(Debug)]
pub struct Numbering {
    bus: Arc<EventBus>,
    trunks: TrunkNames,
    next: AtomicU64,
}

/// A store without a disk.
pub struct Memory {
    bus: Arc<EventBus>,
    listener: Arc<dyn Listener>,
}

impl Numbering {
    /// For this stream, whose next event has the number `next`.
    pub fn new(bus: Arc<EventBus>, trunks: TrunkNames, next: u64) -> Self {
        Self { bus, trunks, next: AtomicU64::new(next) }
    }

    /// A trunk came up or went down.
    pub fn on_trunk(&self, name: &str, is_up: bool, at: Micros) {
        self.publish(&render_trunk(name, is_up, at));
    }

    fn publish(&self, event: &Rendered) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.bus.publish(number, event.name, &event.envelope(number));
    }
}

impl Listener for Numbering {
    fn on_event(&self, event: Event) {
        if let Some(event) = render(&event, &self.trunks) {
            self.publish(&event);
        }
    }
}

impl Memory {
    /// The events of starts are told to `listener`, which is also who `verify` tells of everything else,
    /// so that they come in order; the stream `bus` is all that can be read of them.
    pub fn new(bus: Arc<EventBus>, listener: Arc<dyn Listener>) -> Self {
        Self { bus, listener }
    }
}

impl Store for Memory {
    fn is_writable(&self) -> bool {
        true
    }

    fn begin(&self, beginning: Beginning, _: Option<KeptReply>) -> Result<Saving, Unavailable> {
        beginning.events.into_iter().for_each(|event| self.listener.on_event(event));
        Ok(saved())
    }

    fn intend(&self, _: KeptReply) -> Result<(), Unavailable> {
        Ok(())
    }

    fn keep_reply(&self, _: KeptReply) -> Saving {
        saved()
    }

    fn forget_reply(&self, _: u64) {}

    fn barrier(&self) -> Saving {
        saved()
    }

    /// None but those that the stream has: who asks for more has been overtaken by it.
    fn events_after(&self, _: u64, _: usize) -> Result<Vec<StoredEvent>, Unavailable> {
        Ok(vec![])
    }

    fn event_range(&self) -> Result<EventRange, Unavailable> {
        Ok(self.bus.range())
    }
}

fn saved() -> Saving {
    Box::pin(ready(Ok(())))
}
