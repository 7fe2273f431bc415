//! Datagrams of the loopback as `tcpdump` saw them. It needs the right to capture (root).

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A capture that runs.
pub(crate) struct Capture {
    child: Child,
    file: PathBuf,
    said: PathBuf,
}

/// One UDP datagram over IPv4.
pub(crate) struct Datagram {
    /// When it passed, in microseconds since 1970.
    pub(crate) at: u64,
    /// What it carried.
    pub(crate) payload: Vec<u8>,
}

impl Capture {
    /// Starts to capture what `filter` (pcap-filter(7)) lets through.
    pub(crate) fn start(place: &Path, filter: &str) -> Result<Self, Box<dyn Error>> {
        let (file, said) = (place.join("capture.pcap"), place.join("tcpdump.txt"));
        let mut command = Command::new("tcpdump");
        // Buffers for seconds of traffic: what is lost is told at the end, and fails the run.
        command.args(["-i", "lo", "-n", "-s", "1500", "-B", "65536", "-Z", "root", "-w"]);
        command.arg(&file).arg(filter).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(File::create(&said)?).spawn()?;
        let mut capture = Self { child, file, said };
        let until = Instant::now() + Duration::from_secs(5);
        while !fs::read_to_string(&capture.said)?.contains("listening on") {
            if capture.child.try_wait()?.is_some() || Instant::now() > until {
                return Err(fs::read_to_string(&capture.said)?.into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(capture)
    }

    /// Ends the capture and reads it.
    pub(crate) fn stop(mut self) -> Result<Vec<Datagram>, Box<dyn Error>> {
        // The kernel hands over what it has gathered.
        thread::sleep(Duration::from_millis(1_500));
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGINT)?;
        self.child.wait()?;
        let said = fs::read_to_string(&self.said)?;
        if !said.contains("\n0 packets dropped by kernel") {
            return Err(format!("the capture is not whole: {said}").into());
        }
        read(&fs::read(&self.file)?)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // It has ended already, or the benchmark has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The classic pcap format, as this machine writes it.
fn read(file: &[u8]) -> Result<Vec<Datagram>, Box<dyn Error>> {
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_ne_bytes(file.get(at..at + 4)?.try_into().ok()?))
    };
    if word(0) != Some(0xa1b2_c3d4) || word(20) != Some(ETHERNET) {
        return Err("this is no capture of the loopback with microseconds".into());
    }
    let (mut all, mut at) = (vec![], 24);
    while let (Some(seconds), Some(micros), Some(length)) = (word(at), word(at + 4), word(at + 8)) {
        let frame = file.get(at + 16..at + 16 + length as usize).ok_or("it ends in a packet")?;
        at += 16 + length as usize;
        let ip = frame.get(14..).ok_or("a frame without a packet")?;
        let header = usize::from(ip.first().ok_or("an empty packet")? & 15) * 4;
        let payload = ip.get(header + 8..).ok_or("a packet without a datagram")?.to_vec();
        all.push(Datagram { at: u64::from(seconds) * 1_000_000 + u64::from(micros), payload });
    }
    Ok(all)
}

const ETHERNET: u32 = 1;
