//! Calls that wait until a trunk's rate lets them go. Bounded in number and in time: an app that
//! waits for a call is better told soon that none will come.
//!
//! One line for each pool, because orders of one pool go to the same trunks: a trunk at its rate does
//! not keep the calls of others.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::passed::Passed;
use crate::verify::Order;
use crate::verify::id::CallId;
use crate::verify::record::Ending;

/// Orders in the order in which they came.
#[derive(Debug)]
pub(crate) struct Queue {
    lines: BTreeMap<u16, VecDeque<Waiting>>,
    length: usize,
    limit: usize,
    time_max: Duration,
}

/// An order on its way through its route.
#[derive(Debug)]
pub(crate) struct Errand {
    /// What is asked for.
    pub(crate) order: Order,
    /// The trunks that have had their turn.
    pub(crate) passed: Passed,
    /// What that trunk made of it: the call's end, if no other trunk takes it.
    pub(crate) before: Option<Ending>,
}

/// One order that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The order, and how far it came.
    pub(crate) errand: Errand,
    /// When it has waited for too long.
    pub(crate) until: Instant,
}

impl Queue {
    /// An empty queue for `limit` orders, each for `time_max` at most.
    pub(crate) fn new(limit: usize, time_max: Duration) -> Self {
        Self { lines: BTreeMap::new(), length: 0, limit, time_max }
    }

    /// Whether no further order may wait.
    pub(crate) fn is_full(&self) -> bool {
        self.length >= self.limit
    }

    /// Adds an order. The queue must not be full.
    pub(crate) fn push(&mut self, errand: Errand, now: Instant) {
        debug_assert!(!self.is_full(), "who adds has looked");
        let until = now + self.time_max;
        self.line(errand.order.pool).push_back(Waiting { errand, until });
        self.length += 1;
    }

    /// Puts one back that was looked at and must wait on.
    pub(crate) fn put_back(&mut self, waiting: Waiting) {
        self.line(waiting.errand.order.pool).push_front(waiting);
        self.length += 1;
    }

    /// Whether orders of this pool wait.
    pub(crate) fn has(&self, pool: u16) -> bool {
        self.lines.contains_key(&pool)
    }

    /// The pools whose orders wait.
    pub(crate) fn pools(&self) -> Vec<u16> {
        self.lines.keys().copied().collect()
    }

    /// The order of a pool that has waited longest.
    pub(crate) fn pop(&mut self, pool: u16) -> Option<Waiting> {
        let line = self.lines.get_mut(&pool)?;
        let waiting = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&pool);
        }
        self.length -= usize::from(waiting.is_some());
        waiting
    }

    /// Takes out the order of one call.
    pub(crate) fn remove(&mut self, call: CallId) -> Option<Waiting> {
        let mut found = None;
        for line in self.lines.values_mut() {
            let place = line.iter().position(|waiting| waiting.errand.order.call.id == call);
            found = found.or_else(|| place.and_then(|place| line.remove(place)));
        }
        self.lines.retain(|_, line| !line.is_empty());
        self.length -= usize::from(found.is_some());
        found
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// How many may wait.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn line(&mut self, pool: u16) -> &mut VecDeque<Waiting> {
        self.lines.entry(pool).or_default()
    }
}
