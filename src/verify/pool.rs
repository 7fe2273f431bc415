//! A pool of caller IDs and how much of it is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::census::PoolState;
use super::range::NumberRange;
use super::settings::{PoolSettings, SettingsError};
use super::suffixes::{PIECES_MAX, SPACE, Suffixes};
use crate::entropy::Stream;
use crate::number::E164;

/// One pool.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) name: Arc<str>,
    /// What all its numbers begin with, `+` and at most what stands before the code: the part of a
    /// caller ID that tells nothing about which number was chosen.
    pub(super) prefix: String,
    pub(super) suffixes: Suffixes,
    leased: AtomicU64,
    cooling: AtomicU64,
}

impl Pool {
    pub(super) fn new(settings: &PoolSettings) -> Result<Self, SettingsError> {
        let scattered = |_| SettingsError::ScatteredPool {
            pool: Arc::clone(&settings.name),
            limit: PIECES_MAX,
        };
        Ok(Self {
            name: Arc::clone(&settings.name),
            prefix: common_prefix(&settings.numbers),
            suffixes: Suffixes::new(&settings.numbers).map_err(scattered)?,
            leased: AtomicU64::new(0),
            cooling: AtomicU64::new(0),
        })
    }

    /// One of the numbers with this suffix, each with the same probability.
    pub(super) fn number(&self, suffix: u32, dice: &mut Stream) -> Option<E164> {
        let blocks = self.suffixes.blocks(suffix);
        // At most PIECES_MAX blocks: they fit 32 bits.
        let count = u32::try_from(blocks.len()).ok().filter(|count| *count > 0)?;
        let block = blocks[dice.below(count) as usize];
        E164::parse(&format!("+{}", block * SPACE + u64::from(suffix))).ok()
    }

    /// A lease began.
    pub(super) fn on_leased(&self) {
        self.leased.fetch_add(1, Ordering::Relaxed);
    }

    /// Its call is over: it cools down.
    pub(super) fn on_released(&self) {
        self.leased.fetch_sub(1, Ordering::Relaxed);
        self.cooling.fetch_add(1, Ordering::Relaxed);
    }

    /// Its call was never placed.
    pub(super) fn on_undone(&self) {
        self.leased.fetch_sub(1, Ordering::Relaxed);
    }

    /// It may be used again.
    pub(super) fn on_cooled(&self) {
        self.cooling.fetch_sub(1, Ordering::Relaxed);
    }

    /// The odds of a guesser who may try `attempts` codes.
    pub(super) fn guess_odds(&self, attempts: u8) -> f64 {
        f64::from(attempts) / f64::from(self.suffixes.distinct().max(1))
    }

    pub(super) fn state(&self, attempts: u8) -> PoolState {
        PoolState {
            name: Arc::clone(&self.name),
            numbers: self.suffixes.numbers(),
            distinct: self.suffixes.distinct(),
            bits: f64::from(self.suffixes.distinct().max(1)).log2(),
            guess_odds: self.guess_odds(attempts),
            leased: self.leased.load(Ordering::Relaxed),
            cooling: self.cooling.load(Ordering::Relaxed),
        }
    }
}

/// How many different codes the numbers end in; `None` when they are too scattered for a pool.
pub fn distinct_codes(numbers: &[NumberRange]) -> Option<u32> {
    Suffixes::new(numbers).ok().map(|suffixes| suffixes.distinct())
}

fn common_prefix(numbers: &[NumberRange]) -> String {
    // What both ends of a range begin with, all numbers between them do.
    let ends = numbers.iter().flat_map(|range| [range.first(), range.last()]);
    let blocks = ends.map(|number| format!("+{}", number.as_u64() / SPACE));
    let common = blocks.reduce(|common, block| {
        let is_same = |(left, right): &(char, char)| left == right;
        common.chars().zip(block.chars()).take_while(is_same).map(|(left, _)| left).collect()
    });
    common.unwrap_or_default()
}

/// How many suffixes must be usable so that `attempts` guesses stay within `odds_max`.
pub(super) fn needed(attempts: u8, odds_max: f64) -> u32 {
    // 3 / 0.005 is not exactly 600 in binary: what is a billionth off is equal.
    let exact = f64::from(attempts) / odds_max;
    (exact * (1.0 - 1e-9)).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn the_needed_suffixes_keep_the_odds() {
        for (attempts, odds, expected) in
            [(3, 0.005, 600), (3, 0.0005, 6_000), (1, 1.0, 1), (3, 0.9, 4), (10, 0.0001, 100_000)]
        {
            assert_eq!(needed(attempts, odds), expected, "{attempts} of {odds}");
        }
    }

    #[test]
    fn a_prefix_is_common_to_all_numbers_and_ends_before_the_code() {
        let check = |texts: &[&str], expected: &str| {
            let numbers: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(common_prefix(&numbers), expected, "{texts:?}");
        };
        check(&["+46876500123"], "+468765");
        check(&["+46876500[000-999]", "+46876500123"], "+468765");
        check(&["+46876500[000-999]", "+46876600[000-999]"], "+46876");
        check(&["+4687650[00000-99999]"], "+4687650");
        check(&["+46876[4000000-4999999]", "+468765000000"], "+46876");
        check(&["+46876500123", "+4560123456"], "+4");
        check(&["+46876500123", "+12025550173"], "+");
        check(&["+46876500123", "+4687654"], "+46");
    }

    #[test]
    fn numbers_of_one_suffix_are_used_in_turn() {
        let numbers =
            ["+46876500[000-999]", "+46876600[000-999]"].map(|text| text.parse().unwrap());
        let settings = PoolSettings { name: "default".into(), numbers: numbers.into() };
        let pool = Pool::new(&settings).unwrap();
        let mut dice = Entropy::seeded(1).stream();
        let mut seen = [0_u32; 2];
        for _ in 0..1_000 {
            let number = pool.number(123, &mut dice).unwrap();
            let first = E164::parse("+46876500123").unwrap();
            let second = E164::parse("+46876600123").unwrap();
            assert!(number == first || number == second);
            seen[usize::from(number == second)] += 1;
        }
        assert!(seen.iter().all(|count| (420..580).contains(count)), "{seen:?}");
        assert_eq!(pool.number(1_000, &mut dice), None);
    }

    #[test]
    fn a_state_tells_the_code_space() {
        let numbers = vec!["+46876500[000-999]".parse().unwrap(), "+46876600000".parse().unwrap()];
        let pool = Pool::new(&PoolSettings { name: "default".into(), numbers }).unwrap();
        pool.on_leased();
        pool.on_leased();
        pool.on_released();
        let state = pool.state(3);
        assert_eq!((state.numbers, state.distinct), (1_001, 1_000));
        assert_eq!((state.leased, state.cooling), (1, 1));
        assert_eq!((state.guess_odds, (state.bits * 100.0) as u32), (0.003, 996));
    }
}
