//! HTTP/1.1 as an application's client speaks it on the control socket, and one kept connection.

use std::error::Error;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A connection.
pub(crate) struct Connection {
    stream: UnixStream,
    /// Of an answer that has not come whole.
    input: Vec<u8>,
}

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
        Ok(Self { stream, input: vec![] })
    }

    /// Reads a page.
    pub(crate) fn get(&mut self, path: &str) -> Result<Reply, Box<dyn Error>> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) fn ask(&mut self, request: &str) -> Result<Reply, Box<dyn Error>> {
        self.stream.write_all(request.as_bytes())?;
        loop {
            if let Some(reply) = take_reply(&mut self.input)? {
                return Ok(reply);
            }
            if read_some(&mut self.stream, &mut self.input)? == 0 {
                return Err("the connection ended before the answer".into());
            }
        }
    }
}

/// A request that posts JSON. A `key` makes it the request of that name, which is done once.
pub(crate) fn post(path: &str, key: Option<&str>, body: &str) -> String {
    let length = body.len();
    let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{key}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Adds what there is to `input`, and says how much that was.
pub(crate) fn read_some(stream: &mut impl Read, input: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut buffer = [0; 8_192];
    let length = stream.read(&mut buffer)?;
    input.extend_from_slice(&buffer[..length]);
    Ok(length)
}

/// The answer at the beginning of `input`, once it is whole, with nothing left of it behind.
pub(crate) fn take_reply(input: &mut Vec<u8>) -> Result<Option<Reply>, Box<dyn Error>> {
    let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, begin) = (std::str::from_utf8(&input[..end])?, end + 4);
    let (mut status, mut length) = (None, 0);
    for line in head.split("\r\n") {
        match line.split_once(": ") {
            Some((name, digits)) if name.eq_ignore_ascii_case("content-length") => {
                length = digits.parse()?;
            }
            Some(_) => {}
            None => status = line.split(' ').nth(1).and_then(|code| code.parse().ok()),
        }
    }
    let status = status.ok_or("an answer without a status")?;
    let Some(body) = input.get(begin..begin + length) else { return Ok(None) };
    let body = String::from_utf8(body.to_vec())?;
    input.drain(..begin + length);
    Ok(Some(Reply { status, body }))
}
