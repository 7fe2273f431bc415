//! The one place of this room that reads the clock: when a request is handled.

#![expect(clippy::disallowed_methods, reason = "this room is an edge: requests come from outside")]

use std::time::Instant;

pub(super) fn now() -> Instant {
    Instant::now()
}
