//! The commands that ask a running daemon: one request, one answer, shown.

use hyper::body::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::arguments::{Ask, Check, One, Trace, Traced, Verify, Watch};
use super::client::{After, Client, Wish};
use super::exit::Exit;
use super::reply::{Dids, Pools, Status, Trunks, Verification};
use super::terminal::{Terminal, clean};
use super::{Failure, render, wait};

/// Runs one of them.
pub(super) async fn run(
    ask: &Ask,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match ask {
        Ask::Call(arguments) => call(arguments, client, is_json, terminal).await,
        Ask::Cancel(arguments) => cancel(arguments, client, is_json, terminal).await,
        Ask::Check(arguments) => check(arguments, client, is_json, terminal).await,
        Ask::Dids(_) => {
            let body = client.get("/v1/dids", Wish::Json).await?;
            let text = show(&body, is_json, |dids: Dids| render::dids(&dids, terminal.paint()))?;
            terminal.print(&text)?;
            Ok(Exit::Success)
        }
        Ask::Pools(_) => {
            let body = client.get("/v1/pools", Wish::Json).await?;
            let text =
                show(&body, is_json, |pools: Pools| render::pools(&pools, terminal.paint()))?;
            terminal.print(&text)?;
            Ok(Exit::Success)
        }
        Ask::Status(_) => status(client, is_json, terminal).await,
        Ask::Trace(arguments) => trace(arguments, client, is_json, terminal).await,
        Ask::Trunks(_) => {
            let body = client.get("/v1/trunks", Wish::Json).await?;
            let text =
                show(&body, is_json, |trunks: Trunks| render::trunks(&trunks, terminal.paint()))?;
            terminal.print(&text)?;
            Ok(Exit::Success)
        }
        Ask::Verify(arguments) if arguments.wait => {
            wait::verify(arguments, client, is_json, terminal).await
        }
        Ask::Verify(arguments) => verify(arguments, client, is_json, terminal).await,
        Ask::Watch(arguments) => watch(arguments, client, is_json, terminal).await,
    }
}

