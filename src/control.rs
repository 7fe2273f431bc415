//! The control socket: the HTTP/1.1 API over verifications, on a Unix socket and, when configured,
//! on TCP with bearer keys; the event stream; the API's own description.
//!
//! Deliberately absent: rules. What may be dialled is decided in `verify`; here requests are read
//! strictly, handed to [`service`], and its answers written down. TLS is a reverse proxy's work.
//!
//! Invariants: every refusal is a [`problem::Problem`] with a code out of a closed set; a request
//! that was begun is finished even if its client goes away; nothing a client does, or leaves
//! undone, takes more than its bounded share.

mod access;
mod api;
mod clock;
mod counters;
mod events;
mod intake;
mod openapi;
mod outside;
pub mod problem;
mod rate;
mod replies;
mod request;
mod routes;
mod server;
pub mod service;
mod settings;
#[cfg(test)]
mod testing;
pub mod view;

pub use access::{Caller, Key, Right, TokenHash};
pub use api::{Api, CallbackCheck, Parts};
pub use counters::{ApiCounters, RequestCount, Shed};
pub use events::{CutOff, EventBus, Gone, IdError, Reader, Rendered, render, render_trunk};
pub use openapi::document;
pub use outside::{
    Answer, Asked, Before, CallbackError, Calls, DeadFilter, Deliveries, Delivery, DeliveryFilter,
    EventRange, KeptReply, Place, Readiness, Retried, RetryError, Saving, Status, Store,
    StoredEvent, TrunkState, Unavailable, WebhookEndpoint, Webhooks,
};
pub use server::{BindError, SOCKET_PATH_BYTES_MAX, Server};
pub use settings::{KeySettings, Limits, Settings, TcpSettings};
