//! The called side in virtual time: a script of what it answers, a trace of what the caller does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Caller, Command, Dial, Event, Line, Manner, Settings};
use crate::entropy::Entropy;
use crate::ladder::Undelivered;
use crate::number::E164;
use crate::sip::{Message, Method, Name, Start};

pub(super) struct Callee {
    pub(super) caller: Caller,
    start: Instant,
    now: Instant,
    /// Each INVITE, but for what was sent again.
    invites: Vec<Vec<u8>>,
    bye: Vec<u8>,
    tags: BTreeMap<Vec<u8>, char>,
    trace: String,
}

pub(super) fn settings() -> Settings {
    Settings::new(CALLER.parse().unwrap(), GATEWAY.parse().unwrap())
}

pub(super) fn manner(shows: &str, then: &str) -> Manner {
    Manner { identity: shows.parse().unwrap(), conduct: then.parse().unwrap() }
}

pub(super) fn dial(manner: Manner) -> Dial {
    let number = |text| E164::parse(text).unwrap();
    Dial::new(number("+46701234567"), number("+46876500123"), manner).unwrap()
}

/// Rings at 0, plays `<seconds> <word>; …`, and lets everything end.
pub(super) fn run(settings: Settings, then: &str, script: &str) -> String {
    let mut callee = Callee::new(settings);
    callee.command(Command::Dial(dial(manner("international", then))));
    for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
        let (at, word) = step.split_once(' ').unwrap();
        callee.run_until(at.parse().unwrap());
        callee.say(word);
    }
    callee.end()
}

impl Callee {
    #[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
    pub(super) fn new(settings: Settings) -> Self {
        let start = Instant::now();
        let caller = Caller::new(settings, Entropy::seeded(1).stream());
        let (invites, bye, tags) = (vec![], vec![], BTreeMap::new());
        let trace = String::new();
        Self { caller, start, now: start, invites, bye, tags, trace }
    }

