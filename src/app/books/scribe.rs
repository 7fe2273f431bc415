//! Hands what happened to the journal: what must be kept, the event that tells of it and its messages to
//! webhooks in one commit. Logs and metrics hear of it at once; clients when it is on disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::write::Pen;
use crate::control::{Rendered, render, render_trunk};
use crate::entropy::Entropy;
use crate::notify::{self, Endpoint};
use crate::store::{Batch, Journal, NewEvent, NewWebhook};
use crate::time::WallClock;
use crate::verify::TrunkNames;
use crate::verify::event::{Event, Listener, Told};
use crate::verify::id::VerificationId;
use crate::verify::note::Note;
use crate::verify::snapshot::Snapshot;

/// What tells the moment: the machine's clock, but for simulations.
pub(crate) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Hands what happened to the journal.
pub(crate) struct Scribe {
    pub(super) journal: Journal,
    pub(super) pen: Pen,
    /// Who is told by webhooks.
    audience: notify::Settings,
    entropy: Entropy,
    wall: WallClock,
    /// The moment from which a message has its name.
    clock: Clock,
    /// Logs and metrics.
    next: Arc<dyn Listener>,
}

impl Scribe {
    pub(crate) fn new(
        journal: Journal,
        trunks: TrunkNames,
        audience: notify::Settings,
        (entropy, wall, clock): (Entropy, WallClock, Clock),
        next: Arc<dyn Listener>,
    ) -> Arc<Self> {
        let pen = Pen { clock: journal.clock(), trunks };
        Arc::new(Self { journal, pen, audience, entropy, wall, clock, next })
    }

    /// What is committed of notes and events.
    pub(super) fn batch<'a>(
        &self,
        notes: &[Note],
        events: impl Iterator<Item = &'a Event>,
    ) -> Batch {
        let now = (self.clock)();
        let mut batch = Batch::new();
        notes.iter().for_each(|note| self.pen.write(note, &mut batch));
        for event in events {
            if let Some(rendered) = render(event, &self.pen.trunks) {
                batch.tell(self.event(event, rendered, now));
            }
        }
        batch
    }

    /// Tells logs and metrics alone.
    pub(super) fn log(&self, event: Event) {
        self.next.on_event(event);
    }

    /// Tells of a trunk that came up or went down.
    pub(crate) fn on_trunk(&self, name: &str, is_up: bool, now: Instant) {
        let rendered = render_trunk(name, is_up, self.wall.at(now));
        let mut batch = Batch::new();
        batch.tell(self.new_event(rendered, None, now));
        self.journal.offer(batch, || {});
    }

    fn event(&self, event: &Event, rendered: Rendered, now: Instant) -> NewEvent {
        let ended = match event {
            Event::VerificationEnded(ended) => Some(ended),
            Event::CallEnded(_)
            | Event::CallPlaced(_)
            | Event::CallRinging(_)
            | Event::MissedCall(_)
            | Event::PhoneReported { .. }
            | Event::VerificationCreated(_)
            | Event::WrongCode(_) => None,
        };
        self.new_event(rendered, ended.map(|ended| &**ended), now)
    }

    fn new_event(&self, rendered: Rendered, ended: Option<&Snapshot>, now: Instant) -> NewEvent {
        let Rendered { name, at, about, data } = rendered;
        let callback = ended.and_then(|ended| ended.callback_url.clone());
        // For as long as the person might wait.
        let left =
            |ended: &Snapshot| Duration::from_micros(ended.expires_at.0.saturating_sub(at.0));
        let matters_until = ended.map(|ended| self.pen.clock.at(now + left(ended)));
        let webhook = |endpoint| {
            let (endpoint, is_url): (Arc<str>, _) = match endpoint {
                Endpoint::Named(name) => (name, false),
                Endpoint::Url(url) => (url, true),
            };
            // A ULID like those of verifications.
            let id = VerificationId::new(self.wall.at(now), &self.entropy).0;
            NewWebhook { id, endpoint: (*endpoint).into(), is_url, matters_until }
        };
        let endpoints = self.audience.endpoints_for(name, callback.as_ref());
        let webhooks = endpoints.into_iter().map(webhook).collect();
        NewEvent { name: name.into(), at, about, data, webhooks }
    }
}

/// Whether nobody waits for what is told: a call that settled nothing.
fn is_of_stranger(told: &Told) -> bool {
    matches!(told.event, Some(Event::MissedCall(_)))
        && told.notes.iter().all(|note| matches!(note, Note::MissedCall(_, None)))
}

impl Listener for Scribe {
    fn on_event(&self, event: Event) {
        self.on_told(Told::event(event));
    }

    fn on_told(&self, mut told: Told) {
        let batch = self.batch(&told.notes, told.event.iter());
        let saved = told.on_saved();
        match batch.is_empty() {
            true => saved(),
            // While the disk fails nothing else comes from outside, and this comes without end.
            false if is_of_stranger(&told) => self.journal.offer(batch, saved),
            false => self.journal.keep(batch, saved),
        }
        if let Some(event) = told.event {
            self.next.on_event(event);
        }
    }
}
