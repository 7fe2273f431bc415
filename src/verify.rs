//! Verifications: who must prove which phone, with which code, until when. Knows numbers and time,
//! knows nothing of SIP.
//!
//! [`Verify`] is the door. An operation has a file of its own (`start` with `first_call`, `await_call`
//! and `undo`, `check`, `call_again`, `cancel`, `report`, `list`; `calls`, `missed`, `challenge` and
//! `timeout` for the shards), and below them
//! lie the parts: `table` and `entry` (lock-free, one atomic word per verification), `ended` (who is
//! forgotten next), `story` and `telling` (what listeners are told, in order), `note`, `beginning` and
//! `recover` (what outlives the process), `phone` and `velocity` (counters),
//! `pool`, `suffixes` and `lease` (caller IDs), `code` (keyed hashes), `policy` (who is never verified).

mod await_call;
mod beginning;
mod call_again;
mod calls;
mod cancel;
mod census;
mod challenge;
mod check;
mod code;
mod ended;
mod entry;
pub mod event;
mod first_call;
pub mod id;
mod lease;
mod list;
mod missed;
mod moment;
pub mod note;
mod phone;
mod placed;
mod policy;
mod pool;
mod range;
pub mod record;
pub mod recover;
mod refusal;
mod report;
mod service;
pub mod settings;
pub mod snapshot;
mod start;
mod step;
mod story;
mod striped;
mod suffixes;
mod table;
mod telling;
mod timeout;
mod trunk_names;
mod undo;
mod velocity;

pub use beginning::Beginning;
pub use call_again::CallAgainError;
pub use cancel::{CancelError, Canceled};
pub use census::{Census, DidState, Level, PoolState};
pub use check::{CallerIdError, CheckError, Evidence};
pub use list::{Filter, PAGE_DEFAULT, PAGE_MAX, Page};
pub use missed::record::{Fate, MissedCallRecord};
pub use missed::throttle::UNPROVEN_PER_SECOND;
pub use missed::{DidId, MissedCall, Settled};
pub use policy::Refusal;
pub use pool::distinct_codes;
pub use range::{NumberRange, RANGE_MAX, RangeError};
pub use refusal::{Rate, StartError};
pub use report::{Report, ReportError, Saw};
pub use service::Verify;
pub use settings::{Settings, SettingsError, Warning};
pub use start::{Awaited, FlashCall, How, Order, RING_MAX, RING_MIN, Start, Started, Task, Watch};
pub use trunk_names::TrunkNames;

#[cfg(test)]
mod tests;
