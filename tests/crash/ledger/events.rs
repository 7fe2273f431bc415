//! The event stream: numbers without gaps over all lives, one creation and one end of each
//! verification.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{Kind, Ledger};
use crate::clock::Asked;
use crate::view::{View, digest};

/// The whole log.
#[derive(Debug, Default)]
pub(super) struct Events {
    first: Option<u64>,
    /// What each was, from the first on.
    digests: Vec<u64>,
    calls: BTreeSet<String>,
}

impl Events {
    fn next(&self) -> Option<u64> {
        Some(self.first? + self.digests.len() as u64)
    }

    pub(super) fn digest(&self, sequence: u64) -> Option<u64> {
        let place = sequence.checked_sub(self.first?)?;
        self.digests.get(usize::try_from(place).ok()?).copied()
    }
}

impl Ledger {
    /// The reader got an event; `text` is the envelope as it came.
    pub(crate) fn on_event(&mut self, sequence: u64, text: &str, at: Duration) {
        match self.events.next() {
            None => self.events.first = Some(sequence),
            Some(next) if next == sequence => {}
            Some(next) => {
                self.object(Kind::Gap, format!("event {sequence} came in the place of {next}"));
                if sequence < next {
                    return;
                }
                let missing = (sequence - next).min(GAP_MAX);
                self.events.digests.extend((0..missing).map(|_| 0));
            }
        }
        self.events.digests.push(digest(text));
        self.figures.events += 1;
        let envelope: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = envelope["type"].as_str().unwrap_or_default();
        match kind {
            _ if envelope["sequence"] != sequence => {
                self.object(Kind::Gap, format!("event {sequence} calls itself otherwise: {text}"));
            }
            "call.placed" => self.on_placed(&envelope["data"]),
            "verification.created" => self.on_created(&envelope["data"], at),
            "verification.canceled"
            | "verification.expired"
            | "verification.failed"
            | "verification.verified" => self.on_ended(&envelope["data"], at),
            _ => {}
        }
    }

    /// The reader was told that what follows is not kept.
    pub(crate) fn on_events_gone(&mut self) {
        self.object(Kind::Gap, "the reader came back, and what it had missed was not kept");
    }

    fn on_created(&mut self, data: &Value, at: Duration) {
        let Some(view) = View::read(data) else { return self.on_nonsense(data) };
        // It is shown as it was then.
        self.on_view(&view, Asked { at: Duration::ZERO, told: at });
        self.phone(&view.to).created += 1;
        let book = self.books.get_mut(&view.id).expect("it was just seen");
        book.created += 1;
        if book.created > 1 {
            self.object(Kind::Duplicated, format!("{} was created twice", view.id));
        }
    }

    fn on_ended(&mut self, data: &Value, at: Duration) {
        let Some(view) = View::read(data) else { return self.on_nonsense(data) };
        self.on_view(&view, Asked { at: Duration::ZERO, told: at });
        let book = self.books.get_mut(&view.id).expect("it was just seen");
        book.ended += 1;
        let (created, ended) = (book.created, book.ended);
        if ended > 1 {
            self.object(Kind::Duplicated, format!("{} has {ended} events of its end", view.id));
        }
        if created == 0 {
            self.object(Kind::Gap, format!("{} ended and was never created", view.id));
        }
    }

    fn on_placed(&mut self, data: &Value) {
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let (call, verification) = (text("id"), text("verification"));
        if !self.events.calls.insert(call.clone()) {
            self.object(Kind::Duplicated, format!("{call} was placed twice"));
        }
        let Some(book) = self.books.get_mut(&verification) else {
            return self.object(Kind::Gap, format!("{call} is of an unknown {verification}"));
        };
        book.placed += 1;
        let to = book.to.clone();
        self.phone(&to).placed += 1;
    }

    fn on_nonsense(&mut self, data: &Value) {
        self.object(Kind::Gap, format!("an event that is none: {data}"));
    }

    /// The number of the first event, and of the last.
    pub(crate) fn events_read(&self) -> Option<(u64, u64)> {
        Some((self.events.first?, self.events.next()? - 1))
    }

    /// Somebody reads an old event again.
    pub(crate) fn on_event_again(&mut self, sequence: u64, text: &str) {
        if self.events.digest(sequence).is_some_and(|was| was != digest(text)) {
            self.object(Kind::Changed, format!("event {sequence} was another: {text}"));
        }
    }
}

/// More are not counted one by one.
const GAP_MAX: u64 = 1_000_000;
