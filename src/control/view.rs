//! What a client sees of verifications and calls: the JSON of the API, and its description.
//!
//! Invariant: nothing here holds a code or a whole caller ID; a snapshot has neither.

mod call;
mod delivery;
mod events;
mod missed_call;
mod pool;
mod verification;
mod webhook;
mod words;

use crate::number::E164;
use crate::time::Micros;
pub use call::{AnyCallView, CallSummary, CallView, RungView, TraceView};
pub use delivery::{DeliveryList, DeliveryView, RetriedView};
pub use events::EventsView;
pub use missed_call::{
    AwaitedCallView, DidList, DidView, MatchedCallView, MissedCallList, MissedCallView,
};
pub use pool::{PoolList, PoolView};
pub use verification::{FlashCallView, VerificationList, VerificationView};
pub use webhook::{WebhookEndpointList, WebhookEndpointView};
pub(super) use words::{
    ConfirmWord, DeliveryStateWord, HealthWord, MethodWord, ReadinessWord, StatusWord,
};

/// A number goes back to the client who gave it, or who is to show it or to know who rang.
fn number(number: E164) -> String {
    format!("+{}", number.reveal().as_str())
}

/// A moment as people and their programs read it.
pub(super) fn timestamp(at: Micros) -> String {
    at.rfc3339()
}

#[cfg(test)]
mod tests;
