//! What is shown of messages that were not taken yet.

use std::sync::Arc;

use super::message::{Endpoint, Message, MessageId};
use super::outbox::Of;
use crate::time::{Micros, WallClock};

/// One message that was not taken yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Its name, as receivers see it.
    pub id: MessageId,
    /// Whom it is for.
    pub endpoint: Endpoint,
    /// What it tells of.
    pub event: Arc<str>,
    /// The number of that event.
    pub sequence: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the event happened.
    pub created_at: Micros,
    /// Tries that have ended.
    pub attempts: u16,
    /// When it is tried next; `None`: never, unless somebody asks.
    pub next_at: Option<Micros>,
    /// The status of the last reply.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub error: Option<Box<str>>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryState {
    /// It is not tried any more, unless somebody asks.
    Dead,
    /// It is under way.
    Trying,
    /// It waits for its next try.
    Waiting,
}

/// Which messages are asked for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// For whom.
    pub of: Of,
    /// Where they stand; `None`: anywhere.
    pub state: Option<DeliveryState>,
    /// After this one.
    pub after: Option<MessageId>,
    /// At most so many.
    pub limit: usize,
}

impl Delivery {
    pub(super) fn of(message: Message, is_trying: bool, clock: &WallClock) -> Self {
        let state = match (is_trying, message.next) {
            (true, _) => DeliveryState::Trying,
            (false, Some(_)) => DeliveryState::Waiting,
            (false, None) => DeliveryState::Dead,
        };
        Self {
            id: message.id,
            endpoint: message.endpoint,
            event: message.name,
            sequence: message.sequence,
            state,
            created_at: message.created_at,
            attempts: message.attempts,
            next_at: message.next.map(|next| clock.at(next)),
            status: message.status,
            error: message.error,
        }
    }
}
