//! Choices are uniform and never repeat within the window.

use std::collections::BTreeSet;

use super::*;
use crate::entropy::Entropy;

const DAY: Duration = Duration::from_secs(86_400);

fn pool(text: &str) -> Suffixes {
    Suffixes::new(&[text.parse().unwrap()]).unwrap()
}

/// Pearson's statistic against the uniform distribution.
fn chi_square(counts: &[u32], draws: u32) -> f64 {
    let expected = f64::from(draws) / counts.len() as f64;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

#[test]
fn a_lease_cools_once_and_stays_what_it_was() {
    let mut lease = Lease::new(Moment(9), 99_999, 4_095, true);
    assert!(lease.cool());
    assert!(!lease.cool());
    assert_eq!((lease.at(), lease.suffix()), (Moment(9), 99_999));
    assert_eq!((lease.pool(), lease.is_start()), (4_095, true));
}

#[test]
fn a_lease_keeps_its_facts() {
    let lease = Lease::new(Moment(7), 99_999, 4_095, true);
    assert_eq!((lease.at(), lease.suffix(), lease.pool()), (Moment(7), 99_999, 4_095));
    assert!(lease.is_start());
    assert!(!Lease::new(Moment(7), 99_999, 4_095, false).is_start());
    assert_eq!(size_of::<Lease>(), 8);
}

#[test]
fn a11_a_million_picks_are_uniform() {
    let suffixes = pool("+468765[00000-00999]");
    let mut dice = Entropy::system().stream();
    let mut counts = vec![0; 1_000];
    for _ in 0..1_000_000 {
        let pick = pick(&suffixes, &[], (DAY, Moment(0)), 1, &mut dice).ok().unwrap();
        counts[pick.suffix as usize] += 1;
    }
    // 999 degrees of freedom: mean 999, deviation 44.7. Six deviations are wrong once in 10^9 runs.
    let statistic = chi_square(&counts, 1_000_000);
    assert!((730.0..1_270.0).contains(&statistic), "{statistic}");
}

#[test]
fn a11_picks_are_uniform_among_what_is_left() {
    let suffixes = pool("+468765[00000-00099]");
    let taken = [0, 1, 2, 50, 98, 99];
    let leases: Vec<Lease> =
        taken.iter().map(|suffix| Lease::new(Moment(0), *suffix, 0, true)).collect();
    let mut dice = Entropy::seeded(11).stream();
    let mut counts = vec![0; 100];
    for _ in 0..188_000 {
        let pick = pick(&suffixes, &leases, (DAY, Moment(1)), 1, &mut dice).ok().unwrap();
        assert_eq!(pick.usable, 94);
        counts[pick.suffix as usize] += 1;
    }
    for suffix in taken {
        assert_eq!(counts[suffix as usize], 0, "{suffix}");
    }
    counts.retain(|count| *count > 0);
    let statistic = chi_square(&counts, 188_000);
    assert!(counts.len() == 94 && (35.0..175.0).contains(&statistic), "{statistic}");
}

#[test]
fn a_pool_is_used_up_without_a_repeat_and_comes_back_after_the_window() {
    for seed in 0..50 {
        let suffixes = pool("+46876500[100-139]");
        let mut dice = Entropy::seeded(seed).stream();
        let mut leases = Vec::new();
        let mut seen = BTreeSet::new();
        for second in 0..40 {
            let picked =
                pick(&suffixes, &leases, (DAY, Moment(second)), 1, &mut dice).ok().unwrap();
            assert_eq!(picked.usable, 40 - second, "seed {seed}");
            assert!(seen.insert(picked.suffix), "seed {seed}");
            leases.push(Lease::new(Moment(second), picked.suffix, 0, true));
        }
        let at =
            |now| pick(&suffixes, &leases, (DAY, Moment(now)), 1, &mut Entropy::seeded(1).stream());
        assert_eq!(at(86_399).err(), Some(0), "seed {seed}");
        let back = at(86_400).ok().unwrap();
        assert_eq!((back.suffix, back.usable), (leases[0].suffix(), 1), "seed {seed}");
    }
}

#[test]
fn suffixes_of_other_pools_are_avoided_only_where_they_occur() {
    let suffixes = pool("+46876500[100-101]");
    let other = [Lease::new(Moment(0), 100, 1, true), Lease::new(Moment(0), 70_000, 1, true)];
    let mut dice = Entropy::seeded(1).stream();
    let picked = pick(&suffixes, &other, (DAY, Moment(0)), 1, &mut dice).ok().unwrap();
    assert_eq!((picked.suffix, picked.usable), (101, 1));
}

#[test]
fn fewer_than_needed_is_none() {
    let suffixes = pool("+46876500[000-599]");
    let mut dice = Entropy::seeded(1).stream();
    assert!(pick(&suffixes, &[], (DAY, Moment(0)), 600, &mut dice).is_ok());
    assert_eq!(pick(&suffixes, &[], (DAY, Moment(0)), 601, &mut dice).err(), Some(600));
}
