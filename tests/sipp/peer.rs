//! One SIPp, which plays the other side of one row: a trunk and its phone, or a caller.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A SIPp that waits for its one call, or makes it.
pub(crate) struct Peer {
    child: Child,
    screen: PathBuf,
    errors: PathBuf,
}

impl Peer {
    /// Starts it as the trunk `name` on `port`, and waits until this is open.
    ///
    /// # Errors
    ///
    /// What SIPp says about the scenario instead.
    pub(crate) fn answer(
        (name, scenario): (&str, &str),
        port: u16,
        place: &Path,
    ) -> Result<Self, String> {
        let mut peer = Self::spawn((name, scenario), &["-p", &port.to_string()], place);
        let until = Instant::now() + Duration::from_secs(10);
        while !is_open(port) {
            let has_ended = peer.child.try_wait().expect("a child can be waited for").is_some();
            if has_ended || Instant::now() > until {
                let said = fs::read_to_string(&peer.screen).unwrap_or_default();
                return Err(format!("SIPp did not open its port: {said}"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(peer)
    }

    /// Starts it as the caller `name`, which calls `to` at once.
    pub(crate) fn call((name, scenario): (&str, &str), to: SocketAddr, place: &Path) -> Self {
        Self::spawn((name, scenario), &[&to.to_string()], place)
    }

    fn spawn((name, scenario): (&str, &str), more: &[&str], place: &Path) -> Self {
        let file = |kind: &str| place.join(format!("{name}.{kind}"));
        let screen = File::create(file("screen")).expect("a log can be written");
        let mut command = Command::new("sipp");
        fs::write(file("xml"), scenario).expect("a scenario can be written");
        command.args(more).arg("-sf").arg(file("xml"));
        // -nr: every retransmission is a message of the scenario, none is hidden or answered by SIPp.
        command.args(["-i", "127.0.0.1", "-m", "1", "-nr", "-nostdin"]);
        command.args(["-timeout", "40", "-timeout_error", "-timer_resol", "1", "-trace_err"]);
        command.arg("-error_file").arg(file("errors"));
        command.arg("-trace_msg").arg("-message_file").arg(file("messages"));
        let output = screen.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(output).stderr(screen).current_dir(place);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("SIPp cannot be started ({error}); `make tools` installs it")
        });
        Self { child, screen: file("screen"), errors: file("errors") }
    }

    /// It has met a message that it did not expect, or missed one.
    pub(crate) fn has_failed(&mut self) -> bool {
        let ended = self.child.try_wait().expect("a child can be waited for");
        ended.is_some_and(|status| !status.success())
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// What SIPp says about a message that it did not expect, or that it missed.
    pub(crate) fn verdict(mut self, until: Instant) -> Result<(), String> {
        let status = loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None if Instant::now() > until => return Err("SIPp did not end".to_owned()),
                None => thread::sleep(Duration::from_millis(20)),
            }
        };
        if status.success() {
            return Ok(());
        }
        let errors = fs::read_to_string(&self.errors).unwrap_or_default();
        let shown: Vec<&str> = errors.lines().take(40).collect();
        Err(format!("SIPp {status}: {}", shown.join("\n    ")))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It has ended already, or nobody waits for it any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `sipp-scenarios/NAME.xml` with a row's values in it.
pub(crate) fn scenario(name: &str, keys: &[(String, String)]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sipp-scenarios");
    let text = fs::read_to_string(folder.join(format!("{name}.xml")));
    let mut text = text.expect("the row's scenario is there");
    for (key, value) in keys {
        let place = format!("[{key}]");
        assert!(text.contains(&place), "{name} has no {place}");
        text = text.replace(&place, value);
    }
    text
}

/// Somebody on this machine has bound the UDP port. Trying to bind it could take it from SIPp.
fn is_open(port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/udp").expect("this is Linux");
    table.contains(&format!(":{port:04X} 00000000:0000"))
}
