//! Wall time for people: microseconds since 1970, derived from the monotonic clock.
//!
//! Invariant: no decision reads wall time, so a clock that jumps (an NTP step, a suspended machine)
//! changes what is shown and nothing else.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

/// Microseconds since 1970-01-01T00:00:00Z. Zero stands for "never" where it is stored.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Micros(pub u64);

/// Turns monotonic instants into wall time. Cheap to clone; all clones share one anchor.
#[derive(Clone, Debug)]
pub struct WallClock {
    anchor: Arc<ArcSwap<Anchor>>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    instant: Instant,
    wall: SystemTime,
}

impl Micros {
    /// RFC 3339 with milliseconds, in UTC: `2026-11-20T10:15:30.123Z`.
    pub fn rfc3339(self) -> String {
        let micros = i64::try_from(self.0).unwrap_or(i64::MAX);
        // Past the year 9999 there is no RFC 3339; the last moment before is as good a lie as any.
        let moment = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
        PRINTER.timestamp_to_string(&moment)
    }
}

impl WallClock {
    /// A clock that showed `wall` at `instant`.
    pub fn new(instant: Instant, wall: SystemTime) -> Self {
        Self { anchor: Arc::new(ArcSwap::from_pointee(Anchor { instant, wall })) }
    }

    /// Follows a wall clock that was set. Called now and then by the edge that reads clocks.
    pub fn resample(&self, instant: Instant, wall: SystemTime) {
        self.anchor.store(Arc::new(Anchor { instant, wall }));
    }

    /// What the wall clock shows at `instant`, which may lie in the future.
    pub fn at(&self, instant: Instant) -> Micros {
        let anchor = **self.anchor.load();
        let shown = match instant.checked_duration_since(anchor.instant) {
            Some(after) => anchor.wall + after,
            None => anchor.wall - anchor.instant.duration_since(instant),
        };
        // A wall clock before 1970 is a machine that does not know the time; show the epoch.
        let since = shown.duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a zero of virtual time, never compared with a clock"
    )]
    fn p34_a_clock_follows_every_step_in_all_its_clones() {
        let zero = Instant::now();
        let second = Duration::from_secs;
        let clock = WallClock::new(zero, UNIX_EPOCH + second(1_000));
        let shown = clock.clone();
        let seconds = |after| shown.at(zero + second(after)).0 / 1_000_000;
        assert_eq!((seconds(0), seconds(5)), (1_000, 1_005));
        // An hour ahead, an hour back, and before 1970.
        clock.resample(zero + second(10), UNIX_EPOCH + second(4_610));
        assert_eq!((seconds(5), seconds(10), seconds(15)), (4_605, 4_610, 4_615));
        clock.resample(zero + second(20), UNIX_EPOCH + second(1_020));
        assert_eq!((seconds(10), seconds(20)), (1_010, 1_020));
        clock.resample(zero + second(30), UNIX_EPOCH - second(2));
        assert_eq!((seconds(29), seconds(31), seconds(33)), (0, 0, 1));
    }
}
