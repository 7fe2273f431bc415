//! Events: told without a number, numbered when they are committed, announced when they are safe.
//!
//! Whoever tells an event cannot know its number: others tell at the same time, and what the disk
//! refuses was never told. So the writer gives the numbers, puts each into its envelope
//! `{"type","timestamp","sequence","data"}`, and writes the event and the messages that carry it to
//! webhooks in the commit of what it tells of.
//!
//! Invariants: numbers follow each other without gaps and are given once, whatever was deleted since;
//! nothing is announced that is not on disk.

use std::sync::Arc;

use super::batch::Change;
use super::clock::JournalTime;
use super::hidden::Hidden;
use super::record::{Event, Webhook};
use crate::time::Micros;

/// An event that is to be told.
#[derive(Clone)]
pub struct NewEvent {
    /// What happened: `verification.verified`. A word of ours, which JSON need not escape.
    pub name: Box<str>,
    /// When, as shown.
    pub at: Micros,
    /// The verification or the call that it is about.
    pub about: Option<u128>,
    /// The envelope's `data`: JSON.
    pub data: Box<[u8]>,
    /// Which webhooks hear of it.
    pub webhooks: Vec<NewWebhook>,
}

/// A message that carries an event to one endpoint.
#[derive(Clone)]
pub struct NewWebhook {
    /// Its name: a ULID.
    pub id: u128,
    /// The endpoint.
    pub endpoint: Box<str>,
    /// The endpoint is a URL that a client gave, else the name of a configured one.
    pub is_url: bool,
    /// The verification could still matter until then; `None`: the message always does.
    pub matters_until: Option<JournalTime>,
}

/// An event that is on disk.
#[derive(Clone)]
pub struct Announced {
    /// Its number.
    pub sequence: u64,
    /// When it happened, as shown.
    pub at: Micros,
    /// What happened.
    pub name: Box<str>,
    /// The verification or the call that it is about.
    pub about: Option<u128>,
    /// The whole envelope.
    pub body: Arc<[u8]>,
    /// The messages that carry it, all due at once.
    pub webhooks: Vec<Webhook>,
}

/// Who hears of events when they are safe: those of one commit in order, on the journal's thread, so
/// it must be short.
pub type Announce = Box<dyn FnMut(&[Announced]) + Send>;

impl NewEvent {
    /// About how many bytes it takes once it is written.
    pub(super) fn bytes(&self) -> usize {
        (self.data.len() + ENVELOPE_BYTES) * (1 + self.webhooks.len())
    }

    /// Numbers it at the moment of its commit: what is announced, and what is written.
    pub(super) fn number(
        &self,
        sequence: u64,
        written: JournalTime,
        changes: &mut Vec<Change>,
    ) -> Announced {
        let body = self.envelope(sequence);
        let event = Event {
            sequence,
            at: self.at,
            written,
            name: self.name.clone(),
            about: self.about,
            body: Hidden(body.as_slice().into()),
        };
        changes.push(Change::put(&event.into()));
        let webhooks: Vec<_> = self
            .webhooks
            .iter()
            .map(|webhook| self.message(webhook, sequence, written, &body))
            .collect();
        changes.extend(webhooks.iter().map(|webhook| Change::put(&webhook.clone().into())));
        let (name, body) = (self.name.clone(), body.into());
        Announced { sequence, at: self.at, name, about: self.about, body, webhooks }
    }

    fn message(
        &self,
        webhook: &NewWebhook,
        sequence: u64,
        written: JournalTime,
        body: &[u8],
    ) -> Webhook {
        Webhook {
            id: webhook.id,
            endpoint: webhook.endpoint.clone(),
            is_url: webhook.is_url,
            sequence,
            name: self.name.clone(),
            body: Hidden(body.into()),
            created_at: self.at,
            created: written,
            matters_until: webhook.matters_until,
            attempts: 0,
            next: Some(written),
            status: None,
            error: None,
        }
    }

    /// The whole envelope, with its number.
    pub fn envelope(&self, sequence: u64) -> Vec<u8> {
        debug_assert!(self.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.')));
        let (name, timestamp) = (&self.name, self.at.rfc3339());
        let head =
            format!(r#"{{"type":"{name}","timestamp":"{timestamp}","sequence":{sequence},"data":"#);
        let mut body = Vec::with_capacity(head.len() + self.data.len() + 1);
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.data);
        body.push(b'}');
        body
    }
}

/// What an envelope, a key and the small fields of a record add to an event's data.
const ENVELOPE_BYTES: usize = 200;

#[cfg(test)]
mod tests;
