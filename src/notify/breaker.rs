//! Whether a receiver works: after several failures in a row only one message at a time asks it,
//! ever more seldom, until it takes one.

use std::mem;
use std::time::{Duration, Instant};

/// The state of one receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Breaker {
    /// It works, as far as is known.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// It does not work.
    Open {
        /// When it is asked again.
        probe_at: Instant,
        /// How long it was left alone for that.
        gap: Duration,
        /// Since when.
        since: Instant,
    },
    /// It is being asked.
    Probing {
        /// How long it was left alone before.
        gap: Duration,
        /// Since when it does not work.
        since: Instant,
    },
}

/// When messages may pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Gate {
    /// At any time.
    Any,
    /// One, from then on.
    One(Instant),
    /// None until something has ended.
    Shut,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// When messages may pass.
    pub(super) fn gate(&self) -> Gate {
        match self {
            Self::Closed { .. } => Gate::Any,
            Self::Open { probe_at, .. } => Gate::One(*probe_at),
            Self::Probing { .. } => Gate::Shut,
        }
    }

    /// Whether the receiver is taken to be down.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self, Self::Closed { .. })
    }

    /// A message leaves; true when it is the one that asks.
    pub(super) fn on_sent(&mut self) -> bool {
        match *self {
            Self::Open { gap, since, .. } => {
                *self = Self::Probing { gap, since };
                true
            }
            Self::Closed { .. } | Self::Probing { .. } => false,
        }
    }

    /// A message was taken. Since when the receiver was down, if it was.
    pub(super) fn on_success(&mut self) -> Option<Instant> {
        match mem::take(self) {
            Self::Open { since, .. } | Self::Probing { since, .. } => Some(since),
            Self::Closed { .. } => None,
        }
    }

    /// A message failed; `is_probe` is what [`on_sent`](Self::on_sent) said of it. True when the
    /// receiver is taken to be down from now on.
    pub(super) fn on_failure(&mut self, is_probe: bool, now: Instant) -> bool {
        match *self {
            Self::Closed { failures } if failures + 1 < FAILURES => {
                *self = Self::Closed { failures: failures + 1 };
                false
            }
            Self::Closed { .. } => {
                *self = Self::Open { probe_at: now + GAP_FIRST, gap: GAP_FIRST, since: now };
                true
            }
            Self::Probing { gap, since } if is_probe => {
                let gap = (gap * 2).min(GAP_MAX);
                *self = Self::Open { probe_at: now + gap, gap, since };
                false
            }
            // Those that left before it was taken to be down say nothing new.
            Self::Open { .. } | Self::Probing { .. } => false,
        }
    }
}

/// Failures in a row that open it.
pub(super) const FAILURES: u32 = 5;
/// From the opening to the first question; doubled after each that fails.
pub(super) const GAP_FIRST: Duration = Duration::from_secs(1);
/// A receiver that works again is found within this time.
pub(super) const GAP_MAX: Duration = Duration::from_secs(60);
