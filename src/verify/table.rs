//! The table of verifications, pending and ended, and the index of their calls. Lock-free: shards
//! read it while HTTP tasks write it, and nobody waits for a preempted thread.
//!
//! Invariant: an entry is forgotten exactly once, and its calls with it; a call that is still up
//! stays findable until it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use papaya::HashMap;

use super::census::Level;
use super::ended::Ring;
use super::entry::Entry;
use super::id::{CallId, VerificationId};
use super::settings::Bounds;

/// The table.
pub(super) struct Table {
    entries: HashMap<VerificationId, Arc<Entry>>,
    calls: HashMap<CallId, Arc<Entry>>,
    ring: Ring<Entry>,
    pending: Count,
    ended: Count,
}

struct Count {
    size: AtomicUsize,
    limit: usize,
    shed: AtomicU64,
}

impl Table {
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self {
            entries: HashMap::new(),
            calls: HashMap::new(),
            ring: Ring::new(bounds.ended_max),
            pending: Count::new(bounds.pending_max),
            ended: Count::new(bounds.ended_max),
        }
    }

    /// So many entries come at once, most of them with a call: the maps grow once and not twenty times.
    pub(super) fn expect(&self, entries: usize) {
        self.entries.pin().reserve(entries);
        self.calls.pin().reserve(entries);
    }

    /// Takes a place for one that is read back, whatever the limit.
    pub(super) fn reserve_for_recovered(&self) {
        self.pending.size.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a place for a pending verification; false when all are taken.
    pub(super) fn reserve(&self) -> bool {
        self.pending.take()
    }

    /// Gives the place back.
    pub(super) fn release(&self) {
        self.pending.give_back();
    }

    /// Adds an entry whose place is reserved.
    pub(super) fn insert(&self, entry: &Arc<Entry>) {
        self.entries.pin().insert(entry.id, Arc::clone(entry));
    }

    /// Makes a call findable.
    pub(super) fn insert_call(&self, id: CallId, entry: &Arc<Entry>) {
        self.calls.pin().insert(id, Arc::clone(entry));
    }

    pub(super) fn get(&self, id: VerificationId) -> Option<Arc<Entry>> {
        self.entries.pin().get(&id).cloned()
    }

    pub(super) fn get_by_call(&self, id: CallId) -> Option<Arc<Entry>> {
        self.calls.pin().get(&id).cloned()
    }

    /// Asks `act` for every entry, in no order.
    pub(super) fn for_each(&self, mut act: impl FnMut(&Arc<Entry>)) {
        for entry in self.entries.pin().values() {
            act(entry);
        }
    }

    /// An entry became final: it gives its pending place back, and the oldest ended one is forgotten
    /// if they are too many, and returned. Called once, by the thread that made it final.
    pub(super) fn on_ended(&self, entry: &Arc<Entry>) -> Option<Arc<Entry>> {
        self.pending.give_back();
        self.ended.size.fetch_add(1, Ordering::Relaxed);
        let oldest = self.ring.push(entry).filter(|oldest| self.forget(oldest))?;
        self.ended.shed.fetch_add(1, Ordering::Relaxed);
        Some(oldest)
    }

    /// Forgets an ended entry; true for the one thread that did.
    pub(super) fn forget(&self, entry: &Arc<Entry>) -> bool {
        let is_mine = self.remove(entry);
        if is_mine {
            self.ended.size.fetch_sub(1, Ordering::Relaxed);
            self.ring.remove(entry);
        }
        is_mine
    }

    /// Forgets the oldest ended ones that are due, and names each. Looks at `steps` places at most.
    pub(super) fn forget_due(
        &self,
        mut steps: usize,
        is_due: impl Fn(&Entry) -> bool,
        name: impl Fn(&Entry),
    ) {
        while let Some(entry) = self.ring.next_due(&mut steps, &is_due) {
            if self.forget(&entry) {
                name(&entry);
            }
        }
    }

    /// Removes an entry that nobody was told of.
    pub(super) fn remove(&self, entry: &Arc<Entry>) -> bool {
        if self.entries.pin().remove(&entry.id).is_none() {
            return false;
        }
        // First the mark, then the look at each call; `on_call_over` does it the other way round,
        // so at least one of the two removes the call.
        entry.is_forgotten.store(true, Ordering::SeqCst);
        let calls = self.calls.pin();
        if let Some(missed) = entry.missed().and_then(|missed| missed.call.load_full()) {
            calls.remove(&missed.id);
        }
        let mut next = entry.latest();
        while let Some(placed) = next {
            if placed.is_over() {
                calls.remove(&placed.record.id);
            }
            next = placed.before.clone();
        }
        true
    }

    /// A call is over: it goes when its verification has gone before it.
    pub(super) fn on_call_over(&self, id: CallId, entry: &Entry) {
        if entry.is_forgotten.load(Ordering::SeqCst) {
            self.remove_call(id);
        }
    }

    /// A call that was never placed, or does not count.
    pub(super) fn remove_call(&self, id: CallId) {
        self.calls.pin().remove(&id);
    }

    pub(super) fn pending(&self) -> Level {
        self.pending.level()
    }

    pub(super) fn ended(&self) -> Level {
        self.ended.level()
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.len()
    }
}

impl Count {
    fn new(limit: usize) -> Self {
        Self { size: AtomicUsize::new(0), limit, shed: AtomicU64::new(0) }
    }

    fn take(&self) -> bool {
        let more = |size| (size < self.limit).then_some(size + 1);
        let is_taken = self.size.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if !is_taken {
            self.shed.fetch_add(1, Ordering::Relaxed);
        }
        is_taken
    }

    fn give_back(&self) {
        self.size.fetch_sub(1, Ordering::Relaxed);
    }

    fn level(&self) -> Level {
        Level {
            size: self.size.load(Ordering::Relaxed),
            limit: self.limit,
            shed: self.shed.load(Ordering::Relaxed),
        }
    }
}
