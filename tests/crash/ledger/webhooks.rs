//! Webhooks: each end has one, which may come again, and is the event.

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
}

impl Ledger {
    /// The receiver has taken one.
    pub(crate) fn on_webhook(&mut self, id: &str, body: &str) {
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
            Webhook { id: id.to_owned(), digest }
        });
        let is_same = first.id == id && first.digest == digest;
        self.figures.webhooks_again += u64::from(is_again);
        if !is_same {
            self.object(Kind::Webhook, format!("that of event {sequence} came as two: {body}"));
        }
    }

    /// Ends whose webhook has not come yet.
    pub(crate) fn webhooks_missing(&self) -> usize {
        if !self.webhooks.are_sent {
            return 0;
        }
        let ends: u32 = self.books.values().map(|book| book.ended).sum();
        (ends as usize).saturating_sub(self.webhooks.by_event.len())
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
            missing => faults.push((Kind::Webhook, format!("{missing} ends have none"))),
        }
        self.object_all(faults);
    }
}
