//! The one place of this room that reads the clock, and waits: when a request is handled.

#![expect(clippy::disallowed_methods, reason = "this room is an edge: requests come from outside")]

use std::time::{Duration, Instant};

pub(super) fn now() -> Instant {
    Instant::now()
}

pub(super) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}
