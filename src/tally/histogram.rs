//! How often a value fell between bounds: a word for each bucket, added to by one, read by another.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often a value fell between bounds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Histogram {
    /// The largest value of each bucket.
    pub bounds: &'static [u64],
    /// Values in each bucket alone, and at last those above every bound.
    pub counts: Box<[u64]>,
    /// The sum of all values.
    pub sum: u64,
}

/// Counts values between `N` bounds, which whoever adds and reads brings along: a constant.
#[derive(Debug)]
pub struct Buckets<const N: usize> {
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Buckets<N> {
    /// One more value.
    pub fn add(&self, bounds: &[u64; N], value: u64) {
        let place = bounds.partition_point(|bound| *bound < value);
        self.counts.get(place).unwrap_or(&self.above).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self, bounds: &'static [u64; N]) -> Histogram {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = self.counts.iter().chain([&self.above]).map(get).collect();
        Histogram { bounds, counts, sum: get(&self.sum) }
    }
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::default());
        Self { counts, above: AtomicU64::default(), sum: AtomicU64::default() }
    }
}
