//! The records of calls that may ring: on disk before their INVITE leaves, gone when they have ended.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::info;

use super::scribe::Scribe;
use crate::gateway::Command;
use crate::gateway::inflight::{GhostEnd, InFlight, NotRecorded, Receipt, Records};
use crate::net::Remote;
use crate::store::{Batch, Key};
use crate::verify::Verify;
use crate::verify::id::CallId;

/// The calls of one shard.
pub(crate) struct Flights {
    scribe: Arc<Scribe>,
    verify: Arc<Verify>,
    /// The shard, once it runs.
    shard: Arc<OnceLock<Remote<Command>>>,
}

impl Flights {
    pub(crate) fn new(scribe: Arc<Scribe>, verify: Arc<Verify>) -> Self {
        Self { scribe, verify, shard: Arc::default() }
    }

    /// Where the shard is to be set, which does not run yet.
    pub(crate) fn shard(&self) -> Arc<OnceLock<Remote<Command>>> {
        Arc::clone(&self.shard)
    }

    fn delete(&self, call: CallId) {
        let mut batch = Batch::new();
        batch.delete(&Key::InFlight(call));
        self.scribe.journal.keep(batch, || {});
    }

    /// The record, and that the call was about to leave: a call of which the journal does not say so
    /// never left, and is placed by the next process.
    fn batch(&self, record: InFlight) -> Batch {
        let mut batch = Batch::new();
        if let Some(note) = self.verify.note_of_call(record.call) {
            let mut call = self.scribe.pen.call(&note);
            let after = record.invited.saturating_duration_since(note.record.placed);
            let trunk = Box::from(&*record.trunk);
            super::write::set_invited(&mut call, trunk, after.max(Duration::from_micros(1)));
            batch.put(call);
        }
        batch.put(self.scribe.pen.in_flight(record));
        batch
    }
}

impl Records for Flights {
    fn record(&self, record: InFlight, receipt: Receipt) {
        let shard = Arc::clone(&self.shard);
        let answer = move |saved: Result<(), _>| {
            receipt.answer(saved.map_err(|_| NotRecorded));
            ring(&shard);
        };
        if self.scribe.journal.submit_then(self.batch(record), answer).is_err() {
            // The receipt is gone, which is a refusal.
            ring(&self.shard);
        }
    }

    fn forget(&self, call: CallId) {
        self.delete(call);
    }

    fn on_ghost_over(&self, call: CallId, how: GhostEnd) {
        info!(%call, ?how, "a call of the process before this one is over");
        self.delete(call);
    }
}

fn ring(shard: &OnceLock<Remote<Command>>) {
    if let Some(shard) = shard.get() {
        shard.ring();
    }
}
