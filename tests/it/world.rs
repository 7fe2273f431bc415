//! A daemon of a test: its folder, its configuration, its process, its log.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::http::{Client, Reply};
use crate::scrape::Scrape;

/// What a test chooses of its configuration; the rest is what a newcomer would have.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// `[control]` beside the socket, and its keys.
    pub(crate) control: String,
    /// `[sip]` beside the profiles.
    pub(crate) sip: String,
    /// Name, address and further lines of each trunk.
    pub(crate) trunks: Vec<(&'static str, SocketAddr, String)>,
    /// Numbers of the one pool; empty: there is none.
    pub(crate) numbers: &'static str,
    /// `[[did]]` and `[missed_calls]`.
    pub(crate) missed: String,
    /// `[verify]`.
    pub(crate) verify: String,
    /// Said by a shell before the daemon takes its place.
    pub(crate) prelude: Option<&'static str>,
}

impl Plan {
    /// One trunk. Any number of phones and prefixes may be rung, and they ring for a second.
    pub(crate) fn new(trunk: SocketAddr) -> Self {
        let host = if trunk.is_ipv4() { "127.0.0.1" } else { "[::1]" };
        Self {
            control: String::new(),
            sip: format!("listen = [\"udp:{host}:0\"]"),
            trunks: vec![("lab", trunk, FAST.to_owned())],
            numbers: "+46876500[000-999]",
            missed: String::new(),
            verify: "starts_per_phone = []\nstarts_per_prefix = []".to_owned(),
            prelude: None,
        }
    }

    /// Writes the configuration into `place`; its path.
    pub(crate) fn write(&self, place: &Path) -> PathBuf {
        let mut profiles = vec![];
        for (name, address, lines) in &self.trunks {
            let file = format!("{name}.toml");
            let text = format!("name = \"{name}\"\naddress = \"udp:{address}\"\n{lines}\n");
            fs::write(place.join(&file), text).expect("a profile can be written");
            profiles.push(format!("\"{file}\""));
        }
        let Self { control, sip, numbers, missed, verify, .. } = self;
        let pool = match *numbers {
            "" => String::new(),
            numbers => format!("[[pool]]\nname = \"default\"\nnumbers = [\"{numbers}\"]\n"),
        };
        let text = format!(
            "[control]\nsocket = \"ringproof.sock\"\n{control}\n[journal]\npath = \"journal\"\n\
             [sip]\n{sip}\nprofiles = [{}]\n\
             {pool}[verify]\n{verify}\n{missed}\n",
            profiles.join(", ")
        );
        let path = place.join("ringproof.toml");
        fs::write(&path, text).expect("a configuration can be written");
        path
    }
}

/// A folder that is gone with its test, unless the test fails.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ringproof-it-{}-{count}", std::process::id());
        let place = std::env::temp_dir().join(name);
        fs::create_dir_all(&place).expect("a folder can be made");
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A running daemon.
pub(crate) struct World {
    pub(crate) child: Child,
    /// Where it speaks SIP, shard by shard.
    pub(crate) sip: Vec<SocketAddr>,
    /// Where it serves the API on TCP, if it does.
    pub(crate) tcp: Option<SocketAddr>,
    /// The Unix socket.
    pub(crate) client: Client,
    // Last: the folder goes when the process has gone.
    pub(crate) place: Place,
}

impl World {
    /// With one trunk at this address.
    pub(crate) fn new(trunk: SocketAddr) -> Self {
        Self::start(&Plan::new(trunk))
    }

    /// Starts the binary and waits until it says that it is ready.
    pub(crate) fn start(plan: &Plan) -> Self {
        Self::start_in(Place::new(), plan)
    }

    /// The same, in a folder with what is in it already.
    pub(crate) fn start_in(place: Place, plan: &Plan) -> Self {
        let config = plan.write(&place.0);
        let child = spawn(&config, plan.prelude);
        let client = Client::unix(place.0.join("ringproof.sock"));
        let mut world = Self { child, sip: vec![], tcp: None, client, place };
        world.await_ready();
        world
    }

    /// Kills it, as nobody can prevent, and starts it again with what is on its disk.
    pub(crate) fn kill_and_start(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Starts it again with what is on its disk, and waits until it is ready.
    pub(crate) fn start_again(&mut self) {
        self.spawn_again();
        self.await_ready();
    }

    /// Kills it, as nobody can prevent.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.exits(Duration::from_secs(5));
    }

    /// Starts it again with what is on its disk.
    pub(crate) fn spawn_again(&mut self) {
        self.child = spawn(&self.place.0.join("ringproof.toml"), None);
    }

