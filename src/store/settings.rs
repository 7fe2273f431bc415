//! What an operator may choose, and the journal's bounds.

use std::time::Duration;

/// How the journal is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// What an acknowledged commit survives.
    pub durability: Durability,
    /// The least time from the end of one commit to the next: batches gather meanwhile. Who comes
    /// when nobody committed for so long is committed at once. At most [`WINDOW_MAX`].
    pub window: Duration,
    /// Memory for pages of the file.
    pub cache_bytes: usize,
}

/// What an acknowledged commit survives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// The loss of power: each commit is flushed to the disk.
    Power,
    /// The end of the process, whichever, but not of the machine: after a loss of power the file may
    /// be of no use at all, and is then refused.
    Process,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durability: Durability::Power,
            window: Duration::from_micros(500),
            cache_bytes: 64 << 20,
        }
    }
}

/// The longest window.
pub const WINDOW_MAX: Duration = Duration::from_millis(2);
/// Batches that may wait for the writer.
pub const QUEUE_MAX: usize = 16_384;
/// Beyond so many batches that are kept and not on disk, what may be left out is: about 100 MB.
pub const OFFERED_MAX: usize = 65_536;
/// The size of one batch.
pub const BATCH_BYTES_MAX: usize = 1 << 20;
/// The size of what is committed as one; a single batch may be as large.
pub(super) const GROUP_BYTES_MAX: usize = 4 << 20;
/// A disk that has not answered for so long is taken for one that does not work: a call whose
/// record waits for it will not be placed any more.
pub const SILENCE_MAX: Duration = Duration::from_secs(2);
/// How long after a failure the disk is tried again.
pub(super) const RETRY: Duration = Duration::from_millis(250);
