//! A pool as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::verify::PoolState;

/// Every pool.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PoolList {
    /// In the configuration's order.
    pub pools: Vec<PoolView>,
}

/// One pool of caller IDs at one moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PoolView {
    /// Its name.
    #[schema(example = "default")]
    pub name: String,
    /// Its numbers.
    pub numbers: u64,
    /// Distinct last-five-digit suffixes among them: the code space.
    pub distinct_suffixes: u32,
    /// log2 of that: what one call proves at most.
    pub bits: f64,
    /// The odds of a guesser.
    pub guess_odds: f64,
    /// Leases of calls that are up.
    pub leased: u64,
    /// Leases of calls that are over, which no call to the same phone may use yet.
    pub cooling: u64,
}

impl PoolView {
    /// Of this pool, as it stands.
    pub fn new(pool: &PoolState) -> Self {
        Self {
            name: (*pool.name).to_owned(),
            numbers: pool.numbers,
            distinct_suffixes: pool.distinct,
            bits: pool.bits,
            guess_odds: pool.guess_odds,
            leased: pool.leased,
            cooling: pool.cooling,
        }
    }
}
