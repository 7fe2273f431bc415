//! The script and the trace. A line is a moment, an arrow and a message; `==` is what the rest of the
//! daemon was told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, UNIX_EPOCH};

use expect_test::Expect;

use super::missed_world;
use crate::entropy::Entropy;
use crate::gateway::dids::Dids;
use crate::gateway::inflight::{InFlight, Records};
use crate::gateway::notice::Watcher;
use crate::gateway::settings::{Line, Peer, Settings};
use crate::gateway::{Command, Gateway, Input};
use crate::ladder::Undelivered;
use crate::number::E164;
use crate::sip::response::Response;
use crate::sip::{Message, Method, Start as StartLine, Status};
use crate::tally::Tally;
use crate::time::WallClock;
use crate::time::testing::origin;
use crate::trunk::{Profile, testing};
use crate::verify::event::{Event, Listener};
use crate::verify::settings::{Bounds, PoolSettings};
use crate::verify::{Order, Start, Verify};

/// Runs a script against one shard with one trunk and compares the trace.
#[track_caller]
pub(super) fn check(script: &str, expected: Expect) {
    expected.assert_eq(&World::new(&["192.0.2.1:5060"]).run(script));
}

/// A shard, its trunks, and everything that was sent.
pub(super) struct World {
    pub(super) gateway: Gateway,
    pub(super) verify: Arc<Verify>,
    pub(super) tally: Arc<Tally>,
    pub(super) order: Order,
    pub(super) start: Instant,
    pub(super) now: Instant,
    /// What the gateway sent, newest last.
    pub(super) sent: Vec<(SocketAddr, Vec<u8>)>,
    pub(super) trace: String,
    heard: Receiver<String>,
}

struct Ear(SyncSender<String>);

impl Listener for Ear {
    fn on_event(&self, event: Event) {
        let line = match event {
            Event::CallEnded(call) => {
                let ending = call.ending().unwrap();
                let code = ending.sip_code.map(|code| format!(" {code}")).unwrap_or_default();
                format!("{}{code} by {}", ending.outcome, ending.by.as_str())
            }
            Event::CallRinging(_) => "rings".to_owned(),
            Event::VerificationEnded(end) => {
                format!("{} {}", end.status.as_str(), end.reason.unwrap().as_str())
            }
            Event::MissedCall(call) => format!("missed call {}", call.fate.as_str()),
            Event::CallPlaced(_)
            | Event::PhoneReported { .. }
            | Event::VerificationCreated(_)
            | Event::WrongCode(_) => return,
        };
        self.0.send(line).unwrap();
    }
}

impl World {
    /// A shard with trunks at these addresses, and an order that has not been placed.
    pub(super) fn new(trunks: &[&str]) -> Self {
        Self::with(trunks, |_| {})
    }

    /// The same with changed profiles.
    pub(super) fn with(trunks: &[&str], change: impl Fn(&mut Profile)) -> Self {
        Self::build(trunks, (64, 4, SEED), change)
    }

    /// One trunk, and room for so many calls, and for as many that wait.
    pub(super) fn of_size(calls: usize, change: impl Fn(&mut Profile)) -> Self {
        Self::build(&["192.0.2.1:5060"], (2 * calls, calls, SEED), change)
    }

    /// Another process, which has the key of the tags and no other.
    pub(super) fn again(trunks: &[&str]) -> Self {
        Self::build(trunks, (64, 4, SEED + 1), |_| {})
    }

    /// The same with room for so many calls.
    pub(super) fn again_of_size(calls: usize) -> Self {
        Self::build(&["192.0.2.1:5060"], (2 * calls, calls, SEED + 1), |_| {})
    }

    /// A thousand calls that have just been placed through one trunk.
    pub(super) fn crowd() -> Self {
        let mut world = Self::of_size(1_000, |profile| profile.calls_per_second = 1_000_000);
        world.place_crowd();
        world
    }

    /// Places a thousand calls.
    pub(super) fn place_crowd(&mut self) {
        for phone in crowd() {
            let order = order(&self.verify, &phone, self.now);
            self.handle(Input::Command(Command::Place(order)));
        }
    }

