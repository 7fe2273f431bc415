//! Missed calls that nobody waited for, kept for a while for a verification that is yet to be started:
//! people ring before they are asked to.
//!
//! Per caller a short list, replaced as a whole; all of them in one ring, so that the oldest goes first
//! when they are too many and when their time is over. Lock-free: shards write it.
//!
//! Invariants: of each caller at each of our numbers the latest call; a call is used once, whoever
//! looks for it at the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use papaya::{Compute, HashMap, Operation};

use super::record::MissedCallRecord;
use crate::number::E164;
use crate::verify::census::Level;
use crate::verify::ended::{Ring, Slotted};

/// The calls.
pub(in super::super) struct Recent {
    by_caller: HashMap<E164, Box<[Arc<Remembered>]>>,
    ring: Ring<Remembered>,
    window: Duration,
    limit: usize,
    size: AtomicUsize,
    shed: AtomicU64,
}

/// One call.
pub(in super::super) struct Remembered {
    pub(in super::super) record: Arc<MissedCallRecord>,
    caller: E164,
    is_taken: AtomicBool,
    slot: AtomicU32,
}

impl Remembered {
    pub(in super::super) fn new(record: Arc<MissedCallRecord>, caller: E164) -> Arc<Self> {
        let (is_taken, slot) = (AtomicBool::new(false), AtomicU32::new(u32::MAX));
        Arc::new(Self { record, caller, is_taken, slot })
    }

    /// Reserves it; true for one thread until that one gives it back.
    pub(in super::super) fn take(&self) -> bool {
        !self.is_taken.swap(true, Ordering::AcqRel)
    }

    /// It was not used after all.
    pub(in super::super) fn give_back(&self) {
        self.is_taken.store(false, Ordering::Release);
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.record.received)
    }
}

impl Slotted for Remembered {
    fn slot(&self) -> &AtomicU32 {
        &self.slot
    }
}

impl Recent {
    /// Keeps at most `limit` calls, each for `window`.
    pub(in super::super) fn new(window: Duration, limit: usize) -> Self {
        let limit = if window.is_zero() { 1 } else { limit.max(1) };
        Self {
            by_caller: HashMap::new(),
            ring: Ring::new(limit),
            window,
            limit,
            size: AtomicUsize::new(0),
            shed: AtomicU64::new(0),
        }
    }

    /// Whether calls are remembered at all.
    pub(in super::super) fn is_used(&self) -> bool {
        !self.window.is_zero()
    }

    /// Remembers a call, in place of the one before it from this caller to this number.
    pub(in super::super) fn insert(&self, call: &Arc<Remembered>, now: Instant) {
        let pin = self.by_caller.pin();
        let with_it = |found: Option<(&E164, &Box<[Arc<Remembered>]>)>| {
            let others = found.into_iter().flat_map(|(_, list)| list.iter());
            let others = others.filter(|other| other.record.did != call.record.did);
            let mut list: Vec<_> = others.cloned().chain([Arc::clone(call)]).collect();
            let surplus = list.len().saturating_sub(PER_CALLER_MAX);
            list.drain(..surplus);
            Operation::<_, ()>::Insert(list.into())
        };
        // Before it can be found: who takes it out at once must not count below zero.
        self.size.fetch_add(1, Ordering::Relaxed);
        let done = pin.compute(call.caller, with_it);
        if let Compute::Updated { old: (_, old), new: (_, new) } = done {
            let is_gone = |old: &&Arc<Remembered>| !new.iter().any(|new| Arc::ptr_eq(new, old));
            for gone in old.iter().filter(is_gone) {
                self.size.fetch_sub(1, Ordering::Relaxed);
                self.ring.remove(gone);
            }
        }
        if let Some(oldest) = self.ring.push(call)
            && self.unlist(&oldest)
            && oldest.age(now) < self.window
        {
            self.shed.fetch_add(1, Ordering::Relaxed);
        }
        self.forget_due(SWEEP_EACH, now);
    }

    /// The latest call of this caller, to `did` or to any of our numbers, that is not older than
    /// `within`: reserved for whoever gets it.
    pub(in super::super) fn take(
        &self,
        caller: E164,
        did: Option<E164>,
        within: Duration,
        now: Instant,
    ) -> Option<Arc<Remembered>> {
        let found = self.look(caller, did, within, now);
        found.into_iter().find(|call| call.take())
    }

    /// The calls of this caller that count, latest first.
    pub(in super::super) fn look(
        &self,
        caller: E164,
        did: Option<E164>,
        within: Duration,
        now: Instant,
    ) -> Vec<Arc<Remembered>> {
        let within = within.min(self.window);
        let pin = self.by_caller.pin();
        let list = pin.get(&caller).map_or(&[][..], AsRef::as_ref);
        let counts = |call: &&Arc<Remembered>| {
            call.age(now) < within && did.is_none_or(|did| did == call.record.did)
        };
        let mut found: Vec<_> = list.iter().filter(counts).cloned().collect();
        found.sort_by_key(|call| std::cmp::Reverse(call.record.received));
        found
    }

    /// Forgets a call that was used.
    pub(in super::super) fn remove(&self, call: &Arc<Remembered>) {
        self.unlist(call);
        self.ring.remove(call);
    }

    /// Forgets calls whose time is over, oldest first. Looks at `steps` of them at most.
    pub(in super::super) fn forget_due(&self, mut steps: usize, now: Instant) {
        let is_due = |call: &Remembered| call.age(now) >= self.window;
        while let Some(call) = self.ring.next_due(&mut steps, is_due) {
            self.remove(&call);
        }
    }

    pub(in super::super) fn level(&self) -> Level {
        Level {
            size: self.size.load(Ordering::Relaxed),
            limit: self.limit,
            shed: self.shed.load(Ordering::Relaxed),
        }
    }

    /// True for the one thread that took it out.
    fn unlist(&self, call: &Arc<Remembered>) -> bool {
        let pin = self.by_caller.pin();
        let without = |found: Option<(&E164, &Box<[Arc<Remembered>]>)>| {
            let Some((_, list)) = found.filter(|(_, list)| list.iter().any(|it| is_same(it, call)))
            else {
                return Operation::Abort(());
            };
            let rest: Box<[_]> = list.iter().filter(|it| !is_same(it, call)).cloned().collect();
            if rest.is_empty() { Operation::Remove } else { Operation::Insert(rest) }
        };
        let is_mine = !matches!(pin.compute(call.caller, without), Compute::Aborted(()));
        if is_mine {
            self.size.fetch_sub(1, Ordering::Relaxed);
        }
        is_mine
    }
}

fn is_same(one: &Arc<Remembered>, other: &Arc<Remembered>) -> bool {
    Arc::ptr_eq(one, other)
}

/// Of one caller, so that replacing the list stays cheap whatever a caller rings.
const PER_CALLER_MAX: usize = 8;
/// How many old ones each new one looks at: more than one, so that they do not pile up.
const SWEEP_EACH: usize = 2;
