//! The built-in trunk with its phones, and a tap on the wire before it: who is called from where, in
//! which call, and who hangs up.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ringproof::entropy::Entropy;
use ringproof::lab::{
    Command, Desk, Ending, Event, Number, Peer, Rule, Settings, Trunk, Violation,
};
use ringproof::net::{self, Lost, Running};
use ringproof::sip::{Message, Method, Start};
use ringproof::time::Wake;
use tokio::sync::mpsc::Receiver;

use crate::clock::Clock;
use crate::crowd::Crowd;
use crate::ledger::{Invite, Kind, Ledger};

/// The trunk as it runs in this process.
pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    running: Running<Command>,
    scribe: JoinHandle<()>,
}

impl Lab {
    /// Its phones ring at once, but for a few.
    pub(crate) fn start(seed: u64, crowd: &Arc<Crowd>) -> Self {
        let socket = net::bind("127.0.0.1:0".parse().unwrap(), 8 << 20).expect("a free port");
        let address = socket.local;
        let mut settings = Settings::new(address);
        settings.post_dial_delay = Duration::from_millis(30);
        settings.post_dial_jitter = Duration::from_millis(100);
        settings.rules = RULES.map(|rule| rule.parse::<Rule>().expect("a rule")).to_vec();
        let trunk = Trunk::new(settings, Entropy::seeded(seed).stream());
        let tap = Tap { trunk, by_phone: BTreeMap::new(), seen: VecDeque::new() };
        let (running, events) = Desk::run(tap, vec![socket]).expect("a thread");
        let crowd = Arc::clone(crowd);
        let scribe = thread::spawn(move || write_down(events, &crowd));
        Self { address, running, scribe }
    }

    /// The phones are at rest for good.
    pub(crate) fn stop(self) {
        let _ = self.running.remote.send(Command::Stop);
        self.running.join();
        self.scribe.join().expect("it does not panic");
    }
}

/// What was seen on the wire or at a phone.
#[derive(Debug)]
enum Seen {
    Answered(String, Instant),
    HungUp(String, Instant, Method),
    Invited { at: Instant, call: Invite },
    Over(String, Instant),
    Rang { call_id: String, at: Instant, phone: String, caller: String },
    Violated(String, Instant, Violation),
}

struct Tap {
    trunk: Trunk,
    /// The Call-ID of the latest call to each phone.
    by_phone: BTreeMap<Number, String>,
    seen: VecDeque<Seen>,
}

impl Tap {
    fn look(&mut self, payload: &[u8], now: Instant) {
        let Ok(message) = Message::parse(payload) else { return };
        let Start::Request(line) = message.start() else { return };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let call_id = message.call_id().map(text).unwrap_or_default();
        let method = line.method;
        if matches!(method, Method::Bye | Method::Cancel) {
            self.seen.push_back(Seen::HungUp(call_id, now, method));
        } else if method == Method::Invite {
            let user = |uri: &[u8]| {
                let (_, rest) = text(uri).split_once(':').map(|(a, b)| (a.len(), b.to_owned()))?;
                Number::read(rest.split('@').next()?.as_bytes())
            };
            let from = message.from().ok().and_then(|from| user(from.uri));
            let Some(phone) = user(line.uri) else { return };
            let branch = message.via().ok().and_then(|via| via.param("branch").map(text));
            self.by_phone.insert(phone.phone(), call_id.clone());
            let call = Invite {
                call_id,
                branch: branch.unwrap_or_default(),
                phone: e164(phone),
                caller: from.map(|from| from.as_str().to_owned()).unwrap_or_default(),
            };
            self.seen.push_back(Seen::Invited { at: now, call });
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.trunk.poll_event() {
            let call_of = |phone: Number| self.by_phone.get(&phone.phone()).cloned();
            let seen = match event {
                Event::Gone { phone, at, .. } | Event::Refused { phone, at, .. } => {
                    call_of(phone).map(|call| Seen::Over(call, at))
                }
                Event::Rang { phone, caller_id, at } => call_of(phone).map(|call_id| Seen::Rang {
                    call_id,
                    at,
                    phone: e164(phone),
                    caller: caller_id.map(|id| id.as_str().to_owned()).unwrap_or_default(),
                }),
                Event::Silent { .. } => None,
                Event::Stopped(entry) => call_of(entry.phone).map(|call| match entry.ending {
                    Ending::Answered => Seen::Answered(call, entry.at + entry.rang_for),
                    Ending::Declined | Ending::Missed | Ending::Stopped => {
                        Seen::Over(call, entry.at + entry.rang_for)
                    }
                }),
                Event::Violated(noticed) => {
                    let call = noticed.phone.and_then(call_of).unwrap_or_default();
                    Some(Seen::Violated(call, noticed.at, noticed.violation))
                }
            };
            self.seen.extend(seen);
        }
    }
}

impl Peer for Tap {
    type Command = Command;
    type Event = Seen;
    const NAME: &'static str = "crash-trunk";

