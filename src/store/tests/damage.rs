//! D6: what is damaged on the disk is harmless, refused or told of, never believed.

use std::sync::Arc;

use super::{Content, after_numbered, closed_journal_of, content, journal_of, open};
use crate::entropy::Entropy;
use crate::store::memory::MemoryDisk;

#[test]
fn d06_a_cut_or_zeroed_tail_is_refused_or_told_of() {
    let expected = after_numbered(30);
    let mut dice = Entropy::seeded(6).stream();
    for nth in 0..120 {
        let disk = if nth % 2 == 0 { journal_of(30) } else { closed_journal_of(30) };
        let whole = disk.bytes();
        let length = match nth {
            0 | 1 => 1,
            2 | 3 => 4_096,
            _ => dice.below(whole.len() as u32) as usize,
        };
        let mut cut = whole.clone();
        cut.truncate(length);
        check_damaged(&cut, &expected, format!("cut to {length}"));
        cut.resize(whole.len(), 0);
        check_damaged(&cut, &expected, format!("zeros from {length}"));
    }
}

#[test]
fn d06_a_flipped_bit_is_harmless_or_refused_or_told_of() {
    let (refused, told, harmless) = flip_bits(&journal_of(30).bytes());
    assert!(refused > 50 && told > 5 && harmless > 50, "{refused} {told} {harmless}");
}

/// The engine trusts a file that was closed in order, unless it is asked to check every page.
#[test]
fn d06_a_flipped_bit_of_a_closed_journal_is_harmless_or_refused_or_told_of() {
    let (refused, told, harmless) = flip_bits(&closed_journal_of(30).bytes());
    assert!(refused > 50 && told > 5 && harmless > 50, "{refused} {told} {harmless}");
}

/// So many were refused, told of and harmless.
fn flip_bits(whole: &[u8]) -> (usize, usize, usize) {
    let expected = after_numbered(30);
    // Every byte of the preamble and the engine's header, then samples of what is not zero.
    let head = (0..32).chain(512..528).chain(4_096..4_096 + 320);
    let mut dice = Entropy::seeded(7).stream();
    let used: Vec<usize> = (4_416..whole.len()).filter(|place| whole[*place] != 0).collect();
    let samples = (0..400).map(|_| used[dice.below(used.len() as u32) as usize]);
    let (mut refused, mut told, mut harmless) = (0, 0, 0);
    for place in head.chain(samples) {
        let mut bytes = whole.to_vec();
        bytes[place] ^= 1 << (place % 8);
        match check_damaged(&bytes, &expected, format!("flipped at {place}")) {
            Damage::Refused => refused += 1,
            Damage::Told => told += 1,
            Damage::Harmless => harmless += 1,
        }
    }
    (refused, told, harmless)
}

enum Damage {
    Harmless,
    Refused,
    Told,
}

/// Opens damaged bytes: all is there, or less and that is told, or it is refused.
fn check_damaged(bytes: &[u8], expected: &Content, what: String) -> Damage {
    let disk = Arc::new(MemoryDisk::of(bytes.to_vec()));
    let Ok(opened) = open(&disk) else { return Damage::Refused };
    let report = opened.report();
    let found = content(&opened);
    if report.lost > 0 {
        let commits = report.commits - 1;
        assert_eq!(found, after_numbered(commits), "{what}: {report:?}");
        assert!(commits < 30, "{what}: {report:?}");
        return Damage::Told;
    }
    assert_eq!(&found, expected, "{what}: {report:?}");
    if report.is_witness_damaged { Damage::Told } else { Damage::Harmless }
}
