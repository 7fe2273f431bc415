//! What operators see: metrics, logs. The only room that knows the name of a metric.
//!
//! Two halves. What happens to verifications and calls arrives as events: [`Recorder`] turns each into
//! one log line and its counts. What *is* (tables, pools, the shards' tallies, the process) is read
//! at each scrape: [`Readings`]. Call traces are not here: a call carries its own ladder.
//!
//! Invariant: every label value is a word of a closed set or a name from the configuration, and every
//! series exists from the start. No traffic can add one.

mod family;
mod journal;
pub mod log;
mod metrics;
mod process;
mod readings;
mod record;
mod trunks;

pub use family::Distribution;
pub use journal::{JournalReading, RecoveryReading, WebhookReading};
pub use metrics::Metrics;
pub use process::Process;
pub use readings::{Readings, RequestReading};
pub use record::Recorder;

#[cfg(test)]
mod tests;
