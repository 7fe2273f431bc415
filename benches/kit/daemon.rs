//! The real binary as a benchmark needs it: one trunk, numbers to ring from, limits out of the way,
//! everything else as it comes, logs too. Whoever drops it kills it.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::http::Connection;

/// `ringproof serve`.
pub(crate) struct Daemon {
    child: Child,
    /// Its control socket.
    pub(crate) socket: PathBuf,
}

impl Daemon {
    /// Starts it with SIP on `port` and its trunk at `trunk`, and waits until it is ready. `more` is
    /// added to its configuration: keys with dots before tables.
    pub(crate) fn start(
        place: &Path,
        (port, trunk): (u16, u16),
        more: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let config = format!(
            "control.socket = \"ringproof.sock\"\njournal.path = \"journal\"\n\
             sip.listen = [\"udp:127.0.0.1:{port}\"]\nsip.profiles = [\"trunk.toml\"]\n\
             verify.starts_per_prefix = []\n{more}\n\
             [[pool]]\nname = \"default\"\nnumbers = [\"+468765[00000-99999]\"]\n"
        );
        let profile = format!(
            "name = \"sipp\"\naddress = \"udp:127.0.0.1:{trunk}\"\nring = \"1s\"\n\
             calls_per_second = 10000\nin_flight_max = 100000\n\
             missed_calls_per_second = 100000\n"
        );
        fs::write(place.join("ringproof.toml"), config)?;
        fs::write(place.join("trunk.toml"), profile)?;
        Self::again(place)
    }

    /// Starts it with what an earlier one left in `place`, and waits until it is ready.
    pub(crate) fn again(place: &Path) -> Result<Self, Box<dyn Error>> {
        let log = File::create(place.join("ringproof.log"))?;
        let child = Command::new(env!("CARGO_BIN_EXE_ringproof"))
            .args(["serve", "--config"])
            .arg(place.join("ringproof.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut daemon = Self { child, socket: place.join("ringproof.sock") };
        let until = Instant::now() + Duration::from_secs(60);
        while daemon.get("/readyz").is_err() {
            if daemon.child.try_wait()?.is_some() || Instant::now() > until {
                return Err(fs::read_to_string(place.join("ringproof.log"))?.into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(daemon)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The sum of all series of a metric whose labels hold `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> Result<f64, Box<dyn Error>> {
        let scrape = self.get("/metrics")?;
        let mut found = None;
        for line in scrape.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let (metric, labels) = series.split_once('{').unwrap_or((series, ""));
            if metric == name && labels.contains(label) {
                found = Some(found.unwrap_or(0.0) + value.parse::<f64>()?);
            }
        }
        found.ok_or_else(|| format!("there is no metric {name} with {label}").into())
    }

    /// Asks it to stop, and waits.
    pub(crate) fn stop(mut self) -> Result<(), Box<dyn Error>> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGTERM)?;
        self.child.wait()?;
        Ok(())
    }

    fn get(&self, path: &str) -> Result<String, Box<dyn Error>> {
        // One that still reads its journal has bound its socket, and answers when it is done.
        let reply = Connection::open(&self.socket, Duration::from_secs(60))?.get(path)?;
        if reply.status == 200 { Ok(reply.body) } else { Err(reply.body.into()) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has stopped already, or the benchmark has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
