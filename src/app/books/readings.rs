//! How the journal and the webhooks do, for the metrics.

use std::sync::Arc;

use crate::notify::{CALLBACKS, EndpointFigures, Figures};
use crate::observe::{Distribution, JournalReading, WebhookReading};
use crate::store::Journal;
use crate::tally::Histogram;

/// `is_there`: its file was seen where it is to be found again.
pub(crate) fn journal(journal: &Journal, is_there: bool) -> JournalReading {
    let figures = journal.figures();
    JournalReading {
        commits: figures.commits,
        batches: figures.batches,
        records: figures.records,
        bytes: figures.bytes,
        commit_seconds: distribution(&figures.commit_micros, 1e6),
        group_batches: distribution(&figures.group_batches, 1.0),
        waiting: figures.waiting,
        held: figures.held,
        file_bytes: figures.file_bytes,
        is_writable: figures.is_writable,
        is_there,
        failures: figures.failures,
        left_out: figures.left_out,
    }
}

pub(crate) fn webhooks(figures: &Figures) -> Vec<WebhookReading> {
    let reading = |figures: EndpointFigures| WebhookReading {
        endpoint: figures.name.unwrap_or_else(|| Arc::from(CALLBACKS)),
        delivered: figures.taken,
        failed: figures.failed,
        buried: figures.buried,
        dead: figures.dead,
        waiting: figures.waiting,
        trying: figures.trying,
        is_open: figures.is_down,
        is_disabled: figures.is_disabled,
        latency: distribution(&figures.delivery_millis, 1e3),
    };
    figures.endpoints.iter().cloned().map(reading).collect()
}

fn distribution(of: &Histogram, per_unit: f64) -> Distribution {
    Distribution::of(of.bounds, &of.counts, of.sum, per_unit)
}
