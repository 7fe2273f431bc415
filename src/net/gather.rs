//! When the loop lets datagrams gather before it looks again.
//!
//! To be woken costs a thread about 8 µs on a virtual machine, more than to read a response and act
//! on it, and a busy trunk would wake it for each one. So a loop that keeps turning within two
//! milliseconds rests for one after each turn, as network cards hold back interrupts under load.
//! A lone call never meets it.
//! Invariant: a rest ends no later than the core's next deadline.

use std::time::{Duration, Instant};

/// Watches how fast the loop turns.
#[derive(Debug)]
pub(super) struct Gather {
    turned: Instant,
    hurried: u32,
}

impl Gather {
    /// A loop that begins at `now`.
    pub(super) fn new(now: Instant) -> Self {
        Self { turned: now, hurried: 0 }
    }

    /// The loop has done what there was to do. Returns for how long datagrams may gather, given when
    /// the core wants to be woken.
    pub(super) fn on_turn(&mut self, wake: Option<Instant>, now: Instant) -> Option<Duration> {
        let is_hurried = now.saturating_duration_since(self.turned) < HURRIED;
        self.hurried = if is_hurried { self.hurried.saturating_add(1) } else { 0 };
        self.turned = now;
        let left = wake.map_or(REST, |at| at.saturating_duration_since(now).min(REST));
        (self.hurried >= HURRIED_TURNS && !left.is_zero()).then_some(left)
    }
}

/// Turns that follow one another faster than this are hurried; a turn after a rest can be.
const HURRIED: Duration = Duration::from_millis(2);
/// A lone call is five turns in quick succession.
const HURRIED_TURNS: u32 = 16;
/// What the wheel rounds a deadline by.
const REST: Duration = Duration::from_millis(1);

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time starts somewhere")]
mod tests {
    use super::*;

    /// The rests, in microseconds, of turns that come this long after one another.
    fn rests(turns: usize, apart: Duration, wake: Option<Duration>) -> Vec<u128> {
        let mut now = Instant::now();
        let mut gather = Gather::new(now);
        let turn = |_| {
            now += apart;
            gather.on_turn(wake.map(|after| now + after), now).map_or(0, |rest| rest.as_micros())
        };
        (0..turns).map(turn).collect()
    }

    #[test]
    fn a_lone_call_never_waits() {
        assert_eq!(rests(15, Duration::from_micros(50), None), [0; 15]);
        assert_eq!(rests(1_000, Duration::from_millis(2), None), [0; 1_000]);
    }

    #[test]
    fn a_busy_loop_rests_and_goes_on_resting_after_a_rest() {
        let rests = rests(100, Duration::from_micros(1_100), None);
        assert_eq!(rests[..15], [0; 15]);
        assert!(rests[15..].iter().all(|rest| *rest == 1_000));
    }

    #[test]
    fn a_rest_ends_with_the_next_deadline() {
        let soon = Some(Duration::from_micros(200));
        assert_eq!(rests(17, Duration::from_micros(50), soon)[16], 200);
        assert_eq!(rests(17, Duration::from_micros(50), Some(Duration::ZERO))[16], 0);
    }
}
