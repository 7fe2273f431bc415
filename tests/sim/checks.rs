//! The invariants, each a small history of its own: told what was sent, heard and said, it objects.
//!
//! A check sees only what a wire tap, the event stream and a phone's owner could see. Each is shown
//! to object to a bad history made by hand.

pub(crate) mod answers;
pub(crate) mod invites;
pub(crate) mod journal;
pub(crate) mod leases;
pub(crate) mod memory;
pub(crate) mod missed;
pub(crate) mod outcomes;
pub(crate) mod phones;
pub(crate) mod rest;
pub(crate) mod uniform;
pub(crate) mod verifications;
