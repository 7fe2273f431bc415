//! The built-in trunk beside the daemon: its phones, and what they saw.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ringproof::entropy::Entropy;
use ringproof::lab::{Command, Desk, Entry, Event, Settings, Trunk};
use ringproof::net::{self, Running};
use tokio::sync::mpsc::Receiver;

use crate::world::{PATIENCE, pause};

/// A trunk that runs in this process.
pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    running: Option<Running<Command>>,
    events: Receiver<Event>,
    /// What has happened so far.
    pub(crate) seen: Vec<Event>,
}

impl Lab {
    /// A trunk whose phones ring at once.
    pub(crate) fn new() -> Self {
        Self::with("127.0.0.1:0", |_| {})
    }

    /// The same somewhere, and somewhat different.
    pub(crate) fn with(address: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let address: SocketAddr = address.parse().expect("an address");
        let socket = net::bind(address, 8 << 20).expect("the system has a free port");
        let address = socket.local;
        let mut settings = Settings::new(address);
        settings.post_dial_delay = Duration::from_millis(30);
        settings.post_dial_jitter = Duration::from_millis(10);
        change(&mut settings);
        let entropy = Entropy::seeded(7).stream();
        let (running, events) =
            Desk::run(Trunk::new(settings, entropy), vec![socket]).expect("a thread");
        Self { address, running: Some(running), events, seen: vec![] }
    }

    /// The number that the phone shows when it rings.
    pub(crate) fn rings(&mut self, phone: &str) -> String {
        self.find("the phone rings", |event| match event {
            Event::Rang { phone: rung, caller_id, .. } if is(*rung, phone) => {
                Some(caller_id.expect("the number is shown").as_str().to_owned())
            }
            Event::Gone { .. }
            | Event::Rang { .. }
            | Event::Refused { .. }
            | Event::Silent { .. }
            | Event::Stopped(_)
            | Event::Violated(_) => None,
        })
    }

    /// The line in the phone's call log, when it rings no more.
    pub(crate) fn stopped(&mut self, phone: &str) -> Entry {
        self.find("the phone stops ringing", |event| match event {
            Event::Stopped(entry) if is(entry.phone, phone) => Some(*entry),
            Event::Gone { .. }
            | Event::Rang { .. }
            | Event::Refused { .. }
            | Event::Silent { .. }
            | Event::Stopped(_)
            | Event::Violated(_) => None,
        })
    }

    /// How many events are of this kind, now.
    pub(crate) fn count(&mut self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.read();
        self.seen.iter().filter(|event| is_it(event)).count()
    }

    /// What the caller did wrong so far, in words.
    pub(crate) fn violations(&mut self) -> Vec<String> {
        self.read();
        let violations = self.seen.iter().filter_map(|event| match event {
            Event::Violated(noticed) => Some(format!("{noticed:?}")),
            Event::Gone { .. }
            | Event::Rang { .. }
            | Event::Refused { .. }
            | Event::Silent { .. }
            | Event::Stopped(_) => None,
        });
        violations.collect()
    }

    /// Waits until one is there, and takes it away: the next search finds the next.
    fn find<T>(&mut self, what: &str, look: impl Fn(&Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            self.read();
            let place = self.seen.iter().position(|event| look(event).is_some());
            if let Some(place) = place {
                let event = self.seen.remove(place);
                return look(&event).expect("it was just seen");
            }
            assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}; {:?}", self.seen);
            pause();
        }
    }

    fn read(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.seen.push(event);
        }
    }

    /// Stops it; its port is closed afterwards.
    pub(crate) fn close(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.remote.send(Command::Stop);
            running.join();
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.close();
    }
}

/// The code that a person types.
pub(crate) fn code(caller: &str) -> &str {
    &caller[caller.len() - 5..]
}

/// Another code than this one, and still one of the pool's.
pub(crate) fn wrong(code: &str) -> String {
    let code: u32 = code.parse().expect("a code is digits");
    format!("{:05}", (code + 1) % 1_000)
}

fn is(number: ringproof::lab::Number, phone: &str) -> bool {
    number.phone().as_str() == phone.trim_start_matches('+')
}
