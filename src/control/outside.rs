//! What the control room needs from outside, and nobody it must import for it: the daemon's wiring
//! implements these over its shards and its metrics.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::service::NotPlaced;
use crate::time::Micros;
use crate::verify::record::CallRecord;
use crate::verify::{Order, Watch};

/// The shards, as those see them who want calls placed. Must not block.
pub trait Calls: Send + Sync {
    /// Hands a call to its shard.
    ///
    /// # Errors
    ///
    /// Nothing was handed over and nothing will be dialled.
    fn place(&self, order: &Order) -> Result<(), NotPlaced>;

    /// Has a shard keep the time of a verification.
    ///
    /// # Errors
    ///
    /// No shard keeps it.
    fn watch(&self, watch: Watch) -> Result<(), NotPlaced>;

    /// Tells `shard` to hang up a call. A call that is over already is left alone.
    fn hang_up(&self, call: &Arc<CallRecord>, shard: u16);
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
    pub const ALL: [Self; 3] = [Self::NoTrunk, Self::Ready, Self::Stopping];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTrunk => "no_trunk",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
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
}
