//! The answer to a batch: safe on disk, or not and never.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::settings::QUEUE_MAX;

/// Why a batch was not taken. Nothing of it will ever be visible.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SubmitError {
    /// More batches wait than may: the disk is slower than the load.
    #[error("{QUEUE_MAX} batches wait for the disk already")]
    Full,
    /// The disk failed, and has not been seen to work since.
    #[error("the journal's disk does not take writes")]
    Unwritable,
    /// It is larger than a batch may be.
    #[error("a batch of {bytes} bytes, the most is {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What would have been taken.
        max: usize,
    },
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
}

/// Why a batch that was taken is not on disk. Nothing of it will ever be visible, unless it is held
/// because it was to be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CommitError {
    /// The disk failed.
    #[error("the journal's disk failed")]
    Disk,
    /// The journal was closed before.
    #[error("the journal was closed")]
    Closed,
}

/// The answer to one batch, when it comes. A task awaits it, a thread without a runtime polls it or
/// waits for it.
#[derive(Debug)]
pub struct Ticket(pub(super) oneshot::Receiver<Result<(), CommitError>>);

impl Ticket {
    /// The answer, if it is there; it is given once, and is [`CommitError::Closed`] from then on.
    pub fn poll_now(&mut self) -> Option<Result<(), CommitError>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(CommitError::Closed)),
        }
    }

    /// Blocks this thread until the answer is there. Not for a task of a runtime, which awaits.
    ///
    /// # Errors
    ///
    /// Why the batch is not on disk.
    pub fn wait(self) -> Result<(), CommitError> {
        self.0.blocking_recv().unwrap_or(Err(CommitError::Closed))
    }
}

impl Future for Ticket {
    type Output = Result<(), CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let closed = |answer: Result<_, _>| answer.unwrap_or(Err(CommitError::Closed));
        Pin::new(&mut self.0).poll(context).map(closed)
    }
}