    fn build(
        trunks: &[&str],
        (most, queue_max, seed): (usize, usize, u64),
        change: impl Fn(&mut Profile),
    ) -> Self {
        let (start, entropy) = (origin(), Entropy::seeded(seed));
        let wall = WallClock::new(start, UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let (mouth, heard) = sync_channel(1 << 12);
        let numbers = vec!["+46876500[000-999]".parse().unwrap()];
        let pools = vec![PoolSettings { name: "default".into(), numbers }];
        let bounds =
            Bounds { pending_max: most, ended_max: most, phones_max: most, prefixes_max: most };
        let dids = missed_world::NUMBERS.map(|number| E164::parse(number).unwrap()).into();
        let settings = crate::verify::Settings { pools, dids, bounds, ..Default::default() };
        let ear = Arc::new(Ear(mouth));
        let verify = Verify::new(settings, wall, entropy.clone(), ear).unwrap();
        let (verify, tally) = (Arc::new(verify), Arc::new(Tally::default()));
        let lines = trunks.iter().map(|address| line(address, &change)).collect();
        let settings = Settings {
            shard: 0,
            lines,
            routes: vec![(0..trunks.len() as u16).collect()],
            dids: Arc::new(Dids::default()),
            servers_max: 1 << 16,
            transactions_max: most,
            verifications_max: 2 * most,
            queue_max,
            queue_time_max: Duration::from_secs(2),
            tag_key: Some(*b"of all processes"),
        };
        let order = order(&verify, "+46701740605", start);
        let gateway =
            Gateway::new(settings, Arc::clone(&verify), &entropy, Arc::clone(&tally), start);
        let (sent, trace) = (vec![], String::new());
        Self { gateway, verify, tally, order, start, now: start, sent, trace, heard }
    }

    /// The same whose calls need a record.
    pub(super) fn recorded_by(self, records: Arc<dyn Records>) -> Self {
        Self { gateway: self.gateway.recorded_by(records), ..self }
    }

    /// The same with somebody who hears of what an operator should act on.
    pub(super) fn watched_by(self, watcher: Arc<dyn Watcher>) -> Self {
        Self { gateway: self.gateway.watched_by(watcher), ..self }
    }

    /// Places the order, plays `<seconds> <word>; …`, then lets 40 s of timers pass.
    pub(super) fn run(&mut self, script: &str) -> String {
        self.place();
        self.play_all(script);
        self.run_until(self.now + Duration::from_secs(72));
        let word = if self.gateway.is_quiet() { "quiet" } else { "not quiet" };
        self.line(word);
        self.trace.clone()
    }

    /// Plays a script.
    pub(super) fn play_all(&mut self, script: &str) {
        for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
            let (at, words) = step.split_once(' ').unwrap();
            self.run_until(self.start + Duration::from_secs_f64(at.parse().unwrap()));
            self.play(words);
        }
    }

    /// Places the order.
    pub(super) fn place(&mut self) {
        let order = self.order.clone();
        self.verify.confirm(&order);
        self.handle(Input::Command(Command::Place(order)));
    }

    /// Lets time pass.
    pub(super) fn run_until(&mut self, limit: Instant) {
        while let Some(wake) = self.gateway.next_wake().filter(|wake| wake.at <= limit) {
            self.now = wake.at.max(self.now);
            self.handle(Input::Timeout);
        }
        self.now = limit;
    }

    /// Gives the gateway one input and notes what comes out.
    pub(super) fn handle(&mut self, input: Input<'_>) {
        self.gateway.handle(input, self.now);
        self.drain();
    }

    /// It has just begun, and hangs up these calls of the one before.
    pub(super) fn haunt(&mut self, records: Vec<InFlight>) {
        self.gateway.haunt(records, self.now);
        self.handle(Input::Timeout);
    }

    /// A datagram from the first trunk.
    pub(super) fn receive(&mut self, payload: &[u8]) {
        self.receive_from("192.0.2.1:5060", payload);
    }

    /// A datagram from somewhere.
    pub(super) fn receive_from(&mut self, from: &str, payload: &[u8]) {
        let from = from.parse().unwrap();
        self.line(&format!("<- {}", summary(payload)));
        self.handle(Input::Datagram { from, payload });
    }

