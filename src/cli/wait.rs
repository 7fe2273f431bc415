//! `verify --wait`: starts a verification and stays with it to its end. Shows what happens, and asks
//! for the code once the phone rings: before that nobody can know it. One that waits for a call from the
//! phone says where to ring.
//!
//! Lines come from a person or from a pipe. Without more of them the wait goes on: the code may be
//! checked from elsewhere. Ctrl-C leaves the verification as it is, at once, whatever the daemon does.
//!
//! A daemon that goes away is waited for ([`back`]).

mod back;

use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::select;
use tokio::time::Instant;

use self::back::{Back, Break, Pauses, asked, deadline};
use super::advice::{self, Means};
use super::arguments::Verify;
use super::client::{Client, ClientError, Event, Events, Once, Problem};
use super::commands::{evidence, show, start, wrong};
use super::exit::Exit;
use super::reply::{Call, Verification};
use super::terminal::{Heard, Terminal, clean};
use super::{Failure, render};

/// Waits for the end of what it starts.
pub(super) async fn verify(
    arguments: &Verify,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // The stream first: what happens between the two requests is in it.
    let events = client.events(None).await?;
    terminal.catch_interrupts()?;
    let body = client.post("/v1/verifications", &start(arguments)).await?;
    let standing: Verification = serde_json::from_slice(&body)?;
    greet(&standing, terminal);
    let mut wait = Wait::new(client, standing);
    let last = match wait.follow(events, terminal).await {
        Ok(last) => last,
        Err(Break::Failure(failure)) => return Err(wait.give_up(failure, terminal)),
        Err(Break::Lost(lost)) => return Err(wait.give_up(lost.into(), terminal)),
        Err(Break::Interrupt) => {
            wait.leave(terminal);
            return Ok(Exit::Interrupted);
        }
    };
    let ended: Verification = serde_json::from_slice(&last)?;
    let paint = terminal.paint();
    terminal.print(&show(&last, is_json, |known| render::verification(&known, paint))?)?;
    Ok(if ended.is_verified() { Exit::Success } else { Exit::Negative })
}

fn greet(started: &Verification, terminal: &mut Terminal) {
    terminal.note(&format!("{} of {} has started", clean(&started.id), clean(&started.to)));
    if let Some(missed) = &started.missed_call
        && !missed.has_call()
    {
        let (did, to) = (clean(&missed.did), clean(&started.to));
        let then = match missed.confirm {
            None => "that call is the proof",
            Some(_) => "it is called back, and the code of that call is the proof",
        };
        terminal.note(&format!("ring {did} from {to}: {then}"));
    }
    if let Some(flash) = &started.flash_call {
        let prefix = clean(&flash.caller_id_prefix);
        terminal.note(&format!(
            "it rings from {prefix}…: the last {} digits are the code",
            flash.code_digits
        ));
    }
}

/// One that is waited for.
struct Wait<'a> {
    client: &'a Client,
    /// As the daemon last showed it.
    standing: Verification,
    question: Question,
    /// The last event that was seen, its own or another's.
    seen: Option<u64>,
    /// What was asked for and not answered.
    unanswered: Option<Unanswered>,
    /// Until when a daemon that is away is waited for.
    deadline: Instant,
    /// How long until it is tried again.
    pauses: Pauses,
}

/// What a line asks for. Its name tells the daemon that a repetition is one.
#[derive(Clone, Debug)]
struct Unanswered {
    line: String,
    name: Once,
}

/// Where the question for the code stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Question {
    /// Nothing has rung that a code could come from.
    NotYet,
    /// It may be asked, and has not been.
    Due,
    /// It was asked, and a line is waited for.
    Asked,
}

impl<'a> Wait<'a> {
    fn new(client: &'a Client, started: Verification) -> Self {
        let (deadline, pauses) = (deadline(&started), Pauses::default());
        let question = Question::NotYet;
        Self { client, standing: started, question, seen: None, unanswered: None, deadline, pauses }
    }

