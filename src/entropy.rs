//! The only source of randomness: the operating system's in production, a seed's in tests.
//!
//! Invariant: the same seed and the same order of draws give the same bytes, so a simulated world
//! can be replayed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Randomness that every thread may draw from. Cheap to clone; clones of a seeded source share it.
#[derive(Clone, Debug)]
pub struct Entropy {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    Seed { seed: u64, drawn: Arc<AtomicU64> },
}

impl Entropy {
    /// The operating system's CSPRNG (`getrandom(2)`), asked for each draw.
    pub fn system() -> Self {
        Self { source: Source::System }
    }

    /// A replayable source, for tests and simulations only.
    pub fn seeded(seed: u64) -> Self {
        Self { source: Source::Seed { seed, drawn: Arc::default() } }
    }

    /// Fills `bytes`.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give. There is nothing sensible to do without
    /// it: every code would be guessable.
    #[expect(clippy::expect_used, reason = "without randomness every code would be guessable")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.source {
            Source::System => getrandom::fill(bytes).expect("the system has no randomness"),
            Source::Seed { seed, drawn } => {
                let mut stream = ChaCha20Rng::seed_from_u64(*seed);
                stream.set_stream(drawn.fetch_add(1, Ordering::Relaxed));
                stream.fill_bytes(bytes);
            }
        }
    }

    /// A generator of its own for one owner: no system call for each draw.
    pub fn stream(&self) -> Stream {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Stream { generator: ChaCha20Rng::from_seed(seed) }
    }

    /// 128 bits.
    pub fn u128(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }
}

/// A ChaCha20 generator with one owner.
#[derive(Debug)]
pub struct Stream {
    generator: ChaCha20Rng,
}

impl Stream {
    /// 32 bits.
    pub fn u32(&mut self) -> u32 {
        self.generator.next_u32()
    }

    /// 64 bits.
    pub fn u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// 128 bits.
    pub fn u128(&mut self) -> u128 {
        u128::from(self.u64()) << 64 | u128::from(self.u64())
    }

    /// A number below `bound`, each with the same probability. `bound` must not be zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        unbiased(bound, || self.generator.next_u32())
    }
}

/// Rejection sampling: values past the last whole multiple of `bound` are drawn again.
fn unbiased(bound: u32, mut draw: impl FnMut() -> u32) -> u32 {
    debug_assert!(bound > 0, "nothing is below zero");
    let tail = (u32::MAX % bound + 1) % bound;
    loop {
        let value = draw();
        if value <= u32::MAX - tail {
            return value % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let draw = |entropy: Entropy| (entropy.u128(), entropy.stream().u64());
        assert_eq!(draw(Entropy::seeded(3)), draw(Entropy::seeded(3)));
        assert_ne!(draw(Entropy::seeded(3)), draw(Entropy::seeded(4)));
    }

    #[test]
    fn every_value_below_the_bound_is_drawn() {
        let mut stream = Entropy::seeded(1).stream();
        let mut seen = [0_u32; 10];
        for _ in 0..10_000 {
            seen[stream.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
    }

    #[test]
    fn the_system_gives_different_bytes_each_time() {
        assert_ne!(Entropy::system().u128(), Entropy::system().u128());
    }
}
