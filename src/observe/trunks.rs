//! The metrics that exist once for each trunk. A reload may add trunks, so the families are kept; a
//! trunk that is gone keeps its series until the process ends, as Prometheus wants of counters.

use std::sync::Arc;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, Registry};

use super::family;
use crate::outcome::Outcome;
use crate::verify::Fate;

/// The families whose label is the trunk.
#[derive(Debug)]
pub(super) struct TrunkFamilies {
    calls: IntCounterVec,
    missed_calls: IntCounterVec,
    post_dial_delay: HistogramVec,
    ring: HistogramVec,
}

/// The handles of one trunk.
#[derive(Debug)]
pub(super) struct TrunkMetrics {
    pub(super) calls: [IntCounter; Outcome::ALL.len()],
    /// One for each word of [`Fate`].
    pub(super) missed_calls: [IntCounter; Fate::WORDS.len()],
    pub(super) post_dial_delay: Histogram,
    pub(super) ring: Histogram,
}

impl TrunkFamilies {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            calls: family::counters(
                registry,
                "ringproof_calls_total",
                "Calls that ended, by how they ended",
                &["trunk", "outcome"],
            ),
            missed_calls: family::counters(
                registry,
                "ringproof_missed_calls_total",
                "Calls to our numbers that were told of, by what became of them",
                &["trunk", "outcome"],
            ),
            post_dial_delay: family::histograms(
                registry,
                "ringproof_post_dial_delay_seconds",
                "Time from INVITE to ringing",
                "trunk",
                &POST_DIAL_DELAY_SECONDS,
            ),
            ring: family::histograms(
                registry,
                "ringproof_ring_seconds",
                "Time from ringing to CANCEL, or to the end of a call that ended by itself",
                "trunk",
                &RING_SECONDS,
            ),
        }
    }

    /// The series of one trunk, at zero when they are new.
    pub(super) fn of(&self, name: &str) -> Arc<TrunkMetrics> {
        let calls = |outcome: Outcome| self.calls.with_label_values(&[name, outcome.as_str()]);
        let missed = |word| self.missed_calls.with_label_values(&[name, word]);
        Arc::new(TrunkMetrics {
            calls: Outcome::ALL.map(calls),
            missed_calls: Fate::WORDS.map(missed),
            post_dial_delay: self.post_dial_delay.with_label_values(&[name]),
            ring: self.ring.with_label_values(&[name]),
        })
    }
}

/// Post-dial delay of mobile networks is seconds, not milliseconds.
const POST_DIAL_DELAY_SECONDS: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0];
/// A profile may ask for 1 to 20 seconds.
const RING_SECONDS: [f64; 11] = [0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0];
