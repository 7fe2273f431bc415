//! A caller in virtual time: a script of what it sends, a trace of what comes back.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::event::Event;
use super::super::settings::Settings;
use super::{Command, Trunk};
use crate::entropy::Entropy;
use crate::lab::Number;
use crate::sip::{Class, Message, Method, Refusal, Start, Status};

/// How the caller treats final responses by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manners {
    /// ACK, and BYE for a 2xx.
    Good,
    /// ACK only.
    Listens,
    /// Nothing.
    None,
}

pub(super) struct Caller {
    pub(super) trunk: Trunk,
    manners: Manners,
    start: Instant,
    now: Instant,
    suffix: String,
    tags: BTreeMap<Vec<u8>, char>,
    last_final: Option<(Status, String)>,
    /// Of the INVITE that was answered last.
    branch: String,
    sent: u32,
    trace: String,
}

/// A trunk without chance.
pub(super) fn settings() -> Settings {
    let settings = Settings::new(TRUNK.parse().unwrap());
    Settings { post_dial_jitter: Duration::ZERO, ..settings }
}

/// Calls the phone `…suffix` at 0 (unless the script does), plays `<seconds> <word>; …`, and lets
/// everything end.
pub(super) fn run(settings: Settings, manners: Manners, suffix: &str, script: &str) -> String {
    let mut caller = Caller::new(settings, manners, suffix);
    if !script.starts_with("0 ") {
        caller.send("INVITE");
    }
    for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
        let (at, word) = step.split_once(' ').unwrap();
        caller.run_until(caller.start + Duration::from_secs_f64(at.parse().unwrap()));
        caller.send(word);
    }
    caller.run_until(caller.start + Duration::from_secs(300));
    let last = if caller.trunk.is_quiet() { "quiet" } else { "not quiet" };
    caller.trace + last + "\n"
}

impl Caller {
    #[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
    pub(super) fn new(settings: Settings, manners: Manners, suffix: &str) -> Self {
        let start = Instant::now();
        let trunk = Trunk::new(settings, Entropy::seeded(1).stream());
        let (tags, trace) = (BTreeMap::new(), String::new());
        let suffix = suffix.to_owned();
        let (now, last_final, sent, branch) = (start, None, 0, "1".to_owned());
        Self { trunk, manners, start, now, suffix, tags, last_final, branch, sent, trace }
    }

    /// Sends a request, gives a command, or changes manners.
    pub(super) fn send(&mut self, word: &str) {
        let phone = Number::read(format!("467012345{}", self.suffix).as_bytes()).unwrap();
        match word {
            "answer" => self.trunk.on_command(Command::Answer(phone), self.now),
            "decline" => self.trunk.on_command(Command::Decline(phone), self.now),
            "stop" => self.trunk.on_command(Command::Stop, self.now),
            _ => {
                let request = self.request(word);
                self.line("->", word);
                self.trunk.on_datagram(CALLER.parse().unwrap(), request.as_bytes(), self.now);
            }
        }
        self.collect();
    }

    /// Sends a request and reads nothing. Says what time it is.
    pub(super) fn send_unread(&mut self, word: &str) -> Instant {
        let request = self.request(word);
        self.trunk.on_datagram(CALLER.parse().unwrap(), request.as_bytes(), self.now);
        self.now
    }

    pub(super) fn run_until(&mut self, limit: Instant) {
        while let Some(wake) = self.trunk.next_wake().filter(|wake| wake.at <= limit) {
            self.now = wake.at.max(self.now);
            self.trunk.on_timeout(self.now);
            self.collect();
        }
        self.now = limit;
    }

    /// Reads what the trunk has to say, and reacts.
    fn collect(&mut self) {
        let mut replies = vec![];
        while let Some((to, bytes)) = self.trunk.poll_transmit() {
            assert_eq!(to, CALLER.parse::<SocketAddr>().unwrap());
            let bytes = bytes.to_vec();
            let message = Message::parse(&bytes).unwrap();
            // A request with two Vias is answered with both.
            assert!(matches!(message.check(), Ok(()) | Err(Refusal::Vias { .. })));
            let shown = self.describe(&message);
            self.line("<-", &shown);
            replies.extend(self.replies(&message));
        }
        while let Some(event) = self.trunk.poll_event() {
            let text = match event {
                Event::Gone { .. } => "gone".to_owned(),
                Event::Refused { status, .. } => format!("refused {status}"),
                Event::Rang { .. } => "rings".to_owned(),
                Event::Silent { .. } => "silent".to_owned(),
                Event::Stopped(entry) => {
                    format!("{} after {:.3}", entry.ending.as_str(), entry.rang_for.as_secs_f64())
                }
                Event::Violated(noticed) => format!("violation: {}", noticed.violation),
            };
            self.line("!!", &text);
        }
        for reply in replies {
            match reply.strip_prefix("SIP/2.0") {
                Some(_) => {
                    let source = CALLER.parse().unwrap();
                    self.trunk.on_datagram(source, reply.as_bytes(), self.now);
                    self.collect();
                }
                None => self.send(&reply),
            }
        }
    }

