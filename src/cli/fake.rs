//! A daemon that says what a test wrote down, behind a Unix socket of its own.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::{env, fs, process, thread};

/// One answer: the request that it is for (`GET /v1/pools`), its status, its body. A status of
/// [`CUT`] is no answer: the connection breaks.
pub(super) type Answer = (&'static str, u16, &'static str);

/// A daemon that is running.
pub(super) struct FakeDaemon {
    directory: PathBuf,
    requests: Receiver<String>,
}

impl FakeDaemon {
    /// Gives each of `answers` once, in its order among those to the same request.
    pub(super) fn start(answers: &[Answer]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory = env::temp_dir().join(format!("ringproof-{}-{number}", process::id()));
        fs::create_dir(&directory).unwrap();
        let listener = UnixListener::bind(directory.join(SOCKET)).unwrap();
        let (seen, requests) = sync_channel(64);
        let answers = answers.to_vec();
        thread::spawn(move || serve(&listener, answers, &seen));
        Self { directory, requests }
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.directory.join(SOCKET)
    }

    /// The requests so far: method, path, key, body.
    pub(super) fn requests(&self) -> String {
        self.requests.try_iter().collect()
    }
}

impl Drop for FakeDaemon {
    fn drop(&mut self) {
        // A directory that stays behind hurts nobody.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What a command printed.
#[derive(Clone, Default)]
pub(super) struct Printed(Rc<RefCell<Vec<u8>>>);

impl Printed {
    /// With the socket's path, which differs each time, taken out.
    pub(super) fn text(&self, socket: &Path) -> String {
        let text = String::from_utf8_lossy(&self.0.borrow()).into_owned();
        text.replace(&*socket.to_string_lossy(), "SOCKET")
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One connection for each request, as the client does it. A stream that is not to end is kept.
fn serve(listener: &UnixListener, mut answers: Vec<Answer>, seen: &SyncSender<String>) {
    let (mut open, mut names) = (Vec::new(), Vec::new());
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let Asked { request, body, name } = read_request(&stream);
        let again = if name.is_some() && names.contains(&name) { " (again)" } else { "" };
        names.push(name);
        seen.send(format!("{request} {body}{again}\n").replace(" \n", "\n")).unwrap();
        let known = answers.iter().position(|(known, ..)| *known == request);
        let (_, status, body) =
            known.map_or(("", 404, "no such answer"), |place| answers.remove(place));
        if status == CUT {
            continue;
        }
        write_answer(&mut stream, status, body);
        if body.starts_with(OPEN) {
            open.push(stream);
        }
    }
}

struct Asked {
    request: String,
    /// Its key and its body.
    body: String,
    /// Its `Idempotency-Key`.
    name: Option<String>,
}

fn read_request(stream: &UnixStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name| lines.iter().find_map(|line| line.strip_prefix(name));
    let mut body = vec![0; header("content-length: ").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let request = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
    let key = header("authorization: ").unwrap_or_default();
    let name = header("idempotency-key: ").map(str::to_owned);
    Asked { request, body: key.to_owned() + &String::from_utf8(body).unwrap(), name }
}

fn write_answer(stream: &mut UnixStream, status: u16, body: &str) {
    // A body without a length ends with its connection.
    let head = format!("HTTP/1.1 {status} Word\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).unwrap();
}

/// An event stream that stays open begins with this comment.
pub(super) const OPEN: &str = ": open\n\n";
/// The status of an answer that does not come.
pub(super) const CUT: u16 = 0;
const SOCKET: &str = "control.sock";
