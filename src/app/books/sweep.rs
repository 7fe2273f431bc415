//! What has been kept for long enough is deleted: each table is sorted by time, so the oldest are its
//! first, a look at which tells whether there is anything to do.

use std::time::{Duration, Instant};

use crate::config;
use crate::notify::MESSAGE_KEPT;
use crate::store::clock::JournalTime;
use crate::store::record::Webhook;
use crate::store::{Batch, Journal, Kind, ReadError, Record};
use crate::verify::Settings;

/// How long records are kept that nobody deletes by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Wrong codes.
    attempts: Duration,
    /// Calls, for the limits and the caller IDs of their phones.
    leases: Duration,
    /// Missed calls for verifications that are yet to be started.
    missed_calls: Duration,
    /// Missed calls that settled a verification: as long as that can be known.
    settled: Duration,
    /// Events, by number and by age.
    events: (u64, Duration),
}

impl Terms {
    /// As the configuration has it.
    pub(crate) fn new(settings: &Settings, journal: &config::Journal) -> Self {
        let limits = &settings.limits;
        let windows = limits.phone.iter().chain(&limits.prefix).map(|limit| limit.window).max();
        let life = settings.expires_in_max + settings.keep_ended;
        Self {
            attempts: limits.hard_lock.max(limits.lock).max(life),
            leases: settings.reuse_window.max(windows.unwrap_or_default()).max(life),
            missed_calls: settings.missed_calls.recent_window,
            // The call may have come so long before its verification.
            settled: life + settings.missed_calls.recent_window,
            events: (journal.events_kept as u64, journal.events_kept_for),
        }
    }

    fn is_due(&self, record: &Record, now: JournalTime) -> bool {
        let is_old = |at, term| now.since(at) >= term;
        match record {
            Record::Attempt(it) => is_old(it.at, self.attempts),
            Record::Lease(it) => is_old(it.at, self.leases),
            Record::MissedCall(it) if it.settled.is_some() => is_old(it.over, self.settled),
            Record::MissedCall(it) => is_old(it.over, self.missed_calls),
            Record::Event(it) => is_old(it.written, self.events.1),
            Record::Idempotency(it) => it.expires <= now,
            Record::Webhook(it) => is_old(it.created, MESSAGE_KEPT),
            Record::Call(_)
            | Record::Final(_)
            | Record::InFlight(_)
            | Record::Pause(_)
            | Record::Secret(_)
            | Record::Verification(_) => false,
        }
    }
}

/// Deletes what is due, a bounded number of records, and puts messages to webhooks that it deleted into
/// `untaken`. Reads from the disk and blocks meanwhile.
///
/// # Errors
///
/// The journal cannot be read at present.
pub(crate) fn sweep(
    journal: &Journal,
    terms: &Terms,
    now: Instant,
    untaken: &mut Vec<Webhook>,
) -> Result<(), ReadError> {
    let now = journal.clock().at(now);
    for kind in SWEPT {
        for _ in 0..ROUNDS {
            // Counted, for numbers of events may lie far apart.
            let excess = match kind == Kind::Event {
                true => journal.count(kind)?.saturating_sub(terms.events.0),
                false => 0,
            };
            let is_due =
                |nth: usize, record: &Record| (nth as u64) < excess || terms.is_due(record, now);
            let due = oldest_due(|limit| journal.first(kind, limit), is_due)?;
            if due.is_empty() {
                break;
            }
            let mut batch = Batch::new();
            for record in &due {
                batch.delete(&record.key());
            }
            // The next look must find it gone.
            let Ok(ticket) = journal.submit(batch) else { return Ok(()) };
            if ticket.wait().is_err() {
                break;
            }
            let is_last = due.len() < ROUND;
            untaken.extend(due.into_iter().filter_map(Webhook::of));
            if is_last {
                break;
            }
        }
    }
    Ok(())
}

/// The oldest records that are due, at most [`ROUND`]; `first` reads so many of a kind. Most
/// of the time none is due, and one record tells: of events that are large, a thousand would be read for
/// nothing every second.
fn oldest_due(
    first: impl Fn(usize) -> Result<Vec<Record>, ReadError>,
    is_due: impl Fn(usize, &Record) -> bool,
) -> Result<Vec<Record>, ReadError> {
    if !first(1)?.first().is_some_and(|record| is_due(0, record)) {
        return Ok(vec![]);
    }
    let records = first(ROUND)?.into_iter().enumerate();
    Ok(records.take_while(|(nth, record)| is_due(*nth, record)).map(|(_, record)| record).collect())
}

/// What nobody deletes by name.
const SWEPT: [Kind; 6] =
    [Kind::Attempt, Kind::Event, Kind::Idempotency, Kind::Lease, Kind::MissedCall, Kind::Webhook];
/// Records at a time: a commit of a few milliseconds.
const ROUND: usize = 1_000;
/// Of one kind in one sweep: more in a second than a busy daemon makes.
const ROUNDS: usize = 25;

#[cfg(test)]
mod tests;
