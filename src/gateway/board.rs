//! What a shard shows of its trunks to other threads: words that it writes and anybody reads.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use crate::trunk::Health;

/// One shard's view of every trunk, in the configuration's order.
#[derive(Debug)]
pub struct Board {
    lines: Box<[LineWords]>,
}

#[derive(Debug)]
struct LineWords {
    in_flight: AtomicU32,
    is_up: AtomicBool,
    takes_calls: AtomicBool,
}

impl Board {
    /// A board for this many trunks, all taken to be up until a call says otherwise.
    pub fn new(trunks: usize) -> Self {
        let words = || LineWords {
            in_flight: AtomicU32::new(0),
            is_up: AtomicBool::new(true),
            takes_calls: AtomicBool::new(true),
        };
        Self { lines: (0..trunks).map(|_| words()).collect() }
    }

    /// Calls of this shard on a trunk.
    pub fn in_flight(&self, trunk: usize) -> u32 {
        self.lines.get(trunk).map_or(0, |line| line.in_flight.load(Ordering::Relaxed))
    }

    /// Whether calls may be sent to the trunk: it is up, or may be tried again.
    pub fn takes_calls(&self, trunk: usize) -> bool {
        self.lines.get(trunk).is_some_and(|line| line.takes_calls.load(Ordering::Relaxed))
    }

    /// Whether the trunk is there: it answered lately.
    pub fn is_up(&self, trunk: usize) -> bool {
        self.lines.get(trunk).is_some_and(|line| line.is_up.load(Ordering::Relaxed))
    }

    /// Shows how a trunk stands.
    pub(crate) fn show(&self, trunk: usize, in_flight: u32, health: &Health, now: Instant) {
        if let Some(line) = self.lines.get(trunk) {
            line.in_flight.store(in_flight, Ordering::Relaxed);
            line.is_up.store(health.is_up(), Ordering::Relaxed);
            line.takes_calls.store(health.takes_calls(now), Ordering::Relaxed);
        }
    }
}
