//! What must be kept of a start before anybody hears of it.

use std::sync::Arc;
use std::time::Duration;

use super::entry::Entry;
use super::event::Event;
use super::id::CallId;
use super::note::{CallNote, LeaseNote, Note, VerificationNote};
use super::placed::Placed;
use super::record::Facts;
use super::service::Verify;
use super::snapshot::Snapshot;
use super::start::{Order, Task};

/// What must be on disk before a client hears that its verification was started, and what listeners
/// are told once it is.
#[derive(Debug)]
pub struct Beginning {
    /// What must be kept.
    pub notes: Vec<Note>,
    /// What is told.
    pub events: Vec<Event>,
}

impl Verify {
    /// What must be on disk of a start before anybody hears of it: its reply, and the events that the
    /// start itself makes known. [`announce`](Self::announce) says that it is.
    pub fn beginning(&self, task: &Task) -> Option<Beginning> {
        let (id, order) = match task {
            Task::Call(order) => (order.verification, Some(order)),
            Task::Watch(watch) => (watch.verification, None),
        };
        let entry = self.table.get(id)?;
        let mut notes = vec![Note::Verification(Box::new(self.note_of(&entry)))];
        let first = entry.step.first_state(self.settings.attempts);
        let created = Snapshot { latest: Facts::default(), ..self.look(&entry, first) };
        let mut events = vec![Event::VerificationCreated(Arc::new(created))];
        match order.filter(|_| entry.missed().is_none()).zip(entry.latest()) {
            Some((order, placed)) => {
                notes.push(self.call_note(&entry, &placed, Facts::default()));
                notes.push(self.lease_note(&entry, order, true));
                events.push(Event::CallPlaced(Arc::clone(&order.call)));
            }
            None => {
                let (at, phone) = (entry.created, entry.to);
                let start = LeaseNote { id: id.0, phone, at, suffix: None, is_start: true };
                notes.push(Note::Lease(start));
            }
        }
        Some(Beginning { notes, events })
    }

    fn note_of(&self, entry: &Entry) -> VerificationNote {
        let (flash, missed) = (entry.step.flash(), entry.missed());
        VerificationNote {
            id: entry.id,
            to: entry.to,
            country: entry.country,
            method: entry.method(),
            pool: flash.map(|flash| Arc::clone(&self.pool(flash).name)),
            did: missed.and_then(|missed| self.waiting.number(missed.did)),
            ring: flash.and_then(|flash| flash.ring),
            is_confirmed: missed.is_some_and(|missed| missed.confirm.is_some()),
            recent_within: missed.map_or(Duration::ZERO, |missed| missed.recent_within),
            attempts: entry.step.first_state(self.settings.attempts).attempts_left,
            client_ref: entry.client_ref(),
            callback_url: entry.callback_url(),
            created_at: entry.created_at,
            created: entry.created,
            expires: entry.expires,
        }
    }

    /// What must be kept of a call that is about to be sent.
    pub fn note_of_call(&self, id: CallId) -> Option<CallNote> {
        let entry = self.table.get_by_call(id)?;
        let placed = entry.find(id)?;
        let flash = entry.step.flash()?;
        Some(CallNote::new(&placed, Facts::default(), &self.pool(flash).name))
    }

    /// Whether a call belongs to the beginning of its verification, and is kept with it. That any other
    /// was placed is told.
    pub fn is_of_start(&self, id: CallId) -> bool {
        let Some(entry) = self.table.get_by_call(id) else { return false };
        entry.missed().is_none() && entry.find(id).is_some_and(|placed| placed.ordinal == 1)
    }

    pub(super) fn call_note(&self, entry: &Entry, placed: &Placed, facts: Facts) -> Note {
        // A call is placed from a pool.
        let pool = entry
            .step
            .flash()
            .map_or_else(|| "".into(), |flash| Arc::clone(&self.pool(flash).name));
        Note::Call(CallNote::new(placed, facts, &pool))
    }

    pub(super) fn lease_note(&self, entry: &Entry, order: &Order, is_start: bool) -> Note {
        let pool = Arc::clone(&self.pools[usize::from(order.pool)].name);
        Note::Lease(LeaseNote {
            id: order.call.id.0,
            phone: entry.to,
            at: order.call.placed,
            suffix: Some((order.caller_id.suffix(), pool)),
            is_start,
        })
    }
}
