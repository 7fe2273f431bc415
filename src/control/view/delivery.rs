//! Messages to webhooks as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::outside::Delivery;
use super::timestamp;
use super::words::DeliveryStateWord;

/// A message to a webhook that was not taken yet.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its name: the `webhook-id` of every try.
    #[schema(example = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// Whom it is for: the name of a configured endpoint, or a callback URL.
    #[schema(example = "shop")]
    pub endpoint: String,
    /// What it tells of.
    #[schema(example = "verification.verified")]
    pub event: String,
    /// The number of that event.
    /// The verification that the event is about; null when it is about none.
    #[schema(example = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub verification: Option<String>,
    #[schema(example = 1795169730123456_u64)]
    pub sequence: u64,
    /// Where it stands; `dead`: it is not tried any more, unless somebody asks.
    #[schema(value_type = DeliveryStateWord, example = "waiting")]
    pub state: &'static str,
    /// When the event happened.
    #[schema(format = DateTime, example = "2026-11-20T10:15:30.123Z")]
    pub created_at: String,
    /// Tries that have ended.
    pub attempts: u16,
    /// When it is tried next; null when it is not.
    #[schema(format = DateTime)]
    pub next_at: Option<String>,
    /// The HTTP status of the last try; null when there was none.
    #[schema(example = 503)]
    pub last_status: Option<u16>,
    /// Why the last try failed.
    #[schema(example = "timed out")]
    pub error: Option<String>,
}

impl DeliveryView {
    /// Of this message.
    pub fn new(message: &Delivery) -> Self {
        Self {
            id: message.id.clone(),
            endpoint: message.endpoint.as_ref().to_owned(),
            event: message.event.as_ref().to_owned(),
            sequence: message.sequence,
            state: message.state.as_str(),
            created_at: timestamp(message.created_at),
            attempts: message.attempts,
            verification: message.verification.map(|id| id.to_string()),
            next_at: message.next_at.map(timestamp),
            last_status: message.last_status,
            error: message.error.as_deref().map(str::to_owned),
        }
    }
}

/// Messages to webhooks, the oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The messages.
    pub deliveries: Vec<DeliveryView>,
}
