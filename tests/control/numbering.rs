//! Numbers events and puts them into the stream at once, as the journal does when they are on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ringproof::control::{EventBus, Rendered, render, render_trunk};
use ringproof::store::NewEvent;
use ringproof::time::Micros;
use ringproof::verify::TrunkNames;
use ringproof::verify::event::Event;

/// Numbers events.
pub(crate) struct Numbering {
    bus: Arc<EventBus>,
    trunks: TrunkNames,
    next: AtomicU64,
}

impl Numbering {
    /// For this stream, whose next event has the number `next`.
    pub(crate) fn new(bus: Arc<EventBus>, trunks: TrunkNames, next: u64) -> Self {
        Self { bus, trunks, next: AtomicU64::new(next) }
    }

    /// Something happened.
    pub(crate) fn on_event(&self, event: &Event) {
        if let Some(event) = render(event, &self.trunks) {
            self.publish(event);
        }
    }

    /// A trunk came up or went down.
    pub(crate) fn on_trunk(&self, name: &str, is_up: bool, at: Micros) {
        self.publish(render_trunk(name, is_up, at));
    }

    fn publish(&self, event: Rendered) {
        let Rendered { name, at, about, data } = event;
        let event = NewEvent { name: name.into(), at, about, data, webhooks: vec![] };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.bus.publish(number, name, &event.envelope(number));
    }
}
