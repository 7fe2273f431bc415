//! Whole worlds in virtual time: daemons, trunks, phones and people, and a network that loses,
//! repeats and reorders, each world from one seed. After every step the invariants of
//! `docs/ARCHITECTURE.md` are checked.
//!
//! A seed that fails prints how to see its world: `make sim SEED=n`. `SEEDS=n` runs that many worlds
//! instead of a thousand.

mod agenda;
mod broken;
mod checks;
mod crashes;
mod dice;
mod dids;
mod disk;
mod forgery;
mod found;
mod hosts;
mod kept;
mod lives;
mod machine;
mod network;
mod notebook;
mod people;
mod plan;
mod reloads;
mod rings;
mod run;
mod starts;
mod story;
mod switch;
mod tap;
mod traffic;
mod visit;
mod watch;
mod wire;
mod world;

use plan::CRASHES_EACH;
use run::{Failure, one, several};

/// As many worlds as `make test` has the patience for.
const WORLDS: u64 = 1_000;

#[test]
fn t15_a_thousand_worlds_hold_every_invariant() {
    let first = seed().unwrap_or_default();
    let several = several(first..first + count(), 1);
    let failures: Vec<String> = several.failures.iter().map(Failure::to_string).collect();
    assert!(failures.is_empty(), "{} worlds fail:\n{}", failures.len(), failures.join("\n"));
    println!("{}", several.tally);
    several.tally.check();
}

/// A tenth of those are among the thousand; `CRASHES=n` looks at more.
#[test]
fn d01_nothing_that_was_acknowledged_is_lost_by_a_crash() {
    let last = CRASHES_EACH * number("CRASHES").unwrap_or(20);
    let several = several(CRASHES_EACH - 1..last, CRASHES_EACH);
    let failures: Vec<String> = several.failures.iter().map(Failure::to_string).collect();
    assert!(failures.is_empty(), "{} worlds fail:\n{}", failures.len(), failures.join("\n"));
    println!("{}", several.tally);
}

#[test]
fn one_seed() {
    let seed = seed().unwrap_or(1);
    let (found, story) = one(seed, true);
    println!("{story}");
    found.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn s07_the_same_seed_gives_the_same_bytes() {
    for seed in 0..20 {
        let digest = || one(seed, false).0.map(|tally| tally.digest).map_err(|f| f.to_string());
        assert_eq!(digest(), digest(), "seed {seed}");
    }
    let digests: std::collections::BTreeSet<u64> =
        (0..20).filter_map(|seed| Some(one(seed, false).0.ok()?.digest)).collect();
    assert_eq!(digests.len(), 20, "different seeds are different worlds");
}

fn seed() -> Option<u64> {
    number("SEED")
}

/// How many worlds: `SEEDS` asks for more than usual.
fn count() -> u64 {
    number("SEEDS").unwrap_or(WORLDS)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
