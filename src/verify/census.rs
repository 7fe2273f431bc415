//! How full the tables and pools are, for metrics and `/debug/state`.

use std::sync::Arc;

use crate::number::E164;

/// One pool at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolState {
    /// Its name.
    pub name: Arc<str>,
    /// Its numbers.
    pub numbers: u64,
    /// Distinct last-five-digit suffixes among them: the code space.
    pub distinct: u32,
    /// log2 of it: what one call proves at most.
    pub bits: f64,
    /// Attempts over distinct suffixes: the odds of a guesser with a phone that was never called.
    pub guess_odds: f64,
    /// Leases of calls that are up.
    pub leased: u64,
    /// Leases of calls that are over, within the reuse window.
    pub cooling: u64,
}

/// One of the numbers that people ring, at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DidState {
    /// The number.
    pub number: E164,
    /// Verifications that wait for a call to it.
    pub waiting: usize,
}

/// The sizes of every table against their bounds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Census {
    /// Verifications that are pending.
    pub pending: Level,
    /// Ended verifications that can still be read. Shed: forgotten before their time.
    pub ended: Level,
    /// Calls that can be looked up. Bounded by the two above.
    pub calls: Level,
    /// Phones whose calls are remembered.
    pub phones: Level,
    /// Blocks of phones whose starts are counted.
    pub prefixes: Level,
    /// Verifications that wait for a call. Bounded by those that are pending.
    pub waiting: Level,
    /// Missed calls that nobody waited for and that still count. Shed: forgotten before their time.
    pub recent: Level,
    /// Missed calls without any proof that listeners were not told of.
    pub untold: u64,
}

/// How full one table is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Level {
    /// Entries.
    pub size: usize,
    /// Its bound.
    pub limit: usize,
    /// What was refused, or dropped early, because it was full.
    pub shed: u64,
}
