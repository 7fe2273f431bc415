//! The trunk as the driver of `net` wants it, with a bounded queue for what happens at the phones.
//!
//! Deliberately absent: a bound that blocks. Events that find the queue full wait in the trunk,
//! which counts those that it drops.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::event::Event;
use super::settings::Settings;
use super::trunk::{Command, Trunk};
use crate::entropy::Stream;
use crate::net::{Core, Lost, Running, Socket, spawn};
use crate::time::Wake;

/// A trunk on a thread of its own.
#[derive(Debug)]
pub struct Desk {
    trunk: Trunk,
    events: Sender<Event>,
}

impl Desk {
    /// Runs a trunk on these sockets. The queue of events ends when the trunk has stopped.
    ///
    /// # Errors
    ///
    /// When the system gives no thread or no poll.
    pub fn run(
        settings: Settings,
        entropy: Stream,
        sockets: Vec<Socket>,
    ) -> io::Result<(Running<Command>, Receiver<Event>)> {
        let (sender, receiver) = channel(settings.events_max.max(1));
        let desk = Self { trunk: Trunk::new(settings, entropy), events: sender };
        let running = spawn("lab-trunk", desk, sockets, COMMANDS_MAX)?;
        Ok((running, receiver))
    }

    fn publish(&mut self) {
        while let Ok(permit) = self.events.try_reserve() {
            match self.trunk.poll_event() {
                Some(event) => permit.send(event),
                None => return,
            }
        }
    }
}

impl Core for Desk {
    type Command = Command;

    fn on_command(&mut self, command: Command, now: Instant) {
        self.trunk.on_command(command, now);
        self.publish();
    }

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        self.trunk.on_datagram(from, payload, now);
        self.publish();
    }

    /// A caller that has gone away: its transactions end by their timers.
    fn on_send_failed(&mut self, _lost: Lost<'_>, _now: Instant) {}

    /// As if the network had lost it: the trunk's transactions send again.
    fn on_send_shed(&mut self) {}

    fn on_timeout(&mut self, now: Instant) {
        self.trunk.on_timeout(now);
        self.publish();
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.trunk.poll_transmit()
    }

    fn next_wake(&self) -> Option<Wake> {
        self.trunk.next_wake()
    }

    fn on_idle(&mut self) {
        self.publish();
    }

    fn is_done(&self) -> bool {
        self.trunk.is_stopping()
    }
}

const COMMANDS_MAX: usize = 1_024;