    /// The verification as it was at its end.
    async fn follow(
        &mut self,
        mut events: Events,
        terminal: &mut Terminal,
    ) -> Result<Bytes, Break> {
        loop {
            match self.step(&mut events, terminal).await {
                Ok(None) => {}
                Ok(Some(last)) => return Ok(last),
                Err(Break::Lost(lost)) => match self.come_back(lost, terminal).await? {
                    Back::Ended(last) => return Ok(last),
                    Back::Following(again) => events = again,
                },
                Err(other) => return Err(other),
            }
        }
    }

    /// The next thing that happens.
    async fn step(
        &mut self,
        events: &mut Events,
        terminal: &mut Terminal,
    ) -> Result<Option<Bytes>, Break> {
        if self.unanswered.is_some() {
            return self.ask_for(terminal).await;
        }
        self.ask(terminal);
        let wants_line = self.question == Question::Asked && terminal.has_input();
        select! {
            event = events.next() => self.on_event(&event?, terminal).await,
            heard = terminal.hear(wants_line) => match heard {
                Heard::End => { self.on_end(terminal); Ok(None) }
                Heard::Interrupt => Err(Break::Interrupt),
                Heard::Line(line) => {
                    self.question = Question::Due;
                    self.on_line(line.trim(), terminal).await
                }
            },
        }
    }

    /// Asks for the code when it is time. A pipe is told once what is waited for.
    fn ask(&mut self, terminal: &mut Terminal) {
        if self.question == Question::NotYet || !terminal.has_input() {
            return;
        }
        if terminal.has_person() {
            terminal.ask("code (or `call`, `cancel`): ");
        } else if self.question == Question::Due {
            terminal.note("waiting for the code, one line on the standard input");
        }
        self.question = Question::Asked;
    }

    async fn on_event(
        &mut self,
        event: &Event,
        terminal: &mut Terminal,
    ) -> Result<Option<Bytes>, Break> {
        self.seen = Some(event.sequence);
        self.pauses = Pauses::default();
        if !event.is_of(&self.standing.id) {
            return Ok(None);
        }
        if is_final(event) {
            return Ok(Some(self.look(terminal).await?));
        }
        if let Some(line) = render::progress(event, &self.standing.created_at) {
            terminal.note(&line);
        }
        match (event.kind.as_str(), self.question) {
            ("call.ended", _) => self.on_call_ended(event, terminal),
            ("call.ringing", Question::NotYet) => self.question = Question::Due,
            _ => {}
        }
        Ok(None)
    }

    /// Says what it means. The code may be known now, even if it never rang for long; but not of a
    /// call that did not reach the phone, with which the verification fails.
    fn on_call_ended(&mut self, event: &Event, terminal: &mut Terminal) {
        let call = serde_json::from_value::<Call>(event.data.clone()).ok();
        let ended = call.and_then(|call| {
            Some((advice::outcome(call.outcome.as_deref()?)?, call.ringing_at.is_some()))
        });
        let is_lost = ended.is_some_and(|(outcome, rang)| !outcome.may_have_reached(rang));
        self.question = match (is_lost, self.question) {
            (true, _) => Question::NotYet,
            (false, Question::NotYet) => Question::Due,
            (false, question) => question,
        };
        let Verification { id, to, calls_left, .. } = &self.standing;
        let means = if terminal.has_input() { Means::Words } else { Means::Commands(id) };
        let advice = ended.and_then(|ended| advice::after(ended, *calls_left, to, means));
        if let Some(advice) = advice {
            terminal.note(&clean(&advice));
        }
    }

    fn on_end(&self, terminal: &mut Terminal) {
        let id = clean(&self.standing.id);
        let until = clean(&self.standing.expires_at);
        terminal.note(&format!(
            "the standard input has ended; waiting on until {until} for \
             `ringproof check {id} CODE` from elsewhere"
        ));
    }

