//! How often something may happen: a token bucket in the form of GCRA (ITU-T I.371), one instant
//! instead of a count and a clock.

use std::time::{Duration, Instant};

/// A rate, and how far it may be exceeded for a moment.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Time between two at full rate.
    interval: Duration,
    /// How far `due` may run ahead of the clock: the burst.
    ahead_max: Duration,
    /// When those so far would have happened, one `interval` apart.
    due: Option<Instant>,
}

impl Rate {
    /// One in each `interval`, and `burst` at once, at least one.
    pub fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, ahead_max: interval * burst.saturating_sub(1), due: None }
    }

    /// The share of one shard of `shards` in what others send: `per_second`, which must not be zero,
    /// and a second's worth at once, because nobody paces what comes to us.
    pub fn of_arrivals(per_second: u32, shards: u16) -> Self {
        let (per_second, shards) = (per_second.max(1), u32::from(shards.max(1)));
        // Two at least, so that there is a half to be spared.
        Self::new(Duration::from_secs(1) * shards / per_second, (per_second / shards).max(2))
    }

    /// Takes leave for one.
    ///
    /// # Errors
    ///
    /// When to ask again. A refusal changes nothing.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        self.take_up_to(self.ahead_max, now)
    }

    /// Takes leave for one that matters less, as long as half of the burst is left for others: they
    /// then find the whole rate, however many of these come.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn take_spare(&mut self, now: Instant) -> Result<(), Instant> {
        self.take_up_to(self.ahead_max / 2, now)
    }

    fn take_up_to(&mut self, ahead_max: Duration, now: Instant) -> Result<(), Instant> {
        let due = self.due.map_or(now, |due| due.max(now));
        if due - now > ahead_max {
            return Err(due - ahead_max);
        }
        self.due = Some(due + self.interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::testing::origin;

    #[test]
    fn f04_what_matters_finds_the_whole_rate_however_much_else_comes() {
        let (start, mut rate) = (origin(), Rate::of_arrivals(100, 1));
        let (mut wanted, mut others) = (0, 0);
        for millis in 0..10_000 {
            let now = start + Duration::from_millis(millis);
            // A thousand others in a second, and before them fifty that matter.
            wanted += u32::from(millis % 20 == 0 && rate.take(now).is_ok());
            others += u32::from(rate.take_spare(now).is_ok());
        }
        assert_eq!(wanted, 500, "all of them");
        assert!((500..=560).contains(&others), "what is left, and half a burst: {others}");
    }

    #[test]
    fn the_shares_of_the_shards_are_the_rate() {
        let now = origin();
        let taken = |mut share: Rate| {
            let within = |from: u64, to: u64| (from..to).map(Duration::from_millis);
            let burst = (0..1_000).filter(|_| share.take(now).is_ok()).count();
            let after = within(1, 10_001).filter(|after| share.take(now + *after).is_ok()).count();
            (burst, after)
        };
        assert_eq!(taken(Rate::of_arrivals(40, 4)), (10, 100));
        // Fewer than one in a second for each shard.
        assert_eq!(taken(Rate::of_arrivals(2, 4)), (2, 5));
    }
}
