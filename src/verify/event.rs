//! What happened to verifications and calls, for everybody who listens: the event stream, webhooks,
//! logs and metrics. An event carries ids and facts, never a code.

use std::sync::Arc;

use super::missed::record::MissedCallRecord;
use super::note::{Mark, Note};
use super::record::CallRecord;
use super::report::Saw;
use super::snapshot::Snapshot;

/// One thing that happened. The order of events of one verification is the order in which it
/// happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call's end.
    CallEnded(Arc<CallRecord>),
    /// A call was accepted and handed to a shard.
    CallPlaced(Arc<CallRecord>),
    /// A phone began to ring.
    CallRinging(Arc<CallRecord>),
    /// Somebody rang one of our numbers. Of calls that nothing proves, at most
    /// [`UNPROVEN_PER_SECOND`](super::UNPROVEN_PER_SECOND) are told of.
    MissedCall(Arc<MissedCallRecord>),
    /// An app told what its phone saw of a call.
    PhoneReported {
        /// The latest call of the verification.
        call: Arc<CallRecord>,
        /// What it saw.
        saw: Saw,
        /// Whether the caller ID that it saw is one of the pool's; `None` when it told none.
        is_ours: Option<bool>,
    },
    /// A verification was started.
    VerificationCreated(Arc<Snapshot>),
    /// A verification reached a final state. Said exactly once for each.
    VerificationEnded(Arc<Snapshot>),
    /// A code was compared and was wrong.
    WrongCode(Arc<Snapshot>),
}

/// An event with what must be on disk before anybody outside hears of it. Some has no event: it is
/// kept, and nobody is told.
pub struct Told {
    /// What happened.
    pub event: Option<Event>,
    /// What must be kept of it.
    pub notes: Vec<Note>,
    pub(super) mark: Option<Mark>,
}

impl Told {
    /// An event of which nothing is kept.
    pub fn event(event: Event) -> Self {
        Self { event: Some(event), notes: vec![], mark: None }
    }

    /// Something to keep that nobody is told of.
    pub(super) fn note(note: Note) -> Self {
        Self { event: None, notes: vec![note], mark: None }
    }

    /// What is to be called once all of it is on disk.
    pub fn on_saved(&mut self) -> impl FnOnce() + Send + 'static {
        let mark = self.mark.take();
        move || {
            if let Some(mark) = mark {
                mark.set();
            }
        }
    }
}

/// Where events go. Must not block: it is called by the shards. Events of one verification come one
/// after the other, from whichever thread.
pub trait Listener: Send + Sync {
    /// Takes one event.
    fn on_event(&self, event: Event);

    /// Takes one event with what must be kept. Who keeps nothing has nothing to wait for.
    fn on_told(&self, mut told: Told) {
        told.on_saved()();
        if let Some(event) = told.event {
            self.on_event(event);
        }
    }
}
