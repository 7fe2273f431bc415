//! What the journal's thread counts: it adds, a scrape reads, nobody waits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::tally::{Buckets, Histogram};

/// How the journal does, since it was started.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Figures {
    /// Commits.
    pub commits: u64,
    /// Batches that they held.
    pub batches: u64,
    /// Records that were written or deleted.
    pub records: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// How long commits took, in microseconds.
    pub commit_micros: Histogram,
    /// How many batches a commit held.
    pub group_batches: Histogram,
    /// Batches that wait to be committed.
    pub waiting: u64,
    /// Batches that are kept until the disk works.
    pub held: u64,
    /// Bytes that the file takes on disk.
    pub file_bytes: u64,
    /// The disk was seen to work.
    pub is_writable: bool,
    /// How often it stopped working.
    pub failures: u64,
    /// What was offered and left out, as too much waited.
    pub left_out: u64,
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    batches: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    commit_micros: Buckets<{ COMMIT_MICROS.len() }>,
    group_batches: Buckets<{ GROUP_BATCHES.len() }>,
    /// Submitted batches that wait: they have a bound.
    pub(super) submitted: AtomicUsize,
    /// Batches that wait and are never refused.
    pub(super) kept: AtomicUsize,
    pub(super) held: AtomicUsize,
    pub(super) file_bytes: AtomicU64,
    failures: AtomicU64,
    pub(super) left_out: AtomicU64,
}

/// What one commit came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Commit {
    pub(super) batches: usize,
    pub(super) records: usize,
    pub(super) bytes: usize,
    pub(super) took: Duration,
    pub(super) file_bytes: u64,
}

impl Counts {
    pub(super) fn on_commit(&self, commit: Commit) {
        let batches = commit.batches as u64;
        add(&self.batches, batches);
        add(&self.records, commit.records as u64);
        add(&self.bytes, commit.bytes as u64);
        let micros = u64::try_from(commit.took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.add(&COMMIT_MICROS, micros);
        self.group_batches.add(&GROUP_BATCHES, batches);
        self.file_bytes.store(commit.file_bytes, Ordering::Relaxed);
    }

    pub(super) fn on_failure(&self) {
        add(&self.failures, 1);
    }

    pub(super) fn figures(&self, is_writable: bool) -> Figures {
        let waiting = [&self.submitted, &self.kept];
        let waiting = waiting.map(|count| count.load(Ordering::Relaxed) as u64).iter().sum();
        let commit_micros = self.commit_micros.read(&COMMIT_MICROS);
        Figures {
            commits: commit_micros.counts.iter().sum(),
            batches: get(&self.batches),
            records: get(&self.records),
            bytes: get(&self.bytes),
            commit_micros,
            group_batches: self.group_batches.read(&GROUP_BATCHES),
            waiting,
            held: self.held.load(Ordering::Relaxed) as u64,
            file_bytes: get(&self.file_bytes),
            is_writable,
            failures: get(&self.failures),
            left_out: get(&self.left_out),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

fn get(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// From a fast disk without a queue to one that is about to fail.
const COMMIT_MICROS: [u64; 11] =
    [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 100_000, 300_000, 1_000_000];
const GROUP_BATCHES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 256, 1_024];