    fn describe(&mut self, message: &Message<'_>) -> String {
        let cseq = message.cseq().unwrap();
        let status = match message.start() {
            Start::Request(line) => return line.method.as_str().to_owned(),
            Start::Response(line) => line.status,
        };
        let to = message.to().unwrap();
        let letter = to.tag().map(|tag| {
            let next = char::from(b'a' + self.tags.len() as u8);
            *self.tags.entry(tag.to_vec()).or_insert(next)
        });
        let letter = letter.map(String::from).unwrap_or_default();
        if cseq.method == Method::Invite && status.is_final() {
            let tag = to.tag().map(|tag| String::from_utf8(tag.to_vec()).unwrap());
            let branch = message.via().unwrap().branch.unwrap().strip_prefix(b"z9hG4bK").unwrap();
            self.branch = String::from_utf8(branch.to_vec()).unwrap();
            self.last_final = Some((status, tag.unwrap_or_default()));
        }
        let method = if cseq.method == Method::Invite { "" } else { cseq.method.as_str() };
        format!("{status} {method} {letter}").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn replies(&self, message: &Message<'_>) -> Vec<String> {
        let Start::Response(line) = message.start() else {
            let echoed = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| {
                let mut values = message.headers().filter(|(found, _)| *found == name.as_bytes());
                let value = values.next().unwrap().1;
                format!("{name}: {}\r\n", String::from_utf8_lossy(value))
            });
            return vec![format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", echoed.concat())];
        };
        let is_invite = message.cseq().unwrap().method == Method::Invite;
        let words: &[&str] = match (self.manners, line.status.class()) {
            _ if !is_invite => &[],
            (Manners::None, _) | (_, Class::Provisional) => &[],
            (Manners::Good, Class::Success) => &["ACK", "BYE"],
            (Manners::Good | Manners::Listens, _) => &["ACK"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// `METHOD` or `METHOD~defect`.
    fn request(&mut self, word: &str) -> String {
        let (method, defect) = word.split_once('~').unwrap_or((word, ""));
        self.sent += 1;
        let answered = self.last_final.as_ref().filter(|(status, _)| *status == Status::OK);
        let is_own = method == "BYE" || method == "OPTIONS" || method == "INFO";
        let is_own = is_own || (method == "ACK" && answered.is_some());
        let branch = match (is_own, defect) {
            (true, "invite-branch") => self.branch.clone(),
            (true, _) | (_, "branch") => format!("own{}", self.sent),
            (false, "call") => "2".to_owned(),
            (false, _) if method == "ACK" => self.branch.clone(),
            (false, _) => "1".to_owned(),
        };
        let tag = self.last_final.as_ref().map(|(_, tag)| format!(";tag={tag}"));
        let tag = match (method, defect) {
            (_, "tag") => ";tag=0123456789abcdef".to_owned(),
            ("ACK" | "BYE", _) => tag.unwrap_or_default(),
            _ => String::new(),
        };
        let number = match (method, defect) {
            (_, "cseq") => 1,
            ("BYE", _) => 8,
            _ => 7,
        };
        let suffix = if defect == "uri" { "99" } else { &self.suffix };
        let call_id = if defect == "call" { "call2" } else { "call1" };
        let extra = match (method, defect) {
            (_, "require") => "Require: 100rel\r\n",
            (_, "route") => "Route: <sip:192.0.2.7;lr>\r\n",
            (_, "expires") => "Expires: 9\r\n",
            (_, "via") => "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKother\r\n",
            _ => "",
        };
        let contact = match (method, defect) {
            ("INVITE", "contact") => "",
            ("INVITE", _) => "Contact: <sip:192.0.2.1:5070>\r\n",
            _ => "",
        };
        format!(
            "{method} sip:+467012345{suffix}@192.0.2.2 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK{branch}\r\n{extra}\
             Max-Forwards: 70\r\n\
             From: <sip:+46876500123@192.0.2.1>;tag=caller\r\n\
             To: <sip:+467012345{suffix}@192.0.2.2>{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {number} {method}\r\n{contact}Content-Length: 0\r\n\r\n"
        )
    }

    fn line(&mut self, arrow: &str, text: &str) {
        let at = (self.now - self.start).as_secs_f64();
        self.trace += &format!("{at:06.3}  {arrow} {text}\n");
    }
}

const TRUNK: &str = "192.0.2.2:5060";
const CALLER: &str = "192.0.2.1:5070";
