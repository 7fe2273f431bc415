//! A client of the API that writes its own bytes, as `curl` would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::PATIENCE;

/// Where to ask, and with which further header lines.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    door: Door,
    headers: String,
}

#[derive(Clone, Debug)]
enum Door {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn unix(path: PathBuf) -> Self {
        Self { door: Door::Unix(path), headers: String::new() }
    }

    pub(crate) fn tcp(address: SocketAddr) -> Self {
        Self { door: Door::Tcp(address), headers: String::new() }
    }

    /// The same with a further header line.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        Self { door: self.door.clone(), headers: format!("{}{name}: {value}\r\n", self.headers) }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "").expect("the daemon answers")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &body.to_string()).expect("the daemon answers")
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, "").expect("the daemon answers")
    }

    /// One request on a connection of its own.
    ///
    /// # Errors
    ///
    /// Nobody is there, or nobody answers.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> io::Result<Reply> {
        self.ask_on(self.connect()?, method, path, body)
    }

    /// One request on this connection, which ends with it.
    ///
    /// # Errors
    ///
    /// Nobody answers.
    pub(crate) fn ask_on(
        &self,
        mut stream: Box<dyn Stream>,
        method: &str,
        path: &str,
        body: &str,
    ) -> io::Result<Reply> {
        let request = self.request(method, path, body, "Connection: close\r\n");
        stream.write_all(request.as_bytes())?;
        let mut bytes = vec![];
        stream.read_to_end(&mut bytes)?;
        Reply::read(&bytes)
    }

    /// A connection for many requests.
    pub(crate) fn keep(&self) -> Kept {
        let stream = self.connect().expect("the daemon listens");
        Kept { client: self.clone(), stream: BufReader::new(stream) }
    }

    /// The events from now on.
    pub(crate) fn events(&self, path: &str) -> Events {
        let mut stream = self.connect().expect("the daemon listens");
        let request = self.request("GET", path, "", "Accept: text/event-stream\r\n");
        stream.write_all(request.as_bytes()).expect("the daemon reads");
        let mut events = Events { stream: BufReader::new(stream) };
        let head = events.lines();
        assert!(head[0].starts_with("HTTP/1.1 200 "), "{head:?}");
        // What was said before the stream began is not in it.
        events.until(|line| line.starts_with("retry:"));
        events
    }

    /// The whole request.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str, headers: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             {}{headers}Content-Length: {}\r\n\r\n{body}",
            self.headers,
            body.len()
        )
    }

    pub(crate) fn connect(&self) -> io::Result<Box<dyn Stream>> {
        match &self.door {
            Door::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Ok(Box::new(stream))
            }
            Door::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Either kind of connection.
pub(crate) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl Reply {
    fn read(bytes: &[u8]) -> io::Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        let none = || io::Error::new(io::ErrorKind::UnexpectedEof, "no reply");
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(none)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let (head, body) = (head.to_lowercase(), body.to_owned());
        Ok(Self { status: status.ok_or_else(none)?, head, body })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the reply is JSON")
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        (self.status, self.json()["code"].as_str().expect("a problem has a code").to_owned())
    }
}

/// A connection that stays open.
pub(crate) struct Kept {
    client: Client,
    stream: BufReader<Box<dyn Stream>>,
}

impl Kept {
    /// One of many requests.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Reply {
        let request = self.client.request("POST", path, &body.to_string(), "");
        self.stream.get_mut().write_all(request.as_bytes()).expect("the daemon reads");
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let from = head.len();
            self.stream.read_line(&mut head).expect("the daemon answers");
            let line = head[from..].to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length is a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("the daemon answers");
        head.truncate(head.trim_end().len());
        Reply::read(&[head.as_bytes(), b"\r\n\r\n", &body].concat()).expect("a whole reply")
    }
}

/// A stream of events.
pub(crate) struct Events {
    stream: BufReader<Box<dyn Stream>>,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its number.
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

impl Events {
    /// The next one.
    pub(crate) fn next(&mut self) -> Event {
        let until = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines();
            let field = |name: &str| {
                let line = lines.iter().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned())
            };
            if let (Some(id), Some(kind), Some(data)) =
                (field("id:"), field("event:"), field("data:"))
            {
                let id = id.parse().expect("a number");
                let data = serde_json::from_str(&data).expect("data is JSON");
                return Event { id, kind, data };
            }
            assert!(Instant::now() < until, "no event, but {lines:?}");
        }
    }

    /// Everything up to and with the first of this kind.
    pub(crate) fn to(&mut self, kind: &str) -> Vec<Event> {
        let mut events = vec![];
        loop {
            events.push(self.next());
            if events.last().is_some_and(|event| event.kind == kind) {
                return events;
            }
        }
    }

    /// Whether nothing comes any more but the end.
    pub(crate) fn has_ended(&mut self) -> bool {
        let mut rest = String::new();
        // A connection that is cut has ended, too.
        self.stream.read_to_string(&mut rest).unwrap_or_default();
        !rest.contains("event:")
    }

    /// Lines up to the next empty one. Sizes of chunks are lines without a colon.
    fn lines(&mut self) -> Vec<String> {
        let mut lines = vec![];
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).expect("the stream goes on");
            assert!(read > 0, "the stream has ended after {lines:?}");
            let line = line.trim_end();
            let is_size = !line.is_empty() && line.bytes().all(|octet| octet.is_ascii_hexdigit());
            match line {
                "" if !lines.is_empty() => return lines,
                "" => {}
                _ if is_size => {}
                _ => lines.push(line.to_owned()),
            }
        }
    }

    fn until(&mut self, is_it: impl Fn(&str) -> bool) {
        while !self.lines().iter().any(|line| is_it(line)) {}
    }
}

/// How long an answer took.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = what();
    (result, start.elapsed())
}
