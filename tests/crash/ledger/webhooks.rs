//! Webhooks: each end has one, which comes until it is taken, may come again, and is the event. Each end
//! of a verification that was started with a callback URL has another there, of which the same holds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Kind, Ledger};
use crate::view::digest;

/// All that came, by the number of their event.
#[derive(Debug)]
pub(super) struct Webhooks {
    by_event: BTreeMap<u64, Webhook>,
    /// Those that came to callback URLs.
    called_back: BTreeMap<u64, Webhook>,
    /// Somebody is to get them.
    are_sent: bool,
}

impl Webhooks {
    pub(super) fn new(are_sent: bool) -> Self {
        Self { by_event: BTreeMap::new(), called_back: BTreeMap::new(), are_sent }
    }
}

/// Begins the `client_ref` of who wants to be called back.
pub(crate) const CALLS_BACK: &str = "callback ";

#[derive(Debug)]
struct Webhook {
    id: String,
    digest: u64,
    /// It was answered 204 once.
    is_taken: bool,
    /// Its verification was started with a callback URL.
    calls_back: bool,
}

impl Ledger {
    /// The receiver has read one, and has taken or refused it.
    pub(crate) fn on_webhook(&mut self, id: &str, body: &str, is_taken: bool) {
        self.on_message(id, body, is_taken, |webhooks| &mut webhooks.by_event);
    }

    /// One came to the URL of a callback.
    pub(crate) fn on_callback(&mut self, id: &str, body: &str, is_taken: bool) {
        self.on_message(id, body, is_taken, |webhooks| &mut webhooks.called_back);
    }

    fn on_message(
        &mut self,
        id: &str,
        body: &str,
        is_taken: bool,
        among: impl Fn(&mut Webhooks) -> &mut BTreeMap<u64, Webhook>,
    ) {
        self.figures.webhooks += 1;
        let envelope: Value = serde_json::from_str(body).unwrap_or_default();
        let Some(sequence) = envelope["sequence"].as_u64() else {
            return self.object(Kind::Webhook, format!("a webhook that is none: {body}"));
        };
        let digest = digest(body);
        let name = envelope["data"]["client_ref"].as_str().unwrap_or_default();
        let calls_back = name.starts_with(CALLS_BACK);
        let first = among(&mut self.webhooks).entry(sequence);
        let mut is_again = true;
        let first = first.or_insert_with(|| {
            is_again = false;
            Webhook { id: id.to_owned(), digest, is_taken, calls_back }
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
        (ends as usize).saturating_sub(taken) + self.callbacks_missing()
    }

    /// Of the ends that are known of, those whose callback has not been taken yet.
    fn callbacks_missing(&self) -> usize {
        let Webhooks { by_event, called_back, .. } = &self.webhooks;
        let is_told = |sequence: &u64| called_back.get(sequence).is_some_and(|it| it.is_taken);
        by_event.iter().filter(|(sequence, it)| it.calls_back && !is_told(sequence)).count()
    }

    pub(super) fn finish_webhooks(&mut self) {
        let mut faults = vec![];
        let Webhooks { by_event, called_back, .. } = &self.webhooks;
        for (sequence, callback) in called_back {
            let twin = by_event.get(sequence);
            if !callback.calls_back || twin.is_some_and(|twin| twin.id == callback.id) {
                faults.push((
                    Kind::Webhook,
                    format!("the callback of event {sequence} is nobody's, or another's message"),
                ));
            }
        }
        for (sequence, webhook) in by_event.iter().chain(called_back) {
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
