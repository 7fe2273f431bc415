//! The second act: the other way round. The app shows a number, the person rings it, nobody answers, and
//! the phone is verified.

#![expect(clippy::disallowed_methods, reason = "an edge: what comes from the daemon is timed here")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::story::Teller;
use super::{BUFFER_BYTES, END_TIMEOUT, Failure, text};
use crate::cli::Mood;
use crate::cli::client::{Client, Event as News, Events, Wish};
use crate::entropy::Entropy;
use crate::lab::Desk;
use crate::lab::caller::{Caller, Command, Dial, Ending, Event, Manner, Settings};
use crate::net;
use crate::number::E164;

/// What has happened.
pub(super) struct MissedCall {
    /// The verification, as the event stream showed it at its end.
    verification: Value,
    /// Its call, as the daemon shows it.
    call: Value,
    /// Its SIP messages, as the daemon shows them.
    trace: Value,
    /// What the caller was refused with.
    refused_with: u16,
    /// From the caller's ACK until the event had come.
    told_after: Duration,
}

impl MissedCall {
    pub(super) fn is_verified(&self) -> bool {
        self.verification["status"] == "verified"
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "verified": self.is_verified(),
            "phone": { "number": CALLER, "refused_with": self.refused_with },
            "ack_to_event_ms": millis(self.told_after),
            "verification": self.verification,
            "call": self.call,
            "trace": self.trace,
        })
    }
}

/// The app asks, the person rings, the app is told.
pub(super) async fn play(
    client: &Client,
    gateway: SocketAddr,
    teller: &mut Teller<'_>,
) -> Result<MissedCall, Failure> {
    // The stream first: what happens between the two requests is in it.
    let events = client.events(None).await?;
    let body = json!({ "to": CALLER, "method": "missed_call" });
    teller.step(
        "5. The other way round: the app asks for a missed call",
        &format!("POST /v1/verifications  {body}"),
    )?;
    let started: Value = serde_json::from_slice(&client.post("/v1/verifications", &body).await?)?;
    let (id, did) = (text(&started, "/id"), text(&started, "/missed_call/did"));
    teller.say(&format!(
        "   201  {id}  status {}\n   the app shows: \"ring {did}, nobody answers\"\n\n",
        text(&started, "/status")
    ))?;

    teller.step("6. The person rings", "nobody picks up: the gateway refuses the call")?;
    // On a task of its own: it reads the clock the moment that the event comes.
    let told = tokio::spawn(end(events, id));
    let (refused_with, acknowledged) = ring(gateway, &did, teller).await?;
    let (news, came) = told.await.map_err(io::Error::other)??;
    let told_after = came.saturating_duration_since(acknowledged);

    teller.step("7. The app is told", &format!("event {}", news.kind))?;
    let status = text(&news.data, "/status");
    let mood = if status == "verified" { Mood::Good } else { Mood::Bad };
    let shown = teller.terminal.paint().mood(mood, &status);
    let evidence = |name: &str| text(&news.data, &format!("/missed_call/matched_call/{name}"));
    teller.say(&format!(
        "   status {shown}, {:.1} ms after the ACK\n   \
         the caller by {}, over trunk {}, Call-ID {}\n   assurance {}\n\n",
        millis(told_after),
        evidence("identity_header"),
        evidence("trunk"),
        evidence("sip_call_id"),
        text(&news.data, "/missed_call/assurance"),
    ))?;

    let path = format!("/v1/calls/{}", evidence("id"));
    let trace = format!("{path}/trace");
    teller.step("8. What crossed the wire", &format!("GET {trace}"))?;
    let ladder = client.get(&trace, Wish::Text).await?;
    teller.say(&String::from_utf8_lossy(&ladder))?;
    let call = serde_json::from_slice(&client.get(&path, Wish::Json).await?)?;
    let trace = serde_json::from_slice(&client.get(&trace, Wish::Json).await?)?;
    Ok(MissedCall { verification: news.data, call, trace, refused_with, told_after })
}

/// Rings the number from the trunk's address. With what it was refused, and when that was acknowledged.
async fn ring(
    gateway: SocketAddr,
    did: &str,
    teller: &mut Teller<'_>,
) -> Result<(u16, Instant), Failure> {
    let number = |text: &str| E164::parse(text).map_err(|_| Failure::Number(text.to_owned()));
    let dial = Dial::new(number(CALLER)?, number(did)?, Manner::default());
    let dial = dial.map_err(|_| Failure::Number(CALLER.to_owned()))?;
    let socket = net::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), BUFFER_BYTES)?;
    let settings = Settings::new(socket.local, gateway);
    let caller = Caller::new(settings, Entropy::system().stream());
    let (caller, mut heard) = Desk::run(caller, vec![socket])?;
    let sent = caller.remote.send(Command::Dial(dial));
    debug_assert!(sent.is_ok(), "its queue is empty");
    let ended = timeout(END_TIMEOUT, listen(&mut heard, teller)).await;
    let _ = caller.remote.send(Command::Stop);
    caller.join();
    ended.map_err(|_| Failure::Unended(END_TIMEOUT))??.ok_or(Failure::Unended(END_TIMEOUT))
}

/// What the caller hears, until the refusal. `None`: it ended otherwise.
async fn listen(
    heard: &mut Receiver<Event>,
    teller: &mut Teller<'_>,
) -> io::Result<Option<(u16, Instant)>> {
    while let Some(event) = heard.recv().await {
        match event {
            Event::Rang { .. } => teller.say("   … it rings\n")?,
            Event::Refused { status, after, .. } => {
                let after = after.as_secs_f64();
                teller.say(&format!(
                    "   … {status} after {after:.2} s: the line is free again\n\n"
                ))?;
            }
            Event::Ended { ending: Ending::Refused { status, .. }, at, .. } => {
                return Ok(Some((status.code(), at)));
            }
            Event::Ended { .. } => return Ok(None),
            Event::Answered { .. }
            | Event::Dialled { .. }
            | Event::HungUp { .. }
            | Event::Lapsed(_)
            | Event::Repeated { .. }
            | Event::Trying { .. } => {}
        }
    }
    Ok(None)
}

/// The event that ends a verification, and when it came.
async fn end(mut events: Events, id: String) -> Result<(News, Instant), Failure> {
    let next = async {
        loop {
            let news = events.next().await?;
            if news.data["id"] == id && news.data["status"] != "pending" {
                return Ok((news, Instant::now()));
            }
        }
    };
    timeout(END_TIMEOUT, next).await.map_err(|_| Failure::Untold(END_TIMEOUT))?
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// From the range that the Swedish regulator keeps for books and films.
const CALLER: &str = "+46701740651";
