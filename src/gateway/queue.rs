//! Calls that wait until a trunk's rate lets them go. Bounded in number and in time: an app that
//! waits for a call is better told soon that none will come.
//!
//! One line for each pool and each set of trunks that have had their turn: those who stand in one line
//! wait for the same trunks, so when its first cannot go nobody behind it can, and a trunk at its rate
//! does not keep the calls of others. Each line, and the firsts of all lines, go by who came first.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::passed::Passed;
use crate::verify::Order;
use crate::verify::id::CallId;
use crate::verify::record::Ending;

/// Orders in the order in which they came.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: BTreeMap<(Line, u64), Waiting>,
    /// Where the order of each call stands.
    places: BTreeMap<CallId, (Line, u64)>,
    /// How many have ever waited: the number of the next.
    arrivals: u64,
    limit: usize,
    time_max: Duration,
}

/// Those who wait for the same trunks: orders of one pool that have been through the same ones.
pub(crate) type Line = (u16, Passed);

/// An order on its way through its route.
#[derive(Debug)]
pub(crate) struct Errand {
    /// What is asked for.
    pub(crate) order: Order,
    /// The trunks that have had their turn.
    pub(crate) passed: Passed,
    /// What the last of them made of it: the call's end, if no other trunk takes it.
    pub(crate) before: Option<Ending>,
}

impl Errand {
    /// Which trunks it waits for.
    pub(crate) fn line(&self) -> Line {
        (self.order.pool, self.passed)
    }
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
        let (waiting, places) = (BTreeMap::new(), BTreeMap::new());
        Self { waiting, places, arrivals: 0, limit, time_max }
    }

    /// Whether no further order may wait.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.limit
    }

    /// Adds an order. The queue must not be full.
    pub(crate) fn push(&mut self, errand: Errand, now: Instant) {
        debug_assert!(!self.is_full(), "who adds has looked");
        let (place, call) = ((errand.line(), self.arrivals), errand.order.call.id);
        self.arrivals += 1;
        self.waiting.insert(place, Waiting { errand, until: now + self.time_max });
        self.places.insert(call, place);
    }

    /// Whether anybody stands in this line.
    pub(crate) fn has(&self, line: Line) -> bool {
        self.first(line).is_some()
    }

    /// The first of each line, who came first before the others: its number, and its line.
    pub(crate) fn firsts(&self) -> BTreeSet<(u64, Line)> {
        let mut firsts = BTreeSet::new();
        let mut next = self.waiting.first_key_value();
        while let Some((&(line, number), _)) = next {
            firsts.insert((number, line));
            next = self.waiting.range((line, u64::MAX)..).next();
        }
        firsts
    }

    /// The first of a line, and its number.
    pub(crate) fn first(&self, line: Line) -> Option<(u64, &Waiting)> {
        let mut found = self.waiting.range((line, 0)..=(line, u64::MAX));
        found.next().map(|((_, number), waiting)| (*number, waiting))
    }

    /// Takes out the order of one call.
    pub(crate) fn remove(&mut self, call: CallId) -> Option<Waiting> {
        self.waiting.remove(&self.places.remove(&call)?)
    }

    /// Takes out whoever is first in any line.
    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        let (_, waiting) = self.waiting.pop_first()?;
        self.places.remove(&waiting.errand.order.call.id);
        Some(waiting)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many may wait.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }
}
