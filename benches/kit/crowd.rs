//! People who are to prove their phones by a flash call: each is started, is rung, and types the code
//! as soon as the call has ended. All of them outlive the run, so that whoever was left out shows.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::exchange::{Answer, Exchange};
use crate::http::{self, Reply};
use crate::load::{self, Started};

/// Everybody, by the last seven digits of their numbers.
pub(crate) struct Crowd {
    people: Vec<Person>,
    /// Once they are being verified.
    exchange: OnceLock<Exchange<Step>>,
}

/// Somebody with a phone.
#[derive(Default)]
struct Person {
    /// Of the verification, once the start was answered.
    id: OnceLock<Box<str>>,
    /// What the phone saw, plus one.
    code: AtomicU32,
    /// When the INVITE was on the wire, in microseconds since 1970.
    invited_at: AtomicU64,
    /// Which of INVITE, CANCEL and ACK came.
    seen: AtomicU8,
    /// Of the two that a check waits for, the answer to the start and the end of the call, how many.
    arrived: AtomicU8,
    /// An answer said how it went.
    is_settled: AtomicBool,
}

/// What is asked of the daemon for somebody.
#[derive(Clone, Copy)]
enum Step {
    Check(u32),
    Start(u32),
}

/// One check of the right code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked {
    /// From when the call had ended, and the start was answered, to the answer: what waits in the
    /// client counts.
    pub(crate) took: Duration,
    /// How much later than it should have the request left.
    pub(crate) late: Duration,
}

/// What came of them all.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) started: Vec<Started>,
    pub(crate) checked: Vec<Checked>,
    /// Those that are verified.
    pub(crate) verified: usize,
    /// The others, by what went wrong.
    pub(crate) failures: BTreeMap<String, usize>,
    /// How many have an answer for good.
    settled: u32,
}

impl Crowd {
    /// So many people.
    pub(crate) fn new(people: u32) -> Arc<Self> {
        let people = (0..people).map(|_| Person::default()).collect();
        Arc::new(Self { people, exchange: OnceLock::new() })
    }

    /// An INVITE came. Whether it is the first; `None`: of nobody.
    pub(crate) fn on_invite(&self, phone: u32, code: Option<u32>, at: u64) -> Option<bool> {
        let person = self.people.get(phone as usize)?;
        let is_new = person.see(1);
        if is_new {
            person.code.store(code? + 1, Ordering::Relaxed);
            person.invited_at.store(at, Ordering::Relaxed);
        }
        Some(is_new)
    }

    /// A CANCEL came.
    pub(crate) fn on_cancel(&self, phone: u32) -> Option<bool> {
        Some(self.people.get(phone as usize)?.see(2))
    }

    /// An ACK came: the call is over.
    pub(crate) fn on_ack(&self, phone: u32) -> Option<bool> {
        let is_new = self.people.get(phone as usize)?.see(4);
        if is_new {
            self.on_arrived(phone);
        }
        Some(is_new)
    }

    /// Whoever comes second has the code typed.
    fn on_arrived(&self, phone: u32) {
        let person = &self.people[phone as usize];
        if person.arrived.fetch_add(1, Ordering::AcqRel) == 0 {
            return;
        }
        let Some((exchange, id)) = self.exchange.get().zip(person.id.get()) else { return };
        let code = person.code.load(Ordering::Relaxed).wrapping_sub(1);
        let (path, body) =
            (format!("{}/{id}/check", load::PATH), format!("{{\"code\":\"{code:05}\"}}"));
        // On a connection that is gone, nothing is heard either, and that counts.
        let _ = exchange.ask(Step::Check(phone), Instant::now(), http::post(&path, None, &body));
    }

    /// Has everybody verified, so many a second, over so many connections.
    pub(crate) fn verify(
        &self,
        socket: &Path,
        rate: u32,
        connections: usize,
    ) -> Result<Outcome, Box<dyn Error>> {
        let (exchange, ear) = Exchange::open(socket, connections)?;
        let exchange = self.exchange.get_or_init(|| exchange);
        let (total, mut outcome) = (u32::try_from(self.people.len())?, Outcome::default());
        let ask = |phone, due| start(exchange, phone, due);
        load::converse((exchange, ear), (rate, total), ask, &mut |answer| {
            self.on_answer(answer, &mut outcome);
            outcome.settled == total
        })?;
        self.find_left_out(&mut outcome);
        Ok(outcome)
    }

    fn on_answer(&self, answer: Answer<Step>, outcome: &mut Outcome) {
        let Answer { about, sent_at, late, took, reply } = answer;
        match about {
            Step::Start(phone) => {
                let status = reply.status;
                outcome.started.push(Started { phone, sent_at, took, late, status });
                match text(&reply, "id").filter(|_| status == 201) {
                    Some(id) => {
                        let _ = self.people[phone as usize].id.set(id.into());
                        self.on_arrived(phone);
                    }
                    None => {
                        self.settle(phone, outcome, Err(format!("start answered with {status}")))
                    }
                }
            }
            Step::Check(phone) => {
                outcome.checked.push(Checked { took, late });
                let how = match text(&reply, "status") {
                    Some("verified") if reply.status == 200 => Ok(()),
                    status => {
                        let what = text(&reply, "code").or(status).unwrap_or_default();
                        Err(format!("check answered with {} {what}", reply.status))
                    }
                };
                self.settle(phone, outcome, how);
            }
        }
    }

    fn settle(&self, phone: u32, outcome: &mut Outcome, how: Result<(), String>) {
        self.people[phone as usize].is_settled.store(true, Ordering::Relaxed);
        match how {
            Ok(()) => outcome.verify(),
            Err(kind) => outcome.fail(kind),
        }
    }

    /// Those of whom nothing was heard that would be a failure by itself.
    fn find_left_out(&self, outcome: &mut Outcome) {
        let is_open = |person: &&Person| !person.is_settled.load(Ordering::Relaxed);
        for person in self.people.iter().filter(is_open) {
            let seen = person.seen.load(Ordering::Relaxed);
            let what = match (person.arrived.load(Ordering::Relaxed), person.id.get(), seen) {
                (2.., _, _) => "check not answered",
                (_, None, _) => "start not answered",
                (_, _, 0) => "not called",
                (_, _, 1) => "not hung up",
                (_, _, _) => "hung up, and no ACK",
            };
            outcome.fail(what.to_owned());
        }
    }

    /// From when its start was sent to when the INVITE was on the wire, in milliseconds.
    pub(crate) fn to_wire(&self, start: &Started) -> Option<f64> {
        let at = self.people.get(start.phone as usize)?.invited_at.load(Ordering::Relaxed);
        (at != 0).then(|| at.saturating_sub(start.sent_at) as f64 / 1e3)
    }
}

impl Person {
    /// Whether it is the first of its kind.
    fn see(&self, what: u8) -> bool {
        self.seen.fetch_or(what, Ordering::Relaxed) & what == 0
    }
}

impl Outcome {
    fn verify(&mut self) {
        self.verified += 1;
        self.settled += 1;
    }

    fn fail(&mut self, kind: String) {
        *self.failures.entry(kind).or_default() += 1;
        self.settled += 1;
    }
}

fn start(exchange: &Exchange<Step>, phone: u32, due: Instant) -> io::Result<()> {
    let key = format!("start-{phone:07}");
    let request = http::post(load::PATH, Some(&key), &load::flash_call(phone));
    exchange.ask(Step::Start(phone), due, request)
}

/// The first text of this name in the JSON of a reply.
pub(crate) fn text<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let (_, rest) = reply.body.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}
