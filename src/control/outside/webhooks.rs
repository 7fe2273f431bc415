//! The messages to webhooks that were not taken, as the control room knows them.

use std::sync::Arc;

use super::{Asked, Unavailable};
use crate::delivery::{DeliveryState, EndpointState};
use crate::time::Micros;
use crate::verify::id::VerificationId;

/// The messages to webhooks.
pub trait Webhooks: Send + Sync {
    /// Those that were not taken yet, the oldest first.
    fn deliveries(&self, wanted: DeliveryFilter) -> Asked<Deliveries>;

    /// Whom messages are for: every endpoint of the configuration, callback URLs together, and those that
    /// are in it no more while messages wait for them.
    fn endpoints(&self) -> Asked<Vec<WebhookEndpoint>>;

    /// Tries one now.
    fn retry(&self, id: &str) -> Asked<(), RetryError>;

    /// Puts dead ones back, to be tried as soon as their endpoints take them. That is on disk with the
    /// answer.
    fn retry_dead(&self, wanted: DeadFilter) -> Asked<Retried, RetryError>;
}

/// A message is not tried now.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RetryError {
    /// It is for a callback URL, and these are told nothing.
    #[error(
        "the message is for a callback URL, and callbacks are off: `[callbacks] enabled = true` \
         in the configuration and a restart have it sent"
    )]
    CallbacksOff,
    /// It is for an endpoint that is not in the configuration.
    #[error(
        "the endpoint \"{name}\" is not in the configuration: a `[[webhook]]` of this name and a \
         restart have its messages sent"
    )]
    EndpointGone {
        /// The endpoint's name.
        name: Arc<str>,
    },
    /// Too many that were asked for have not left yet.
    #[error("too many messages for its endpoint were asked for and have not left yet")]
    Full,
    /// There is none with this id.
    #[error("there is nothing with this id")]
    NotFound,
    /// It cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Which messages are asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryFilter {
    /// For the endpoint with this name, `callback`: for callback URLs; `None`: for all.
    pub endpoint: Option<Arc<str>>,
    /// Where they stand; `None`: anywhere.
    pub state: Option<DeliveryState>,
    /// Of this verification; `None`: of any.
    pub verification: Option<VerificationId>,
    /// Behind the one with the ULID of this number; `None`: from the oldest on.
    pub after: Option<u128>,
    /// How many at most.
    pub limit: usize,
}

/// Which dead messages are put back.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeadFilter {
    /// For the endpoint with this name, `callback`: for callback URLs; `None`: for all.
    pub endpoint: Option<Arc<str>>,
    /// Of events from this moment on.
    pub since: Option<Micros>,
    /// Of events before this moment.
    pub before: Option<Micros>,
    /// Behind the one with the ULID of this number; `None`: from the oldest on.
    pub after: Option<u128>,
    /// How many at most.
    pub limit: usize,
}

/// What became of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Retried {
    /// So many wait to be tried.
    pub waiting: usize,
    /// So many stay dead: their endpoints are not in the configuration.
    pub left: usize,
    /// The id behind which the next ones are; `None`: there are no more.
    pub next: Option<String>,
}

/// Messages to webhooks that were not taken yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliveries {
    /// The oldest first.
    pub items: Vec<Delivery>,
    /// The id behind which the next ones are; `None`: these were the last.
    pub next: Option<String>,
}

/// A message to a webhook that was not taken yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its name: `msg_` and a ULID.
    pub id: String,
    /// Whom it is for: the name of a configured endpoint, or a callback URL.
    pub endpoint: Arc<str>,
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
    /// When it is tried next, as far as is known; `None`: not unless something changes.
    pub next_at: Option<Micros>,
    /// How its endpoint does.
    pub endpoint_state: EndpointState,
    /// The HTTP status of the last try.
    pub last_status: Option<u16>,
    /// Why the last try failed.
    pub error: Option<Box<str>>,
}

/// Whom messages are for, at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebhookEndpoint {
    /// Its name; `callback`: all callback URLs together.
    pub name: Arc<str>,
    /// The host of its URL; `None`: of callbacks, or not in the configuration.
    pub host: Option<Arc<str>>,
    /// How it does.
    pub state: EndpointState,
    /// Before when nothing is sent; `None`: that is not known, or it may be now.
    pub rests_until: Option<Micros>,
    /// Messages that wait for a try.
    pub waiting: u64,
    /// Messages that are being tried.
    pub trying: u64,
    /// Messages that are not tried any more.
    pub dead: u64,
    /// Why the last try that failed did so, and when, since the daemon started.
    pub last_error: Option<(Box<str>, Micros)>,
}
