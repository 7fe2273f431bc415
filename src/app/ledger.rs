//! The journal at work: who writes it, and who hears of what is on disk.

#![expect(clippy::disallowed_methods, reason = "the scribe's clock is wound here")]

use std::io;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use super::books::outbox::{self, Rows};
use super::books::scribe::{Clock, Scribe};
use super::files::Found;
use crate::config::Config;
use crate::control::EventBus;
use crate::entropy::Entropy;
use crate::notify::Notifier;
use crate::store::{Announced, Hold, Journal, Opened};
use crate::time::WallClock;
use crate::verify::TrunkNames;
use crate::verify::event::Listener;

/// What begins with the journal.
pub(super) struct Ledger {
    pub(super) journal: Journal,
    /// Its file.
    pub(super) file: Arc<Found>,
    /// Nothing is written as long as it lives.
    pub(super) hold: Hold,
    /// The event stream, which gets what is on disk.
    pub(super) bus: Arc<EventBus>,
    /// The webhooks, also where nobody is told by them any more: what waits for them is there.
    pub(super) hooks: Arc<Notifier>,
    pub(super) scribe: Arc<Scribe>,
}

impl Ledger {
    /// Begins to write, once nobody has the hold. `next` hears of events at once. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(super) fn start(
        opened: Opened,
        config: &Config,
        trunks: &TrunkNames,
        (wall, entropy): (&WallClock, &Entropy),
        next: Arc<dyn Listener>,
    ) -> io::Result<Self> {
        let bus = EventBus::new(config.observe.events_kept, opened.next_event());
        let (stream, clock) = (Arc::clone(&bus), opened.clock());
        // Weak: it holds the journal, which would never be closed.
        let notifier = Arc::new(OnceLock::<Weak<Notifier>>::new());
        let webhooks = Arc::clone(&notifier);
        let announce = move |events: &[Announced]| {
            for event in events {
                stream.publish(event.sequence, &event.name, &event.body);
                if let Some(notifier) = webhooks.get().and_then(Weak::upgrade) {
                    let rows = event.webhooks.iter().cloned();
                    rows.for_each(|row| notifier.push(outbox::message(row, clock)));
                }
            }
        };
        // The thread ends with the last handle.
        let (journal, _, hold) = opened.start_held(Box::new(announce))?;
        let rows = Arc::new(Rows(journal.clone()));
        let hooks = Arc::new(Notifier::start(&config.webhooks, rows, wall.clone(), entropy));
        // Before anything is told: what was committed earlier it reads by itself.
        let _ = notifier.set(Arc::downgrade(&hooks));
        let means = (entropy.clone(), wall.clone(), Arc::new(Instant::now) as Clock);
        let heard = config.webhooks.clone();
        let scribe = Scribe::new(journal.clone(), trunks.clone(), heard, means, next);
        let file = Arc::new(Found::at(config.journal.path.clone()));
        Ok(Self { journal, file, hold, bus, hooks, scribe })
    }
}

#[cfg(test)]
mod tests;