    pub(crate) fn await_ready(&mut self) {
        let ready = eventually("the daemon is ready", || {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                panic!("the daemon ended with {status}; it said:\n{}", self.log());
            }
            let said = fs::read_to_string(self.place.0.join("out")).unwrap_or_default();
            said.lines().any(|line| line.starts_with("  SIP ")).then_some(said)
        });
        let words = |mark: &str| -> Vec<SocketAddr> {
            let found = ready.split(|c: char| c.is_whitespace() || c == ',');
            found.filter_map(|word| word.strip_prefix(mark)?.parse().ok()).collect()
        };
        self.sip = words("udp:");
        self.tcp = words("http://").first().copied();
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place.0.join("log")).unwrap_or_default()
    }

    /// Starts a verification of this phone: the reply, a 201.
    pub(crate) fn verify(&self, phone: &str) -> Value {
        let reply = self.try_verify(phone);
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()
    }

    /// Starts a verification of this phone, or does not.
    pub(crate) fn try_verify(&self, phone: &str) -> Reply {
        self.client.post("/v1/verifications", &json!({ "to": phone }))
    }

    /// The verification as it stands.
    pub(crate) fn get(&self, id: &str) -> Value {
        let reply = self.client.get(&format!("/v1/verifications/{id}"));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    /// Checks a code.
    pub(crate) fn check(&self, id: &str, code: &str) -> Reply {
        self.client.post(&format!("/v1/verifications/{id}/check"), &json!({ "code": code }))
    }

    /// The verification when its current call has ended.
    pub(crate) fn call_ended(&self, id: &str) -> Value {
        eventually("the call ends", || {
            let found = self.get(id);
            (found["flash_call"]["call"]["state"] == "ended").then_some(found)
        })
    }

    /// The verification when it has ended. A call has ended a moment before its verification has.
    pub(crate) fn ended(&self, id: &str) -> Value {
        eventually("the verification ends", || {
            let found = self.get(id);
            (found["status"] != "pending").then_some(found)
        })
    }

    /// The metrics as they stand.
    pub(crate) fn scrape(&self) -> Scrape {
        let reply = self.client.get("/metrics");
        assert_eq!(reply.status, 200, "{}", reply.body);
        Scrape::read(&reply.body)
    }

    /// Runs a command of the binary against this daemon.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary can be run")
    }

    /// A command of the binary against this daemon.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(&self.place.0).stdin(Stdio::null());
        for name in ["RINGPROOF_SOCKET", "RINGPROOF_URL", "RINGPROOF_KEY"] {
            command.env_remove(name);
        }
        command
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(pid), signal).expect("the process is there");
    }

    /// How it ends, before `most` has passed.
    pub(crate) fn exits(&mut self, most: Duration) -> ExitStatus {
        let until = Instant::now() + most;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < until, "it did not end in {most:?}:\n{}", self.log());
            pause();
        }
    }

    /// Stops it, as an operator would, and looks whether all was well to its end.
    pub(crate) fn stop(self) {
        self.stop_and(|_| {});
    }

    /// The same, and then a look at its whole log.
    pub(crate) fn stop_and(mut self, look: impl FnOnce(&str)) {
        self.signal(Signal::SIGTERM);
        let status = self.exits(Duration::from_secs(40));
        let log = self.log();
        assert!(status.success(), "{status}:\n{log}");
        look(&log);
    }

    /// No thread of it has panicked.
    pub(crate) fn look_for_panics(&self) {
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It has stopped already, or a test is over that needs no end of it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        match thread::panicking() {
            true => println!("its log:\n{}", self.log()),
            false => self.look_for_panics(),
        }
    }
}

/// `ringproof serve`, with its output and its log in files beside the configuration.
pub(crate) fn spawn(config: &Path, prelude: Option<&str>) -> Child {
    let place = config.parent().expect("a file is in a folder");
    let file = |name: &str| File::create(place.join(name)).expect("a log can be written");
    let mut command = match prelude {
        None => Command::new(binary()),
        Some(prelude) => {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(format!("{prelude}; exec \"$@\"")).arg("sh").arg(binary());
            shell
        }
    };
    command.args(["serve", "--config"]).arg(config);
    command.stdin(Stdio::null()).stdout(file("out")).stderr(file("log"));
    command.spawn().expect("the binary can be started")
}

/// The program under test.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("RINGPROOF")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_ringproof")), PathBuf::from)
}

/// Looks again and again until there is something; fails when there is nothing for too long.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
        pause();
    }
}

/// Between two looks.
pub(crate) fn pause() {
    thread::sleep(Duration::from_millis(5));
}

/// What a command printed, as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Far longer than anything takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// A ring as short as a profile may ask for, at any rate.
pub(crate) const FAST: &str = "ring = \"1s\"\ncalls_per_second = 10000\nin_flight_max = 10000";
