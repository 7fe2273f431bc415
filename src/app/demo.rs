//! `ringproof demo`: the main job on this machine, before the reader's eyes. A trunk with phones, a
//! gateway beside it, and an app; SIP over real UDP sockets, the API over a real Unix socket.
//!
//! Nothing is played: the code is read from the phone's call log, as a person would.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::daemon::{Daemon, StartError};
use crate::cli::client::{Client, ClientError, Endpoint, Wish};
use crate::cli::{Demo, Exit, Mood, Terminal};
use crate::config::{self, Problems};
use crate::entropy::Entropy;
use crate::lab::desk::Desk;
use crate::lab::{self, Command, Entry, Event};
use crate::net::{self, BindError};

/// Runs the demonstration.
pub(super) fn demo(_: &Demo, terminal: &mut Terminal) -> Exit {
    let directory = std::env::temp_dir().join(format!("ringproof-demo-{}", std::process::id()));
    let result = tell(&directory, terminal);
    // The directory is ours; what cannot be removed is left to the system's own cleaning.
    drop(fs::remove_dir_all(&directory));
    match result {
        Ok(true) => Exit::Success,
        Ok(false) => Exit::Negative,
        Err(failure) => {
            terminal.note(&format!("error: {failure}"));
            Exit::System
        }
    }
}

/// Why the demonstration did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Configuration(#[from] Problems),
    #[error("the answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the phone did not ring within {0:?}")]
    Silent(Duration),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    System(#[from] io::Error),
}

fn tell(directory: &Path, terminal: &mut Terminal) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = net::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), BUFFER_BYTES)?;
        let trunk_address = socket.local;
        let settings = lab::Settings::new(trunk_address);
        let (trunk, phones) = Desk::run(settings, Entropy::system().stream(), vec![socket])?;
        let config = config::load(&write_configuration(directory, trunk_address)?)?;
        let daemon = Daemon::start(&config, None)?;
        let listens = daemon.listens.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let gateway =
            tokio::spawn(daemon.run(async { drop(stopped.await) }, std::future::pending()));

        terminal.print(&format!(
            "A trunk with phones listens on udp:{trunk_address}.\n\
             A gateway beside it on udp:{}, its control socket is {}.\n\n",
            listens.sip[0],
            listens.socket.display()
        ))?;
        let client = Client::new(Endpoint::Socket(listens.socket), None);
        let is_verified = verify(&client, phones, terminal).await;
        let _ = stop.send(());
        drop(gateway.await);
        let _ = trunk.remote.send(Command::Stop);
        trunk.join();
        is_verified
    })
}

