//! Chance, all of it from one seed.

use std::time::Duration;

use ringproof::entropy::{Entropy, Stream};

/// Draws for one purpose, so that a change in one part of a world does not reshuffle the others.
pub(crate) struct Dice(Stream);

impl Dice {
    /// The draws of `seed` for the purpose with this number.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self(Entropy::seeded(seed.wrapping_mul(PURPOSES) + purpose).stream())
    }

    /// True `per_cent` times of a hundred.
    pub(crate) fn chance(&mut self, per_cent: u32) -> bool {
        self.0.below(100) < per_cent
    }

    /// From `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.0.below(high - low + 1)
    }

    /// From `low` to `high` milliseconds.
    pub(crate) fn millis(&mut self, low: u32, high: u32) -> Duration {
        Duration::from_millis(self.between(low, high).into())
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len() as u32) as usize]
    }

    /// For who draws by himself.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.0
    }

    /// The same things in another order.
    pub(crate) fn shuffled(&mut self, mut things: Vec<u16>) -> Vec<u16> {
        for place in (1..things.len()).rev() {
            things.swap(place, self.0.below(place as u32 + 1) as usize);
        }
        things
    }
}

/// Seeds of worlds lie this far apart, so that two worlds share no draws.
const PURPOSES: u64 = 64;
