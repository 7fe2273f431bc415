//! What a shard counts while it works: closed sets of things that happen, one atomic word for each.
//!
//! A shard adds, a scrape reads, nobody waits: to count is one relaxed addition at an index that is
//! the variant's own number, with no hash and no allocation. Each shard has a [`Tally`] of its own, so
//! two cores never write to one cache line; the room that knows metric names sums them.
//! Deliberately absent: names of metrics, and anything that a peer could make grow.
//!
//! Invariant: no count is ever lowered. Only [`Tally::set_table`] and [`Tally::set_left_behind`]
//! overwrite.

mod histogram;
mod kinds;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use histogram::{Buckets, Histogram};
pub use kinds::{DropReason, Farewell, InboundEnd, Shed, SipKind, Table};

/// The counts of one shard.
///
/// Aligned to two cache lines, because the prefetcher of today's processors takes lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub struct Tally {
    received: [AtomicU64; SipKind::ALL.len()],
    sent: [AtomicU64; SipKind::ALL.len()],
    received_again: AtomicU64,
    sent_again: AtomicU64,
    farewells: [AtomicU64; Farewell::ALL.len()],
    answered_micros: AtomicU64,
    inbound_ends: [AtomicU64; InboundEnd::ALL.len()],
    dropped: [AtomicU64; DropReason::ALL.len()],
    shed: [AtomicU64; Shed::ALL.len()],
    entries: [AtomicU64; Table::ALL.len()],
    limits: [AtomicU64; Table::ALL.len()],
    left_behind: AtomicU64,
    byes: AtomicU64,
}

impl Tally {
    /// A well-formed message came from a trunk. One that is dropped later counts here as well.
    pub fn on_received(&self, kind: SipKind) {
        add(&self.received[kind as usize]);
    }

    /// A message left for a trunk.
    pub fn on_sent(&self, kind: SipKind) {
        add(&self.sent[kind as usize]);
    }

    /// A message that came had come before.
    pub fn on_received_again(&self) {
        add(&self.received_again);
    }

    /// A message that left had left before (RFC 3261 §17: timers A, E and G, or a repeated answer).
    pub fn on_sent_again(&self) {
        add(&self.sent_again);
    }

    /// A phone that was answered was let go, `held` after its 2xx came.
    pub fn on_farewell(&self, how: Farewell, held: Duration) {
        add(&self.farewells[how as usize]);
        let micros = u64::try_from(held.as_micros()).unwrap_or(u64::MAX);
        self.answered_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// A call from a trunk ended.
    pub fn on_inbound_ended(&self, how: InboundEnd) {
        add(&self.inbound_ends[how as usize]);
    }

    /// A datagram was dropped without an answer.
    pub fn on_dropped(&self, reason: DropReason) {
        add(&self.dropped[reason as usize]);
    }

    /// A bound was reached and work was turned away.
    pub fn on_shed(&self, what: Shed) {
        add(&self.shed[what as usize]);
    }

    /// How many entries a table holds now, and how many it may hold.
    pub fn set_table(&self, table: Table, entries: usize, limit: usize) {
        self.entries[table as usize].store(entries as u64, Ordering::Relaxed);
        self.limits[table as usize].store(limit as u64, Ordering::Relaxed);
    }

    /// How many calls of a gateway before this one may still be up, and how many phones that were picked
    /// up, then or since, have a BYE on its way that must be heard.
    pub fn set_left_behind(&self, calls: usize, byes: usize) {
        self.left_behind.store(calls as u64, Ordering::Relaxed);
        self.byes.store(byes as u64, Ordering::Relaxed);
    }

    /// Messages of this kind that came.
    pub fn received(&self, kind: SipKind) -> u64 {
        read(&self.received[kind as usize])
    }

    /// Messages of this kind that left.
    pub fn sent(&self, kind: SipKind) -> u64 {
        read(&self.sent[kind as usize])
    }

    /// Messages that came again.
    pub fn received_again(&self) -> u64 {
        read(&self.received_again)
    }

    /// Messages that left again.
    pub fn sent_again(&self) -> u64 {
        read(&self.sent_again)
    }

    /// Answered phones that were let go in this way.
    pub fn farewells(&self, how: Farewell) -> u64 {
        read(&self.farewells[how as usize])
    }

    /// How long answered phones were connected, all together, in microseconds.
    pub fn answered_micros(&self) -> u64 {
        read(&self.answered_micros)
    }

    /// Calls from trunks that ended in this way.
    pub fn inbound_ends(&self, how: InboundEnd) -> u64 {
        read(&self.inbound_ends[how as usize])
    }

    /// Datagrams dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        read(&self.dropped[reason as usize])
    }

    /// How often work of this sort was turned away.
    pub fn shed(&self, what: Shed) -> u64 {
        read(&self.shed[what as usize])
    }

    /// What [`Tally::set_table`] said last: entries, then limit.
    pub fn table(&self, table: Table) -> (u64, u64) {
        (read(&self.entries[table as usize]), read(&self.limits[table as usize]))
    }

    /// What [`Tally::set_left_behind`] said last: calls, then BYEs.
    pub fn left_behind(&self) -> (u64, u64) {
        (read(&self.left_behind), read(&self.byes))
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            received: zeros(),
            sent: zeros(),
            farewells: zeros(),
            inbound_ends: zeros(),
            answered_micros: AtomicU64::new(0),
            received_again: AtomicU64::new(0),
            sent_again: AtomicU64::new(0),
            dropped: zeros(),
            shed: zeros(),
            entries: zeros(),
            limits: zeros(),
            left_behind: AtomicU64::new(0),
            byes: AtomicU64::new(0),
        }
    }
}

/// Relaxed: a count orders nothing.
fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    [const { AtomicU64::new(0) }; N]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_at_its_own_place() {
        let tally = Tally::default();
        for kind in SipKind::ALL {
            (0..=kind as usize).for_each(|_| tally.on_received(kind));
            tally.on_sent(kind);
        }
        for kind in SipKind::ALL {
            assert_eq!(tally.received(kind), kind as u64 + 1);
            assert_eq!(tally.sent(kind), 1);
        }
        DropReason::ALL.iter().for_each(|reason| tally.on_dropped(*reason));
        assert!(DropReason::ALL.iter().all(|reason| tally.dropped(*reason) == 1));
        Shed::ALL.iter().for_each(|what| tally.on_shed(*what));
        assert!(Shed::ALL.iter().all(|what| tally.shed(*what) == 1));
    }

    #[test]
    fn a_table_shows_what_was_said_last() {
        let tally = Tally::default();
        tally.set_table(Table::Calls, 7, 100);
        tally.set_table(Table::Calls, 3, 100);
        assert_eq!(tally.table(Table::Calls), (3, 100));
        assert_eq!(tally.table(Table::Timers), (0, 0));
    }

    #[test]
    fn two_shards_share_no_cache_line() {
        assert_eq!(align_of::<Tally>(), 128);
        assert_eq!(size_of::<Tally>() % 128, 0);
    }

    #[test]
    fn every_status_has_a_kind() {
        let kinds =
            [100, 183, 200, 302, 486, 503, 603].map(|code| SipKind::of_status(code).as_str());
        assert_eq!(kinds, ["1xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"]);
        assert_eq!(SipKind::of_status(0).as_str(), "1xx");
        assert_eq!(SipKind::of_status(u16::MAX).as_str(), "6xx");
    }
}
