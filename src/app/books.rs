//! Between the rooms that know what must be kept and the journal that keeps it: `write` makes
//! records of notes, `read` notes of records, `scribe` hands both what happened and the events that
//! tell of it to the journal, `vault` is what the control room writes before it answers, `flights`
//! what shards write before they call, `outbox` and `hooks` join the webhooks, `past` reads a
//! journal back, `sweep` deletes what has been kept for long enough.
//!
//! Deliberately absent: any rule of verifications. Here names become indices and instants journal time.

pub(super) mod flights;
pub(super) mod hooks;
pub(super) mod outbox;
pub(super) mod past;
mod read;
pub(super) mod readings;
pub(super) mod scribe;
pub(super) mod sweep;
pub(super) mod vault;
mod write;
