//! Requests over many kept connections, with one thread that hears every answer: an application whose
//! HTTP client is an event loop. A thread for each connection would cost more than what is measured.

#![expect(
    clippy::disallowed_types,
    reason = "no part of the core: who asks and who hears share it"
)]

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::net::UnixStream;
use mio::{Events, Interest, Poll, Token};

use crate::http::{self, Reply};

/// The connections. `A` says what a request is about.
pub(crate) struct Exchange<A> {
    lines: Vec<Line<A>>,
    desk: Mutex<Desk<A>>,
}

/// Where the answers come in: whoever holds it hears them.
pub(crate) struct Ear {
    poll: Poll,
    /// For each connection what has come of an answer.
    inputs: Vec<Vec<u8>>,
}

/// What was asked, and what came of it.
pub(crate) struct Answer<A> {
    pub(crate) about: A,
    /// When the request left, in microseconds since 1970.
    pub(crate) sent_at: u64,
    /// How much later than it should have it left.
    pub(crate) late: Duration,
    /// From when it should have left to its answer: what waits in the client counts.
    pub(crate) took: Duration,
    pub(crate) reply: Reply,
}

struct Line<A> {
    stream: UnixStream,
    asked: Mutex<Option<Asked<A>>>,
}

/// Connections that have nothing to do, the one that was used longest ago first: the daemon hangs up on
/// who says nothing for long. And requests that have no connection.
struct Desk<A> {
    free: VecDeque<usize>,
    waiting: VecDeque<(A, Instant, String)>,
}

struct Asked<A> {
    about: A,
    due: Instant,
    late: Duration,
    sent_at: u64,
}

impl<A> Exchange<A> {
    /// So many connections, each with one request at a time.
    pub(crate) fn open(socket: &Path, connections: usize) -> io::Result<(Self, Ear)> {
        let (poll, mut lines) = (Poll::new()?, vec![]);
        for nth in 0..connections {
            let stream = std::os::unix::net::UnixStream::connect(socket)?;
            stream.set_nonblocking(true)?;
            let mut stream = UnixStream::from_std(stream);
            poll.registry().register(&mut stream, Token(nth), Interest::READABLE)?;
            lines.push(Line { stream, asked: Mutex::new(None) });
        }
        let desk = Desk { free: (0..connections).collect(), waiting: VecDeque::new() };
        let ear = Ear { poll, inputs: vec![vec![]; connections] };
        Ok((Self { lines, desk: Mutex::new(desk) }, ear))
    }

    /// Sends a request that is due at `due`, or has it sent as soon as a connection is free.
    pub(crate) fn ask(&self, about: A, due: Instant, request: String) -> io::Result<()> {
        let mut desk = lock(&self.desk);
        let Some(line) = desk.free.pop_front() else {
            desk.waiting.push_back((about, due, request));
            return Ok(());
        };
        drop(desk);
        self.send(line, about, due, &request)
    }

    fn send(&self, line: usize, about: A, due: Instant, request: &str) -> io::Result<()> {
        let line = &self.lines[line];
        let sent_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_micros());
        let sent_at = u64::try_from(sent_at).unwrap_or(u64::MAX);
        *lock(&line.asked) = Some(Asked { about, due, late: due.elapsed(), sent_at });
        // Alone on its connection it finds room: it is far smaller than what a socket holds.
        (&line.stream).write_all(request.as_bytes())
    }

    /// Hears answers until `on_answer` breaks, or none came for a while.
    pub(crate) fn hear(
        &self,
        mut ear: Ear,
        on_answer: &mut dyn FnMut(Answer<A>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn Error>> {
        let (mut events, mut heard_at) = (Events::with_capacity(1_024), Instant::now());
        while heard_at.elapsed() < PATIENCE {
            match ear.poll.poll(&mut events, Some(PATIENCE / 10)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
            for event in &events {
                let Token(nth) = event.token();
                let Some(answer) = self.read(nth, &mut ear.inputs[nth])? else { continue };
                self.next(nth)?;
                if on_answer(answer).is_break() {
                    return Ok(());
                }
                heard_at = Instant::now();
            }
        }
        Ok(())
    }

    /// The answer on a connection, once it is whole. There is never a second one behind it.
    fn read(&self, nth: usize, input: &mut Vec<u8>) -> Result<Option<Answer<A>>, Box<dyn Error>> {
        let line = &self.lines[nth];
        loop {
            match http::read_some(&mut &line.stream, input) {
                Ok(0) => return Err("a connection was closed".into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            let Some(reply) = http::take_reply(input)? else { continue };
            let Asked { about, due, late, sent_at } =
                lock(&line.asked).take().ok_or("an answer that nobody asked for")?;
            return Ok(Some(Answer { about, sent_at, late, took: due.elapsed(), reply }));
        }
    }

    /// Gives a connection the next request, if one waits.
    fn next(&self, nth: usize) -> io::Result<()> {
        let mut desk = lock(&self.desk);
        let Some((about, due, request)) = desk.waiting.pop_front() else {
            desk.free.push_back(nth);
            return Ok(());
        };
        drop(desk);
        self.send(nth, about, due, &request)
    }
}

/// Who panicked while he held it has ended the run already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// So long without an answer, and the rest is given up.
const PATIENCE: Duration = Duration::from_secs(10);