/// The three people of the play: an app, a phone, and who holds it.
async fn verify(
    client: &Client,
    mut phones: Receiver<Event>,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    let body = json!({ "to": PHONE, "method": "flash_call", "ring_ms": RING_MS });
    step(
        terminal,
        "1",
        "The app asks for proof of a phone number",
        &format!("POST /v1/verifications  {body}"),
    )?;
    let started: Value = serde_json::from_slice(&client.post("/v1/verifications", &body).await?)?;
    let id = text(&started, "/id");
    let prefix = text(&started, "/flash_call/caller_id_prefix");
    let digits = &started["flash_call"]["code_digits"];
    terminal.print(&format!(
        "   201  {id}  status {}\n   the app shows: \"we call you from {prefix}…, \
         type its last {digits} digits\"\n\n",
        text(&started, "/status")
    ))?;

    step(terminal, "2", "The phone rings", "nobody picks up: a flash call hangs up by itself")?;
    let entry = timeout(RING_TIMEOUT, missed_call(&mut phones, terminal))
        .await
        .map_err(|_| Failure::Silent(RING_TIMEOUT))?
        .ok_or(Failure::Silent(RING_TIMEOUT))?;
    let caller = entry.caller_id.map(|number| number.as_str().to_owned()).unwrap_or_default();
    terminal.print(&format!(
        "   the phone's call log: {} call from {caller}, rang for {:.2} s\n\n",
        entry.ending.as_str(),
        entry.rang_for.as_secs_f64()
    ))?;

    let code = caller.get(caller.len().saturating_sub(5)..).unwrap_or_default().to_owned();
    let body = json!({ "code": code });
    step(
        terminal,
        "3",
        "The person types the last five digits",
        &format!("POST /v1/verifications/{id}/check  {body}"),
    )?;
    let path = format!("/v1/verifications/{id}/check");
    let checked: Value = serde_json::from_slice(&client.post(&path, &body).await?)?;
    let status = text(&checked, "/status");
    let mood = if status == "verified" { Mood::Good } else { Mood::Bad };
    let shown = terminal.paint().mood(mood, &status);
    terminal.print(&format!("   200  status {shown}\n\n"))?;

    let call = text(&checked, "/flash_call/call/id");
    step(terminal, "4", "What crossed the wire", &format!("GET /v1/calls/{call}/trace"))?;
    let ladder = client.get(&format!("/v1/calls/{call}/trace"), Wish::Text).await?;
    terminal.print(&format!("{}\n", String::from_utf8_lossy(&ladder)))?;
    let call: Value =
        serde_json::from_slice(&client.get(&format!("/v1/calls/{call}"), Wish::Json).await?)?;
    terminal.print(&timings(&call))?;
    Ok(status == "verified")
}

fn step(terminal: &mut Terminal, number: &str, title: &str, detail: &str) -> io::Result<()> {
    let heading = terminal.paint().heading(&format!("{number}. {title}"));
    terminal.print(&format!("{heading}\n   {detail}\n"))
}

/// Waits until the phone has stopped ringing, and says when it begins.
async fn missed_call(phones: &mut Receiver<Event>, terminal: &mut Terminal) -> Option<Entry> {
    loop {
        match phones.recv().await? {
            Event::Rang { caller_id, .. } => {
                let caller = caller_id.map(|number| number.as_str().to_owned());
                let caller = caller.unwrap_or_else(|| "a hidden number".to_owned());
                // Nobody reads: the demonstration goes on all the same.
                let _ = terminal.print(&format!("   … ringing, the display shows {caller}\n"));
            }
            Event::Stopped(entry) => return Some(entry),
            Event::Refused { .. } | Event::Violated(_) => {}
        }
    }
}

/// The moments of the call, each since the one that the step before names.
fn timings(call: &Value) -> String {
    let outcome = text(call, "/outcome");
    let moments = ["placed_at", "invited_at", "ringing_at", "hung_up_at", "ended_at"];
    let mut shown = format!("The call ended as {outcome}.\n");
    for name in moments {
        if let Some(at) = call[name].as_str() {
            shown += &format!("   {name:<12} {at}\n");
        }
    }
    shown
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The same two files that an operator writes.
fn write_configuration(directory: &Path, trunk: SocketAddr) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let profile = format!("name = \"handset\"\naddress = \"{trunk}\"\n");
    fs::write(directory.join("handset.toml"), profile)?;
    let path = directory.join("ringproof.toml");
    fs::write(&path, CONFIGURATION)?;
    Ok(path)
}

const CONFIGURATION: &str = r#"[control]
socket = "ringproof.sock"
[sip]
listen = ["udp:127.0.0.1:0"]
profiles = ["handset.toml"]
[[pool]]
name = "default"
numbers = ["+46876500[000-999]"]
"#;
/// From the range that the Swedish regulator keeps for books and films.
const PHONE: &str = "+46701740650";
const RING_MS: u32 = 3_000;
const RING_TIMEOUT: Duration = Duration::from_secs(40);
const BUFFER_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_verifies_a_phone() {
        assert_eq!(
            demo(&Demo {}, &mut Terminal::to_writers(io::sink(), io::sink())),
            Exit::Success
        );
    }
}
