//! How many calls without any proof listeners are told of: anybody on the network can make them up,
//! and they must not push out of the event stream what is real.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::verify::moment::Moment;

/// A count that begins anew each second.
#[derive(Debug, Default)]
pub(in super::super) struct Throttle {
    /// The second in the upper half, how many were told of in the lower.
    word: AtomicU64,
    untold: AtomicU64,
}

impl Throttle {
    /// Whether one more may be told of; counted if it may not.
    pub(in super::super) fn admits(&self, now: Moment) -> bool {
        let more = |word: u64| {
            // Of two shards one may be a second behind: that begins nothing anew.
            if word >> 32 < u64::from(now.0) {
                return Some(u64::from(now.0) << 32 | 1);
            }
            (word & COUNT < u64::from(UNPROVEN_PER_SECOND)).then_some(word + 1)
        };
        let is_admitted =
            self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if !is_admitted {
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
        is_admitted
    }

    /// How many were not told of.
    pub(in super::super) fn untold(&self) -> u64 {
        self.untold.load(Ordering::Relaxed)
    }
}

const COUNT: u64 = u32::MAX as u64;
/// Of calls that nothing proves, so many are told of in a second.
pub const UNPROVEN_PER_SECOND: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_second_are_told_of_and_the_rest_is_counted() {
        let throttle = Throttle::default();
        let told = |second| (0..100).filter(|_| throttle.admits(Moment(second))).count();
        assert_eq!((told(0), told(0), told(1), told(5)), (10, 0, 10, 10));
        assert_eq!(throttle.untold(), 370);
    }
}
