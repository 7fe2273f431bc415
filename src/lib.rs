//! Ringproof: proves that a person holds a phone number with flash calls over a SIP trunk.
//!
//! The rooms, bottom to top; a room uses only rooms below it (`tests/tidy.rs` holds the table):
//! `time` `number` `entropy` `outcome` `ladder`, then [`verify`], then the edges. The way of a call
//! is told in `docs/ARCHITECTURE.md`.

pub mod control;
pub mod entropy;
pub mod ladder;
pub mod number;
pub mod outcome;
pub mod time;
pub mod verify;
