//! A listener whose own comes later: `verify` tells somebody from the start, and whom depends on a
//! journal that is only opened once everything else is known to be right.

use std::sync::{Arc, OnceLock};

use crate::verify::event::{Event, Listener, Told};

/// Passes on what it is told.
#[derive(Default)]
pub(super) struct Relay(OnceLock<Arc<dyn Listener>>);

impl Relay {
    /// Whom to tell. Nothing is told before.
    pub(super) fn set(&self, next: Arc<dyn Listener>) {
        let is_first = self.0.set(next).is_ok();
        debug_assert!(is_first, "there is one listener");
    }
}

impl Listener for Relay {
    fn on_event(&self, event: Event) {
        self.on_told(Told::event(event));
    }

    fn on_told(&self, told: Told) {
        if let Some(next) = self.0.get() {
            next.on_told(told);
        }
    }
}
