//! What a client sees of verifications and calls: the JSON of the API, and its description.
//!
//! Invariant: nothing here holds a code or a whole caller ID; a snapshot has neither.

mod call;
mod missed_call;
mod pool;
mod verification;
mod words;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

use crate::number::E164;
use crate::time::Micros;
pub use call::{AnyCallView, CallSummary, CallView, RungView, TraceView};
pub use missed_call::{
    AwaitedCallView, DidList, DidView, MatchedCallView, MissedCallList, MissedCallView,
};
pub use pool::{PoolList, PoolView};
pub use verification::{FlashCallView, VerificationList, VerificationView};
pub(super) use words::{ConfirmWord, HealthWord, MethodWord, ReadinessWord, StatusWord};

/// A number goes back to the client who gave it, or who is to show it or to know who rang.
fn number(number: E164) -> String {
    format!("+{}", number.reveal().as_str())
}

/// RFC 3339 with milliseconds, in UTC: `2026-11-20T10:15:30.123Z`.
pub(super) fn timestamp(at: Micros) -> String {
    let micros = i64::try_from(at.0).unwrap_or(i64::MAX);
    // Past the year 9999 there is no RFC 3339; the last moment before is as good a lie as any.
    let moment = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    PRINTER.timestamp_to_string(&moment)
}

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

#[cfg(test)]
mod tests;
