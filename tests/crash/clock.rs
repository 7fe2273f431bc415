//! When something happened: the time since the run began.

use std::time::{Duration, Instant};

/// The one clock of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

/// From when a question left until its answer was read. What was told before it left must be in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Duration,
    pub(crate) told: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> Duration {
        self.0.elapsed()
    }

    /// When that moment was.
    pub(crate) fn of(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.0)
    }
}
