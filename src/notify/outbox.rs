//! The journal's rows of messages, as this room knows them.

use std::time::Instant;

use super::message::{Message, MessageId};

/// Where messages are kept until they are taken. Put in by whoever commits events; this room reads
/// them and says what became of them.
///
/// What [`taken`](Self::taken) and [`later`](Self::later) were told is visible to a later
/// [`row`](Self::row) or [`rows`](Self::rows), or these answer that the disk does not work.
pub trait Outbox: Send + Sync + 'static {
    /// The message was taken with a 2xx: its row is done with. Must not block, must not be lost.
    fn taken(&self, id: MessageId);

    /// A try failed: `attempts`, `next` (`None`: a dead letter), `status` and `error` have changed.
    /// Must not block, must not be lost.
    fn later(&self, message: &Message);

    /// The `[[webhook]]` of this name asked to be left alone until then. Must not block, must not be
    /// lost.
    fn pause(&self, endpoint: &str, until: Instant);

    /// Until when each that ever asked for it is left alone, by its name: few, and read before anything
    /// is sent. May block.
    ///
    /// # Errors
    ///
    /// When the disk does not work.
    fn pauses(&self) -> Result<Vec<(Box<str>, Instant)>, OutboxError>;

    /// Waits until all that it was told is on disk. Blocks.
    ///
    /// # Errors
    ///
    /// When the disk does not work.
    fn settle(&self) -> Result<(), OutboxError>;

    /// One message. May block.
    ///
    /// # Errors
    ///
    /// When the disk does not work.
    fn row(&self, id: MessageId) -> Result<Option<Message>, OutboxError>;

    /// Up to `limit` messages from `from` on, in the order of their ids, dead letters included; fewer
    /// where most are for others, so that no look takes long. May block.
    ///
    /// # Errors
    ///
    /// When the disk does not work.
    fn rows(&self, of: &Of, from: MessageId, limit: usize) -> Result<Found, OutboxError>;
}

/// Messages that one look found.
#[derive(Debug)]
pub struct Found {
    /// In the order of their ids.
    pub messages: Vec<Message>,
    /// Where the next look goes on; `None`: there are no more.
    pub next: Option<MessageId>,
}

/// Whose messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Of {
    /// Everybody's.
    All,
    /// Those for the `[[webhook]]` of this name.
    Named(std::sync::Arc<str>),
    /// Those for callback URLs.
    Urls,
}

/// Messages cannot be read at the moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the messages cannot be read while the disk does not work")]
pub struct OutboxError;
