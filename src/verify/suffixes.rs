//! The distinct last-five-digit suffixes of a pool, and the numbers that carry each.
//!
//! A code is a suffix, so the code space is the number of *distinct* suffixes, and a fair choice is
//! uniform over them, not over the numbers. The axis 00000–99999 is cut into pieces of consecutive
//! suffixes that the same number blocks carry: a range of 100,000 numbers is one piece, 10,000
//! scattered numbers are at most as many.
//!
//! Invariant: pieces are sorted and disjoint, so suffixes have ranks 0, 1, 2 … and both directions
//! are a binary search.

use std::collections::BTreeMap;

use super::range::NumberRange;
use crate::number::E164;

/// The code space of one pool. Never changes.
#[derive(Debug)]
pub(super) struct Suffixes {
    pieces: Vec<Piece>,
    distinct: u32,
    numbers: u64,
}

#[derive(Debug)]
struct Piece {
    low: u32,
    high: u32,
    /// How many suffixes lie in the pieces before this one.
    rank: u32,
    /// The numbers' leading digits, sorted: each of these and any suffix of the piece is a number.
    blocks: Box<[u64]>,
}

/// The pieces are more than [`PIECES_MAX`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Scattered;

impl Suffixes {
    /// Indexes numbers. A number that is named twice is one number.
    pub(super) fn new(ranges: &[NumberRange]) -> Result<Self, Scattered> {
        let runs = join(ranges);
        let numbers = runs.iter().map(|(first, last)| last - first + 1).sum();
        let mut suffixes = Self { pieces: Vec::new(), distinct: 0, numbers };
        let mut references = 0;
        let mut blocks: Vec<u64> = Vec::new();
        let mut start = 0;
        for (at, changes) in borders(&runs) {
            if !blocks.is_empty() {
                references += blocks.len();
                suffixes.push(start, at - 1, &blocks);
            }
            if references > PIECES_MAX {
                return Err(Scattered);
            }
            for block in changes {
                match blocks.binary_search(&block) {
                    Ok(place) => drop(blocks.remove(place)),
                    Err(place) => blocks.insert(place, block),
                }
            }
            start = at;
        }
        Ok(suffixes)
    }

    fn push(&mut self, low: u32, high: u32, blocks: &[u64]) {
        self.pieces.push(Piece { low, high, rank: self.distinct, blocks: blocks.into() });
        self.distinct += high - low + 1;
    }

    /// How many distinct suffixes there are.
    pub(super) fn distinct(&self) -> u32 {
        self.distinct
    }

    /// How many numbers there are.
    pub(super) fn numbers(&self) -> u64 {
        self.numbers
    }

    /// The place of a suffix among all, if it is there.
    pub(super) fn rank(&self, suffix: u32) -> Option<u32> {
        let piece = self.piece(suffix)?;
        Some(piece.rank + suffix - piece.low)
    }

    /// The suffix with this rank. `rank` must be below [`distinct`](Self::distinct).
    pub(super) fn at(&self, rank: u32) -> u32 {
        let next = self.pieces.partition_point(|piece| piece.rank <= rank);
        let piece = &self.pieces[next - 1];
        piece.low + rank - piece.rank
    }

    /// The leading digits that make numbers of this suffix.
    pub(super) fn blocks(&self, suffix: u32) -> &[u64] {
        self.piece(suffix).map(|piece| &*piece.blocks).unwrap_or_default()
    }

    /// Whether the number is one of these.
    pub(super) fn contains(&self, number: E164) -> bool {
        let block = number.as_u64() / SPACE;
        self.blocks(number.suffix()).binary_search(&block).is_ok()
    }

    fn piece(&self, suffix: u32) -> Option<&Piece> {
        let next = self.pieces.partition_point(|piece| piece.low <= suffix);
        let piece = &self.pieces[next.checked_sub(1)?];
        (suffix <= piece.high).then_some(piece)
    }
}

/// Sorted runs of numbers that neither touch nor overlap.
fn join(ranges: &[NumberRange]) -> Vec<(u64, u64)> {
    let ends = |range: &NumberRange| (range.first().as_u64(), range.last().as_u64());
    let mut sorted: Vec<(u64, u64)> = ranges.iter().map(ends).collect();
    sorted.sort_unstable();
    let mut runs: Vec<(u64, u64)> = Vec::with_capacity(sorted.len());
    for (first, last) in sorted {
        match runs.last_mut() {
            Some(run) if first <= run.1 + 1 => run.1 = run.1.max(last),
            Some(_) | None => runs.push((first, last)),
        }
    }
    runs
}

/// The suffixes at which a block begins or ends to carry numbers. A block that ends and begins
/// again at the same suffix is named twice there and so stays.
fn borders(runs: &[(u64, u64)]) -> BTreeMap<u32, Vec<u64>> {
    let mut borders: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (first, last) in runs {
        for block in first / SPACE..=last / SPACE {
            let low = first.saturating_sub(block * SPACE) as u32;
            let high = (last - block * SPACE).min(SPACE - 1) as u32;
            borders.entry(low).or_default().push(block);
            borders.entry(high + 1).or_default().push(block);
        }
    }
    borders
}

/// Five digits.
pub(super) const SPACE: u64 = 100_000;
/// Block references in all pieces together: 32 MB.
pub(super) const PIECES_MAX: usize = 4_000_000;

#[cfg(test)]
mod tests;
