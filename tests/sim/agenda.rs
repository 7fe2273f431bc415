//! What will happen, in the order of time; what happens at one moment, in the order in which it was
//! decided.

use std::collections::BTreeMap;
use std::time::Instant;

/// A queue in virtual time.
pub(crate) struct Agenda<T> {
    queue: BTreeMap<(Instant, u64), T>,
    filed: u64,
}

impl<T> Agenda<T> {
    /// Nothing will happen.
    pub(crate) fn new() -> Self {
        Self { queue: BTreeMap::new(), filed: 0 }
    }

    /// Files `what`.
    pub(crate) fn add(&mut self, at: Instant, what: T) {
        self.filed += 1;
        self.queue.insert((at, self.filed), what);
    }

    /// When the next thing happens.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Strikes what shall not happen.
    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.queue.retain(|_, what| keep(what));
    }

    /// Takes the next thing.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.queue.pop_first().map(|(_, what)| what)
    }
}