    pub(super) fn command(&mut self, command: Command) {
        self.caller.on_command(command, self.now);
        self.collect();
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// The whole trace, when nothing more can happen.
    pub(super) fn end(mut self) -> String {
        self.run_until(300.0);
        let last = if self.caller.is_quiet() { "quiet" } else { "not quiet" };
        self.trace + last + "\n"
    }

    pub(super) fn run_until(&mut self, seconds: f64) {
        let limit = self.start + Duration::from_secs_f64(seconds);
        while let Some(wake) = self.caller.next_wake().filter(|wake| wake.at <= limit) {
            self.now = wake.at.max(self.now);
            self.caller.on_timeout(self.now);
            self.collect();
        }
        self.now = limit;
    }

    /// `STATUS[ METHOD][~defect]`, `BYE`, `OPTIONS`, `stop`, `hang-up`, `gone`.
    pub(super) fn say(&mut self, word: &str) {
        let (what, defect) = word.split_once('~').unwrap_or((word, ""));
        self.trace += &self.line("->", word);
        match what {
            "gone" => {
                let invite = self.invites[0].clone();
                self.caller.on_undelivered(&invite, Undelivered::Refused, self.now);
            }
            "hang-up" => self.caller.on_command(Command::HangUp(Line(1)), self.now),
            "noise" => self.hear(b"noise", GATEWAY),
            "stop" => self.caller.on_command(Command::Stop, self.now),
            "BYE" | "INVITE" | "OPTIONS" => {
                let request = self.request(what, defect);
                self.hear(request.as_bytes(), GATEWAY);
            }
            _ => {
                let response = self.response(what, defect);
                let source = if defect == "source" { "192.0.2.2:5061" } else { GATEWAY };
                self.hear(response.as_bytes(), source);
            }
        }
        self.collect();
    }

    fn hear(&mut self, bytes: &[u8], source: &str) {
        self.caller.on_datagram(source.parse().unwrap(), bytes, self.now);
    }

    fn collect(&mut self) {
        while let Some((to, bytes)) = self.caller.poll_transmit() {
            assert_eq!(to, GATEWAY.parse::<SocketAddr>().unwrap());
            let bytes = bytes.to_vec();
            let message = Message::parse(&bytes).unwrap();
            if message.method().is_some() {
                message.check().unwrap();
            }
            if message.method() == Some(Method::Invite) && !self.invites.contains(&bytes) {
                self.invites.push(bytes.clone());
            }
            if message.method() == Some(Method::Bye) {
                self.bye.clone_from(&bytes);
            }
            let shown = self.describe(&message);
            self.trace += &self.line("<-", &shown);
        }
        while let Some(event) = self.caller.poll_event() {
            let text = describe_event(&event);
            self.trace += &self.line("!!", &text);
        }
    }

    /// The method and, where it has one, a letter for the To tag; which INVITE it belongs to.
    fn describe(&mut self, message: &Message<'_>) -> String {
        let method = match message.start() {
            Start::Request(line) => line.method.as_str().to_owned(),
            Start::Response(line) => return line.status.to_string(),
        };
        let tag = message.to().unwrap().tag().map(<[u8]>::to_vec);
        let letter = tag.map(|tag| match tag.as_slice() {
            [single] => char::from(*single).to_string(),
            _ => {
                let next = char::from(b'A' + self.tags.len() as u8);
                self.tags.entry(tag).or_insert(next).to_string()
            }
        });
        let branch = message.via().unwrap().branch.unwrap();
        let is_second = self.invites.get(1).is_some_and(|second| {
            Message::parse(second).unwrap().via().unwrap().branch == Some(branch)
        });
        let other = if is_second { "(second)" } else { "" };
        let words = [method, letter.unwrap_or_default(), other.to_owned()];
        words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }

    fn response(&self, what: &str, defect: &str) -> String {
        let (status, method) = what.split_once(' ').unwrap_or((what, "INVITE"));
        let request = match method {
            "BYE" => &self.bye,
            _ => &self.invites[usize::from(defect == "second")],
        };
        let message = Message::parse(request).unwrap();
        let own = |name| String::from_utf8(message.header(name).next().unwrap().to_vec()).unwrap();
        let instead = |name: &str, right: String, wrong: &str| {
            if defect == name { wrong.to_owned() } else { right }
        };
        let branch = String::from_utf8(message.via().unwrap().branch.unwrap().to_vec()).unwrap();
        let via = own(Name::Via).replace(&branch, &instead("branch", branch.clone(), "z9hG4bK1"));
        let second =
            instead("vias", String::new(), "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2\r\n");
        let tag = match defect {
            _ if status == "100" || method == "BYE" => "",
            "untagged" => "",
            "tag" => ";tag=b",
            _ => ";tag=a",
        };
        let from = instead("from", own(Name::From), "<sip:+46701234567@192.0.2.1>;tag=x");
        let to = instead("to", own(Name::To), "<sip:+46876500124@192.0.2.2>");
        let call_id = instead("call", own(Name::CallId), "other");
        let number = message.cseq().unwrap().number.to_string();
        let cseq = instead("cseq", number, "9");
        format!(
            "SIP/2.0 {status} x\r\nVia: {via}\r\n{second}From: {from}\r\nTo: {to}{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:192.0.2.2:5060>\r\nContent-Length: 0\r\n\r\n"
        )
    }

    fn request(&self, method: &str, defect: &str) -> String {
        let message = Message::parse(&self.invites[0]).unwrap();
        let call_id = String::from_utf8(message.call_id().unwrap().to_vec()).unwrap();
        let call_id = if defect == "call" { "other".to_owned() } else { call_id };
        let tag = if method == "BYE" { ";tag=x" } else { "" };
        format!(
            "{method} sip:{CALLER} SIP/2.0\r\nVia: SIP/2.0/UDP {GATEWAY};rport;branch=z9hG4bK9\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@192.0.2.2>;tag=a\r\nTo: <sip:b@192.0.2.1>{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: 7 {method}\r\nContact: <sip:{GATEWAY}>\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }

    fn line(&self, arrow: &str, text: &str) -> String {
        let at = (self.now - self.start).as_secs_f64();
        format!("{at:06.3}  {arrow} {text}\n")
    }
}

pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::Answered { after, .. } => format!("answered after {:.3}", after.as_secs_f64()),
        Event::Dialled { line, .. } => format!("dialled {line}"),
        Event::Ended { ending, is_as_told, .. } => {
            let mark = if *is_as_told { "" } else { ", not as told" };
            let mut text = format!("ended: {}", ending.as_str());
            if let super::Ending::Refused { ack, .. } = ending {
                text += &format!(", {}", ack.in_words());
            }
            text + mark
        }
        Event::HungUp { .. } => "hung up".to_owned(),
        Event::Lapsed(noticed) => format!("lapse: {}", noticed.lapse),
        Event::Rang { after, .. } => format!("rings after {:.3}", after.as_secs_f64()),
        Event::Refused { status, after, .. } => {
            format!("refused {status} after {:.3}", after.as_secs_f64())
        }
        Event::Repeated { status, .. } => format!("{status} again"),
        Event::Trying { .. } => "trying".to_owned(),
    }
}

const CALLER: &str = "192.0.2.1:5070";
const GATEWAY: &str = "192.0.2.2:5060";
