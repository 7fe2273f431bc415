//! Phones that ring the gateway's numbers.

use std::net::SocketAddr;

use ringproof::entropy::Entropy;
use ringproof::lab::Desk;
use ringproof::lab::caller::{Caller, Command, Dial, Manner, Settings};
use ringproof::net::{self, Running};
use ringproof::number::E164;
use tokio::sync::mpsc::Receiver;

/// They ring from the trunk's address. What they hear proves nothing to anybody; it is not kept.
pub(crate) struct Callers {
    running: Running<Command>,
    _events: Receiver<ringproof::lab::caller::Event>,
}

impl Callers {
    pub(crate) fn start(seed: u64, gateway: SocketAddr) -> Self {
        let socket = net::bind("127.0.0.1:0".parse().unwrap(), 8 << 20).expect("a free port");
        let settings = Settings::new(socket.local, gateway);
        let caller = Caller::new(settings, Entropy::seeded(seed).stream());
        let (running, events) = Desk::run(caller, vec![socket]).expect("a thread");
        Self { running, _events: events }
    }

    /// Somebody rings a number.
    pub(crate) fn dial(&self, phone: &str, did: &str) {
        let number = |text: &str| E164::parse(text).expect("a number");
        let dial =
            Dial::new(number(phone), number(did), Manner::default()).expect("it can be shown");
        // A caller that is overrun is a phone whose battery was empty.
        let _ = self.running.remote.send(Command::Dial(dial));
    }

    pub(crate) fn stop(self) {
        let _ = self.running.remote.send(Command::Stop);
        let _ = self.running.remote.send(Command::Stop);
        self.running.join();
    }
}
