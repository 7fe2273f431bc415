//! A rate limit in one atomic word: the generic cell rate algorithm (ITU-T I.371). The word holds
//! the moment at which the next request would be exactly on time.
//!
//! Invariant: nobody waits; a refused request leaves no trace, so hammering does not prolong it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often, and how much at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    epoch: Instant,
    interval: Duration,
    burst: Duration,
}

impl Rate {
    /// `count` in each `window`, all of them at once if need be. Time starts at `epoch`.
    pub(super) fn new(count: u32, window: Duration, epoch: Instant) -> Self {
        Self { epoch, interval: window / count.max(1), burst: window }
    }

    /// Takes one, or says how long to wait for it.
    pub(super) fn admit(&self, cell: &AtomicU64, now: Instant) -> Result<(), Duration> {
        let now = nanos(now.saturating_duration_since(self.epoch));
        let (interval, burst) = (nanos(self.interval), nanos(self.burst));
        cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |due| {
            let next = due.max(now) + interval;
            (next <= now + burst).then_some(next)
        })
        .map(drop)
        .map_err(|due| Duration::from_nanos(due + interval - now - burst))
    }
}

/// 64 bits of nanoseconds are 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn a_burst_passes_and_then_one_for_each_interval() {
        let epoch = Instant::now();
        let rate = Rate::new(4, Duration::from_secs(1), epoch);
        let cell = AtomicU64::new(0);
        let at = |millis| epoch + Duration::from_millis(millis);
        let admitted = (0..10).filter(|_| rate.admit(&cell, at(5_000)).is_ok()).count();
        assert_eq!(admitted, 4);
        assert_eq!(rate.admit(&cell, at(5_000)), Err(Duration::from_millis(250)));
        assert_eq!(rate.admit(&cell, at(5_100)), Err(Duration::from_millis(150)));
        assert_eq!(rate.admit(&cell, at(5_250)), Ok(()));
        assert!(rate.admit(&cell, at(5_250)).is_err());
    }
}
