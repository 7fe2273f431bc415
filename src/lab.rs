//! The built-in peers: a SIP trunk with phones behind it, and a caller who leaves missed calls, made of
//! our own [`sip`](crate::sip) and [`transaction`](crate::transaction) rooms.
//!
//! [`Trunk`] and [`Caller`] are values without clock, sockets or randomness of their own. `ringproof
//! handset` and `ringproof demo` run them over real sockets, the simulation runs them in virtual time,
//! and all hear from them what a phone's owner would see, and what the other side did against the RFC.
//!
//! Deliberately absent: media, registration, authentication. The trunk trusts everybody and bills
//! nobody.

pub mod behaviour;
pub mod caller;
mod clock;
mod deadlines;
pub mod desk;
pub mod dial;
pub mod event;
pub mod handset;
pub mod number;
mod outbox;
mod phones;
mod script;
pub mod settings;
pub mod trunk;
pub mod violation;

pub use behaviour::{Behaviour, Rule};
pub use caller::Caller;
pub use desk::{Desk, Peer};
pub use event::{Ending, Entry, Event};
pub use number::Number;
pub use settings::{Quality, Settings, Wire};
pub use trunk::{Command, Trunk};
pub use violation::{Noticed, Violation};
