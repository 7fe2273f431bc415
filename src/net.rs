//! The driver: one thread for each core, which owns its sockets and reads its clock.
//!
//! A poll loop and nothing else: no runtime, no task for each call. The core says when it wants to be
//! woken, the loop sleeps until then or until something arrives.
//!
//! This is the only room that reads the clock for the core.

mod driver;
mod errors;
mod gather;
mod seats;
mod shard;
mod socket;

use std::net::SocketAddr;
use std::time::Instant;

pub use driver::{Busy, NotSent, Remote, Reserved, Running, spawn};
pub use socket::{BindError, Socket, bind};

use crate::ladder::Undelivered;
use crate::time::Wake;

/// A datagram that did not arrive, and what the system or the network said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lost<'a> {
    /// Where it should have gone.
    pub to: SocketAddr,
    /// The datagram; it may be cut short.
    pub payload: &'a [u8],
    /// Why it did not.
    pub why: Undelivered,
}

/// What the driver needs from a core: everything that can happen to it, and what it wants done.
pub trait Core {
    /// What others may ask of it.
    type Command: Send + 'static;
    /// Somebody asks for something.
    fn on_command(&mut self, command: Self::Command, now: Instant);
    /// Somebody rang ([`Remote::ring`]): there is something to be looked at that is no command.
    fn on_bell(&mut self, now: Instant);
    /// A datagram arrived.
    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant);
    /// A datagram did not arrive where it was sent.
    fn on_send_failed(&mut self, lost: Lost<'_>, now: Instant);
    /// A datagram was dropped because the kernel's send buffer was full: as if the network had lost it.
    fn on_send_shed(&mut self);
    /// The moment that `next_wake` named has come.
    fn on_timeout(&mut self, now: Instant);
    /// The next datagram to send.
    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])>;
    /// When to call again, and why.
    fn next_wake(&self) -> Option<Wake>;
    /// The loop is about to sleep: a good moment to publish counts.
    fn on_idle(&mut self);
    /// Whether the thread may end.
    fn is_done(&self) -> bool;
}
