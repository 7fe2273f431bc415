//! Ringproof: proves that a person holds a phone number with flash calls over a SIP trunk.
//!
//! The rooms, bottom to top; a room uses only rooms below it (`tests/tidy.rs` holds the table):
//! `time` `number` `delivery` `entropy` `evidence` `outcome` `ladder` `tally`, then [`sip`], [`transaction`], then [`call`],
//! [`trunk`] and [`verify`], then the edges. The way of a call is told in `docs/ARCHITECTURE.md`.

pub mod app;
pub mod call;
pub mod cli;
pub mod config;
pub mod control;
pub mod delivery;
pub mod entropy;
pub mod evidence;
pub mod gateway;
pub mod lab;
pub mod ladder;
pub mod net;
pub mod notify;
pub mod number;
pub mod observe;
pub mod outcome;
pub mod sip;
pub mod store;
pub mod tally;
pub mod time;
pub mod transaction;
pub mod trunk;
pub mod verify;
