//! A peer as the driver of `net` wants it, with a bounded queue for what happens at it.
//!
//! Deliberately absent: a bound that blocks. Events that find the queue full wait in the peer, which
//! counts those that it drops.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::net::{Core, Lost, Running, Socket, spawn};
use crate::time::Wake;

/// What the lab plays: a value that is told what happened and when.
pub trait Peer: Send + 'static {
    /// What may be asked of it.
    type Command: Send + 'static;
    /// What it tells.
    type Event: Send + 'static;
    /// The name of its thread.
    const NAME: &'static str;
    /// Most events that wait to be read.
    fn events_max(&self) -> usize;
    /// Somebody wants something.
    fn on_command(&mut self, command: Self::Command, now: Instant);
    /// A datagram has arrived.
    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant);
    /// A datagram did not arrive.
    fn on_undelivered(&mut self, lost: Lost<'_>, now: Instant);
    /// The moment that `next_wake` named has come.
    fn on_timeout(&mut self, now: Instant);
    /// The next datagram to send.
    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])>;
    /// What happened next.
    fn poll_event(&mut self) -> Option<Self::Event>;
    /// When to call again, and why.
    fn next_wake(&self) -> Option<Wake>;
    /// Whether its thread may end.
    fn is_done(&self) -> bool;
}

/// The running peer, and what it tells.
pub type Open<P> = (Running<<P as Peer>::Command>, Receiver<<P as Peer>::Event>);

/// A peer on a thread of its own.
#[derive(Debug)]
pub struct Desk<P: Peer> {
    peer: P,
    events: Sender<P::Event>,
}

impl<P: Peer> Desk<P> {
    /// Runs a peer on these sockets. The queue of events ends when the peer has stopped.
    ///
    /// # Errors
    ///
    /// When the system gives no thread or no poll.
    pub fn run(peer: P, sockets: Vec<Socket>) -> io::Result<Open<P>> {
        let (sender, receiver) = channel(peer.events_max().max(1));
        let desk = Self { peer, events: sender };
        let running = spawn(P::NAME, desk, sockets, COMMANDS_MAX)?;
        Ok((running, receiver))
    }

    fn publish(&mut self) {
        while let Ok(permit) = self.events.try_reserve() {
            match self.peer.poll_event() {
                Some(event) => permit.send(event),
                None => return,
            }
        }
    }
}

impl<P: Peer> Core for Desk<P> {
    type Command = P::Command;

    fn on_command(&mut self, command: P::Command, now: Instant) {
        self.peer.on_command(command, now);
        self.publish();
    }

    fn on_bell(&mut self, _: Instant) {}

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        self.peer.on_datagram(from, payload, now);
        self.publish();
    }

    fn on_send_failed(&mut self, lost: Lost<'_>, now: Instant) {
        self.peer.on_undelivered(lost, now);
        self.publish();
    }

    /// As if the network had lost it: transactions send again.
    fn on_send_shed(&mut self) {}

    fn on_timeout(&mut self, now: Instant) {
        self.peer.on_timeout(now);
        self.publish();
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.peer.poll_transmit()
    }

    fn next_wake(&self) -> Option<Wake> {
        self.peer.next_wake()
    }

    fn on_idle(&mut self) {
        self.publish();
    }

    fn is_done(&self) -> bool {
        self.peer.is_done()
    }
}

const COMMANDS_MAX: usize = 1_024;
