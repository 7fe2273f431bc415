//! `ringproof demo`: the main job on this machine, before the reader's eyes. A trunk with phones, a
//! gateway beside it, and an app; SIP over real UDP sockets, the API over a real Unix socket. One phone
//! is rung, one rings.
//!
//! Nothing is played: the code is read from the phone's call log, as a person would.

mod missed;
mod story;

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
use super::signals;
use crate::cli::client::{Client, ClientError, Endpoint, Wish};
use crate::cli::{Demo, Exit, Mood, Terminal};
use crate::config::{self, Problems};
use crate::entropy::Entropy;
use crate::lab::desk::Desk;
use crate::lab::{self, Command, Entry, Event, Trunk};
use crate::net::{self, BindError};

use story::{Story, Teller};

/// Runs the demonstration.
pub(super) fn demo(_: &Demo, is_json: bool, terminal: &mut Terminal) -> Exit {
    let directory = std::env::temp_dir().join(format!("ringproof-demo-{}", std::process::id()));
    let result = tell(&directory, &mut Teller { is_json, terminal });
    // The directory is ours; what cannot be removed is left to the system's own cleaning.
    drop(fs::remove_dir_all(&directory));
    match result {
        Ok(true) => Exit::Success,
        Ok(false) => Exit::Negative,
        Err(Failure::Interrupted) => Exit::Interrupted,
        // `ringproof demo | head` has seen enough.
        Err(Failure::System(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
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
    #[error("stopped before its end")]
    Interrupted,
    #[error("the answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0} is no number that can be rung")]
    Number(String),
    #[error("the phone did not ring within {0:?}")]
    Silent(Duration),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    System(#[from] io::Error),
    #[error("the call did not end within {0:?}")]
    Unended(Duration),
    #[error("no event told the end of the verification within {0:?}")]
    Untold(Duration),
}

/// The stage is built, the play is played, the stage is taken down whatever happened. Whether the
/// phones were verified.
fn tell(directory: &Path, teller: &mut Teller<'_>) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Signals first: one that comes while the stage is built must not leave its files behind.
        let (interrupted, stop_now) = signals::listen()?;
        let socket = net::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), BUFFER_BYTES)?;
        let trunk_address = socket.local;
        let settings = lab::Settings::new(trunk_address);
        let (trunk, phones) =
            Desk::run(Trunk::new(settings, Entropy::system().stream()), vec![socket])?;
        let config = config::load(&write_configuration(directory, trunk_address)?)?;
        let daemon = Daemon::start(&config, None)?;
        let listens = daemon.listens.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let gateway = tokio::spawn(daemon.run(async { drop(stopped.await) }, stop_now));

        let client = Client::new(Endpoint::Socket(listens.socket.clone()), None);
        let play = async {
            teller.say(&format!(
                "A trunk with phones listens on udp:{trunk_address}.\n\
                 A gateway beside it on udp:{}, its control socket is {}.\n\n",
                listens.sip[0],
                listens.socket.display()
            ))?;
            let story = verify(&client, phones, teller).await?;
            let missed = missed::play(&client, listens.sip[0], teller).await?;
            Ok((story, missed))
        };
        let story = tokio::select! {
            story = play => story,
            () = interrupted => Err(Failure::Interrupted),
        };
        let _ = stop.send(());
        // Nothing of a play must outlive it.
        drop(gateway.await);
        let _ = trunk.remote.send(Command::Stop);
        trunk.join();
        let (story, missed) = story?;
        teller.end(&story, &missed)?;
        Ok(story.is_verified() && missed.is_verified())
    })
}

