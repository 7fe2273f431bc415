//! What the control room needs from outside, and nobody it must import for it: the daemon's wiring
//! implements these over its shards and its metrics.

mod webhooks;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::service::NotPlaced;
use crate::time::Micros;
use crate::verify::record::CallRecord;
use crate::verify::{Beginning, Task};
pub use webhooks::{
    DeadFilter, Deliveries, Delivery, DeliveryFilter, Retried, RetryError, WebhookEndpoint,
    Webhooks,
};

/// The shards, as those see them who want calls placed. Must not block.
pub trait Calls: Send + Sync {
    /// Takes a place in the queue of the shard that must do this.
    ///
    /// # Errors
    ///
    /// There is none, or the shard could not do it.
    fn reserve(&self, task: &Task) -> Result<Box<dyn Place>, NotPlaced>;

    /// Tells `shard` to hang up a call. A call that is over already is left alone.
    fn hang_up(&self, call: &Arc<CallRecord>, shard: u16);
}

/// A place in the queue of a shard; dropped, it is free for others.
pub trait Place: Send {
    /// Hands over what the place was taken for. Must not block. Nobody hears of a shard that is gone:
    /// the daemon is on its way out then.
    fn hand_over(self: Box<Self>, task: Task);
}

/// Where everything is written that a client is told, before it is told.
///
/// What is handed over by one thread is written in that order. Must not block, but for what says so.
pub trait Store: Send + Sync {
    /// Whether the disk was seen to work.
    fn is_writable(&self) -> bool;

    /// Writes all that there is of a start as one: what must be kept, the events, and the reply to a
    /// request with a key. What comes of the future says whether it is on disk; if it is not, nothing of
    /// it ever will be.
    ///
    /// # Errors
    ///
    /// It was not even taken.
    fn begin(&self, beginning: Beginning, reply: Option<KeptReply>) -> Result<Saving, Unavailable>;

    /// Writes that a request with a key is about to be carried out. It is on disk before anything that
    /// is handed over after it.
    ///
    /// # Errors
    ///
    /// It was not even taken.
    fn intend(&self, intent: KeptReply) -> Result<(), Unavailable>;

    /// Writes the reply to any other request with a key, in the place of the intent.
    fn keep_reply(&self, reply: KeptReply) -> Saving;

    /// Deletes the reply with this ticket, in its own time.
    fn forget_reply(&self, ticket: u64);

    /// Answers when everything is on disk that happened before, whoever was told of it: also what waits
    /// to be handed over.
    fn barrier(&self) -> Saving;

    /// The events on disk after the one with this number, the oldest first and `limit` at most. Reads
    /// from the disk and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// They cannot be read now.
    fn events_after(&self, number: u64, limit: usize) -> Result<Vec<StoredEvent>, Unavailable>;

    /// Which events are on disk. May block.
    ///
    /// # Errors
    ///
    /// That cannot be read now.
    fn event_range(&self) -> Result<EventRange, Unavailable>;
}

/// Whether something is on disk, once that is known.
pub type Saving = Pin<Box<dyn Future<Output = Result<(), Unavailable>> + Send>>;

/// The disk does not take what must be on it before anybody is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("what must not be lost cannot be written now, try again later")]
pub struct Unavailable;

/// A request with an `Idempotency-Key`, as it outlives the process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptReply {
    /// Its place in the order in which such requests came.
    pub ticket: u64,
    /// The hash of caller, path and key.
    pub owner: [u8; 32],
    /// The hash of the request's body.
    pub request: [u8; 32],
    /// How far it came.
    pub answer: Answer,
    /// When it is forgotten.
    pub expires: Instant,
}

/// How far a request with an `Idempotency-Key` came.
#[derive(Clone, Eq, PartialEq)]
pub enum Answer {
    /// It was about to be carried out, beside a verification that stood so.
    Intent(Before),
    /// It was answered.
    Reply {
        /// The status.
        status: u16,
        /// Header names and values.
        headers: Vec<(Box<str>, Box<str>)>,
        /// The body.
        body: Bytes,
    },
}

/// What a verification had left before a request was carried out: who finds less knows that it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Before {
    /// Codes that could be tried.
    pub attempts_left: u8,
    /// Calls that could be placed.
    pub calls_left: u8,
}

impl fmt::Debug for Answer {
    /// The body has a phone number in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intent(before) => f.debug_tuple("Intent").field(before).finish(),
            Self::Reply { status, .. } => f.debug_struct("Reply").field("status", status).finish(),
        }
    }
}

/// An event that is on disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredEvent {
    /// Its number.
    pub number: u64,
    /// Its type.
    pub name: Box<str>,
    /// The envelope.
    pub body: Bytes,
}

/// The events that can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventRange {
    /// The number of the oldest; without any, of the next one.
    pub oldest: u64,
    /// The number of the latest; without any, of the one before the oldest.
    pub latest: u64,
}

/// An answer of those who must read from the disk for it.
pub type Asked<T, E = Unavailable> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// A callback URL is not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CallbackError {
    /// It leads to an address that nothing is sent to.
    #[error("{0}")]
    NotPublic(String),
    /// Something else is wrong with it.
    #[error("{0}")]
    Wrong(String),
}

/// The daemon's own state. Must not block, but for `debug`, which may wait for the shards, and
/// `metrics`, which may look at many things: both are asked on threads of their own.
pub trait Status: Send + Sync {
    /// Every trunk, in the configuration's order.
    fn trunks(&self) -> Vec<TrunkState>;

    /// For each number that people ring the trunks that its calls come from, in the configuration's
    /// order.
    fn did_trunks(&self) -> Vec<Vec<String>>;

    /// Whether calls can be placed.
    fn readiness(&self) -> Readiness;

    /// When the daemon started, as the wall clock showed it, and how long ago that is.
    fn started(&self) -> (Micros, Duration);

    /// The scrape: Prometheus text.
    fn metrics(&self) -> String;

    /// Every table outside this room, with its size and its bound.
    fn debug(&self) -> serde_json::Value;
}

/// One trunk at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TrunkState {
    /// Its name.
    #[schema(example = "asterisk")]
    pub name: String,
    /// Whether calls are sent to it.
    pub up: bool,
    /// Calls that are up.
    pub in_flight: u32,
    /// How many may be.
    pub in_flight_max: u32,
    /// Calls that may be sent to it each second.
    pub calls_per_second_max: f64,
}

impl Readiness {
    /// Every answer, in the order of the declaration.
    pub const ALL: [Self; 5] =
        [Self::NoTrunk, Self::Ready, Self::Stopping, Self::StoreGone, Self::StoreUnavailable];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTrunk => "no_trunk",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::StoreGone => "store_gone",
            Self::StoreUnavailable => "store_unavailable",
        }
    }
}

/// Whether calls can be placed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Readiness {
    /// No trunk is up.
    NoTrunk,
    /// They can.
    Ready,
    /// The daemon is on its way out.
    Stopping,
    /// What must not be lost is written where the next process will not find it.
    StoreGone,
    /// What must not be lost cannot be written: the disk does not work.
    StoreUnavailable,
}
