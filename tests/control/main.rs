//! The control socket from outside: a real server on a real socket over real verifications; only
//! the shards are played.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::expect_used, reason = "a test may panic")]

mod access;
mod bounds;
mod events;
mod missed_calls;
mod numbering;
mod once;
mod played;
mod refusals;
mod repetition;
mod routes;
mod socket;
mod store;
mod webhooks;
mod world;
mod written;
