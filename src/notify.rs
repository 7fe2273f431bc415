//! Webhooks: what happened is posted to receivers, signed as Standard Webhooks 1.0 says, at least once.
//!
//! Three parts. `desk` decides without I/O and without a clock what is sent when: one lane for each
//! receiver, with its own width, breaker and schedule. `client` posts one message, to addresses that
//! `guard` lets pass. `notifier` is the task between them. The messages themselves are rows of a
//! journal that this room knows as an [`Outbox`]: memory holds the few that are due next.
//!
//! Invariant: a message leaves the outbox only after a 2xx; whatever happens to one receiver, the
//! others' messages leave as if it were not there.
//!
//! Deliberately absent: order. Tries of several messages overlap, so receivers go by `sequence`.

mod breaker;
mod client;
mod connect;
mod delivery;
mod desk;
mod event;
mod failure;
mod figures;
mod guard;
mod lane;
mod literal;
mod lookup;
mod message;
mod notifier;
mod outbox;
mod recent;
mod retry_after;
mod schedule;
mod secret;
mod settings;
mod shelf;
mod standing;
mod target;

pub use delivery::{DeadFilter, Deliveries, Delivery, Filter, Retried};
pub use event::{EVENTS, Pattern, PatternError};
pub use failure::Failure;
pub use figures::{CALLBACKS, EndpointFigures, Figures};
pub use guard::{Allowed, is_public};
pub use message::{Endpoint, MESSAGE_KEPT, Message, MessageId};
pub use notifier::{Notifier, RetryError};
pub use outbox::{Found, Of, Outbox, OutboxError};
pub use secret::{Secret, SecretError};
pub use settings::{
    Callbacks, ENDPOINTS_MAX, EndpointSettings, HostPattern, Reach, Settings, Trust,
};
pub use standing::EndpointReading;
pub use target::{URL_BYTES_MAX, UrlError, check_url};

#[cfg(test)]
mod tests;