/// The three people of the play: an app, a phone, and who holds it.
async fn verify(
    client: &Client,
    mut phones: Receiver<Event>,
    teller: &mut Teller<'_>,
) -> Result<Story, Failure> {
    let body = json!({ "to": PHONE, "method": "flash_call", "ring_ms": RING_MS });
    teller.step(
        "1. The app asks for proof of a phone number",
        &format!("POST /v1/verifications  {body}"),
    )?;
    let started: Value = serde_json::from_slice(&client.post("/v1/verifications", &body).await?)?;
    let id = text(&started, "/id");
    let prefix = text(&started, "/flash_call/caller_id_prefix");
    let digits = &started["flash_call"]["code_digits"];
    teller.say(&format!(
        "   201  {id}  status {}\n   the app shows: \"we call you from {prefix}…, \
         type its last {digits} digits\"\n\n",
        text(&started, "/status")
    ))?;

    teller.step("2. The phone rings", "nobody picks up: a flash call hangs up by itself")?;
    let entry = timeout(RING_TIMEOUT, missed_call(&mut phones, teller))
        .await
        .map_err(|_| Failure::Silent(RING_TIMEOUT))??
        .ok_or(Failure::Silent(RING_TIMEOUT))?;
    let caller = entry.caller_id.map(|number| number.as_str().to_owned()).unwrap_or_default();
    teller.say(&format!(
        "   the phone's call log: {} call from {caller}, rang for {:.2} s\n\n",
        entry.ending.as_str(),
        entry.rang_for.as_secs_f64()
    ))?;

    let code = caller.get(caller.len().saturating_sub(5)..).unwrap_or_default().to_owned();
    let body = json!({ "code": code });
    teller.step(
        "3. The person types the last five digits",
        &format!("POST /v1/verifications/{id}/check  {body}"),
    )?;
    let path = format!("/v1/verifications/{id}/check");
    let checked: Value = serde_json::from_slice(&client.post(&path, &body).await?)?;
    let status = text(&checked, "/status");
    let mood = if status == "verified" { Mood::Good } else { Mood::Bad };
    let shown = teller.terminal.paint().mood(mood, &status);
    teller.say(&format!("   200  status {shown}\n\n"))?;

    let call = format!("/v1/calls/{}", text(&checked, "/flash_call/call/id"));
    let ended = timeout(END_TIMEOUT, ended(client, &call)).await;
    let ended = ended.map_err(|_| Failure::Unended(END_TIMEOUT))??;
    let trace = format!("{call}/trace");
    teller.step("4. What crossed the wire", &format!("GET {trace}"))?;
    let ladder = client.get(&trace, Wish::Text).await?;
    teller.say(&format!("{}\n", String::from_utf8_lossy(&ladder)))?;
    let trace = serde_json::from_slice(&client.get(&trace, Wish::Json).await?)?;
    let story = Story { entry, verification: checked, call: ended, trace };
    teller.say(&format!("{}\n", story.timings()))?;
    Ok(story)
}

/// The call when it is over: the phone falls silent a moment before the trunk has said so.
#[expect(clippy::disallowed_methods, reason = "an edge: the daemon is asked until it knows")]
async fn ended(client: &Client, path: &str) -> Result<Value, Failure> {
    loop {
        let call: Value = serde_json::from_slice(&client.get(path, Wish::Json).await?)?;
        if call["state"] == "ended" {
            return Ok(call);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the phone has stopped ringing, and says when it begins.
async fn missed_call(
    phones: &mut Receiver<Event>,
    teller: &mut Teller<'_>,
) -> io::Result<Option<Entry>> {
    loop {
        match phones.recv().await {
            Some(Event::Rang { caller_id, .. }) => {
                let caller = caller_id.map(|number| number.as_str().to_owned());
                let caller = caller.unwrap_or_else(|| "a hidden number".to_owned());
                teller.say(&format!("   … ringing, the display shows {caller}\n"))?;
            }
            Some(Event::Stopped(entry)) => return Ok(Some(entry)),
            Some(
                Event::Gone { .. }
                | Event::Refused { .. }
                | Event::Silent { .. }
                | Event::Violated(_),
            ) => {}
            None => return Ok(None),
        }
    }
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
[journal]
path = "journal"
[sip]
listen = ["udp:127.0.0.1:0"]
profiles = ["handset.toml"]
[[pool]]
name = "default"
numbers = ["+46876500[000-999]"]
[[did]]
number = "+46876501000"
[missed_calls]
ring = "1s"
"#;
/// From the range that the Swedish regulator keeps for books and films.
const PHONE: &str = "+46701740650";
const RING_MS: u32 = 3_000;
const RING_TIMEOUT: Duration = Duration::from_secs(40);
/// A trunk that says nothing is given up after 64*T1.
const END_TIMEOUT: Duration = Duration::from_secs(40);
const BUFFER_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_verifies_two_phones() {
        let mut terminal = Terminal::to_writers(io::sink(), io::sink());
        assert_eq!(demo(&Demo {}, false, &mut terminal), Exit::Success);
    }
}
