//! What a journal holds, from reading every record of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::store::record::{Event, Final, Verification, Webhook};
use crate::store::{Kind, Look, ReadError, Record};
use crate::time::Micros;

/// What a journal holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Survey {
    /// In the order of [`Kind::ALL`].
    pub(super) records: [u64; Kind::ALL.len()],
    pub(super) oldest_event: Option<Seen>,
    pub(super) latest_event: Option<Seen>,
    /// Verifications without an end.
    pub(super) pending: u64,
    /// Messages that nobody tries any more.
    pub(super) dead_webhooks: u64,
}

/// An event, without what it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    sequence: u64,
    at: Micros,
}

impl Survey {
    /// Reads every record, those of ends before those of what they end.
    pub(super) fn of(look: &Look) -> Result<Self, ReadError> {
        let mut survey = Self::default();
        let mut ended = BTreeSet::new();
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            look.visit(kind, |record| {
                survey.records[place] += 1;
                match record {
                    Record::Event(event) => survey.on_event(&event),
                    Record::Final(Final { id, .. }) => drop(ended.insert(id)),
                    Record::Verification(Verification { id, .. }) => {
                        survey.pending += u64::from(!ended.contains(&id));
                    }
                    Record::Webhook(Webhook { next: None, .. }) => survey.dead_webhooks += 1,
                    Record::Attempt(_)
                    | Record::Call(_)
                    | Record::Idempotency(_)
                    | Record::InFlight(_)
                    | Record::Lease(_)
                    | Record::MissedCall(_)
                    | Record::Pause(_)
                    | Record::Secret(_)
                    | Record::Webhook(_) => {}
                }
            })?;
        }
        Ok(survey)
    }

    /// All records together.
    pub(super) fn total(&self) -> u64 {
        self.records.iter().sum()
    }

    fn on_event(&mut self, event: &Event) {
        let seen = Some(Seen { sequence: event.sequence, at: event.at });
        // They come in the order of their numbers.
        self.oldest_event = self.oldest_event.or(seen);
        self.latest_event = seen;
    }
}

impl Seen {
    pub(super) fn to_text(self) -> String {
        format!("{} of {}", self.sequence, self.at.rfc3339())
    }

    pub(super) fn to_json(self) -> Value {
        json!({ "sequence": self.sequence, "at": self.at.rfc3339() })
    }
}
