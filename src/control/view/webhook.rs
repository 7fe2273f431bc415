//! Endpoints of webhooks as the API shows them: neither their URLs, which may hold keys, nor their
//! secrets.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::outside::WebhookEndpoint;
use super::timestamp;
use super::words::EndpointStateWord;

/// Whom messages are for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WebhookEndpointView {
    /// Its name; `callback`: all callback URLs together.
    #[schema(example = "shop")]
    pub name: String,
    /// The host of its URL; null of callbacks, and when it is not in the configuration.
    #[schema(example = "hooks.example.com")]
    pub host: Option<String>,
    /// How it does; of callbacks, whether any host is down.
    #[schema(value_type = EndpointStateWord, example = "working")]
    pub state: &'static str,
    /// Before when nothing is sent; null when something may be, or that is not known.
    #[schema(format = DateTime)]
    pub rests_until: Option<String>,
    /// Messages that wait for a try. Those of before a restart are counted as they are read.
    pub waiting: u64,
    /// Messages that are being tried.
    pub trying: u64,
    /// Messages that are not tried any more, unless somebody asks.
    pub dead: u64,
    /// Why the last try that failed did so; null when none did since the daemon started.
    #[schema(example = "it replied 503")]
    pub last_error: Option<String>,
    /// When that was.
    #[schema(format = DateTime)]
    pub last_error_at: Option<String>,
}

/// Every endpoint: those of the configuration in its order, callback URLs together, and those that are in
/// it no more while messages wait for them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpointList {
    /// The endpoints.
    pub endpoints: Vec<WebhookEndpointView>,
}

impl From<WebhookEndpoint> for WebhookEndpointView {
    fn from(endpoint: WebhookEndpoint) -> Self {
        let (last_error, last_error_at) = endpoint.last_error.unzip();
        Self {
            name: endpoint.name.as_ref().to_owned(),
            host: endpoint.host.as_deref().map(str::to_owned),
            state: endpoint.state.as_str(),
            rests_until: endpoint.rests_until.map(timestamp),
            waiting: endpoint.waiting,
            trying: endpoint.trying,
            dead: endpoint.dead,
            last_error: last_error.map(Into::into),
            last_error_at: last_error_at.map(timestamp),
        }
    }
}
