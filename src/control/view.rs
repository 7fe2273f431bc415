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

use serde::Serialize;

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

/// As JSON. For what always has a form in it: texts and numbers.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(JSON_BYTES);
    // Neither memory nor such a value can fail.
    let _ = serde_json::to_writer(&mut json, value);
    json
}

/// A number goes back to the client who gave it, or who is to show it or to know who rang.
fn number(number: E164) -> String {
    format!("+{}", number.reveal().as_str())
}

/// A moment as people and their programs read it.
pub(super) fn timestamp(at: Micros) -> String {
    at.rfc3339()
}

/// What a view mostly has.
const JSON_BYTES: usize = 1_024;

#[cfg(test)]
mod tests;
