//! From which suffixes a phone was called, and when: the reason why an old entry of its call log is
//! never "right", and the record that start limits are counted on.
//!
//! A lease is eight bytes. Like a telephone exchange's own memory of a call it holds the suffix in
//! clear, because the next call must avoid it; it is never shown, logged or compared with what a
//! client sends (that is the keyed hash of `code`).
//!
//! Invariant: a suffix is leased to a phone at most once per reuse window, whatever pool it is from.

use std::time::Duration;

use super::moment::Moment;
use super::suffixes::Suffixes;
use crate::entropy::Stream;

/// One call to a phone, or the start of a verification that waits for a call from it: that counts for
/// the limits of starts alone.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Lease {
    at: Moment,
    /// The suffix in 17 bits, whether the call started a verification in one, the pool in 12,
    /// whether it has cooled in one, whether there is no call in one.
    packed: u32,
}

impl Lease {
    pub(super) fn new(at: Moment, suffix: u32, pool: u16, is_start: bool) -> Self {
        Self { at, packed: u32::from(pool) << 18 | u32::from(is_start) << 17 | suffix }
    }

    /// A start without a call.
    pub(super) fn start_alone(at: Moment) -> Self {
        Self { at, packed: NO_CALL | COOL | 1 << 17 }
    }

    /// Whether it is a call, with a suffix of a pool.
    pub(super) fn is_call(self) -> bool {
        self.packed & NO_CALL == 0
    }

    pub(super) fn at(self) -> Moment {
        self.at
    }

    pub(super) fn suffix(self) -> u32 {
        self.packed & SUFFIX_MASK
    }

    pub(super) fn is_start(self) -> bool {
        self.packed >> 17 & 1 == 1
    }

    pub(super) fn pool(self) -> u16 {
        (self.packed >> 18) as u16 & POOL_MASK
    }

    /// Marks that its suffix may be used again; true for the first time. It is kept on for the
    /// limits of starts.
    pub(super) fn cool(&mut self) -> bool {
        let is_first = self.packed & COOL == 0;
        self.packed |= COOL;
        is_first
    }
}

/// A suffix that may be used, and among how many it was drawn.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Pick {
    pub(super) suffix: u32,
    pub(super) usable: u32,
}

/// Draws a suffix that the phone was not called from within `window`, each with the same
/// probability. `Err` tells how many are usable when they are fewer than `needed`.
pub(super) fn pick(
    suffixes: &Suffixes,
    leases: &[Lease],
    (window, now): (Duration, Moment),
    needed: u32,
    dice: &mut Stream,
) -> Result<Pick, u32> {
    let mut taken: Vec<u32> = leases
        .iter()
        .filter(|lease| lease.is_call() && lease.at.left_of(window, now).is_some())
        .filter_map(|lease| suffixes.rank(lease.suffix()))
        .collect();
    taken.sort_unstable();
    taken.dedup();
    // `taken` holds distinct ranks, all below `distinct`.
    let usable = suffixes.distinct() - taken.len() as u32;
    if usable < needed.max(1) {
        return Err(usable);
    }
    // The n-th rank that is not taken: each taken one at or below it pushes it up by one.
    let mut rank = dice.below(usable);
    for other in taken {
        if other > rank {
            break;
        }
        rank += 1;
    }
    Ok(Pick { suffix: suffixes.at(rank), usable })
}

const SUFFIX_MASK: u32 = (1 << 17) - 1;
const POOL_MASK: u16 = (1 << 12) - 1;
const COOL: u32 = 1 << 30;
const NO_CALL: u32 = 1 << 31;

#[cfg(test)]
mod tests;
