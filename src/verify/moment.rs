//! Moments as four bytes: whole seconds since the first moment that was asked about.
//!
//! Invariant: what is remembered is rounded up and "now" is rounded down, so a window never closes
//! early; it may close a second late.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Whole seconds since an epoch.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Moment(pub(super) u32);

impl Moment {
    /// How long until `window` after this moment has passed; `None` when it has.
    pub(super) fn left_of(self, window: Duration, now: Self) -> Option<Duration> {
        let end = self.0.saturating_add(whole_seconds(window));
        let left = end.checked_sub(now.0).filter(|left| *left > 0)?;
        Some(Duration::from_secs(left.into()))
    }
}

/// Turns instants into moments. Instants before its first one count as that one.
#[derive(Debug, Default)]
pub(super) struct Epoch {
    zero: OnceLock<Instant>,
}

impl Epoch {
    /// Sets the epoch, unless somebody asked about a moment before.
    pub(super) fn begin(&self, zero: Instant) {
        // The moments that were asked about count from where it is.
        let _ = self.zero.set(zero);
    }

    /// To be remembered: rounded up.
    pub(super) fn mark(&self, now: Instant) -> Moment {
        Moment(whole_seconds(self.since(now)))
    }

    /// To be compared with what is remembered: rounded down.
    pub(super) fn now(&self, now: Instant) -> Moment {
        Moment(u32::try_from(self.since(now).as_secs()).unwrap_or(u32::MAX))
    }

    fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.zero.get_or_init(|| now))
    }
}

/// Rounded up. 32 bits of seconds are 136 years.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
