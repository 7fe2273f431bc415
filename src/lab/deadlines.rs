//! Who wants to be woken when: exact, in order, and one deadline each.
//!
//! A tree and not the wheel: virtual time wants the very moment, and a handset has few calls.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

use crate::time::Wake;

/// Deadlines by who has them.
#[derive(Debug)]
pub(super) struct Deadlines<S> {
    queue: BTreeSet<(Instant, S)>,
    wakes: HashMap<S, Wake>,
}

impl<S: Copy + Eq + Hash + Ord> Deadlines<S> {
    /// Nobody has one.
    pub(super) fn new() -> Self {
        Self { queue: BTreeSet::new(), wakes: HashMap::new() }
    }

    /// Replaces the deadline of `sleeper`.
    pub(super) fn set(&mut self, sleeper: S, wake: Option<Wake>) {
        let before = match wake {
            Some(wake) => self.wakes.insert(sleeper, wake),
            None => self.wakes.remove(&sleeper),
        };
        if let Some(before) = before {
            self.queue.remove(&(before.at, sleeper));
        }
        if let Some(wake) = wake {
            self.queue.insert((wake.at, sleeper));
        }
    }

    /// Takes one that is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<S> {
        let (at, sleeper) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.pop_first();
        self.wakes.remove(&sleeper);
        Some(sleeper)
    }

    /// The earliest.
    pub(super) fn next(&self) -> Option<Wake> {
        self.queue.first().and_then(|(_, sleeper)| self.wakes.get(sleeper).copied())
    }
}
