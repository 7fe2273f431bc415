//! How often something happened lately: sliding windows over the moments themselves, so that
//! `Retry-After` is exact.

use std::time::Duration;

use super::moment::Moment;
use super::settings::Limit;
use super::striped::{Full, Stale, Striped};

/// How long until one more is allowed, given the moments of the past ones, newest first. `None`:
/// now.
pub(super) fn wait(
    newest_first: impl Iterator<Item = Moment> + Clone,
    limits: &[Limit],
    now: Moment,
) -> Option<Duration> {
    let wait_for = |limit: &Limit| {
        // One more is allowed when the `count`-th newest has left the window.
        let nth = newest_first.clone().nth(limit.count as usize - 1)?;
        nth.left_of(limit.window, now)
    };
    limits.iter().filter_map(wait_for).max()
}

/// The longest window; nothing older needs to be remembered.
pub(super) fn longest(limits: &[Limit]) -> Duration {
    limits.iter().map(|limit| limit.window).max().unwrap_or_default()
}

/// Starts per block of 10,000 numbers.
pub(super) struct Blocks {
    table: Striped<Starts>,
    limits: Vec<Limit>,
}

/// Why a block takes no start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BlockError {
    Full(Full),
    Wait(Duration),
}

/// The moments of the latest starts, oldest first: as many as the highest limit, no more.
#[derive(Default)]
struct Starts(Vec<Moment>);

impl Stale for Starts {
    type Rules = Duration;

    fn is_stale(&mut self, longest: &Duration, now: Moment) -> bool {
        self.0.retain(|moment| moment.left_of(*longest, now).is_some());
        self.0.is_empty()
    }
}

impl Blocks {
    pub(super) fn new(limit: usize, limits: Vec<Limit>) -> Self {
        Self { table: Striped::new(limit, longest(&limits)), limits }
    }

    /// Counts a start in the block of `number`.
    pub(super) fn take(&self, number: u64, mark: Moment, now: Moment) -> Result<(), BlockError> {
        if self.limits.is_empty() {
            return Ok(());
        }
        let longest = longest(&self.limits);
        let taken = self.table.upsert(number / BLOCK, now, |starts| {
            // What it drops is outdated; an empty list is about to be filled.
            starts.is_stale(&longest, now);
            match wait(starts.0.iter().rev().copied(), &self.limits, now) {
                Some(wait) => Err(BlockError::Wait(wait)),
                None => {
                    starts.0.push(mark);
                    Ok(())
                }
            }
        });
        taken.map_err(BlockError::Full)?
    }

    /// Counts a start that another process counted.
    pub(super) fn restore(&self, number: u64, mark: Moment, now: Moment) {
        if !self.limits.is_empty() {
            // A table that is full counts no further block, as it would not have.
            let _ = self.table.upsert(number / BLOCK, now, |starts| starts.0.push(mark));
        }
    }

    /// Takes back a start that was counted at `mark`, as if it had not been.
    pub(super) fn give_back(&self, number: u64, mark: Moment) {
        self.table.update(number / BLOCK, |starts| {
            if let Some(place) = starts.0.iter().rposition(|moment| *moment == mark) {
                starts.0.remove(place);
            }
        });
    }

    pub(super) fn level(&self) -> super::census::Level {
        self.table.level()
    }
}

/// A number less its last four digits.
const BLOCK: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(count: u32, seconds: u64) -> Limit {
        Limit { count, window: Duration::from_secs(seconds) }
    }

    #[test]
    fn one_more_is_allowed_when_every_window_has_room() {
        let limits = [limit(3, 600), limit(5, 3_600)];
        let check = |past: &[u32], now: u32, expected: Option<u64>| {
            let newest_first = past.iter().rev().map(|second| Moment(*second));
            let found = wait(newest_first, &limits, Moment(now));
            assert_eq!(found, expected.map(Duration::from_secs), "{past:?} at {now}");
        };
        check(&[], 0, None);
        check(&[0, 0], 0, None);
        check(&[0, 0, 0], 0, Some(600));
        check(&[0, 1, 2], 599, Some(1));
        check(&[0, 1, 2], 600, None);
        check(&[0, 100, 700, 800], 900, None);
        check(&[0, 100, 700, 800, 900], 1_000, Some(2_600));
        check(&[0, 1_000, 2_000, 3_000, 3_500], 3_599, Some(1));
        check(&[0, 1_000, 2_000, 3_000, 3_500], 3_600, None);
    }

    #[test]
    fn a02_a_block_is_limited_and_its_neighbour_is_not() {
        let blocks = Blocks::new(10, vec![limit(20, 600)]);
        let take = |number, now| blocks.take(number, Moment(now), Moment(now));
        for phone in 0..20 {
            assert_eq!(take(46_701_230_000 + phone, phone as u32), Ok(()));
        }
        let wait = |seconds| Err(BlockError::Wait(Duration::from_secs(seconds)));
        assert_eq!(take(46_701_239_999, 30), wait(570));
        assert_eq!(take(46_701_240_000, 30), Ok(()));
        blocks.give_back(46_701_230_000, Moment(19));
        assert_eq!(take(46_701_239_999, 30), Ok(()));
        assert_eq!(take(46_701_239_999, 30), wait(570));
        assert_eq!(take(46_701_239_999, 600), Ok(()));
    }

    #[test]
    fn a_full_table_of_blocks_refuses() {
        let blocks = Blocks::new(1, vec![limit(20, 600)]);
        assert_eq!(blocks.take(46_701_230_000, Moment(0), Moment(0)), Ok(()));
        let full = Err(BlockError::Full(Full { limit: 1 }));
        assert_eq!(blocks.take(46_701_240_000, Moment(0), Moment(0)), full);
        assert_eq!(blocks.level().shed, 1);
    }
}
