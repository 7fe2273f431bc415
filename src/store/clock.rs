//! The journal's own time, which no clock that is set can bend.
//!
//! Deadlines that must survive a restart cannot be moments of the monotonic clock, which begins anew,
//! and must not be wall time, which people and daemons set. So they are *journal time*: microseconds
//! that run with the monotonic clock while the process lives, and across a restart are put forward by
//! how long it was away. Only that one step asks another clock: the time since boot, if the machine
//! was not booted in between (a restart after a crash: exact, whatever was done to the wall clock),
//! else the wall clock, which is believed in moderation.
//!
//! Invariants: journal time never runs backwards; a deadline is never further away than when it was
//! set.

use std::time::{Duration, Instant};

use crate::time::Micros;

/// Microseconds of journal time.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct JournalTime(pub u64);

/// What the clocks of the machine showed at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// The monotonic clock of this process.
    pub instant: Instant,
    /// The wall clock.
    pub wall: Micros,
    /// Names the boot of the machine; zero when the system does not tell.
    pub boot: u128,
    /// Since that boot, sleep included.
    pub uptime: Duration,
}

/// What the journal remembers of the clocks: written with every commit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stamp {
    /// Journal time.
    pub time: JournalTime,
    /// What the wall clock showed.
    pub wall: Micros,
    /// Which boot it was.
    pub boot: u128,
    /// How long the machine had been up.
    pub uptime: Micros,
}

/// How long nobody wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Away {
    /// By the time since boot: exact.
    Known(Duration),
    /// By the wall clock, across a boot: never negative, never more than [`AWAY_MAX`].
    Supposed(Duration),
}

/// Turns instants of this process into journal time and back.
#[derive(Clone, Copy, Debug)]
pub struct JournalClock {
    zero: Instant,
    at_zero: JournalTime,
    away: Away,
}

impl Stamp {
    /// How long it is from this stamp to `now`.
    pub fn away(&self, now: &Reading) -> Away {
        let uptime = Duration::from_micros(self.uptime.0);
        let same_boot = self.boot != 0 && self.boot == now.boot;
        if let (true, Some(away)) = (same_boot, now.uptime.checked_sub(uptime)) {
            return Away::Known(away);
        }
        // Set back: it shows less than when we last wrote, and says nothing.
        let away = Duration::from_micros(now.wall.0.saturating_sub(self.wall.0));
        Away::Supposed(away.min(AWAY_MAX))
    }
}

impl Away {
    /// How long.
    pub fn duration(self) -> Duration {
        match self {
            Self::Known(away) | Self::Supposed(away) => away,
        }
    }
}

impl JournalClock {
    /// A clock that goes on from `last`; a new journal's begins with wall time, which makes its times
    /// readable.
    pub fn resume(last: Option<Stamp>, now: &Reading) -> Self {
        let Some(last) = last else {
            let away = Away::Known(Duration::ZERO);
            return Self { zero: now.instant, at_zero: JournalTime(now.wall.0), away };
        };
        let away = last.away(now);
        Self { zero: now.instant, at_zero: last.time.after(away.duration()), away }
    }

    /// How long nobody wrote before this clock began.
    pub fn away(&self) -> Away {
        self.away
    }

    /// Journal time at `instant`.
    pub fn at(&self, instant: Instant) -> JournalTime {
        match instant.checked_duration_since(self.zero) {
            Some(after) => self.at_zero.after(after),
            None => {
                let before = (self.zero - instant).as_micros();
                let before = u64::try_from(before).unwrap_or(u64::MAX);
                JournalTime(self.at_zero.0.saturating_sub(before))
            }
        }
    }

    /// The instant of a moment that was read back; as far as this process can say it, when that was
    /// long ago.
    pub fn instant(&self, time: JournalTime) -> Instant {
        let back = self.at_zero.since(time);
        let instant = self.zero.checked_sub(back).unwrap_or(self.zero);
        instant + time.since(self.at_zero)
    }

    /// The instant of a deadline that was read back: for a moment in the past, `now`.
    ///
    /// `lifetime` bounds how far away it may be: what it was given when it was set. After a boot, when
    /// how long we were away is supposed only, what had not expired when we last wrote gets
    /// [`GRACE`]: a wall clock that was put forward then expires nothing at once.
    pub fn deadline(&self, deadline: JournalTime, lifetime: Duration, now: Instant) -> Instant {
        let left = deadline.since(self.at(now)).min(lifetime);
        let grace = match self.away {
            Away::Known(_) => Duration::ZERO,
            Away::Supposed(away) => {
                let last = JournalTime(self.at_zero.0.saturating_sub(micros(away)));
                let grace = deadline.since(last).min(GRACE).min(lifetime);
                // The grace began with the clock.
                grace.saturating_sub(now.saturating_duration_since(self.zero))
            }
        };
        now + left.max(grace)
    }

    /// What is written with a commit at `now`.
    pub fn stamp(&self, now: &Reading) -> Stamp {
        let uptime = Micros(micros(now.uptime));
        Stamp { time: self.at(now.instant), wall: now.wall, boot: now.boot, uptime }
    }
}

impl JournalTime {
    /// This moment and a time after it.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(micros(time)))
    }

    /// From `earlier` to this moment; zero if it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The longest that the wall clock is believed to tell of a time away. Beyond it locks, leases and
/// limits last longer than they had to; without it, a clock that was put forward would lift them all.
pub const AWAY_MAX: Duration = Duration::from_secs(3_600);

/// What a pending deadline gets after a boot, however late the wall clock says that it is.
pub const GRACE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
