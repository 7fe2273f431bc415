//! What a flash call allocates in a shard that has made calls before. A test binary of its own: the
//! counting allocator is that of the whole process.

#![expect(clippy::disallowed_methods, reason = "virtual time starts somewhere")]

#[path = "../benches/kit/shard.rs"]
mod shard;
#[path = "../benches/kit/shard_settings.rs"]
mod shard_settings;

use std::time::{Duration, Instant};

use shard::{RING, Shard, missed_invite};

/// The To tag that the ACK for the 487 repeats.
const ALLOCATIONS_MAX: u64 = 1;

#[test]
fn a_flash_call_through_a_warm_shard_allocates_nearly_nothing() {
    let mut shard = Shard::new(Instant::now()).unwrap();
    for round in 0..5 {
        let order = shard.order();
        let count = allocation_counter::measure(|| {
            shard.call(order).unwrap();
            // Timer D: the transaction goes, its slot is used again.
            shard.rest(Duration::from_secs(40));
        })
        .count_total;
        assert!(shard.gateway.is_quiet(), "the transaction has ended");
        // The wheel goes round in 2^16 ms: each call meets the slots that the first one has used.
        shard.rest(Duration::from_millis(1 << 16) - Duration::from_secs(40) - RING - TICK);
        assert!(round == 0 || count <= ALLOCATIONS_MAX, "{count} allocations in call {round}");
        assert!(round > 0 || count > ALLOCATIONS_MAX, "a cold shard allocates: the count counts");
    }
}

/// What is copied into every response.
const MISSED_CALL_ALLOCATIONS_MAX: u64 = 1;

#[test]
fn a_missed_call_through_a_warm_shard_allocates_what_it_must_keep() {
    let mut shard = Shard::new(Instant::now()).unwrap();
    for round in 0..5 {
        let invite = missed_invite(round);
        let count = allocation_counter::measure(|| {
            shard.missed_call(&invite).unwrap();
            // Timer I.
            shard.rest(Duration::from_secs(6));
        })
        .count_total;
        assert!(shard.gateway.is_quiet(), "the transaction has ended");
        shard.rest(Duration::from_millis(1 << 16) - Duration::from_secs(6));
        let is_little = count <= MISSED_CALL_ALLOCATIONS_MAX;
        assert!(round == 0 || is_little, "{count} allocations in call {round}");
    }
}

/// What `Shard::call` lets pass beyond the ring.
const TICK: Duration = Duration::from_millis(1);
