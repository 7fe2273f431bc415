//! The records of calls that may ring: on disk before their INVITE leaves, gone when they have ended.
//!
//! Invariant: what is written of a call lies behind what was told of it before, or an older look at it
//! would take the place of a newer one, and a call that left would seem never to have done so.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::info;

use super::scribe::Scribe;
use crate::app::teller::{Item, Teller};
use crate::gateway::inflight::{GhostEnd, InFlight, NotRecorded, Receipt, Records};
use crate::store::{Batch, Key};
use crate::verify::Verify;
use crate::verify::id::CallId;
use crate::verify::note::CallNote;

/// What has a shard look at the answers to its records.
pub(crate) type Bell = Box<dyn Fn() + Send + Sync>;

/// The calls of one shard.
pub(crate) struct Flights {
    scribe: Arc<Scribe>,
    verify: Arc<Verify>,
    teller: Arc<Teller<Item>>,
    /// The shard's, once it runs.
    bell: Arc<OnceLock<Bell>>,
}

impl Flights {
    pub(crate) fn new(scribe: Arc<Scribe>, verify: Arc<Verify>, teller: Arc<Teller<Item>>) -> Self {
        Self { scribe, verify, teller, bell: Arc::default() }
    }

    /// Where the bell of the shard is to be set, which does not run yet.
    pub(crate) fn bell(&self) -> Arc<OnceLock<Bell>> {
        Arc::clone(&self.bell)
    }

    /// Behind the record, whichever way that went.
    fn delete(&self, call: CallId) {
        let journal = self.scribe.journal.clone();
        self.teller.then(move || {
            let mut batch = Batch::new();
            batch.delete(&Key::InFlight(call));
            journal.keep(batch, || {});
        });
    }
}

/// The record, and that the call was about to leave: a call of which the journal does not say so
/// never left, and is placed by the next process.
fn batch(scribe: &Scribe, note: Option<CallNote>, record: InFlight) -> Batch {
    let mut batch = Batch::new();
    if let Some(note) = note {
        let mut call = scribe.pen.call(&note);
        let after = record.invited.saturating_duration_since(note.record.placed);
        let trunk = Box::from(&*record.trunk);
        super::write::set_invited(&mut call, trunk, after.max(Duration::from_micros(1)));
        batch.put(call);
    }
    batch.put(scribe.pen.in_flight(record));
    batch
}

impl Records for Flights {
    fn record(&self, record: InFlight, receipt: Receipt) {
        let (scribe, bell) = (Arc::clone(&self.scribe), Arc::clone(&self.bell));
        let note = self.verify.note_of_call(record.call);
        // The call of a start was written with it, before the shard had the order.
        let is_written = self.verify.is_of_start(record.call);
        let submit = move || {
            let rung = Arc::clone(&bell);
            let answer = move |saved: Result<(), _>| {
                receipt.answer(saved.map_err(|_| NotRecorded));
                ring(&rung);
            };
            let batch = batch(&scribe, note, record);
            if scribe.journal.submit_then(batch, answer).is_err() {
                // The receipt is gone, which is a refusal.
                ring(&bell);
            }
        };
        match is_written {
            true => submit(),
            // That it was placed is told by a thread of its own, which may not have come so far.
            false => self.teller.then(submit),
        }
    }

    fn answered(&self, record: InFlight) {
        let scribe = Arc::clone(&self.scribe);
        // Ahead of its deletion, which takes the same way.
        self.teller.then(move || {
            let mut batch = Batch::new();
            batch.put(scribe.pen.in_flight(record));
            scribe.journal.keep(batch, || {});
        });
    }

    fn forget(&self, call: CallId) {
        self.delete(call);
    }

    fn on_ghost_over(&self, call: CallId, how: GhostEnd) {
        info!(%call, ?how, "a call of the process before this one is over");
        self.delete(call);
    }
}

fn ring(bell: &OnceLock<Bell>) {
    if let Some(ring) = bell.get() {
        ring();
    }
}

#[cfg(test)]
mod tests;
