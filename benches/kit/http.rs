//! One kept connection to the daemon's control socket, as an application's HTTP client has it.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A connection.
pub(crate) struct Connection(BufReader<UnixStream>);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Its status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: String,
}

impl Connection {
    /// Opens one. A reply may take as long as `patience`.
    pub(crate) fn open(socket: &Path, patience: Duration) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(patience))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Reads a page.
    pub(crate) fn get(&mut self, path: &str) -> Result<Reply, Box<dyn Error>> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.0.get_ref().write_all(request.as_bytes())?;
        self.read()
    }

    /// Posts JSON. A `key` makes it the request of that name, which is done once.
    pub(crate) fn post(
        &mut self,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> Result<Reply, Box<dyn Error>> {
        let length = body.len();
        let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{key}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.0.get_ref().write_all(request.as_bytes())?;
        self.read()
    }

    /// Reads one answer to its end.
    fn read(&mut self) -> Result<Reply, Box<dyn Error>> {
        let (mut line, mut status, mut length) = (String::new(), None, 0);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let text = line.trim_end().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            match text.split_once(": ") {
                Some(("content-length", digits)) => length = digits.parse()?,
                Some(_) => {}
                None => status = text.split(' ').nth(1).and_then(|code| code.parse().ok()),
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let status = status.ok_or("an answer without a status")?;
        Ok(Reply { status, body: String::from_utf8(body)? })
    }
}
