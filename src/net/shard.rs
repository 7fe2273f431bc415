//! The gateway as a core of the driver.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Core, Lost};
use crate::gateway::{Command, Gateway, Input};
use crate::time::Wake;

impl Core for Gateway {
    type Command = Command;

    fn on_command(&mut self, command: Command, now: Instant) {
        self.handle(Input::Command(command), now);
    }

    fn on_bell(&mut self, now: Instant) {
        self.handle(Input::Recorded, now);
    }

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        self.handle(Input::Datagram { from, payload }, now);
    }

    fn on_send_failed(&mut self, Lost { to, payload, why }: Lost<'_>, now: Instant) {
        self.handle(Input::SendFailed { to, payload, why }, now);
    }

    fn on_send_shed(&mut self) {
        self.on_datagram_shed();
    }

    fn on_timeout(&mut self, now: Instant) {
        self.handle(Input::Timeout, now);
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        Self::poll_transmit(self)
    }

    fn next_wake(&self) -> Option<Wake> {
        Self::next_wake(self)
    }

    fn on_idle(&mut self) {
        self.publish_tables();
    }

    fn is_done(&self) -> bool {
        self.is_drained()
    }
}
