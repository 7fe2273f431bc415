//! Phones that ring the daemon's numbers, through the address of its trunk.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ringproof::entropy::Entropy;
use ringproof::lab::Desk;
use ringproof::lab::caller::{
    Caller, Command, Conduct, Dial, Ending, Event, Identity, Line, Manner, Settings,
};
use ringproof::net::{self, Running};
use ringproof::number::E164;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use crate::world::{PATIENCE, Plan, World, pause};

/// A caller that runs in this process.
pub(crate) struct Phones {
    running: Option<Running<Command>>,
    events: Receiver<Event>,
    dialled: u64,
    /// What has happened so far.
    seen: Vec<Event>,
}

/// What one call heard.
#[derive(Debug)]
pub(crate) struct Heard {
    /// How it ended: `refused 486`.
    pub(crate) ending: String,
    /// When it rang, after the INVITE, if it did.
    pub(crate) rang: Option<Duration>,
    /// When it was refused, after the INVITE.
    pub(crate) refused: Duration,
}

impl Phones {
    /// They ring the gateway, from the trunk's address.
    pub(crate) fn new(gateway: SocketAddr) -> Self {
        Self::at("127.0.0.1:0", gateway)
    }

    /// They ring from here.
    pub(crate) fn at(address: &str, gateway: SocketAddr) -> Self {
        let address = address.parse().expect("an address");
        let socket = net::bind(address, 8 << 20).expect("the system has a free port");
        let settings = Settings::new(socket.local, gateway);
        // Two callers with one seed would make one Call-ID: a merged request.
        let seed = COUNT.fetch_add(1, Ordering::Relaxed);
        let caller = Caller::new(settings, Entropy::seeded(seed).stream());
        let (running, events) = Desk::run(caller, vec![socket]).expect("a thread");
        Self { running: Some(running), events, dialled: 0, seen: vec![] }
    }

    /// Begins to ring a number, as people do.
    pub(crate) fn dial(&mut self, from: &str, to: &str) -> Line {
        self.dial_as(from, to, Identity::default(), Conduct::default())
    }

    /// Begins to ring a number in this manner.
    pub(crate) fn dial_as(
        &mut self,
        from: &str,
        to: &str,
        identity: Identity,
        conduct: Conduct,
    ) -> Line {
        let number = |text: &str| E164::parse(text).expect("a number");
        let dial = Dial::new(number(from), number(to), Manner { identity, conduct });
        let dial = Command::Dial(dial.expect("it can be shown so"));
        let running = self.running.as_ref().expect("it runs");
        running.remote.send(dial).expect("it has room");
        self.dialled += 1;
        Line(self.dialled)
    }

    /// Rings a number until the call is over.
    pub(crate) fn ring(&mut self, from: &str, to: &str) -> Heard {
        let line = self.dial(from, to);
        self.heard(line)
    }

    /// Waits until it rings.
    pub(crate) fn rings(&mut self, line: Line) {
        self.find("it rings", |event| {
            matches!(event, Event::Rang { line: of, .. } if *of == line).then_some(())
        });
    }

    /// What a call heard, when it is over.
    pub(crate) fn heard(&mut self, line: Line) -> Heard {
        let ending = self.find("the call ends", |event| {
            let Event::Ended { line: of, ending, .. } = event else { return None };
            (*of == line).then_some(*ending)
        });
        let refused = self.seen.iter().find_map(|event| {
            let Event::Refused { line: of, after, .. } = event else { return None };
            (*of == line).then_some(*after)
        });
        let rang = self.seen.iter().find_map(|event| {
            let Event::Rang { line: of, after, .. } = event else { return None };
            (*of == line).then_some(*after)
        });
        let status = if let Ending::Refused { status, .. } = ending {
            format!(" {}", status.code())
        } else {
            String::new()
        };
        let ending = format!("{}{status}", ending.as_str());
        Heard { ending, rang, refused: refused.unwrap_or_default() }
    }

    /// What the gateway did wrong so far, in words.
    pub(crate) fn lapses(&mut self) -> Vec<String> {
        self.read();
        let lapses = self.seen.iter().filter_map(|event| {
            let Event::Lapsed(noticed) = event else { return None };
            Some(format!("{noticed:?}"))
        });
        lapses.collect()
    }

    fn find<T>(&mut self, what: &str, look: impl Fn(&Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            self.read();
            if let Some(found) = self.seen.iter().find_map(&look) {
                return found;
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
}

impl Drop for Phones {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // Who insists does not wait for calls that nobody ends.
            let _ = running.remote.send(Command::Stop);
            let _ = running.remote.send(Command::Stop);
            running.join();
        }
    }
}

impl World {
    /// A phone of which a missed call is asked for: the verification.
    pub(crate) fn await_call(&self, phone: &str, further: &Value) -> Value {
        let mut body = json!({ "to": phone, "method": "missed_call" });
        let body_map = body.as_object_mut().expect("an object");
        body_map.extend(further.as_object().cloned().unwrap_or_default());
        let reply = self.client.post("/v1/verifications", &body);
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()
    }
}

/// Two numbers that people ring, at whose calls it rings for this long.
pub(crate) fn with_dids(trunk: SocketAddr, ring: &str) -> Plan {
    let mut plan = Plan::new(trunk);
    plan.missed =
        format!("[[did]]\nnumber = \"+4687650100[0-1]\"\n[missed_calls]\nring = \"{ring}\"");
    plan
}

static COUNT: AtomicU64 = AtomicU64::new(11);
/// The numbers of [`with_dids`].
pub(crate) const DIDS: [&str; 2] = ["+46876501000", "+46876501001"];
pub(crate) const PHONE: &str = "+46701740650";
pub(crate) const OTHER: &str = "+46701740651";
