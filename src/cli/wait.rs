//! `verify --wait`: starts a verification and stays with it to its end. Shows what happens, and asks
//! for the code when there is somebody to ask.

use hyper::body::Bytes;
use tokio::select;

use super::arguments::Verify;
use super::client::{Client, ClientError, Event, Events, Wish};
use super::commands::{evidence, show, start, wrong};
use super::exit::Exit;
use super::reply::Verification;
use super::terminal::{Terminal, clean};
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
    let body = client.post("/v1/verifications", &start(arguments)).await?;
    let started: Verification = serde_json::from_slice(&body)?;
    greet(&started, terminal);
    let last = follow(&started, events, client, terminal).await?;
    let ended: Verification = serde_json::from_slice(&last)?;
    let paint = terminal.paint();
    terminal.print(&show(&last, is_json, |known| render::verification(&known, paint))?)?;
    Ok(if ended.is_verified() { Exit::Success } else { Exit::Negative })
}

fn greet(started: &Verification, terminal: &mut Terminal) {
    terminal.note(&format!("{} of {} has started", clean(&started.id), clean(&started.to)));
    if let Some(flash) = &started.flash_call {
        let prefix = clean(&flash.caller_id_prefix);
        terminal.note(&format!(
            "it rings from {prefix}{}: the last {} digits are the code",
            "·".repeat(usize::from(flash.code_digits)),
            flash.code_digits
        ));
    }
}

/// The verification as it was at its end.
async fn follow(
    started: &Verification,
    mut events: Events,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Bytes, Failure> {
    question(terminal);
    loop {
        let news = select! {
            event = events.next() => News::Event(event),
            line = terminal.line() => News::Line(line),
        };
        match news {
            News::Event(Ok(event)) if event.is_of(&started.id) => {
                if is_final(&event) {
                    return Ok(client.get(&path(started), Wish::Json).await?);
                }
                if let Some(line) = render::progress(&event, &started.created_at) {
                    terminal.note(&line);
                    question(terminal);
                }
            }
            News::Event(Ok(_)) => {}
            // Without its stream the daemon may still be there, and may know the end.
            News::Event(Err(lost)) => return last_word(started, lost, client, terminal).await,
            News::Line(line) => {
                if let Some(last) = answer(started, line.trim(), client, terminal).await? {
                    return Ok(last);
                }
                question(terminal);
            }
        }
    }
}

/// What can happen while one waits.
enum News {
    Event(Result<Event, ClientError>),
    Line(String),
}

fn question(terminal: &mut Terminal) {
    if terminal.has_person() {
        terminal.ask("code: ");
    }
}

fn is_final(event: &Event) -> bool {
    let ends = ["verified", "failed", "expired", "canceled"];
    event.kind.strip_prefix("verification.").is_some_and(|kind| ends.contains(&kind))
}

/// Checks a code. The verification, if this was its end.
async fn answer(
    started: &Verification,
    code: &str,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Option<Bytes>, Failure> {
    if code.is_empty() {
        return Ok(None);
    }
    match client.post(&format!("{}/check", path(started)), &evidence(code)).await {
        Ok(body) => {
            let checked: Verification = serde_json::from_slice(&body)?;
            if !checked.is_pending() {
                return Ok(Some(body));
            }
            terminal.note(&wrong(&checked));
            Ok(None)
        }
        // It ended meanwhile: the event that says so is on its way.
        Err(ClientError::Refused(problem)) if problem.code == "already_ended" => Ok(None),
        // Not a code, or too fast: the person may try again.
        Err(ClientError::Refused(problem)) if [400, 429, 503].contains(&problem.status) => {
            terminal.note(&clean(&problem.to_string()));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn last_word(
    started: &Verification,
    lost: ClientError,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Bytes, Failure> {
    let body = client.get(&path(started), Wish::Json).await?;
    let verification: Verification = serde_json::from_slice(&body)?;
    if verification.is_pending() {
        terminal.note(&format!("still pending: ringproof check {} CODE", clean(&started.id)));
        return Err(lost.into());
    }
    Ok(body)
}

/// An id of ours needs no escaping; what else came as one is refused by the daemon.
fn path(started: &Verification) -> String {
    let id: String =
        started.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    format!("/v1/verifications/{id}")
}
