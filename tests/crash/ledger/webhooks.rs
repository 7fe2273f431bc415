//! Webhooks: each end has one, which comes until it is taken, may come again, and is the event.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Kind, Ledger};
use crate::view::digest;

/// All that came, by the number of their event.
#[derive(Debug)]
pub(super) struct Webhooks {
    by_event: BTreeMap<u64, Webhook>,
    /// Somebody is to get them.
    are_sent: bool,
}

impl Webhooks {
    pub(super) fn new(are_sent: bool) -> Self {
        Self { by_event: BTreeMap::new(), are_sent }
    }
}

#[derive(Debug)]
struct Webhook {
    id: String,
    digest: u64,
    /// It was answered 204 once.
    is_taken: bool,
}

impl Ledger {
    /// The receiver has read one, and has taken or refused it.
    pub(crate) fn on_webhook(&mut self, id: &str, body: &str, is_taken: bool) {
        self.figures.webhooks += 1;
        let envelope: Value = serde_json::from_str(body).unwrap_or_default();
        let Some(sequence) = envelope["sequence"].as_u64() else {
            return self.object(Kind::Webhook, format!("a webhook that is none: {body}"));
        };
        let digest = digest(body);
        let first = self.webhooks.by_event.entry(sequence);
        let mut is_again = true;
        let first = first.or_insert_with(|| {
            is_again = false;
            Webhook { id: id.to_owned(), digest, is_taken }
        });
        let is_same = first.id == id && first.digest == digest;
        first.is_taken |= is_taken && is_same;
        self.figures.webhooks_again += u64::from(is_again);
        if !is_same {
            self.object(Kind::Webhook, format!("that of event {sequence} came as two: {body}"));
        }
    }

    /// Ends whose webhook has not been taken yet.
    pub(crate) fn webhooks_missing(&self) -> usize {
        if !self.webhooks.are_sent {
            return 0;
        }
        let ends: u32 = self.books.values().map(|book| book.ended).sum();
        let taken = self.webhooks.by_event.values().filter(|webhook| webhook.is_taken).count();
        (ends as usize).saturating_sub(taken)
    }

    pub(super) fn finish_webhooks(&mut self) {
        let mut faults = vec![];
        for (sequence, webhook) in &self.webhooks.by_event {
            if self.events.digest(*sequence) != Some(webhook.digest) {
                faults.push((Kind::Webhook, format!("that of event {sequence} is not the event")));
            }
        }
        match self.webhooks_missing() {
            0 => {}
            missing => {
                faults.push((Kind::Webhook, format!("{missing} ends have none that was taken")))
            }
        }
        self.object_all(faults);
    }
}
