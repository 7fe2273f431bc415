//! What comes from the person or the pipe in front of the program: lines, and Ctrl-C.

use std::io::{self, BufRead};
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// What came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    /// There will be no more lines.
    End,
    /// Ctrl-C.
    Interrupt,
    /// A line, without its end.
    Line(String),
}

/// Where lines come from.
#[derive(Debug)]
pub(super) enum Input {
    /// Nowhere any more.
    Ended,
    /// Lines arrive here.
    Lines(mpsc::Receiver<String>),
    /// The standard input, which is not read before somebody wants a line.
    Unread,
}

impl Input {
    /// The next line; `None` when there are no more. Cancel-safe: a line that came is kept.
    pub(super) async fn line(&mut self) -> Option<String> {
        if let Self::Unread = self {
            *self = Self::Lines(lines_of_stdin());
        }
        if let Self::Lines(lines) = self
            && let Some(line) = lines.recv().await
        {
            return Some(line);
        }
        *self = Self::Ended;
        None
    }
}

/// Where Ctrl-C arrives.
#[derive(Debug)]
pub(super) enum Interrupts {
    /// Here, once it is asked for.
    Caught(Signal),
    /// With the system, which ends the program.
    Fatal,
    /// With nobody: there is no keyboard.
    Never,
    /// From a test.
    #[cfg(test)]
    Test(mpsc::Receiver<()>),
}

impl Interrupts {
    /// From now on the program hears of it, and lives on.
    pub(super) fn catch(&mut self) -> io::Result<()> {
        if let Self::Fatal = self {
            *self = Self::Caught(signal(SignalKind::interrupt())?);
        }
        Ok(())
    }

    /// Comes back at the next one. Cancel-safe.
    pub(super) async fn next(&mut self) {
        let was_heard = match self {
            Self::Caught(signal) => signal.recv().await,
            Self::Fatal | Self::Never => None,
            #[cfg(test)]
            Self::Test(test) => test.recv().await,
        };
        if was_heard.is_none() {
            std::future::pending().await
        }
    }
}

/// Reads on a thread of its own: a blocking read cannot be given up when the answer comes first.
/// The thread ends with the process.
fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                break;
            }
        }
    });
    typed
}
