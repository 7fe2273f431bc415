//! `ringproof handset dial`: the caller over a real socket, the course of its calls on the standard
//! output.
//!
//! Calls are made one after the other. It ends when the last one has, a moment later so that what comes
//! too much is seen; at the first SIGINT or SIGTERM it hangs up, at the second it goes.
#![expect(clippy::disallowed_methods, reason = "an edge: here the clock is read")]

mod print;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant as Moment, sleep_until};

use super::caller::{Caller, Command, Conduct, Dial, Event, IdentityError, Manner, Settings};
use super::desk::Desk;
use super::handset::Form;
use super::settings::Wire;
use crate::entropy::Entropy;
use crate::net::{BindError, Busy, Remote, bind};
use crate::number::E164;
use crate::time::WallClock;

use print::Printer;
pub use print::Summary;

/// What is to be dialled.
#[derive(Clone, Copy, Debug)]
pub struct Dialling {
    /// Who calls.
    pub from: E164,
    /// The number of the gateway that is called.
    pub to: E164,
    /// Where the gateway listens.
    pub callee: SocketAddr,
    /// Where to send from; `None`: the address that leads there, and any port.
    pub bind: Option<SocketAddr>,
    /// How.
    pub manner: Manner,
    /// How many times.
    pub times: u32,
    /// How it is printed.
    pub form: Form,
}

/// Why nothing can be dialled.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The address cannot be used.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// No packet goes from IPv4 to IPv6, nor back.
    #[error("sends from {from}, must be of the same IP version as udp:{callee}")]
    Family {
        /// Where from.
        from: IpAddr,
        /// Where to.
        callee: SocketAddr,
    },
    /// The number cannot be shown so.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// No address of this machine leads there.
    #[error("no way leads to udp:{callee}: {source}")]
    Route {
        /// Where to.
        callee: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody reads any more, or there is no thread or no signal to be had.
    #[error("cannot run the caller: {0}")]
    System(#[from] io::Error),
}

/// Makes the calls. Their course goes to `out`, the rest to `notes`.
///
/// # Errors
///
/// When the number has no such form or the address cannot be used, or the system gives no thread or
/// takes no output.
pub fn run(
    dialling: &Dialling,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<Summary, DialError> {
    let Dialling { callee, manner, times, form, .. } = *dialling;
    let dial = Dial::new(dialling.from, dialling.to, manner)?;
    let socket = bind(origin(dialling.bind, callee)?, RECEIVE_BUFFER_BYTES)?;
    let local = socket.local;
    // Beyond this machine packets get lost and overtaken, and nobody is to blame.
    let wire = if callee.ip().is_loopback() { Wire::Orderly } else { Wire::Wild };
    let settings = Settings { wire, ..Settings::new(local, callee) };
    // Signals first: one that comes while the caller starts must not kill it half way.
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = {
        let _guard = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let (identity, conduct) = (manner.identity, manner.conduct);
    writeln!(notes, "rings udp:{callee} from udp:{local}, shown as {identity}, then {conduct}")?;
    let caller = Caller::new(settings, Entropy::system().stream());
    let (running, events) = Desk::run(caller, vec![socket])?;
    let wall = WallClock::new(Instant::now(), SystemTime::now());
    let mut course = Course {
        caller: &running.remote,
        dial,
        left: times,
        after: match conduct {
            Conduct::Forged => Duration::ZERO,
            Conduct::HangsUp { .. }
            | Conduct::HangsUpEarly { .. }
            | Conduct::Merged
            | Conduct::NeverAcks
            | Conduct::NoTag
            | Conduct::RepeatsCancel
            | Conduct::Waits
            | Conduct::WrongTag => 2 * settings.base.t1 + MARGIN,
        },
        printer: Printer::new(form, wall),
    };
    runtime.block_on(course.follow(events, stop, out, notes))?;
    let summary = course.printer.summary();
    running.join();
    writeln!(notes, "{summary}")?;
    Ok(summary)
}

/// What is printed and dialled next.
struct Course<'a> {
    caller: &'a Remote<Command>,
    dial: Dial,
    /// Calls that have not ended.
    left: u32,
    /// How long to listen after the last call has ended.
    after: Duration,
    printer: Printer,
}

impl Course<'_> {
    /// Prints events until the caller has stopped.
    async fn follow(
        &mut self,
        mut events: Receiver<Event>,
        (mut interrupt, mut terminate): (Signal, Signal),
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> io::Result<()> {
        self.tell(Command::Dial(self.dial))?;
        let mut until = None;
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                _ = interrupt.recv() => { self.interrupt(notes)?; continue }
                _ = terminate.recv() => { self.interrupt(notes)?; continue }
                () = sleep_until(until.unwrap_or_else(Moment::now)), if until.is_some() => {
                    until = None;
                    self.tell(Command::Stop)?;
                    continue;
                }
            };
            let Some(event) = event else { return Ok(()) };
            self.printer.print(&event, out, notes)?;
            if let Event::Ended { .. } = event {
                self.left = self.left.saturating_sub(1);
                match self.left {
                    0 => until = Some(Moment::now() + self.after),
                    _ => self.tell(Command::Dial(self.dial))?,
                }
            }
        }
    }

    /// Hangs up; the second time it does not wait for what comes of that.
    fn interrupt(&mut self, notes: &mut dyn Write) -> io::Result<()> {
        // RFC 3261 §9.1: no CANCEL before anything was heard.
        writeln!(notes, "hangs up as soon as the gateway is heard; once more leaves at once")?;
        self.printer.interrupted();
        self.left = 0;
        self.tell(Command::Stop)
    }

    fn tell(&self, command: Command) -> io::Result<()> {
        match self.caller.send(command) {
            // Who has stopped needs not be told.
            Ok(()) | Err(Busy::Stopped) => Ok(()),
            Err(busy @ Busy::Full) => Err(io::Error::other(busy)),
        }
    }
}

/// Where to send from. It is written into Via, so it is never the unspecified address (RFC 3261
/// §18.1.1).
fn origin(wanted: Option<SocketAddr>, callee: SocketAddr) -> Result<SocketAddr, DialError> {
    match wanted {
        Some(from) if from.is_ipv4() != callee.is_ipv4() => {
            Err(DialError::Family { from: from.ip(), callee })
        }
        Some(from) if !from.ip().is_unspecified() => Ok(from),
        Some(_) | None => {
            let way = way_to(callee).map_err(|source| DialError::Route { callee, source })?;
            Ok(SocketAddr::new(way.ip(), wanted.map_or(0, |from| from.port())))
        }
    }
}

/// The address of this machine that packets to `callee` come from.
fn way_to(callee: SocketAddr) -> io::Result<SocketAddr> {
    let any: IpAddr = match callee {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    // Nothing is sent by this: the system only chooses the way.
    socket.connect(callee)?;
    Ok(SocketAddr::new(socket.local_addr()?.ip(), 0))
}

/// Beside 2*T1, for threads that are late.
const MARGIN: Duration = Duration::from_millis(100);
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;
