//! Which trunks have had their turn with an order. By index, because a trunk keeps its index whatever
//! a reload does to its route: nobody is rung twice through the same carrier.

use super::settings::TRUNKS_MAX;

/// A set of trunks: those that failed an order, and those that were passed over for one that took it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Passed([u64; WORDS]);

impl Passed {
    /// The set with one more trunk in it.
    pub(crate) fn with(mut self, trunk: u16) -> Self {
        let (word, bit) = place(trunk);
        self.0[word] |= bit;
        self
    }

    /// Whether `trunk` has had its turn.
    pub(crate) fn has(self, trunk: u16) -> bool {
        let (word, bit) = place(trunk);
        self.0[word] & bit != 0
    }
}

fn place(trunk: u16) -> (usize, u64) {
    let trunk = usize::from(trunk) % TRUNKS_MAX;
    (trunk / BITS, 1 << (trunk % BITS))
}

const BITS: usize = u64::BITS as usize;
const WORDS: usize = TRUNKS_MAX / BITS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_trunk_that_a_process_may_know_has_a_place() {
        let last = TRUNKS_MAX as u16 - 1;
        let passed = Passed::default().with(0).with(last);
        let has: Vec<u16> = (0..=last).filter(|trunk| passed.has(*trunk)).collect();
        assert_eq!(has, [0, last]);
    }
}
