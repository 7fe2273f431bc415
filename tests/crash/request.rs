//! One request, asked until it has an answer or cannot have one any more.

use std::io::Write;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Asked;
use crate::crowd::Crowd;
use crate::http::{Client, Reply};
use crate::view::digest;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: String,
    /// The `Idempotency-Key`. What has one is asked again when its reply is lost.
    pub(crate) key: Option<String>,
    /// The first time nobody waits for the reply.
    pub(crate) hangs_up: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The reply was lost with the process, or the run is over.
    Lost,
    /// A reply, and since when it is true: that of a repeated request may be as old as the first try.
    Told { status: u16, json: Value, asked: Asked, is_first_try: bool },
}

impl Request {
    pub(crate) fn get(id: &str) -> Self {
        let path = format!("/v1/verifications/{id}");
        Self { method: "GET", path, body: String::new(), key: None, hangs_up: false }
    }

    pub(crate) fn delete(id: &str) -> Self {
        Self { method: "DELETE", ..Self::get(id) }
    }

    pub(crate) fn post(path: String, body: &Value, key: Option<String>) -> Self {
        Self { method: "POST", path, body: body.to_string(), key, hangs_up: false }
    }

    /// Asks. A request that could not even be handed over is handed over later.
    pub(crate) fn ask(&self, crowd: &Crowd) -> Answer {
        let client = match &self.key {
            None => crowd.client.clone(),
            Some(key) => crowd.client.with("Idempotency-Key", key),
        };
        let mut first_asked = None;
        let mut is_first_try = true;
        let mut refused = 0;
        let mut hangs_up = self.hangs_up;
        while !crowd.is_over() {
            let asked = crowd.clock.now();
            match self.try_once(&client, std::mem::take(&mut hangs_up)) {
                Err(Failure::NoDoor) => {
                    thread::sleep(DOOR);
                    continue;
                }
                Err(Failure::Cut) => crowd.ledger().figures.replies_lost += 1,
                Ok(reply) if self.key.is_some() && reply.status == 503 && refused < REFUSALS => {
                    refused += 1;
                }
                Ok(reply) => {
                    let is_replayed = reply.head.contains("\r\nidempotent-replayed: true");
                    let at = first_asked.filter(|_| is_replayed).unwrap_or(asked);
                    let asked = Asked { at, told: crowd.clock.now() };
                    self.note(&reply, is_replayed, crowd);
                    let json = serde_json::from_str(&reply.body).unwrap_or_default();
                    return Answer::Told { status: reply.status, json, asked, is_first_try };
                }
            }
            if self.key.is_none() {
                return Answer::Lost;
            }
            first_asked.get_or_insert(asked);
            is_first_try = false;
            thread::sleep(AGAIN);
        }
        Answer::Lost
    }

    /// What was done, or can never be, is answered the same for ever.
    fn note(&self, reply: &Reply, is_replayed: bool, crowd: &Crowd) {
        let Some(key) = &self.key else { return };
        let mut ledger = crowd.ledger();
        ledger.figures.replayed += u64::from(is_replayed);
        if matches!(reply.status, 200..=299 | 404 | 422) {
            ledger.on_keyed_reply(key, reply.status, digest(&reply.body));
        }
    }

    fn try_once(&self, client: &Client, hangs_up: bool) -> Result<Reply, Failure> {
        let Self { method, path, body, .. } = self;
        // The daemon may be gone between the two, which is then a cut.
        let probe = client.connect().map_err(|_| Failure::NoDoor)?;
        if hangs_up {
            let mut stream = probe;
            let bytes = client.request(method, path, body, "");
            let _ = stream.write_all(bytes.as_bytes());
            return Err(Failure::Cut);
        }
        let reply = client.ask_on(probe, method, path, body).map_err(|_| Failure::Cut)?;
        let is_whole = reply.head.lines().any(|line| {
            let length = line.strip_prefix("content-length:");
            length.and_then(|length| length.trim().parse().ok()) == Some(reply.body.len())
        });
        if is_whole || reply.status == 204 { Ok(reply) } else { Err(Failure::Cut) }
    }
}

enum Failure {
    /// It may have been carried out.
    Cut,
    /// Nobody took it.
    NoDoor,
}

/// Between two knocks at a closed door.
const DOOR: Duration = Duration::from_millis(5);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(20);
/// So often a refusal for the moment is not taken for an answer.
const REFUSALS: u32 = 5;
