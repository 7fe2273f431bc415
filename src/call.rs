//! Calls: what is done with transactions to ring a phone, and how it ended.
//!
//! A call knows status codes and moments. It renders nothing and matches nothing: `gateway` feeds
//! it responses that belong to it and does what it answers.

pub mod classify;
pub mod inbound;
pub mod outbound;
