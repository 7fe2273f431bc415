//! `ringproof handset`: the trunk over real sockets, its phones' call logs on the standard output.
//!
//! It runs until SIGINT or SIGTERM; then what rings is refused and a summary is printed.
#![expect(clippy::disallowed_methods, reason = "an edge: here the clock is read")]

mod print;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::Receiver;

use super::behaviour::{BY_NUMBER, Rule};
use super::desk::Desk;
use super::event::Event;
use super::settings::{Settings, Wire};
use super::trunk::{Command, Trunk};
use crate::entropy::Entropy;
use crate::net::{BindError, Busy, Remote, bind};
use crate::time::WallClock;

use print::Printer;
pub use print::{Form, Summary};

/// What `handset` is asked to do.
#[derive(Clone, Debug)]
pub struct Handset {
    /// Where the trunk listens.
    pub listen: SocketAddr,
    /// Behaviours by number.
    pub rules: Vec<Rule>,
    /// How the log is printed.
    pub form: Form,
}

/// Why the handset cannot run.
#[derive(Debug, thiserror::Error)]
pub enum HandsetError {
    /// The address cannot be used.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// Nobody reads any more, or there is no thread or no signal to be had.
    #[error("cannot run the trunk: {0}")]
    System(#[from] io::Error),
}

/// Runs the trunk until a signal comes. Its phones' logs go to `out`, the rest to `notes`.
///
/// # Errors
///
/// When the address cannot be used, or the system gives no thread or takes no output.
pub fn run(
    handset: &Handset,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<Summary, HandsetError> {
    let socket = bind(handset.listen, RECEIVE_BUFFER_BYTES)?;
    let local = socket.local;
    // Beyond this machine packets get lost and overtaken, and nobody is to blame.
    let wire = if local.ip().is_loopback() { Wire::Orderly } else { Wire::Wild };
    let settings = Settings { rules: handset.rules.clone(), wire, ..Settings::new(local) };
    // Signals first: one that comes while the trunk starts must not kill it half way.
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let stop = {
        let _guard = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let trunk = Trunk::new(settings, Entropy::system().stream());
    let (running, events) = Desk::run(trunk, vec![socket])?;
    writeln!(notes, "a SIP trunk with phones behind it listens on udp:{local}")?;
    write_table(&handset.rules, notes)?;
    let wall = WallClock::new(Instant::now(), SystemTime::now());
    let mut printer = Printer::new(handset.form, wall);
    runtime.block_on(follow(events, stop, &running.remote, &mut printer, out, notes))?;
    running.join();
    let summary = printer.summary();
    writeln!(notes, "{summary}")?;
    Ok(summary)
}

/// Prints events until the trunk has stopped, and stops it at the first signal.
async fn follow(
    mut events: Receiver<Event>,
    (mut interrupt, mut terminate): (Signal, Signal),
    trunk: &Remote<Command>,
    printer: &mut Printer,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = interrupt.recv() => { stop(trunk)?; continue }
            _ = terminate.recv() => { stop(trunk)?; continue }
        };
        match event {
            Some(event) => printer.print(&event, out, notes)?,
            None => return Ok(()),
        }
    }
}

fn stop(trunk: &Remote<Command>) -> io::Result<()> {
    match trunk.send(Command::Stop) {
        // Who has stopped needs not be told.
        Ok(()) | Err(Busy::Stopped) => Ok(()),
        Err(busy @ Busy::Full) => Err(io::Error::other(busy)),
    }
}

/// What the phones do, so that nobody has to look it up: rules first, and of the table what no rule
/// stands before. A rule that never counts is marked.
fn write_table(rules: &[Rule], notes: &mut dyn Write) -> io::Result<()> {
    for (index, rule) in rules.iter().enumerate() {
        // Of two rules with one suffix the last one counts.
        let is_replaced = rules[index + 1..].iter().any(|later| later.suffix() == rule.suffix());
        let mark = if is_replaced { "  (never: a later rule has the same suffix)" } else { "" };
        match rule.suffix() {
            "" => writeln!(notes, "  every other number: {}{mark}", rule.behaviour)?,
            suffix => writeln!(notes, "  …{suffix:<4} {}{mark}", rule.behaviour)?,
        }
    }
    let is_ruled = |suffix: &str| rules.iter().any(|rule| suffix.ends_with(rule.suffix()));
    for (suffix, behaviour) in BY_NUMBER.iter().filter(|(suffix, _)| !is_ruled(suffix)) {
        writeln!(notes, "  …{suffix:<4} {behaviour}")?;
    }
    match is_ruled("") {
        true => Ok(()),
        false => writeln!(notes, "  every other number rings until the caller hangs up"),
    }
}

const RECEIVE_BUFFER_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests;
