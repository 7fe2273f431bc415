//! A journal read back: what another process left.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use super::read::Eye;
use crate::gateway::inflight::InFlight;
use crate::store::record::{self, Idempotency};
use crate::store::{Journal, Kind, Opened, ReadError, Record};
use crate::verify::TrunkNames;
use crate::verify::id::CallId;
use crate::verify::recover::Past;

/// What another process left.
#[derive(Default)]
pub(crate) struct Found {
    /// Verifications and what counts for their phones.
    pub(crate) past: Past,
    /// Replies to requests with a key.
    pub(crate) replies: Vec<Idempotency>,
    /// Records with a word in them that this release does not know.
    pub(crate) unreadable: u64,
    /// How many records that are.
    pub(crate) records: u64,
}

/// The calls that may ring, which cannot wait until everything is read. When the journal lacks its last
/// commits, those of the strips are among them: their INVITEs left behind commits that may be lost, and
/// who is taken not to have been called is called again.
///
/// # Errors
///
/// What cannot be read.
pub(crate) fn in_flight(
    opened: &Opened,
    trunks: &TrunkNames,
    rang: Vec<record::InFlight>,
    now: Instant,
) -> Result<Vec<InFlight>, ReadError> {
    let eye = Eye { clock: opened.clock(), trunks: trunks.clone(), now };
    let mut calls = vec![];
    opened.visit(Kind::InFlight, |record| {
        calls.extend(record::InFlight::of(record).map(|call| eye.in_flight(call)));
    })?;
    let report = opened.report();
    if report.lost > 0 || report.is_witness_damaged {
        let known: BTreeSet<CallId> = calls.iter().map(|call| call.call).collect();
        let rang = rang.into_iter().filter(|call| !known.contains(&call.call));
        calls.extend(rang.map(|call| eye.in_flight(call)));
    }
    Ok(calls)
}

/// Reads everything but what others read when they need it: events, and messages to webhooks. `calls`
/// may ring. Two threads read, since it is what a start of many waits for.
///
/// # Errors
///
/// What cannot be read. Nobody should go on with a part.
pub(crate) fn read(
    journal: &Journal,
    trunks: &TrunkNames,
    calls: &[CallId],
    now: Instant,
) -> Result<Found, ReadError> {
    let eye = Eye { clock: journal.clock(), trunks: trunks.clone(), now };
    let (found, beside) = thread::scope(|scope| {
        let beside = scope.spawn(|| read_kinds(journal, &eye, &BESIDE));
        let found = read_kinds(journal, &eye, &VERIFICATIONS);
        // It panics where this thread would.
        (found, beside.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let (mut found, beside) = (found?, beside?);
    found.past.absorb(beside.past);
    found.replies = beside.replies;
    found.unreadable += beside.unreadable;
    found.records += beside.records;
    calls.iter().for_each(|call| found.past.add_in_flight(*call));
    Ok(found)
}

fn read_kinds(journal: &Journal, eye: &Eye, kinds: &[Kind]) -> Result<Found, ReadError> {
    let mut found = Found::default();
    for kind in kinds {
        journal.visit(*kind, |record| {
            found.records += 1;
            match record {
                Record::Idempotency(reply) => found.replies.push(reply),
                other @ (Record::Attempt(_)
                | Record::Call(_)
                | Record::Event(_)
                | Record::Final(_)
                | Record::InFlight(_)
                | Record::Lease(_)
                | Record::MissedCall(_)
                | Record::Pause(_)
                | Record::Secret(_)
                | Record::Verification(_)
                | Record::Webhook(_)) => match eye.read(other) {
                    Some(note) => found.past.add(note),
                    None => found.unreadable += 1,
                },
            }
        })?;
    }
    Ok(found)
}

/// What verifications are put together from, for the most part.
const VERIFICATIONS: [Kind; 3] = [Kind::Verification, Kind::Call, Kind::Final];
/// What counts beside them.
const BESIDE: [Kind; 4] = [Kind::Lease, Kind::Idempotency, Kind::Attempt, Kind::MissedCall];

#[cfg(test)]
mod tests;
