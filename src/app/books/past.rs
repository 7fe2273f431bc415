//! A journal read back: what another process left.

use std::time::Instant;

use super::read::Eye;
use crate::gateway::inflight::InFlight;
use crate::store::record::Idempotency;
use crate::store::{Kind, Opened, ReadError, Record};
use crate::verify::TrunkNames;
use crate::verify::recover::Past;

/// What another process left.
#[derive(Default)]
pub(crate) struct Found {
    /// Verifications and what counts for their phones.
    pub(crate) past: Past,
    /// Calls that may ring.
    pub(crate) in_flight: Vec<InFlight>,
    /// Replies to requests with a key.
    pub(crate) replies: Vec<Idempotency>,
    /// How many records that are.
    pub(crate) records: u64,
}

/// Reads everything but what others read when they need it: events, and messages to webhooks.
///
/// # Errors
///
/// What cannot be read. Nobody should go on with a part.
pub(crate) fn read(opened: &Opened, trunks: &TrunkNames, now: Instant) -> Result<Found, ReadError> {
    let eye = Eye { clock: opened.clock(), trunks: trunks.clone(), now };
    let mut found = Found::default();
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| !matches!(kind, Kind::Event | Kind::Secret | Kind::Webhook))
    {
        opened.visit(kind, |record| {
            found.records += 1;
            match record {
                Record::InFlight(call) => found.in_flight.push(eye.in_flight(call)),
                Record::Idempotency(reply) => found.replies.push(reply),
                other @ (Record::Attempt(_)
                | Record::Call(_)
                | Record::Event(_)
                | Record::Final(_)
                | Record::Lease(_)
                | Record::MissedCall(_)
                | Record::Secret(_)
                | Record::Verification(_)
                | Record::Webhook(_)) => {
                    if let Some(note) = eye.read(other) {
                        found.past.add(note);
                    }
                }
            }
        })?;
    }
    Ok(found)
}