    /// What was typed: a code, or what else can be done. The verification, if this was its end.
    async fn on_line(
        &mut self,
        line: &str,
        terminal: &mut Terminal,
    ) -> Result<Option<Bytes>, Break> {
        if line.is_empty() {
            return Ok(None);
        }
        self.unanswered = Some(Unanswered { line: line.to_owned(), name: Once::new() });
        self.ask_for(terminal).await
    }

    /// Asks for what a line wants. A daemon that is lost before it answers is asked again, under the
    /// same name.
    async fn ask_for(&mut self, terminal: &mut Terminal) -> Result<Option<Bytes>, Break> {
        let Some(Unanswered { line, name }) = self.unanswered.clone() else { return Ok(None) };
        let answer = match line.as_str() {
            "cancel" => asked(self.client.delete(&self.path()), terminal).await,
            "call" => self.post("call", &json!({}), &name, terminal).await,
            code => self.post("check", &evidence(code), &name, terminal).await,
        };
        if !matches!(answer, Err(Break::Lost(_))) {
            self.unanswered = None;
        }
        let body = match answer {
            Ok(body) => body,
            Err(Break::Failure(Failure::Client(ClientError::Refused(problem)))) => {
                // It ended meanwhile: the event that says so is on its way.
                if problem.code == "already_ended" {
                    return Ok(None);
                }
                if may_try_again(&problem) {
                    terminal.note(&clean(&problem.to_string()));
                    return Ok(None);
                }
                return Err(ClientError::Refused(problem).into());
            }
            Err(other) => return Err(other),
        };
        self.standing = serde_json::from_slice(&body)?;
        if !self.standing.is_pending() {
            return Ok(Some(body));
        }
        if line == "call" {
            self.question = Question::NotYet;
            terminal.note("ringing again, from another number: its digits are the code now");
        } else {
            terminal.note(&wrong(&self.standing));
        }
        Ok(None)
    }

    async fn post(
        &self,
        what: &str,
        body: &Value,
        name: &Once,
        terminal: &mut Terminal,
    ) -> Result<Bytes, Break> {
        let path = format!("{}/{what}", self.path());
        asked(self.client.post_once(&path, body, name), terminal).await
    }

    /// It makes no sense to wait on; the verification may go on without us.
    fn give_up(&self, why: Failure, terminal: &mut Terminal) -> Failure {
        terminal.note(&format!("pending when last seen: {}", way_on(&self.standing)));
        why
    }

    /// Ctrl-C ends the wait, not the verification.
    fn leave(&self, terminal: &mut Terminal) {
        let (id, until) = (clean(&self.standing.id), clean(&self.standing.expires_at));
        terminal.note(&format!("{id} stays pending until {until}"));
        terminal.note(&format!("{}, `ringproof cancel {id}` gives up", way_on(&self.standing)));
    }

    /// An id of ours needs no escaping; what else came as one is refused by the daemon.
    fn path(&self) -> String {
        let fits = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        format!("/v1/verifications/{}", self.standing.id.chars().filter(fits).collect::<String>())
    }
}

/// How a verification that nobody waits for any more can still succeed.
fn way_on(pending: &Verification) -> String {
    let check = format!("`ringproof check {} CODE` checks the code", clean(&pending.id));
    match &pending.missed_call {
        Some(missed) if missed.confirm.is_none() => {
            format!("a call to {} verifies it", clean(&missed.did))
        }
        Some(missed) if !missed.has_call() => {
            format!("after a call to {} {check}", clean(&missed.did))
        }
        Some(_) | None => check,
    }
}

fn is_final(event: &Event) -> bool {
    let ends = ["verified", "failed", "expired", "canceled"];
    event.kind.strip_prefix("verification.").is_some_and(|kind| ends.contains(&kind))
}

/// Not a code, too fast, no call to be had now: another line may help.
fn may_try_again(problem: &Problem) -> bool {
    [400, 409, 429, 503].contains(&problem.status)
}
