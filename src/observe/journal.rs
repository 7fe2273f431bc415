//! What is read of the journal and of the webhooks at a scrape.

use std::sync::Arc;

use prometheus::proto::MetricFamily;

use super::family::{Distribution, read_counter, read_gauge, read_histogram};

/// How the journal does, since the daemon started.
#[derive(Clone, Debug, Default)]
pub struct JournalReading {
    /// Commits.
    pub commits: u64,
    /// Batches that they held.
    pub batches: u64,
    /// Records that were written or deleted.
    pub records: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// How long commits took, in seconds.
    pub commit_seconds: Distribution,
    /// How many batches a commit held.
    pub group_batches: Distribution,
    /// Batches that wait to be committed.
    pub waiting: u64,
    /// Batches that are kept until the disk works.
    pub held: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The disk was seen to work.
    pub is_writable: bool,
    /// The file was seen where it is to be found again.
    pub is_there: bool,
    /// How often it stopped working.
    pub failures: u64,
    /// What was not written, as too much waited for the disk.
    pub left_out: u64,
}

/// What was read back when the daemon started.
#[derive(Clone, Debug, Default)]
pub struct RecoveryReading {
    /// How long it took until the daemon was ready to bind, in seconds.
    pub seconds: f64,
    /// A word of a closed set, and how many of it: `pending` verifications, `ended` ones, `calls`…
    pub recovered: Vec<(&'static str, u64)>,
}

/// How one webhook endpoint does; `callback` is all URLs of clients together.
#[derive(Clone, Debug)]
pub struct WebhookReading {
    /// Its name in the configuration.
    pub endpoint: Arc<str>,
    /// Messages that were taken.
    pub delivered: u64,
    /// Tries that failed: why, a word of a closed set, all of them, and how often.
    pub failed: Vec<(&'static str, u64)>,
    /// Messages that were given up, since the daemon started.
    pub buried: u64,
    /// Messages that nobody tries any more, and that are kept.
    pub dead: u64,
    /// Messages that wait for their next try.
    pub waiting: u64,
    /// Messages that are being tried.
    pub trying: u64,
    /// Nothing is sent to it for now, since it failed so often.
    pub is_open: bool,
    /// It said that it is gone and is told nothing more.
    pub is_disabled: bool,
    /// How long after their events messages were taken, in seconds.
    pub latency: Distribution,
}

impl JournalReading {
    pub(super) fn families(&self) -> Vec<MetricFamily> {
        let counter = |name, help, count: u64| read_counter(name, help, [], [([], count as f64)]);
        let gauge = |name, help, value: u64| read_gauge(name, help, [], [([], value as f64)]);
        vec![
            counter("ringproof_journal_commits_total", "Commits of the journal", self.commits),
            counter("ringproof_journal_batches_total", "Batches that were committed", self.batches),
            counter(
                "ringproof_journal_records_total",
                "Records that were written or deleted",
                self.records,
            ),
            counter(
                "ringproof_journal_bytes_total",
                "Bytes of the keys and values of these records",
                self.bytes,
            ),
            read_histogram(
                "ringproof_journal_commit_seconds",
                "How long commits took, the disk's part included",
                [],
                [([], &self.commit_seconds)],
            ),
            read_histogram(
                "ringproof_journal_group_batches",
                "Batches that a commit held",
                [],
                [([], &self.group_batches)],
            ),
            gauge("ringproof_journal_waiting", "Batches that wait for a commit", self.waiting),
            gauge(
                "ringproof_journal_held",
                "Batches of what happened anyway that wait for the disk to work",
                self.held,
            ),
            gauge("ringproof_journal_file_bytes", "Size of the journal's file", self.file_bytes),
            gauge(
                "ringproof_journal_writable",
                "1 when the journal's disk was seen to work, else 0",
                self.is_writable.into(),
            ),
            gauge(
                "ringproof_journal_there",
                "1 when the journal's file was seen at its path, else 0",
                self.is_there.into(),
            ),
            counter(
                "ringproof_journal_failures_total",
                "How often the journal's disk stopped working",
                self.failures,
            ),
            counter(
                "ringproof_journal_left_out_total",
                "Calls from strangers and changes of trunks that were not written, as too much waited for the disk",
                self.left_out,
            ),
        ]
    }
}

impl RecoveryReading {
    pub(super) fn families(&self) -> [MetricFamily; 2] {
        [
            read_gauge(
                "ringproof_recovery_seconds",
                "How long it took at the start to read the journal back",
                [],
                [([], self.seconds)],
            ),
            read_gauge(
                "ringproof_recovered",
                "What was read back from the journal at the start",
                ["what"],
                self.recovered.iter().map(|(what, count)| ([*what], *count as f64)),
            ),
        ]
    }
}

/// Of all endpoints.
pub(super) fn webhooks(readings: &[WebhookReading]) -> [MetricFamily; 5] {
    let deliveries = readings.iter().flat_map(|reading| {
        let failed = reading.failed.iter().copied();
        let results = [("delivered", reading.delivered)].into_iter().chain(failed);
        results.map(|(result, count)| ([&*reading.endpoint, result], count as f64))
    });
    let outbox = readings.iter().flat_map(|reading| {
        let states =
            [("dead", reading.dead), ("trying", reading.trying), ("waiting", reading.waiting)];
        states.map(|(state, count)| ([&*reading.endpoint, state], count as f64))
    });
    let buried = readings.iter().map(|reading| ([&*reading.endpoint], reading.buried as f64));
    let stopped = readings.iter().flat_map(|reading| {
        let states = [("disabled", reading.is_disabled), ("open", reading.is_open)];
        states.map(|(state, is_so)| ([&*reading.endpoint, state], f64::from(u8::from(is_so))))
    });
    [
        read_counter(
            "ringproof_webhook_deliveries_total",
            "Tries to deliver a message, by what came of them",
            ["endpoint", "result"],
            deliveries,
        ),
        read_counter(
            "ringproof_webhook_dead_letters_total",
            "Messages that were given up",
            ["endpoint"],
            buried,
        ),
        read_gauge(
            "ringproof_webhook_outbox",
            "Messages for each endpoint that were not taken",
            ["endpoint", "state"],
            outbox,
        ),
        read_gauge(
            "ringproof_webhook_stopped",
            "1 while nothing is sent to an endpoint: open, it failed often; disabled, it is gone",
            ["endpoint", "state"],
            stopped,
        ),
        read_histogram(
            "ringproof_webhook_latency_seconds",
            "How long after their events messages were delivered",
            ["endpoint"],
            readings.iter().map(|reading| ([&*reading.endpoint], &reading.latency)),
        ),
    ]
}
