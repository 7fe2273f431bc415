//! How many wrong tokens an address has sent: a fixed number of cells that addresses are spread
//! over by a keyed hash.
//!
//! Bounded by construction: there is no table to fill and nothing to clean up. Addresses that share
//! a cell share its limit, which costs them nothing as long as their tokens are right.

use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;

use super::super::rate::Rate;
use crate::entropy::Entropy;

/// The cells.
#[derive(Debug)]
pub(super) struct WrongTokens {
    cells: Box<[AtomicU64]>,
    key: u128,
    rate: Rate,
}

impl WrongTokens {
    /// `per_minute` from each address.
    pub(super) fn new(per_minute: u32, entropy: &Entropy, now: Instant) -> Self {
        Self {
            cells: (0..CELLS).map(|_| AtomicU64::new(0)).collect(),
            key: entropy.u128(),
            rate: Rate::new(per_minute, Duration::from_secs(60), now),
        }
    }

    /// Counts one more from `address`, or says when the next will be counted.
    pub(super) fn admit(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut hasher = SipHasher13::new_with_key(&self.key.to_le_bytes());
        hasher.write_u64(network(address));
        // CELLS is a power of two far below 2^32: the remainder fits and is uniform.
        self.rate.admit(&self.cells[(hasher.finish() % CELLS) as usize], now)
    }
}

/// A host: an IPv4 address, or the /64 that one host may use as it likes.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

const CELLS: u64 = 4_096;