/// The body of a start.
pub(super) fn start(arguments: &Verify) -> Value {
    let Verify { number, pool, ring_ms, expires_in, client_ref, .. } = arguments;
    let Verify { missed_call, did, confirm, recent_within, .. } = arguments;
    let method = if *missed_call { "missed_call" } else { "flash_call" };
    let mut body = json!({ "to": number, "method": method });
    let options = [
        ("did", did.as_deref().map(Value::from)),
        ("confirm", confirm.then(|| Value::from("flash_call"))),
        ("recent_within", recent_within.map(Value::from)),
        ("pool", pool.as_deref().map(Value::from)),
        ("ring_ms", ring_ms.map(Value::from)),
        ("expires_in", expires_in.map(Value::from)),
        ("client_ref", client_ref.as_deref().map(Value::from)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

/// The body of a check: a whole number begins with `+`, everything else is a code.
pub(super) fn evidence(code: &str) -> Value {
    let field = if code.starts_with('+') { "caller_id" } else { "code" };
    json!({ field: code })
}

/// What a person hears after a wrong code.
pub(super) fn wrong(verification: &Verification) -> String {
    format!("wrong, {} more may be tried", verification.attempts_left)
}

/// What came, or what people see of it.
pub(super) fn show<T: DeserializeOwned>(
    body: &Bytes,
    is_json: bool,
    draw: impl FnOnce(T) -> String,
) -> Result<String, serde_json::Error> {
    if is_json {
        return Ok(as_it_came(body));
    }
    Ok(draw(serde_json::from_slice(body)?))
}

pub(super) fn as_it_came(body: &Bytes) -> String {
    String::from_utf8_lossy(body).trim_end().to_owned() + "\n"
}

async fn verify(
    arguments: &Verify,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let body = client.post("/v1/verifications", &start(arguments)).await?;
    let verification: Verification = serde_json::from_slice(&body)?;
    let paint = terminal.paint();
    terminal.print(&show(&body, is_json, |known| render::verification(&known, paint))?)?;
    if verification.is_pending() {
        terminal.note(&next(&verification));
    }
    Ok(Exit::Success)
}

/// What a verification that has just been started wants from the person.
fn next(pending: &Verification) -> String {
    let check = format!("ringproof check {} CODE", clean(&pending.id));
    match pending.missed_call.as_ref().filter(|missed| !missed.has_call()) {
        None => format!("next: {check}"),
        Some(missed) => {
            let (did, to) = (clean(&missed.did), clean(&pending.to));
            let then = missed.confirm.as_ref().map(|_| format!(", then: {check}"));
            format!("next: ring {did} from {to}{}", then.unwrap_or_default())
        }
    }
}

async fn call(
    arguments: &One,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let id = arguments.id;
    let body = client.post(&format!("/v1/verifications/{id}/call"), &json!({})).await?;
    let paint = terminal.paint();
    terminal.print(&show(&body, is_json, |known| render::verification(&known, paint))?)?;
    terminal.note(&format!("next, with the new number's digits: ringproof check {id} CODE"));
    Ok(Exit::Success)
}

async fn cancel(
    arguments: &One,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let body = client.delete(&format!("/v1/verifications/{}", arguments.id)).await?;
    let paint = terminal.paint();
    terminal.print(&show(&body, is_json, |known| render::verification(&known, paint))?)?;
    Ok(Exit::Success)
}

async fn check(
    arguments: &Check,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let path = format!("/v1/verifications/{}/check", arguments.id);
    let body = client.post(&path, &evidence(&arguments.code)).await?;
    let verification: Verification = serde_json::from_slice(&body)?;
    let paint = terminal.paint();
    terminal.print(&show(&body, is_json, |known| render::verification(&known, paint))?)?;
    if verification.is_pending() {
        terminal.note(&wrong(&verification));
    }
    Ok(if verification.is_verified() { Exit::Success } else { Exit::Negative })
}

async fn watch(
    arguments: &Watch,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let mut events = client.events(arguments.after).await?;
    let mut last = None;
    loop {
        match events.next().await {
            Ok(event) => {
                last = Some(event.sequence);
                let line =
                    if is_json { event.raw } else { render::event(&event, terminal.paint()) };
                terminal.print(&format!("{line}\n"))?;
            }
            Err(error) => {
                if let Some(last) = last.or(events.seen()).map(After::Event).or(arguments.after) {
                    terminal.note(&format!("go on with: ringproof watch --after {last}"));
                }
                return Err(error.into());
            }
        }
    }
}

async fn trace(
    arguments: &Trace,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let call = match arguments.of {
        Traced::Call(call) => call.to_string(),
        Traced::Verification(id) => {
            let body = client.get(&format!("/v1/verifications/{id}"), Wish::Json).await?;
            let verification: Verification = serde_json::from_slice(&body)?;
            verification.latest_call_id().ok_or(Failure::NoCall)?.to_owned()
        }
    };
    let wish = if is_json { Wish::Json } else { Wish::Text };
    let body = client.get(&format!("/v1/calls/{call}/trace"), wish).await?;
    let text = String::from_utf8_lossy(&body);
    let lines = text.lines().map(|line| clean(line) + "\n");
    terminal.print(&lines.collect::<String>())?;
    Ok(Exit::Success)
}

async fn status(client: &Client, is_json: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let body = client.get("/v1/status", Wish::Json).await?;
    let status: Status = serde_json::from_slice(&body)?;
    if is_json {
        terminal.print(&as_it_came(&body))?;
    } else {
        let trunks: Trunks = serde_json::from_slice(&client.get("/v1/trunks", Wish::Json).await?)?;
        let pools: Pools = serde_json::from_slice(&client.get("/v1/pools", Wish::Json).await?)?;
        let paint = terminal.paint();
        let parts = [
            render::gateway(&status, paint),
            render::trunks(&trunks, paint),
            render::pools(&pools, paint),
        ];
        terminal.print(&parts.join("\n"))?;
    }
    Ok(if status.is_ready() { Exit::Success } else { Exit::Negative })
}
