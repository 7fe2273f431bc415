//! The event stream of the daemon, read as an application reads it.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One `verification.verified`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verified {
    /// The last seven digits of the phone.
    pub(crate) phone: u32,
    /// When it was read, in microseconds since 1970.
    pub(crate) at: u64,
}

/// A reader on a thread of its own.
pub(crate) struct Reader {
    thread: JoinHandle<Vec<Verified>>,
    is_over: Arc<AtomicBool>,
}

impl Reader {
    /// Reads from now on.
    pub(crate) fn start(socket: &Path) -> Result<Self, Box<dyn Error>> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let is_over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_over);
        let thread = thread::spawn(move || read(&mut BufReader::new(stream), &flag));
        Ok(Self { thread, is_over })
    }

    /// Stops when nothing has come for a while, and gives what came.
    pub(crate) fn stop(self) -> Result<Vec<Verified>, Box<dyn Error>> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the reader panicked".into())
    }
}

fn read(stream: &mut BufReader<UnixStream>, is_over: &AtomicBool) -> Vec<Verified> {
    let (mut all, mut line) = (vec![], Vec::new());
    loop {
        match stream.read_until(b'\n', &mut line) {
            Ok(0) => return all,
            // A time-out: nothing more comes, or not yet. What came of a line is kept.
            Err(_) if is_over.load(Ordering::Relaxed) => return all,
            Err(_) => continue,
            Ok(_) => all.extend(verified(&line)),
        }
        line.clear();
    }
}

fn verified(line: &[u8]) -> Option<Verified> {
    let text = std::str::from_utf8(line).ok()?.strip_prefix("data:")?;
    if !text.contains("\"verification.verified\"") {
        return None;
    }
    let phone = text.split_once("\"to\":\"+4670")?.1.get(..7)?.parse().ok()?;
    let at = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_micros();
    Some(Verified { phone, at: u64::try_from(at).ok()? })
}
