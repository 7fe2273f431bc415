//! Messages to webhooks as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::outside::{Delivery, Retried};
use super::timestamp;
use super::words::{DeliveryStateWord, EndpointStateWord};

/// A message to a webhook that was not taken yet.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its name: the `webhook-id` of every try.
    #[schema(example = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// Whom it is for: the name of a configured endpoint, or a callback URL, of which keys with the
    /// right `read` alone see `?…` instead of its query.
    #[schema(example = "shop")]
    pub endpoint: String,
    /// What it tells of.
    #[schema(example = "verification.verified")]
    pub event: String,
    /// The verification that the event is about; null when it is about none.
    #[schema(example = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub verification: Option<String>,
    /// The number of that event.
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
    /// When it is tried next, unless its endpoint takes another before; null when it is not.
    #[schema(format = DateTime)]
    pub next_at: Option<String>,
    /// How its endpoint does.
    #[schema(value_type = EndpointStateWord, example = "working")]
    pub endpoint_state: &'static str,
    /// The HTTP status of the last try; null when there was none.
    #[schema(example = 503)]
    pub last_status: Option<u16>,
    /// Why the last try failed.
    #[schema(example = "timed out")]
    pub error: Option<String>,
}

impl DeliveryView {
    /// Of this message; `is_whole`: with all of a callback URL.
    pub fn new(message: &Delivery, is_whole: bool) -> Self {
        Self {
            id: message.id.clone(),
            endpoint: match is_whole {
                true => message.endpoint.as_ref().to_owned(),
                false => without_keys(&message.endpoint),
            },
            event: message.event.as_ref().to_owned(),
            verification: message.verification.map(|id| id.to_string()),
            sequence: message.sequence,
            state: message.state.as_str(),
            created_at: timestamp(message.created_at),
            attempts: message.attempts,
            next_at: message.next_at.map(timestamp),
            endpoint_state: message.endpoint_state.as_str(),
            last_status: message.last_status,
            error: message.error.as_deref().map(str::to_owned),
        }
    }
}

/// A URL without what may be a key in it: its query, and a user name and password. A name has neither.
fn without_keys(endpoint: &str) -> String {
    let (url, is_cut) = endpoint.split_once('?').map_or((endpoint, false), |(url, _)| (url, true));
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let colon = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{colon}{host}{path}{}", if is_cut { "?…" } else { "" })
}

/// Messages to webhooks, the oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The messages.
    pub deliveries: Vec<DeliveryView>,
    /// What `after` of the next page is; null when this was the last. A page may have fewer than `limit`,
    /// or none, and others behind it: a request looks at a bounded number of messages.
    #[schema(example = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub next: Option<String>,
}

/// Dead messages that were put back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RetriedView {
    /// So many wait to be tried.
    #[schema(example = 1000)]
    pub retried: usize,
    /// So many stay dead, since their endpoints are not in the configuration.
    #[schema(example = 0)]
    pub endpoint_gone: usize,
    /// What `after` of the next request is; null when there are no more.
    #[schema(example = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub next: Option<String>,
}

impl From<Retried> for RetriedView {
    fn from(Retried { waiting, left, next }: Retried) -> Self {
        Self { retried: waiting, endpoint_gone: left, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_keys() {
        for (url, shown) in [
            ("shop", "shop"),
            ("https://example.com/hook", "https://example.com/hook"),
            ("https://example.com/hook?key=hunter2&a=?", "https://example.com/hook?…"),
            ("https://me:hunter2@example.com:8443/@x?", "https://example.com:8443/@x?…"),
            ("https://example.com?key=a/b@c", "https://example.com?…"),
        ] {
            assert_eq!(without_keys(url), shown, "{url}");
        }
    }
}
