//! `verify --wait`: starts a verification and stays with it to its end. Shows what happens, and asks
//! for the code once the phone rings: before that nobody can know it. One that waits for a call from the
//! phone says where to ring.
//!
//! Lines come from a person or from a pipe. Without more of them the wait goes on: the code may be
//! checked from elsewhere. Ctrl-C leaves the verification as it is.

use hyper::body::Bytes;
use serde_json::json;
use tokio::select;

use super::advice::{self, Means};
use super::arguments::Verify;
use super::client::{Client, ClientError, Event, Events, Problem, Wish};
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
    let mut wait = Wait { client, standing, question: Question::NotYet };
    let Some(last) = wait.follow(events, terminal).await? else {
        wait.leave(terminal);
        return Ok(Exit::Interrupted);
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

impl Wait<'_> {
    /// The verification as it was at its end; `None` after Ctrl-C.
    async fn follow(
        &mut self,
        mut events: Events,
        terminal: &mut Terminal,
    ) -> Result<Option<Bytes>, Failure> {
        loop {
            self.ask(terminal);
            let wants_line = self.question == Question::Asked && terminal.has_input();
            let last = select! {
                event = events.next() => match event {
                    Ok(event) => self.on_event(&event, terminal).await?,
                    // Without its stream the daemon may still be there, and may know the end.
                    Err(lost) => Some(self.last_word(lost, terminal).await?),
                },
                heard = terminal.hear(wants_line) => match heard {
                    Heard::End => { self.on_end(terminal); None }
                    Heard::Interrupt => return Ok(None),
                    Heard::Line(line) => {
                        self.question = Question::Due;
                        self.on_line(line.trim(), terminal).await?
                    }
                },
            };
            if last.is_some() {
                return Ok(last);
            }
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
    ) -> Result<Option<Bytes>, Failure> {
        if !event.is_of(&self.standing.id) {
            return Ok(None);
        }
        if is_final(event) {
            return Ok(Some(self.client.get(&self.path(), Wish::Json).await?));
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
    ) -> Result<Option<Bytes>, Failure> {
        let answer = match line {
            "" => return Ok(None),
            "call" => self.client.post(&format!("{}/call", self.path()), &json!({})).await,
            "cancel" => self.client.delete(&self.path()).await,
            code => self.client.post(&format!("{}/check", self.path()), &evidence(code)).await,
        };
        let body = match answer {
            Ok(body) => body,
            // It ended meanwhile: the event that says so is on its way.
            Err(ClientError::Refused(problem)) if problem.code == "already_ended" => {
                return Ok(None);
            }
            Err(ClientError::Refused(problem)) if may_try_again(&problem) => {
                terminal.note(&clean(&problem.to_string()));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
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

    async fn last_word(
        &self,
        lost: ClientError,
        terminal: &mut Terminal,
    ) -> Result<Bytes, Failure> {
        let body = self.client.get(&self.path(), Wish::Json).await?;
        let verification: Verification = serde_json::from_slice(&body)?;
        if verification.is_pending() {
            terminal.note(&format!("still pending: {}", way_on(&verification)));
            return Err(lost.into());
        }
        Ok(body)
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
