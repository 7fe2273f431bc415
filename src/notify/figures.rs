//! What metrics show of webhooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::failure::Failure;
use crate::tally::{Buckets, Histogram};

/// All receivers at one moment. Callback URLs are one of them, the last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Figures {
    /// In the order of the configuration.
    pub endpoints: Vec<EndpointFigures>,
    /// Messages that were deleted before they were taken, whoever they were for.
    pub expired: u64,
    /// Messages for endpoints that are not in the configuration.
    pub orphaned: u64,
    /// Messages that found the notifier busy and were left to be read from disk.
    pub left_on_disk: u64,
}

/// What metrics call all callback URLs together.
pub const CALLBACKS: &str = "callback";

/// One receiver.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndpointFigures {
    /// Its name; `None`: all callback URLs together.
    pub name: Option<Arc<str>>,
    /// Messages that were taken.
    pub taken: u64,
    /// How long after their events messages were taken, in milliseconds by the wall clock.
    pub delivery_millis: Histogram,
    /// Messages that became dead letters.
    pub buried: u64,
    /// Dead letters that there are; those of an earlier life are found within moments of the start.
    pub dead: u64,
    /// Tries that failed, by [`Failure::as_str`]. Every word is there.
    pub failed: Vec<(&'static str, u64)>,
    /// Messages that wait for a try, on disk as in memory; those of an earlier life as they are read.
    pub waiting: u64,
    /// Those of them that are in memory.
    pub in_memory: u64,
    /// Messages under way.
    pub trying: u64,
    /// Whether it is taken to be down; of callbacks, whether any host is.
    pub is_down: bool,
    /// Whether it said 410 and is not told any more.
    pub is_disabled: bool,
}

/// What one shelf counts; read by whoever scrapes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) buried: AtomicU64,
    pub(super) dead: AtomicU64,
    /// Messages that wait or are under way; below zero where more were taken than were heard of.
    pub(super) living: AtomicI64,
    pub(super) in_memory: AtomicU64,
    /// Messages that found the notifier busy: they are counted here, since it has not heard of them.
    pub(super) unheard: AtomicU64,
    pub(super) trying: AtomicU64,
    pub(super) down: AtomicU64,
    pub(super) is_disabled: AtomicBool,
    failed: [AtomicU64; KINDS.len()],
    taken: Buckets<{ DELIVERY_MILLIS.len() }>,
}

impl Tally {
    /// A message was taken, so long after what it tells of.
    pub(super) fn take(&self, after: Duration) {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.taken.add(&DELIVERY_MILLIS, millis);
    }

    pub(super) fn fail(&self, failure: Failure) {
        let word = failure.as_str();
        for (kind, count) in KINDS.iter().zip(&self.failed) {
            if kind.as_str() == word {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn read(&self, name: Option<Arc<str>>) -> EndpointFigures {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let failed = KINDS.iter().zip(&self.failed);
        let delivery_millis = self.taken.read(&DELIVERY_MILLIS);
        let trying = count(&self.trying);
        let heard = self.living.load(Ordering::Relaxed);
        let waiting = heard + count(&self.unheard) as i64 - trying as i64;
        EndpointFigures {
            name,
            taken: delivery_millis.counts.iter().sum(),
            delivery_millis,
            buried: count(&self.buried),
            dead: count(&self.dead),
            failed: failed.map(|(kind, failed)| (kind.as_str(), count(failed))).collect(),
            waiting: u64::try_from(waiting).unwrap_or_default(),
            in_memory: count(&self.in_memory),
            trying,
            is_down: count(&self.down) > 0,
            is_disabled: self.is_disabled.load(Ordering::Relaxed),
        }
    }
}

/// From a receiver next door to one that was down for as long as it is tried.
const DELIVERY_MILLIS: [u64; 11] =
    [25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 60_000, 600_000, 86_400_000];
/// One of each word.
const KINDS: [Failure; 8] = [
    Failure::Address,
    Failure::Connect,
    Failure::Name,
    Failure::Reply,
    Failure::Status(0),
    Failure::Timeout,
    Failure::Tls,
    Failure::Url,
];
