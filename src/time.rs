//! Deadlines and clocks: when something next wants to be called, and why.
//!
//! Nothing here reads a clock. Machines *name* deadlines; the driver in `net` sleeps. Monotonic time
//! decides, wall time is only shown: [`WallClock`] turns the one into the other.

#[cfg(test)]
pub(crate) mod testing;
mod wall;
mod wheel;

use std::time::Instant;

pub use wall::{Micros, WallClock};
pub use wheel::Wheel;

/// The next moment a machine wants `on_timeout`, and the reason (shown in `/debug/state`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wake {
    /// When.
    pub at: Instant,
    /// Why, as the RFC or the domain calls it: `"timer B"`, `"ring limit"`.
    pub why: &'static str,
}

impl Wake {
    /// The earlier of two wishes.
    pub fn earlier(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}
