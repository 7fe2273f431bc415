//! The daemon that is killed: one configuration, one folder, many lives.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::crowd::Crowd;
use crate::ledger::Rules;
use crate::options::Options;
use crate::receiver;
use crate::world::{Place, spawn};

/// The daemon.
pub(crate) struct Daemon {
    child: Child,
    config: PathBuf,
    place: PathBuf,
}

/// Where its peers are, and where it is itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) gateway: SocketAddr,
    pub(crate) trunk: SocketAddr,
    pub(crate) webhooks: SocketAddr,
}

impl Daemon {
    /// The first life.
    pub(crate) fn start(
        place: &Place,
        addresses: Addresses,
        options: &Options,
        crowd: &Crowd,
    ) -> Self {
        let config = place.0.join("ringproof.toml");
        fs::write(&config, configuration(addresses, options)).expect("a file can be written");
        fs::write(place.0.join("lab.toml"), profile(addresses)).expect("a file can be written");
        crowd.ledger().lives.on_spawn(crowd.clock.now());
        let child = spawn(&config, None);
        Self { child, config, place: place.0.clone() }
    }

    /// Waits until it answers, at most so long; whether it does.
    pub(crate) fn is_ready_within(&mut self, most: Duration, crowd: &Crowd) -> bool {
        let until = crowd.clock.now() + most;
        while crowd.clock.now() < until {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                panic!("the daemon ended with {status}:\n{}", self.log());
            }
            if crowd.client.ask("GET", "/healthz", "").is_ok_and(|reply| reply.status == 200) {
                crowd.ledger().lives.on_ready(crowd.clock.now());
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// The end of this life.
    pub(crate) fn kill(&mut self, crowd: &Crowd) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it is dead");
        crowd.ledger().lives.on_kill(crowd.clock.now());
        self.look_at_log();
    }

    /// The next life.
    pub(crate) fn restart(&mut self, crowd: &Crowd) {
        crowd.ledger().lives.on_spawn(crowd.clock.now());
        self.child = spawn(&self.config, None);
    }

    /// Ends as an operator would have it end.
    pub(crate) fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(pid), Signal::SIGTERM).expect("it lives");
        let status = self.child.wait().expect("it is dead");
        self.look_at_log();
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// Where its journal is.
    pub(crate) fn journal_bytes(&self) -> u64 {
        fs::metadata(self.place.join("journal")).map_or(0, |data| data.len())
    }

    fn look_at_log(&self) {
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place.join("log")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now. It must be the same in all lives: what is sent to a phone's call goes out
/// from where its INVITE went out.
pub(crate) fn free_port() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("it has one")
}

/// What the configuration promises.
pub(crate) const RULES: Rules = Rules {
    attempts: 3,
    keep_ended: Duration::from_secs(120),
    ring: Duration::from_secs(1),
    starts_per_phone: 6,
    wrong_codes_lock: 5,
};

fn configuration(addresses: Addresses, options: &Options) -> String {
    let Addresses { gateway, webhooks, .. } = addresses;
    let Rules { attempts, keep_ended, starts_per_phone, wrong_codes_lock, .. } = RULES;
    let (durability, secret) = (&options.durability, receiver::secret());
    let keep_ended = keep_ended.as_secs();
    let webhook = format!(
        "[[webhook]]\nname = \"crash\"\nurl = \"http://{webhooks}/hook\"\nsecret = \"{secret}\"\n\
         allow_private = true\nallow_http = true\n\
         [callbacks]\nenabled = true\nsecret = \"{secret}\"\nallow_private = true\nallow_http = true\n"
    );
    let webhook = if options.has_webhooks { webhook } else { String::new() };
    format!(
        r#"[control]
socket = "ringproof.sock"
[journal]
path = "journal"
durability = "{durability}"
[log]
level = "warn"
[sip]
listen = ["udp:{gateway}"]
profiles = ["lab.toml"]
[[pool]]
name = "default"
numbers = ["+468765[00000-99999]"]
[[did]]
number = "+468123456[00-99]"
[missed_calls]
confirm_after = "1s"
[verify]
attempts = {attempts}
keep_ended = "{keep_ended}s"
starts_per_phone = ["{starts_per_phone} in 24h"]
starts_per_prefix = []
wrong_codes_lock = {wrong_codes_lock}
{webhook}"#
    )
}

fn profile(addresses: Addresses) -> String {
    let (trunk, ring) = (addresses.trunk, RULES.ring.as_secs());
    format!(
        "name = \"lab\"\naddress = \"udp:{trunk}\"\nring = \"{ring}s\"\nno_ringing_after = \"4s\"\n\
         calls_per_second = 10000\nin_flight_max = 100000\nmissed_calls_per_second = 10000\n"
    )
}
