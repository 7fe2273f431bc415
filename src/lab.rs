//! The built-in peer: a SIP trunk with phones behind it, made of our own [`sip`](crate::sip) and
//! [`transaction`](crate::transaction) rooms.
//!
//! [`Trunk`] is a value without clock, sockets or randomness of its own. `ringproof handset` and
//! `ringproof demo` run it over real sockets, the simulation runs it in virtual time, and both hear
//! from it what a phone's owner would see, and what the caller did against the RFC.
//!
//! Deliberately absent: media, registration, authentication. The trunk trusts everybody and bills
//! nobody.

pub mod behaviour;
mod clock;
mod deadlines;
pub mod desk;
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
pub use desk::{Desk, Peer};
pub use event::{Ending, Entry, Event};
pub use number::Number;
pub use settings::{Quality, Settings, Wire};
pub use trunk::{Command, Trunk};
pub use violation::{Noticed, Violation};
