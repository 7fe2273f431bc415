//! For tests in virtual time.

use std::time::Instant;

/// The moment at which a test begins.
#[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}
