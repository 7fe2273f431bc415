//! Saying what happened, with what must be on disk before anybody outside hears of it.

use std::sync::Arc;

use super::entry::Entry;
use super::event::{Event, Told};
use super::missed::record::Fate;
use super::note::{FinalNote, Mark, Marked, Note};
use super::record::{CallRecord, Facts};
use super::service::Verify;
use super::snapshot::Snapshot;
use super::story::Fact;

impl Verify {
    /// Tells listeners, in order and without waiting for another thread that is telling them. Whoever
    /// tells anything of a verification whose call has come tells of that call first: the thread that
    /// matched it may be about to.
    pub(super) fn tell(&self, entry: &Arc<Entry>, fact: Fact) {
        if entry.word.load().is_matched {
            entry.story.tell(Fact::Matched, |fact, count| self.say(entry, fact, count));
        }
        entry.story.tell(fact, |fact, count| self.say(entry, fact, count));
    }

    /// Tells one fact, which is the `count`th of its story.
    pub(super) fn say(&self, entry: &Arc<Entry>, fact: Fact, count: u8) {
        // Each as it was then, however late it is said.
        let of_call = |ordinal, event: fn(Arc<CallRecord>) -> Event, then: fn(Facts) -> Facts| {
            let placed = entry.latest()?.nth(ordinal)?;
            let note = self.call_note(entry, &placed, then(placed.record.facts()));
            Some((event(Arc::clone(&placed.record)), vec![note]))
        };
        let told = match fact {
            Fact::CallEnded(ordinal) => of_call(ordinal, Event::CallEnded, |facts| facts),
            Fact::CallPlaced(ordinal) => of_call(ordinal, Event::CallPlaced, |_| Facts::default()),
            Fact::CallRinging(ordinal) => of_call(ordinal, Event::CallRinging, Facts::when_ringing),
            Fact::Created => {
                let first = entry.step.first_state(self.settings.attempts);
                let created = Snapshot { latest: Facts::default(), ..self.look(entry, first) };
                Some((Event::VerificationCreated(Arc::new(created)), vec![]))
            }
            Fact::Matched => {
                let call = entry.missed().and_then(|missed| missed.call.load_full());
                let note = |call: &Arc<_>| vec![Note::MissedCall(Arc::clone(call), Some(entry.id))];
                call.map(|call| (Event::MissedCall(Arc::clone(&call)), note(&call)))
            }
            Fact::VerificationEnded => Some(self.the_end(entry)),
        };
        debug_assert!(told.is_some(), "a call that is told of is in its entry: {fact:?}");
        if let Some((event, notes)) = told {
            // Of a call that came before its verification, listeners were told when it came.
            let is_news =
                !matches!(&event, Event::MissedCall(call) if call.fate == Fate::Remembered);
            let mark = Some(Mark { entry: Arc::clone(entry), what: Marked::Said(count) });
            self.listener.on_told(Told { event: is_news.then_some(event), notes, mark });
        }
    }

    fn the_end(&self, entry: &Entry) -> (Event, Vec<Note>) {
        let state = entry.word.load();
        let ended = self.look(entry, state);
        let note = state.reason.zip(ended.ended_at).map(|(reason, ended_at)| {
            let (id, status, ended) = (entry.id, state.status, entry.ended(state));
            Note::Final(FinalNote { id, status, reason, ended_at, ended })
        });
        (Event::VerificationEnded(Arc::new(ended)), note.into_iter().collect())
    }

    /// An ended verification is forgotten. Called once for each.
    pub(super) fn on_forgotten(&self, entry: &Entry) {
        let calls = entry.latest().map_or_else(Vec::new, |placed| placed.records());
        let calls = calls.iter().map(|call| call.id).collect();
        let missed = entry.missed().and_then(|missed| missed.call.load_full());
        let missed = missed.map(|call| call.id);
        self.listener.on_told(Told::note(Note::Forgotten { id: entry.id, calls, missed }));
    }
}