    fn events_max(&self) -> usize {
        1 << 18
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        self.trunk.on_command(command, now);
        self.drain();
    }

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        self.look(payload, now);
        self.trunk.on_datagram(from, payload, now);
        self.drain();
    }

    /// Nobody is there while the daemon is not.
    fn on_undelivered(&mut self, _lost: Lost<'_>, _now: Instant) {}

    fn on_timeout(&mut self, now: Instant) {
        self.trunk.on_timeout(now);
        self.drain();
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.trunk.poll_transmit()
    }

    fn poll_event(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    fn next_wake(&self) -> Option<Wake> {
        self.trunk.next_wake()
    }

    fn is_done(&self) -> bool {
        self.trunk.is_stopping()
    }
}

/// As the API has it.
fn e164(phone: Number) -> String {
    format!("+{}", phone.phone().as_str())
}

fn write_down(mut events: Receiver<Seen>, crowd: &Crowd) {
    while let Some(seen) = events.blocking_recv() {
        if let Seen::Rang { phone, caller, .. } = &seen {
            crowd.on_ring(phone, caller);
        }
        write_one(&seen, &mut crowd.ledger(), crowd.clock);
    }
}

fn write_one(seen: &Seen, ledger: &mut Ledger, clock: Clock) {
    match seen {
        Seen::Answered(call_id, at) => ledger.on_answered(call_id, clock.of(*at)),
        Seen::HungUp(call_id, at, method) => {
            ledger.on_hung_up(call_id, clock.of(*at));
            if *method == Method::Bye {
                ledger.on_over(call_id, clock.of(*at));
            }
        }
        Seen::Invited { at, call } => ledger.on_invite(call, clock.of(*at)),
        Seen::Over(call_id, at) => ledger.on_over(call_id, clock.of(*at)),
        Seen::Rang { call_id, at, .. } => ledger.on_ringing(call_id, clock.of(*at)),
        Seen::Violated(call_id, at, violation) => {
            let at = clock.of(*at);
            let since = at.saturating_sub(MEMORY);
            let is_excused = EXCUSED.contains(violation);
            if !(is_excused && ledger.lives.is_killed_between(since, at)) {
                let text = format!("{violation} at {at:.1?}, call {call_id}");
                ledger.object(Kind::Violation, text);
            }
        }
    }
}

/// What a phone does by the end of its number.
const RULES: [&str; 8] = [
    "=rings",
    "01=busy",
    "06=trying-only",
    "09=answers:500ms",
    "10=answers-at-once",
    "11=answers-on-cancel",
    "21=rings-then-refuses:480",
    "24=rings-late:1500ms",
];
/// What a process must do that forgot what it did last: it hangs up once too often, and what it was
/// sent while it was dead has no answer.
const EXCUSED: [Violation; 5] = [
    Violation::AckMissing,
    Violation::AckUnasked,
    Violation::ByeUnknown,
    Violation::CancelAfterAck,
    Violation::CancelUnknown,
];
/// As long as a transaction lives (64·T1), and a little.
const MEMORY: Duration = Duration::from_secs(35);
