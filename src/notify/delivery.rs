//! What is shown of messages that were not taken yet.

use std::sync::Arc;

use serde::Deserialize;

use super::message::{Endpoint, Message, MessageId};
use super::outbox::Of;
use super::standing::Standing;
use crate::delivery::{DeliveryState, EndpointState};
use crate::time::{Micros, WallClock};
use crate::verify::id::VerificationId;

/// One message that was not taken yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Its name, as receivers see it.
    pub id: MessageId,
    /// Whom it is for.
    pub endpoint: Endpoint,
    /// What it tells of.
    pub event: Arc<str>,
    /// The verification that the event is about, if it is about one.
    pub verification: Option<VerificationId>,
    /// The number of that event.
    pub sequence: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the event happened.
    pub created_at: Micros,
    /// Tries that have ended.
    pub attempts: u16,
    /// When it is tried next, if its endpoint takes nothing before; `None`: never, unless something
    /// changes.
    pub next_at: Option<Micros>,
    /// How its endpoint does.
    pub endpoint_state: EndpointState,
    /// The status of the last reply.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub error: Option<Box<str>>,
}

/// Some of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deliveries {
    /// In the order of their ids.
    pub items: Vec<Delivery>,
    /// Behind which message the next ones are; `None`: these were the last. There may be fewer than were
    /// asked for, and more behind them: a request looks at a bounded number of messages.
    pub next: Option<MessageId>,
}

/// Which messages are asked for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// For whom.
    pub of: Of,
    /// Where they stand; `None`: anywhere.
    pub state: Option<DeliveryState>,
    /// Of this verification; `None`: of any.
    pub verification: Option<VerificationId>,
    /// After this one.
    pub after: Option<MessageId>,
    /// At most so many.
    pub limit: usize,
}

/// Which dead letters are put back.
#[derive(Clone, Debug)]
pub struct DeadFilter {
    /// For whom.
    pub of: Of,
    /// Of events from this moment on; `None`: from the first on.
    pub since: Option<Micros>,
    /// Of events before this moment; `None`: to the last.
    pub before: Option<Micros>,
    /// After this one.
    pub after: Option<MessageId>,
    /// At most so many.
    pub limit: usize,
}

/// What became of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retried {
    /// So many wait to be tried.
    pub waiting: usize,
    /// So many stay: nobody is configured for them.
    pub left: usize,
    /// Behind which message the next ones are; `None`: there are no more.
    pub next: Option<MessageId>,
}

impl DeadFilter {
    pub(super) fn means(&self, message: &Message) -> bool {
        message.next.is_none()
            && self.since.is_none_or(|since| message.created_at >= since)
            && self.before.is_none_or(|before| message.created_at < before)
    }
}

impl Delivery {
    pub(super) fn of(
        message: Message,
        is_trying: bool,
        standing: Standing,
        clock: &WallClock,
    ) -> Self {
        let state = match (is_trying, message.next) {
            (true, _) => DeliveryState::Trying,
            (false, Some(_)) => DeliveryState::Waiting,
            (false, None) => DeliveryState::Dead,
        };
        Self {
            id: message.id,
            endpoint: message.endpoint,
            verification: verification_of(&message.name, &message.body),
            event: message.name,
            sequence: message.sequence,
            state,
            created_at: message.created_at,
            attempts: message.attempts,
            next_at: message
                .next
                .and_then(|next| standing.tries_at(next))
                .map(|next| clock.at(next)),
            endpoint_state: standing.state,
            status: message.status,
            error: message.error,
        }
    }
}

impl Filter {
    /// Whether it means this one, wherever it stands in the order.
    pub(super) fn means(&self, delivery: &Delivery) -> bool {
        self.state.is_none_or(|state| state == delivery.state)
            && self.verification.is_none_or(|it| delivery.verification == Some(it))
    }
}

/// Read from what is sent: the data of a verification's event is the verification, that of another
/// names it.
fn verification_of(event: &str, body: &[u8]) -> Option<VerificationId> {
    #[derive(Deserialize)]
    struct Envelope {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        id: Option<String>,
        verification: Option<String>,
    }
    let Envelope { data } = serde_json::from_slice(body).ok()?;
    let id = if event.starts_with("verification.") { data.id } else { data.verification };
    id?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verification_of_every_event_is_known() {
        let of = |event: &str, data: &str| {
            let body = format!("{{\"type\":\"{event}\",\"sequence\":1,\"data\":{data}}}");
            verification_of(event, body.as_bytes()).map(|id| id.to_string())
        };
        let id = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
        let own = format!("{{\"id\":\"{id}\",\"status\":\"failed\"}}");
        assert_eq!(of("verification.failed", &own).as_deref(), Some(id));
        let call = format!("{{\"id\":\"call_1\",\"verification\":\"{id}\"}}");
        assert_eq!(of("call.ended", &call).as_deref(), Some(id));
        assert_eq!(of("missed_call.received", "{\"id\":\"call_1\",\"verification\":null}"), None);
        assert_eq!(of("trunk.up", "{\"name\":\"alpha\"}"), None);
    }
}
