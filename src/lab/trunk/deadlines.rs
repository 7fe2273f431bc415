//! Who wants to be woken when: exact, in order, and one deadline each.
//!
//! A tree and not the wheel: virtual time wants the very moment, and a handset has few calls.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::time::Wake;
use crate::transaction::slab::Handle;

/// Who has a deadline.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Sleeper {
    /// A request of ours.
    Client(Handle),
    /// An answered call.
    Dialog(Handle),
    /// A request of the caller.
    Server(Handle),
}

#[derive(Debug, Default)]
pub(super) struct Deadlines {
    queue: BTreeSet<(Instant, Sleeper)>,
    wakes: HashMap<Sleeper, Wake>,
}

impl Deadlines {
    /// Replaces the deadline of `sleeper`.
    pub(super) fn set(&mut self, sleeper: Sleeper, wake: Option<Wake>) {
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
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Sleeper> {
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
