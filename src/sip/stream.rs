//! Messages out of a stream of octets: RFC 3261 §18.3, keep-alives of RFC 5626 §3.5.1.
//!
//! Invariant: after an error nothing more comes out: where the next message would begin is not known,
//! and whoever can shift it can smuggle one in. Each octet is looked at once for the end of the
//! headers, however small the pieces it comes in.
//! Deliberately absent: time. Who owns the connection closes it when a message takes too long.

use super::lex;
use super::name::Name;
use super::scan::{self, Line};
use super::{HEADER_LINES_MAX, MESSAGE_BYTES_MAX, Malformed};

/// Cuts a stream into messages.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// What lies before it has been handed out.
    read: usize,
    limits: Limits,
    state: State,
}

/// How much one message may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets from the start line to the empty line.
    pub head_bytes_max: usize,
    /// Octets in all.
    pub message_bytes_max: usize,
}

/// What came out of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Frame<'a> {
    /// Two line ends between messages: a keep-alive that wants one line end as its answer.
    KeepAlive,
    /// One whole message.
    Message(&'a [u8]),
}

/// Why a stream cannot be read any further. The connection is to be closed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum StreamError {
    /// Content-Length is missing, repeated or no number (RFC 3261 §20.14: required on streams).
    #[error("content-length is missing, repeated or not a number")]
    BodyLength,
    /// The headers are too long.
    #[error("the headers are longer than {limit} octets")]
    HeadTooLong {
        /// The limit.
        limit: usize,
    },
    /// The headers cannot be read.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// Headers and body are too long.
    #[error("the message is longer than {limit} octets")]
    TooLong {
        /// The limit.
        limit: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Between messages, after this many line ends.
    Between { line_ends: usize },
    /// In the headers; up to `seen` (from `read`) there is no empty line.
    Head { seen: usize },
    /// The message will have `length` octets.
    Body { length: usize },
    /// `head` octets can be read to answer with 400.
    Broken { error: StreamError, head: usize },
}

impl Default for Limits {
    fn default() -> Self {
        Self { head_bytes_max: 16 * 1024, message_bytes_max: MESSAGE_BYTES_MAX }
    }
}

impl Framer {
    /// A framer at the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Self { buffer: Vec::new(), read: 0, limits, state: State::Between { line_ends: 0 } }
    }

    /// Takes octets of the stream. Call [`next_frame`](Self::next_frame) until it has nothing
    /// before taking more: then no more than one message and one read is kept. A broken stream
    /// takes nothing.
    pub fn push(&mut self, octets: &[u8]) {
        if matches!(self.state, State::Broken { .. }) {
            return;
        }
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(octets);
    }

    /// The next keep-alive or message; `None` when more octets are needed.
    ///
    /// # Errors
    ///
    /// The connection is to be closed; [`broken_head`](Self::broken_head) may say whom to answer.
    /// The same error comes again each time.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, StreamError> {
        loop {
            let before = self.read;
            match self.step() {
                Ok(Step::KeepAlive) => return Ok(Some(Frame::KeepAlive)),
                Ok(Step::Message) => {
                    return Ok(Some(Frame::Message(&self.buffer[before..self.read])));
                }
                Ok(Step::On) => {}
                Ok(Step::Wait) => return Ok(None),
                Err(error) => {
                    if !matches!(self.state, State::Broken { .. }) {
                        self.state = State::Broken { error, head: 0 };
                    }
                    return Err(error);
                }
            }
        }
    }

    /// After an error in Content-Length: the headers, so that a request can be answered with 400.
    pub fn broken_head(&self) -> Option<&[u8]> {
        match self.state {
            State::Broken { head, .. } if head > 0 => {
                Some(&self.buffer[self.read..self.read + head])
            }
            State::Between { .. }
            | State::Body { .. }
            | State::Broken { .. }
            | State::Head { .. } => None,
        }
    }

    /// Octets that are kept.
    pub fn kept(&self) -> usize {
        self.buffer.len() - self.read
    }

    fn step(&mut self) -> Result<Step, StreamError> {
        match self.state {
            State::Between { line_ends } => self.between(line_ends),
            State::Head { seen } => self.head(seen),
            State::Body { length } => Ok(self.body(length)),
            State::Broken { error, .. } => Err(error),
        }
    }

    fn between(&mut self, line_ends: usize) -> Result<Step, StreamError> {
        match &self.buffer[self.read..] {
            [] | [b'\r'] => Ok(Step::Wait),
            [b'\r', b'\n', ..] => {
                self.read += 2;
                let is_pair = line_ends == 1;
                self.state = State::Between { line_ends: if is_pair { 0 } else { 1 } };
                Ok(if is_pair { Step::KeepAlive } else { Step::On })
            }
            [..] => {
                self.state = State::Head { seen: 0 };
                Ok(Step::On)
            }
        }
    }

    fn head(&mut self, seen: usize) -> Result<Step, StreamError> {
        let rest = &self.buffer[self.read..];
        let limit = self.limits.head_bytes_max;
        let found = memchr::memmem::find(&rest[seen..], b"\r\n\r\n").map(|at| seen + at + 4);
        if found.unwrap_or(rest.len()) > limit {
            return Err(StreamError::HeadTooLong { limit });
        }
        let Some(head) = found else {
            // The empty line may be split over two pieces.
            self.state = State::Head { seen: rest.len().saturating_sub(3) };
            return Ok(Step::Wait);
        };
        match body_length(&rest[..head]) {
            Ok(body) if body > self.limits.message_bytes_max.saturating_sub(head) => {
                let error = StreamError::TooLong { limit: self.limits.message_bytes_max };
                self.state = State::Broken { error, head };
                Err(error)
            }
            Ok(body) => {
                self.state = State::Body { length: head + body };
                Ok(Step::On)
            }
            Err(error) => {
                self.state = State::Broken { error, head };
                Err(error)
            }
        }
    }

    fn body(&mut self, length: usize) -> Step {
        if self.kept() < length {
            return Step::Wait;
        }
        self.read += length;
        self.state = State::Between { line_ends: 0 };
        Step::Message
    }
}

enum Step {
    KeepAlive,
    Message,
    On,
    Wait,
}

/// What Content-Length of `head` says.
fn body_length(head: &[u8]) -> Result<usize, StreamError> {
    let (_, mut at) = scan::start_line(head)?;
    let mut length = None;
    for _ in 0..=HEADER_LINES_MAX {
        let (line, next) = scan::line(head, at)?;
        at = next;
        match line {
            Line::Blank => {
                let digits = length.ok_or(StreamError::BodyLength)?;
                return lex::decimal(digits)
                    .map(|body| body as usize)
                    .ok_or(StreamError::BodyLength);
            }
            Line::Header { name, value, .. } if Name::of(name) == Some(Name::ContentLength) => {
                if length.replace(value).is_some() {
                    return Err(StreamError::BodyLength);
                }
            }
            Line::Header { .. } | Line::Neither => {}
        }
    }
    Err(Malformed::TooManyHeaders.into())
}

#[cfg(test)]
mod tests;
