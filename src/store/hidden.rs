//! What must not be printed: codes, keys, numbers on the wire.

use std::fmt;

/// A value whose `Debug` says nothing of it.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Hidden<T>(
    /// The value.
    pub T,
);

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
