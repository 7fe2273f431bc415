//! SIPp as the trunk or as the caller, and what it counted.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// One SIPp that was started here, and is ended here.
pub(crate) struct Sipp {
    child: Child,
    counts: PathBuf,
}

/// What SIPp counted in its whole life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Calls that went as the scenario says.
    pub(crate) successful: u64,
    /// Calls that did not.
    pub(crate) failed: u64,
    /// Messages that it sent again.
    pub(crate) sent_again: u64,
}

impl Sipp {
    /// Starts `sipp-scenarios/SCENARIO.xml` on a port of the loopback; `more` are arguments such as
    /// the address to call. It ends by itself after `lasts_max`.
    pub(crate) fn start(
        scenario: &str,
        port: u16,
        more: &[&str],
        (place, lasts_max): (&Path, Duration),
    ) -> Result<Self, Box<dyn Error>> {
        let counts = place.join(format!("{scenario}-{port}.csv"));
        // What an earlier run left must not be taken for this one's.
        let _ = fs::remove_file(&counts);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sipp-scenarios");
        let mut command = Command::new("sipp");
        command.args(more).arg("-sf").arg(folder.join(format!("{scenario}.xml")));
        command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"]);
        command.args(["-buff_size", "4194304", "-timeout", &lasts_max.as_secs().to_string()]);
        command.args(["-trace_stat", "-fd", "3600", "-stf"]).arg(&counts).current_dir(place);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("sipp: {error} (`make tools`)"))?;
        let mut sipp = Self { child, counts };
        let until = Instant::now() + Duration::from_secs(5);
        while !is_open(port)? {
            if sipp.child.try_wait()?.is_some() || Instant::now() > until {
                return Err(format!("SIPp did not open port {port}").into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(sipp)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets a trunk end when its calls have ended, and gives what it counted.
    pub(crate) fn stop(self) -> Result<Counts, Box<dyn Error>> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGUSR1)?;
        self.wait(Duration::from_secs(40), || {})
    }

    /// Waits for the end of a caller, and gives what it counted. `watch` is called now and then.
    pub(crate) fn wait(
        mut self,
        lasts_max: Duration,
        mut watch: impl FnMut(),
    ) -> Result<Counts, Box<dyn Error>> {
        let until = Instant::now() + lasts_max;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > until {
                return Err("SIPp did not end".into());
            }
            watch();
            thread::sleep(Duration::from_millis(10));
        }
        let table = fs::read_to_string(&self.counts)?;
        let mut lines = table.lines();
        let (names, last) = (lines.next().unwrap_or_default(), lines.last().unwrap_or_default());
        let count = |name: &str| -> Result<u64, Box<dyn Error>> {
            let column = names.split(';').position(|found| found == name);
            let column = column.ok_or_else(|| format!("SIPp tells no {name}"))?;
            Ok(last.split(';').nth(column).unwrap_or_default().parse()?)
        };
        Ok(Counts {
            successful: count("SuccessfulCall(C)")?,
            failed: count("FailedCall(C)")?,
            sent_again: count("Retransmissions(C)")?,
        })
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        // It has ended already, or the benchmark has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody on this machine has bound the UDP port.
fn is_open(port: u16) -> std::io::Result<bool> {
    Ok(fs::read_to_string("/proc/net/udp")?.contains(&format!(":{port:04X} 00000000:0000")))
}
