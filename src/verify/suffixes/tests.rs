//! The index is checked against a plain set of numbers.

use std::collections::BTreeSet;

use super::*;
use crate::entropy::Entropy;

fn suffixes(texts: &[&str]) -> Suffixes {
    let ranges: Vec<NumberRange> = texts.iter().map(|text| text.parse().unwrap()).collect();
    Suffixes::new(&ranges).unwrap()
}

#[test]
fn a_whole_code_space_is_one_piece() {
    let whole = suffixes(&["+4687650[00000-99999]"]);
    assert_eq!((whole.pieces.len(), whole.distinct(), whole.numbers()), (1, 100_000, 100_000));
}

#[test]
fn numbers_with_the_same_suffix_are_one_code() {
    let twice = suffixes(&["+46876500[000-999]", "+46876600[000-999]", "+46876500123"]);
    assert_eq!((twice.distinct(), twice.numbers()), (1_000, 2_000));
    assert_eq!(twice.blocks(123), &[468_765, 468_766]);
    assert_eq!(twice.blocks(1_000), &[] as &[u64]);
}

#[test]
fn a_range_may_cross_a_block() {
    let crossing = suffixes(&["+468765[0099000-0101999]"]);
    assert_eq!((crossing.distinct(), crossing.numbers()), (3_000, 3_000));
    assert_eq!(crossing.blocks(99_000), &[46_876_500]);
    assert_eq!(crossing.blocks(1_999), &[46_876_501]);
}

#[test]
fn touching_ranges_are_one_piece() {
    let joined = suffixes(&["+46876500[000-499]", "+46876500[500-999]"]);
    assert_eq!((joined.pieces.len(), joined.distinct()), (1, 1_000));
}

#[test]
fn ten_thousand_random_numbers_have_fewer_suffixes() {
    let mut stream = Entropy::seeded(5).stream();
    let numbers: Vec<String> =
        (0..10_000).map(|_| format!("+468{:08}", stream.below(100_000_000))).collect();
    let texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let distinct = suffixes(&texts).distinct();
    assert!((9_450..9_580).contains(&distinct), "{distinct}");
}

#[test]
fn ranges_that_overlap_in_too_many_ways_are_refused() {
    // Each block begins one suffix later than the one before: 3,000 pieces of up to 3,000 blocks.
    let ranges: Vec<NumberRange> = (0..3_000)
        .map(|block| format!("+46{:04}[{block:05}-99999]", 1_000 + block).parse().unwrap())
        .collect();
    assert_eq!(Suffixes::new(&ranges).err(), Some(Scattered));
}

#[test]
fn the_index_agrees_with_a_plain_set() {
    for seed in 0..200 {
        let mut stream = Entropy::seeded(seed).stream();
        let mut numbers = BTreeSet::new();
        let mut ranges = Vec::new();
        for _ in 0..1 + stream.below(12) {
            // Few blocks and many ends near the borders, so that everything meets everything.
            let first = 4_680_000_000
                + u64::from(stream.below(4)) * SPACE
                + u64::from(stream.below(2) * 99_900 + stream.below(100));
            let last = first + u64::from(stream.below(250));
            let text = format!("+[{first}-{last}]");
            ranges.push(text.parse().unwrap());
            numbers.extend(first..=last);
        }
        let index = Suffixes::new(&ranges).unwrap();
        let plain: BTreeSet<u32> = numbers.iter().map(|number| (number % SPACE) as u32).collect();
        assert_eq!(index.numbers(), numbers.len() as u64, "seed {seed}");
        assert_eq!(index.distinct(), plain.len() as u32, "seed {seed}");
        for (rank, suffix) in plain.iter().enumerate() {
            assert_eq!(index.at(rank as u32), *suffix, "seed {seed}");
            assert_eq!(index.rank(*suffix), Some(rank as u32), "seed {seed}");
            let blocks: Vec<u64> = index.blocks(*suffix).to_vec();
            let carriers: Vec<u64> = numbers
                .iter()
                .filter(|number| *number % SPACE == u64::from(*suffix))
                .map(|number| number / SPACE)
                .collect();
            assert_eq!(blocks, carriers, "seed {seed}");
        }
        let absent = (0..SPACE as u32).step_by(37).filter(|suffix| !plain.contains(suffix));
        for suffix in absent {
            assert_eq!(index.rank(suffix), None, "seed {seed}");
        }
    }
}
