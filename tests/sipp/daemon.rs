//! The daemon under test and the few calls of its API that the rows need.

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

use crate::rows::{Found, Row};

/// `ringproof serve` with a pool and a trunk for each row.
pub(crate) struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    /// Writes the configuration into `place`, starts the binary and waits until it is ready. The
    /// last port is its own, the others are those of the rows' trunks.
    pub(crate) fn start(place: &Path, rows: &[Row], ports: &[u16]) -> Self {
        configure(place, rows, ports);
        let log = File::create(place.join("ringproof.log")).expect("a log can be written");
        let binary = std::env::var("RINGPROOF");
        let binary = binary.as_deref().unwrap_or(env!("CARGO_BIN_EXE_ringproof"));
        let child = Command::new(binary)
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

    /// Starts a verification; its id.
    ///
    /// # Errors
    ///
    /// What the API answered instead.
    pub(crate) fn verify(&self, phone: &str, pool: &str) -> Result<String, String> {
        let body = serde_json::json!({ "to": phone, "method": "flash_call", "pool": pool });
        match self.ask("POST", "/v1/verifications", &body.to_string()) {
            Ok((201, reply)) => Ok(text(&json(&reply), "/id")),
            Ok((status, reply)) => Err(format!("the API answered {status}: {reply}")),
            Err(error) => Err(format!("the API did not answer: {error}")),
        }
    }

    /// How the verification's call ended; `None` while it lives.
    pub(crate) fn found(&self, id: &str) -> Option<Found> {
        let verification = self.get(&format!("/v1/verifications/{id}"));
        let call = self.get(&format!("/v1/calls/{}", text(&verification, "/flash_call/call/id")));
        // The verification is asked again: its call's end may have changed it in between.
        let verification = self.get(&format!("/v1/verifications/{id}"));
        let status = match text(&verification, "/reason").as_str() {
            "-" => text(&verification, "/status"),
            reason => format!("{}/{reason}", text(&verification, "/status")),
        };
        (text(&call, "/state") == "ended").then(|| Found {
            outcome: text(&call, "/outcome"),
            by: text(&call, "/ended_by"),
            sip_code: text(&call, "/sip_code"),
            verification: status,
        })
    }

    /// The SIP ladder of the verification's call, drawn.
    pub(crate) fn ladder(&self, id: &str) -> String {
        let verification = self.get(&format!("/v1/verifications/{id}"));
        let call = text(&verification, "/flash_call/call/id");
        let ladder = self.ask("GET", &format!("/v1/calls/{call}/trace"), "");
        ladder.map_or_else(|error| error.to_string(), |(_, ladder)| ladder)
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

    fn get(&self, path: &str) -> Value {
        self.ask("GET", path, "").map_or(Value::Null, |(_, body)| json(&body))
    }

    /// One request on a connection of its own.
    fn ask(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
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

fn configure(place: &Path, rows: &[Row], ports: &[u16]) {
    fs::create_dir_all(place.join("trunks")).expect("a folder for the configuration");
    let profiles: Vec<String> =
        rows.iter().map(|row| format!("\"trunks/{}.toml\"", row.name)).collect();
    let mut config = format!(
        "[control]\nsocket = \"ringproof.sock\"\n[sip]\nlisten = [\"udp:127.0.0.1:{}\"]\nprofiles = [{}]\n",
        ports[rows.len()],
        profiles.join(", ")
    );
    for (at, row) in rows.iter().enumerate() {
        config += &format!(
            "[[pool]]\nname = \"{0}\"\nnumbers = [\"+468765{at:02}[000-999]\"]\ntrunks = [\"{0}\"]\n",
            row.name
        );
        let mut profile =
            format!("name = \"{}\"\naddress = \"udp:127.0.0.1:{}\"\n", row.name, ports[at]);
        if !row.profile.iter().any(|line| line.starts_with("ring =")) {
            profile += "ring = \"1s\"\n";
        }
        profile += &row.profile.join("\n");
        fs::write(place.join(format!("trunks/{}.toml", row.name)), profile).expect("it is written");
    }
    fs::write(place.join("ringproof.toml"), config).expect("it is written");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// The value as text, `-` for none.
fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
