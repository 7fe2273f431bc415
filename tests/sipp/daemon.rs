//! The daemon under test and the calls of its API that the rows need.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// `ringproof serve`.
pub(crate) struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    /// Starts the binary with the configuration that is in `place`, and waits until it is ready.
    pub(crate) fn start(place: &Path) -> Self {
        let log = File::create(place.join("ringproof.log")).expect("a log can be written");
        let child = Command::new(binary())
            .args(["serve", "--config"])
            .arg(place.join("ringproof.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn()
            .expect("the binary can be started");
        let mut daemon = Self { child, socket: place.join("ringproof.sock") };
        let until = Instant::now() + Duration::from_secs(10);
        while !matches!(daemon.ask("GET", "/healthz", ""), Ok((200, _))) {
            let has_ended = daemon.child.try_wait().expect("a child can be waited for").is_some();
            if has_ended || Instant::now() > until {
                let log = fs::read_to_string(place.join("ringproof.log")).unwrap_or_default();
                panic!("the daemon is not there; it said:\n{log}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        daemon
    }

    /// Starts a verification; what the API says of it.
    ///
    /// # Errors
    ///
    /// What the API answered instead.
    pub(crate) fn verify(&self, request: &Value) -> Result<Value, String> {
        match self.ask("POST", "/v1/verifications", &request.to_string()) {
            Ok((201, reply)) => Ok(json(&reply)),
            Ok((status, reply)) => Err(format!("the API answered {status}: {reply}")),
            Err(error) => Err(format!("the API did not answer: {error}")),
        }
    }

    /// The verification's status, and its reason once it has ended.
    pub(crate) fn status(&self, id: &str) -> String {
        let verification = self.get(&format!("/v1/verifications/{id}"));
        match text(&verification, "/reason").as_str() {
            "-" => text(&verification, "/status"),
            reason => format!("{}/{reason}", text(&verification, "/status")),
        }
    }

    /// Writes every event from now on into `to`, one a line, until the daemon stops.
    pub(crate) fn watch(&self, to: &Path) -> Child {
        let events = File::create(to).expect("a file can be written");
        let mut command = Command::new(binary());
        command.args(["watch", "--json", "--socket"]).arg(&self.socket);
        command.stdin(Stdio::null()).stdout(events).stderr(Stdio::null());
        command.spawn().expect("the binary can be started")
    }

    /// Asks it to stop.
    ///
    /// # Errors
    ///
    /// It did not, or not as one that was asked to.
    pub(crate) fn stop(&mut self) -> Result<(), String> {
        let pid = i32::try_from(self.child.id()).map_err(|error| error.to_string())?;
        kill(Pid::from_raw(pid), Signal::SIGTERM).map_err(|error| error.to_string())?;
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            match self.child.try_wait().map_err(|error| error.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("SIGTERM ended the daemon with {status}")),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
        Err("SIGTERM did not end the daemon".to_owned())
    }

    /// What the API says; null when it says nothing.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.ask("GET", path, "").map_or(Value::Null, |(_, body)| json(&body))
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> std::io::Result<(u16, String)> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain, application/json\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.unwrap_or(0), body.to_owned()))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has stopped already, or a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary under test.
fn binary() -> String {
    let given = std::env::var("RINGPROOF");
    given.unwrap_or_else(|_| env!("CARGO_BIN_EXE_ringproof").to_owned())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// The value as text, `-` for none.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
