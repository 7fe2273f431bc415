//! Taking back what no shard could be given, as if it had never been.

use std::sync::Arc;
use std::time::Instant;

use super::entry::Entry;
use super::id::VerificationId;
use super::missed::recent::Remembered;
use super::missed::record::{Fate, MissedCallRecord};
use super::moment::Moment;
use super::placed::Placed;
use super::record::Ending;
use super::service::Verify;
use super::snapshot::{Reason, Status};
use super::start::{Order, Watch};
use super::story::Fact;
use crate::number::E164;
use crate::outcome::{Outcome, Side};

impl Verify {
    /// Takes an order back that no shard could be given and that was not confirmed, as if it had
    /// never been: nothing is counted and nobody hears of it. A verification that ended meanwhile
    /// stays as it is, and listeners, who hear of it, hear of the end of its call, too.
    pub fn undo(&self, order: &Order, now: Instant) {
        let Some(entry) = self.table.get_by_call(order.call.id) else { return };
        let Some(placed) = entry.find(order.call.id) else { return };
        if !placed.end() {
            return self.undo_ended(&entry, now);
        }
        let suffix = order.caller_id.suffix();
        // The order of a start names its timer.
        let is_undone = match order.wake_at {
            None => self.undo_call(&entry, &placed, suffix),
            Some(_) => self.undo_first(&entry, &placed, suffix, now),
        };
        if !is_undone || entry.story.has_placed(placed.ordinal) {
            // Whoever ended the verification before its call could be taken back tells of both.
            let (outcome, by) = (Outcome::Withdrawn, Side::Us);
            let ending = Ending { outcome, by, sip_code: None, q850_cause: None };
            placed.record.on_ended(ending, now);
            self.tell(&entry, Fact::CallEnded(placed.ordinal));
            self.table.on_call_over(placed.record.id, &entry);
        }
    }

    /// Takes a start back whose time no shard could be given to keep. False: a call has settled it
    /// meanwhile, or it has ended otherwise, and no shard is needed any more.
    pub fn undo_watch(&self, watch: &Watch, now: Instant) -> bool {
        let Some(entry) = self.table.get(watch.verification) else { return true };
        self.undo_waiting(&entry, now)
    }

    /// False: the verification has ended, with this call.
    fn undo_first(&self, entry: &Arc<Entry>, placed: &Placed, suffix: u32, now: Instant) -> bool {
        if entry.missed().is_some() {
            self.table.remove_call(placed.record.id);
            self.phones.undo_call(entry.to, suffix);
            return self.undo_waiting(entry, now);
        }
        let is_undone = self.withdraw(entry, now);
        let mark = self.epoch.mark(entry.created);
        if is_undone {
            self.table.remove(entry);
            self.give_back_call(entry.to, suffix, entry.id, mark);
        } else if self.forget_held(entry) {
            self.phones.undo_start(entry.to, suffix, entry.id);
            self.blocks.give_back(entry.to.as_u64(), mark);
            return true;
        } else {
            self.phones.undo_call(entry.to, suffix);
        }
        is_undone
    }

    fn undo_waiting(&self, entry: &Arc<Entry>, now: Instant) -> bool {
        let Some(missed) = entry.missed() else { return false };
        let is_held = entry.story.is_held();
        if !self.withdraw(entry, now) {
            return self.undo_held(entry, now);
        }
        let state = entry.word.load();
        let call = missed.call.load_full().filter(|_| state.is_matched);
        let is_news = call.as_ref().is_some_and(|call| call.fate != Fate::Remembered);
        if !is_held && (is_news || entry.story.is_begun()) {
            // Its call came meanwhile, and listeners hear of both.
            self.on_final(entry, state);
            return true;
        }
        self.waiting.release(missed.did, entry);
        self.table.remove(entry);
        self.give_back_start(entry.to, self.epoch.mark(entry.created));
        if let Some(call) = call {
            self.put_back(call, entry.to, now);
        }
        true
    }

    /// Takes a start back that has ended and that nobody was told of.
    fn undo_held(&self, entry: &Arc<Entry>, now: Instant) -> bool {
        if !self.forget_held(entry) {
            return false;
        }
        let mark = self.epoch.mark(entry.created);
        self.phones.uncount_start(entry.to, mark);
        self.blocks.give_back(entry.to.as_u64(), mark);
        let call = entry.missed().and_then(|missed| missed.call.load_full());
        if let Some(call) = call.filter(|_| entry.word.load().is_matched) {
            self.put_back(call, entry.to, now);
        }
        true
    }

    /// Takes a start back whose call has ended already: it was refused by the disk as well. The lease
    /// stays, for who knows what the phone saw.
    fn undo_ended(&self, entry: &Arc<Entry>, now: Instant) {
        if entry.story.is_held() {
            // Final by this or by another thread.
            let _ = self.end(entry, (Status::Canceled, Reason::CanceledByClient), now);
            self.forget_held(entry);
        }
    }

    fn forget_held(&self, entry: &Arc<Entry>) -> bool {
        entry.story.is_held() && self.table.forget(entry)
    }

    /// The call that a start had is there for the next one. Listeners hear of it now if they have not.
    fn put_back(&self, call: Arc<MissedCallRecord>, caller: E164, now: Instant) {
        let call = match call.fate {
            Fate::Remembered => call,
            Fate::Forwarded
            | Fate::Matched(_)
            | Fate::Repeated(_)
            | Fate::UnknownCaller
            | Fate::Unmatched
            | Fate::Unproven => self.tell_call((*call).clone(), Fate::Remembered, now),
        };
        self.recent.insert(&Remembered::new(call, caller), now);
    }

    fn withdraw(&self, entry: &Entry, now: Instant) -> bool {
        let canceled = (Status::Canceled, Reason::CanceledByClient);
        entry.word.change(|state| state.end(canceled.0, canceled.1, entry.age(now))).is_ok()
    }

    pub(super) fn give_back_call(&self, to: E164, suffix: u32, id: VerificationId, mark: Moment) {
        self.phones.undo_start(to, suffix, id);
        self.blocks.give_back(to.as_u64(), mark);
        self.table.release();
    }

    pub(super) fn give_back_start(&self, to: E164, mark: Moment) {
        self.phones.undo_waiting(to, mark);
        self.blocks.give_back(to.as_u64(), mark);
        self.table.release();
    }
}
