//! Trunks: what the operator says of a SIP peer ([`Profile`]), the texts of the requests it gets
//! ([`Messages`]), how fast it gets them ([`Pace`], [`Rate`]), whether it is there ([`Health`]),
//! and whom its calls are from ([`CallerPolicy`]).
//!
//! Deliberately absent: sockets, the clock, and the life of a call. A trunk is data and arithmetic.

mod caller;
mod format;
mod health;
mod lines;
mod messages;
mod pace;
mod profile;
mod rate;
#[cfg(test)]
pub(crate) mod testing;

pub use caller::{BareDigits, CalledIn, Caller, CallerPolicy};
#[cfg(test)]
pub(crate) use format::write_number;
pub use health::{Health, Probe};
pub use messages::{Leg, Messages, MessagesError, Ping};
pub use pace::{Pace, Wait};
pub use profile::{
    CallerId, CallerIdHeader, Dialled, NationalPlan, NumberFormat, Privacy, Profile, Ringing,
};
pub use rate::Rate;
