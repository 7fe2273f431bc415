//! People who are to prove their phones by a flash call: each is started, is rung, and types the code
//! as soon as the call has ended. All of them outlive the run, so that whoever was left out shows.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{Connection, Reply};
use crate::load::{self, Pace, Started};

/// Everybody, by the last seven digits of their numbers.
pub(crate) struct Crowd {
    people: Vec<Person>,
    /// Each types the codes of some.
    typists: Vec<Sender<Task>>,
    settled: AtomicU32,
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
}

enum Task {
    Check { phone: u32, due: Instant },
    Leave,
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
}

/// What the typists are given to do, to be handed to [`Crowd::verify`].
pub(crate) struct Desks(Vec<Receiver<Task>>);

impl Crowd {
    /// So many people, whose codes are typed over as many connections.
    pub(crate) fn new(people: u32, connections: u32) -> (Arc<Self>, Desks) {
        let (typists, desks) = (0..connections).map(|_| channel()).unzip();
        let people = (0..people).map(|_| Person::default()).collect();
        (Arc::new(Self { people, typists, settled: AtomicU32::new(0) }), Desks(desks))
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

    fn on_start_answered(&self, phone: u32, reply: &Reply) {
        let Some(person) = self.people.get(phone as usize) else { return };
        match text(reply, "id").filter(|_| reply.status == 201) {
            Some(id) => {
                let _ = person.id.set(id.into());
                self.on_arrived(phone);
            }
            None => self.on_settled(),
        }
    }

    /// Whoever comes second has the code typed.
    fn on_arrived(&self, phone: u32) {
        if self.people[phone as usize].arrived.fetch_add(1, Ordering::AcqRel) == 1 {
            let typist = &self.typists[phone as usize % self.typists.len()];
            // It leaves only when nothing more is done.
            let _ = typist.send(Task::Check { phone, due: Instant::now() });
        }
    }

    fn on_settled(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have an answer for good.
    pub(crate) fn settled(&self) -> u32 {
        self.settled.load(Ordering::Relaxed)
    }

    /// Has everybody verified, so many a second.
    pub(crate) fn verify(
        &self,
        socket: &Path,
        rate: u32,
        desks: Desks,
    ) -> Result<Outcome, Box<dyn Error>> {
        let total = u32::try_from(self.people.len())?;
        let connections = u32::try_from(self.typists.len())?;
        let pace = Pace { rate, total, connections, has_keys: true };
        let (started, typed) = thread::scope(|scope| {
            let typists: Vec<_> = desks
                .0
                .into_iter()
                .map(|desk| {
                    scope.spawn(|| self.type_codes(socket, desk).map_err(|e| e.to_string()))
                })
                .collect();
            let hear = |phone, reply: &Reply| self.on_start_answered(phone, reply);
            let started = load::starts_heard(socket, pace, &load::flash_call, &hear);
            if started.is_ok() {
                self.wait();
            }
            self.typists.iter().for_each(|typist| drop(typist.send(Task::Leave)));
            let typed: Vec<_> = typists.into_iter().map(|typist| typist.join()).collect();
            (started, typed)
        });
        let mut outcome = Outcome { started: started?, ..Outcome::default() };
        for typed in typed {
            let Typed { checked, verified, failures } =
                typed.map_err(|_| "a typist panicked")??;
            outcome.checked.extend(checked);
            outcome.verified += verified;
            failures.into_iter().for_each(|kind| outcome.fail(kind));
        }
        self.find_left_out(&mut outcome);
        Ok(outcome)
    }

    /// Until everybody has an answer, or nobody gets one any more.
    fn wait(&self) {
        let (mut settled, mut since) = (self.settled(), Instant::now());
        while (settled as usize) < self.people.len() && since.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
            if self.settled() != settled {
                (settled, since) = (self.settled(), Instant::now());
            }
        }
    }

    fn type_codes(&self, socket: &Path, desk: Receiver<Task>) -> Result<Typed, Box<dyn Error>> {
        let mut connection = Connection::open(socket, PATIENCE)?;
        let mut typed = Typed::default();
        while let Ok(Task::Check { phone, due }) = desk.recv() {
            let person = &self.people[phone as usize];
            let id = person.id.get().ok_or("a check before its start was answered")?;
            let code = person.code.load(Ordering::Relaxed).wrapping_sub(1);
            let late = due.elapsed();
            let path = format!("/v1/verifications/{id}/check");
            let reply = connection.post(&path, None, &format!("{{\"code\":\"{code:05}\"}}"))?;
            typed.checked.push(Checked { took: due.elapsed(), late });
            match text(&reply, "status") {
                Some("verified") if reply.status == 200 => typed.verified += 1,
                status => {
                    let what = text(&reply, "code").or(status).unwrap_or_default();
                    typed.failures.push(format!("check answered with {} {what}", reply.status));
                }
            }
            self.on_settled();
        }
        Ok(typed)
    }

    /// Those of whom nothing was heard that would be a failure by itself.
    fn find_left_out(&self, outcome: &mut Outcome) {
        let refused: Vec<u16> =
            outcome.started.iter().map(|start| start.status).filter(|it| *it != 201).collect();
        refused
            .into_iter()
            .for_each(|status| outcome.fail(format!("start answered with {status}")));
        let started = self.people.iter().filter(|person| person.id.get().is_some());
        for person in started.filter(|person| person.arrived.load(Ordering::Relaxed) < 2) {
            let what = match person.seen.load(Ordering::Relaxed) {
                0 => "not called",
                1 => "not hung up",
                _ => "hung up, and no ACK",
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
    fn fail(&mut self, kind: String) {
        *self.failures.entry(kind).or_default() += 1;
    }
}

#[derive(Default)]
struct Typed {
    checked: Vec<Checked>,
    verified: usize,
    failures: Vec<String>,
}

/// The first text of this name in the JSON of a reply.
pub(crate) fn text<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let (_, rest) = reply.body.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}

/// So long without an answer to anybody, and the rest is given up.
const PATIENCE: Duration = Duration::from_secs(10);