    /// The response with `code` to the newest request of `method`, with this To tag.
    pub(super) fn response(&self, method: Method, code: u16, tag: &str, extra: &str) -> Vec<u8> {
        response_to(&self.newest(method), code, tag, extra)
    }

    /// The newest request of `method` that was sent.
    pub(super) fn newest(&self, method: Method) -> Vec<u8> {
        let is = |bytes: &&(SocketAddr, Vec<u8>)| {
            Message::parse(&bytes.1).unwrap().method() == Some(method)
        };
        self.sent.iter().rev().find(is).unwrap().1.clone()
    }

    fn play(&mut self, words: &str) {
        let words: Vec<&str> = words.splitn(4, ' ').collect();
        match words[0] {
            "hang_up" => {
                let call = self.order.call.id;
                self.handle(Input::Command(Command::HangUp(call)));
            }
            "drain" => self.handle(Input::Command(Command::Drain)),
            "unreachable" => {
                let (to, payload) = self.sent.last().unwrap().clone();
                self.line("<- ICMP port unreachable");
                self.handle(Input::SendFailed { to, payload: &payload, why: Undelivered::Refused });
            }
            code => {
                let code = code.parse().unwrap();
                let method = match words.get(1) {
                    Some(&"CANCEL") => Method::Cancel,
                    Some(&"BYE") => Method::Bye,
                    _ => Method::Invite,
                };
                let tag = words.get(2).copied().unwrap_or(if code == 100 { "" } else { "a" });
                let extra = words.get(3).copied().unwrap_or_default();
                let response = self.response(method, code, tag, extra);
                self.receive(&response);
            }
        }
    }

    fn drain(&mut self) {
        while let Some((to, bytes)) = self.gateway.poll_transmit() {
            self.sent.push((to, bytes.to_vec()));
            let at = self.now - self.start;
            self.trace += &format!("{:06.3}  -> {}\n", at.as_secs_f64(), summary(bytes));
        }
        while let Ok(line) = self.heard.try_recv() {
            self.line(&format!("== {line}"));
        }
    }

    /// Adds a line to the trace.
    pub(super) fn line(&mut self, text: &str) {
        let at = self.now - self.start;
        self.trace += &format!("{:06.3}  {text}\n", at.as_secs_f64());
    }
}

const SEED: u64 = 7;

/// A thousand phones: ten of each block, because a block has a limit of its own.
pub(super) fn crowd() -> impl Iterator<Item = String> {
    let parts = |number| (1 + number / 200, 20 + number / 10 % 20, number % 10);
    (0..1_000).map(parts).map(|(first, block, last)| format!("+4670{first}{block}060{last}"))
}

/// The response with `code` to this request.
pub(super) fn response_to(request: &[u8], code: u16, tag: &str, extra: &str) -> Vec<u8> {
    let extra = extra.split_once(": ").map(|(name, value)| (name, value.as_bytes()));
    let response = Response {
        to_tag: (!tag.is_empty()).then_some(tag.as_bytes()),
        headers: extra.as_slice(),
        ..Response::new(Status::new(code).unwrap())
    };
    let mut bytes = vec![];
    response.write(&Message::parse(request).unwrap(), &mut bytes).unwrap();
    bytes
}

/// A new order of a verification of its own.
pub(super) fn order(verify: &Verify, phone: &str, now: Instant) -> Order {
    let to = E164::parse(phone).unwrap();
    let start = Start::flash_call(to);
    verify.start(start, now).unwrap().task.call().unwrap()
}

pub(super) fn line(address: &str, change: &impl Fn(&mut Profile)) -> Line {
    let mut profile = testing::profile(address);
    profile.name = address.into();
    change(&mut profile);
    let local = "192.0.2.9:5070".parse().unwrap();
    Line::new(Peer::new(profile, local, None).unwrap(), (0, 1))
}

fn summary(bytes: &[u8]) -> String {
    let message = Message::parse(bytes).unwrap();
    let cseq = message.cseq().unwrap();
    match message.start() {
        StartLine::Request(line) => String::from_utf8_lossy(line.method_text).into_owned(),
        StartLine::Response(line) => format!("{} {}", line.status.code(), cseq.method.as_str()),
    }
}
