//! How fast one shard may send calls to one trunk: calls per second and calls at once.
//!
//! Bursts are a tenth of a second's worth, because a carrier that sells 100 calls per second answers
//! the 101st with 503.
//! Deliberately absent: a queue. Who is told to wait keeps the call.

use std::time::{Duration, Instant};

use super::Rate;

/// One shard's share of what a trunk takes.
#[derive(Clone, Debug)]
pub struct Pace {
    rate: Rate,
    in_flight: u32,
    in_flight_max: u32,
}

/// Why a call must not leave yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// As many calls live as may: one must end first.
    Full,
    /// The rate is used up until then.
    Until(Instant),
}

impl Pace {
    /// The share of shard `shard` of `shards` in `calls_per_second` and `in_flight_max`, none of
    /// which may be zero. The shares add up to the whole.
    pub fn new(calls_per_second: u32, in_flight_max: u32, shard: u16, shards: u16) -> Self {
        debug_assert!(calls_per_second > 0 && shard < shards, "a share of nothing");
        let (count, shards) = (u32::from(shard), u32::from(shards.max(1)));
        let interval = Duration::from_secs(1) * shards / calls_per_second.max(1);
        let burst = calls_per_second / shards / 10;
        Self {
            rate: Rate::new(interval, burst),
            in_flight: 0,
            in_flight_max: in_flight_max / shards + u32::from(count < in_flight_max % shards),
        }
    }

    /// Takes leave for one call. Each success is given back once with [`release`](Self::release).
    ///
    /// # Errors
    ///
    /// How long to wait. A refusal changes nothing.
    pub fn take(&mut self, now: Instant) -> Result<(), Wait> {
        if self.in_flight >= self.in_flight_max {
            return Err(Wait::Full);
        }
        self.rate.take(now).map_err(Wait::Until)?;
        self.in_flight += 1;
        Ok(())
    }

    /// Takes the limits of `other`; the calls that live go on counting.
    pub fn change_to(&mut self, other: Self) {
        *self = Self { in_flight: self.in_flight, ..other };
    }

    /// One call ended.
    pub fn release(&mut self) {
        debug_assert!(self.in_flight > 0, "a call ended that was never counted");
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Calls that live.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time starts somewhere")]
mod tests;
