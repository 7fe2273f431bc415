//! Which verification waits for which caller at which of our numbers. Lock-free: a shard asks before
//! it makes any state for an INVITE.
//!
//! Invariant: at most one verification waits for one caller at one number; it is taken out by the
//! thread that made it final, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use papaya::HashMap;

use super::DidId;
use crate::number::E164;
use crate::verify::census::{DidState, Level};
use crate::verify::entry::Entry;

/// Who is waited for.
pub(in super::super) struct Waiting {
    entries: HashMap<(DidId, E164), Arc<Entry>>,
    dids: Box<[Did]>,
    size: AtomicUsize,
    limit: usize,
}

struct Did {
    number: E164,
    waiting: AtomicUsize,
}

impl Waiting {
    /// Nobody waits at these numbers. `limit`: how many verifications can be pending.
    pub(in super::super) fn new(dids: &[E164], limit: usize) -> Self {
        let did = |number: &E164| Did { number: *number, waiting: AtomicUsize::new(0) };
        Self {
            entries: HashMap::new(),
            dids: dids.iter().map(did).collect(),
            size: AtomicUsize::new(0),
            limit,
        }
    }

    /// How many numbers there are.
    pub(in super::super) fn dids(&self) -> u16 {
        // `Settings::check` bounds them.
        u16::try_from(self.dids.len()).unwrap_or(u16::MAX)
    }

    /// One of our numbers.
    pub(in super::super) fn number(&self, did: DidId) -> Option<E164> {
        self.dids.get(usize::from(did.0)).map(|did| did.number)
    }

    /// Which of our numbers it is.
    pub(in super::super) fn find(&self, number: E164) -> Option<DidId> {
        let place = self.dids.iter().position(|did| did.number == number)?;
        u16::try_from(place).ok().map(DidId)
    }

    /// Who waits for this caller there.
    pub(in super::super) fn get(&self, did: DidId, caller: E164) -> Option<Arc<Entry>> {
        self.entries.pin().get(&(did, caller)).cloned()
    }

    /// What `ask` says of who waits for this caller there; false when nobody does.
    pub(in super::super) fn is(
        &self,
        did: DidId,
        caller: E164,
        ask: impl FnOnce(&Entry) -> bool,
    ) -> bool {
        self.entries.pin().get(&(did, caller)).is_some_and(|entry| ask(entry))
    }

    /// Makes a verification wait; false when another one waits there for this caller.
    pub(in super::super) fn claim(&self, did: DidId, entry: &Arc<Entry>) -> bool {
        // Before it can be found: who ends it at once must not count below zero.
        self.count(did, |count| count.fetch_add(1, Ordering::Relaxed));
        let is_mine = self.entries.pin().try_insert((did, entry.to), Arc::clone(entry)).is_ok();
        if !is_mine {
            self.count(did, |count| count.fetch_sub(1, Ordering::Relaxed));
        }
        is_mine
    }

    /// It waits no longer. For the thread that made it final.
    pub(in super::super) fn release(&self, did: DidId, entry: &Entry) {
        if self.entries.pin().remove(&(did, entry.to)).is_some() {
            self.count(did, |count| count.fetch_sub(1, Ordering::Relaxed));
        }
    }

    /// Counts at this number and at all of them.
    fn count(&self, did: DidId, by_one: impl Fn(&AtomicUsize) -> usize) {
        by_one(&self.size);
        if let Some(did) = self.dids.get(usize::from(did.0)) {
            by_one(&did.waiting);
        }
    }

    /// Every number.
    pub(in super::super) fn states(&self) -> Vec<DidState> {
        let state = |did: &Did| DidState {
            number: did.number,
            waiting: did.waiting.load(Ordering::Relaxed),
        };
        self.dids.iter().map(state).collect()
    }

    pub(in super::super) fn level(&self) -> Level {
        Level { size: self.size.load(Ordering::Relaxed), limit: self.limit, shed: 0 }
    }
}
