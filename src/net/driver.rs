//! The loop of one thread: drain the core's datagrams, wait, hand it what happened.
#![expect(clippy::disallowed_methods, reason = "the driver is where the clock is read")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};

use super::gather::Gather;
use super::seats::{Seat, Seats};
use super::{Core, Lost, Socket, errors};
use crate::ladder::Undelivered;

/// A core that runs on a thread of its own.
#[derive(Debug)]
pub struct Running<C> {
    /// The way to give it commands.
    pub remote: Remote<C>,
    thread: thread::JoinHandle<()>,
}

impl<C> Running<C> {
    /// Waits until the core is done.
    pub fn join(self) {
        // A panic has been printed by the thread itself; there is nothing to add.
        drop(self.thread.join());
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Gives commands to a running core. Bounded: a core that does not keep up says so.
#[derive(Debug)]
pub struct Remote<C> {
    commands: SyncSender<C>,
    seats: Arc<Seats>,
    bell: Arc<Bell>,
}

impl<C> Clone for Remote<C> {
    fn clone(&self) -> Self {
        let (seats, bell) = (Arc::clone(&self.seats), Arc::clone(&self.bell));
        Self { commands: self.commands.clone(), seats, bell }
    }
}

/// A place in the queue of a running core. Dropped unused, it is free for others.
#[derive(Debug)]
pub struct Reserved<C> {
    remote: Remote<C>,
    seat: Seat,
}

/// The command was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Busy {
    /// As many commands wait as may.
    #[error("the shard has more orders than it can take, try again later")]
    Full,
    /// The thread has ended.
    #[error("the shard has stopped")]
    Stopped,
}

/// A command that was not taken, and why.
#[derive(Debug)]
pub struct NotSent<C> {
    /// The command.
    pub command: C,
    /// Why it was not taken.
    pub why: Busy,
}

impl<C> Remote<C> {
    /// Hands over a command without waiting.
    ///
    /// # Errors
    ///
    /// When the core cannot take it; the command is dropped.
    pub fn send(&self, command: C) -> Result<(), Busy> {
        self.offer(command).map_err(|not_sent| not_sent.why)
    }

    /// Hands over a command without waiting, or gets it back.
    ///
    /// # Errors
    ///
    /// The command, when the core cannot take it.
    pub fn offer(&self, command: C) -> Result<(), NotSent<C>> {
        match Seats::take(&self.seats) {
            Ok(seat) => self.deliver(seat, command),
            Err(why) => Err(NotSent { command, why }),
        }
    }

    /// The same for a command that can wait: it leaves half of the queue to those that cannot.
    ///
    /// # Errors
    ///
    /// The command, when half of the queue is taken, or the core has stopped.
    pub fn offer_behind(&self, command: C) -> Result<(), NotSent<C>> {
        match Seats::take_behind(&self.seats) {
            Ok(seat) => self.deliver(seat, command),
            Err(why) => Err(NotSent { command, why }),
        }
    }

    /// Takes a place in the queue, for a command that is handed over later.
    ///
    /// # Errors
    ///
    /// As many commands wait, or will, as may; or the core has stopped.
    pub fn reserve(&self) -> Result<Reserved<C>, Busy> {
        let seat = Seats::take(&self.seats)?;
        Ok(Reserved { remote: self.clone(), seat })
    }

    fn deliver(&self, seat: Seat, command: C) -> Result<(), NotSent<C>> {
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Disconnected(command) => NotSent { command, why: Busy::Stopped },
            // Unreachable: there are no more seats than the queue has places.
            TrySendError::Full(command) => NotSent { command, why: Busy::Full },
        })?;
        seat.keep();
        self.bell.ring();
        Ok(())
    }

    /// Wakes the core, so that it looks at what is shared with it. Never fails, never blocks, and costs a
    /// system call only when the core has looked since the last time: whoever changed something first and
    /// rang then is heard, however many commands wait.
    pub fn ring(&self) {
        self.bell.ring();
    }
}

impl<C> Reserved<C> {
    /// Hands over the command.
    ///
    /// # Errors
    ///
    /// The core has stopped.
    pub fn send(self, command: C) -> Result<(), Busy> {
        let Self { remote, seat } = self;
        remote.deliver(seat, command).map_err(|not_sent| not_sent.why)
    }
}

/// Wakes the loop, with one system call for any number of commands that it has not seen yet.
#[derive(Debug)]
struct Bell {
    waker: Waker,
    is_rung: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            // It fails only when the loop is gone, and then nobody waits.
            drop(self.waker.wake());
        }
    }

    /// Says whether it was rung.
    fn hush(&self) -> bool {
        // A swap, so that the look into the inbox that follows cannot be done before it.
        self.is_rung.swap(false, Ordering::AcqRel)
    }
}

/// Starts a thread for `core` with its `sockets` (one for each family at most).
///
/// # Errors
///
/// When the kernel gives no poll, no waker or no thread.
pub fn spawn<C: Core + Send + 'static>(
    name: &str,
    mut core: C,
    sockets: Vec<Socket>,
    commands_max: usize,
) -> io::Result<Running<C::Command>> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    let bell = Arc::new(Bell { waker, is_rung: AtomicBool::new(false) });
    let mut ports = vec![];
    for (index, mut socket) in sockets.into_iter().enumerate() {
        poll.registry().register(&mut socket.udp, Token(index), Interest::READABLE)?;
        ports.push(Port { socket, is_readable: true });
    }
    let (commands, inbox) = sync_channel(commands_max);
    let seats = Arc::new(Seats::new(commands_max));
    let remote = Remote { commands, seats: Arc::clone(&seats), bell: Arc::clone(&bell) };
    let buffer = vec![0; DATAGRAM_MAX];
    let mut driver = Driver { poll, ports, inbox, seats, bell, buffer };
    let thread =
        thread::Builder::new().name(name.to_owned()).spawn(move || driver.run(&mut core))?;
    Ok(Running { remote, thread })
}

struct Driver<C> {
    poll: Poll,
    ports: Vec<Port>,
    inbox: Receiver<C>,
    seats: Arc<Seats>,
    bell: Arc<Bell>,
    buffer: Vec<u8>,
}

struct Port {
    socket: Socket,
    /// The kernel reports readiness once; it stands until a read would block.
    is_readable: bool,
}

impl<C> Drop for Driver<C> {
    fn drop(&mut self) {
        self.seats.close();
    }
}

impl<C> Driver<C> {
    fn run(&mut self, core: &mut impl Core<Command = C>) {
        let mut events = Events::with_capacity(8);
        let mut gather = Gather::new(Instant::now());
        while !core.is_done() {
            core.on_idle();
            self.rest(core, &mut gather);
            let timeout = self.sleep(core);
            if let Err(error) = self.poll.poll(&mut events, timeout) {
                // A signal interrupts the wait; nothing else can go wrong with a poll of ours.
                debug_assert_eq!(error.kind(), io::ErrorKind::Interrupted);
            }
            for event in &events {
                if let Some(port) = self.ports.get_mut(event.token().0) {
                    port.is_readable = true;
                    if event.is_error() {
                        port.report_errors(&mut self.buffer, core);
                    }
                }
            }
            self.run_commands(core);
            // Before the timers: a 486 that is there when the ring time is over means no CANCEL.
            self.read(core);
            self.run_timers(core);
            self.write(core);
        }
    }

    /// Under load: lets datagrams and commands gather.
    fn rest(&self, core: &impl Core<Command = C>, gather: &mut Gather) {
        let wake = core.next_wake().map(|wake| wake.at);
        if let Some(rest) = gather.on_turn(wake, Instant::now())
            && !self.ports.iter().any(|port| port.is_readable)
        {
            thread::sleep(rest);
        }
    }

    fn sleep(&self, core: &impl Core<Command = C>) -> Option<Duration> {
        if self.ports.iter().any(|port| port.is_readable) {
            return Some(Duration::ZERO);
        }
        let wake = core.next_wake()?;
        Some(wake.at.saturating_duration_since(Instant::now()))
    }

    fn run_commands(&mut self, core: &mut impl Core<Command = C>) {
        // Hushed first: what comes while we look rings again.
        let was_rung = self.bell.hush();
        let is_emptied = (0..COMMANDS_BATCH).any(|_| match self.inbox.try_recv() {
            Ok(command) => {
                self.seats.leave();
                core.on_command(command, Instant::now());
                false
            }
            Err(_) => true,
        });
        // Commands come first: a call that is hung up in time is not sent.
        if was_rung {
            core.on_bell(Instant::now());
        }
        // More may wait: do not sleep on them.
        if !is_emptied {
            self.bell.ring();
        }
    }

    fn read(&mut self, core: &mut impl Core<Command = C>) {
        for port in &mut self.ports {
            for _ in 0..DATAGRAMS_BATCH {
                match port.socket.udp.recv_from(&mut self.buffer) {
                    Ok((bytes, from)) => {
                        core.on_datagram(from, &self.buffer[..bytes], Instant::now());
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        port.is_readable = false;
                        break;
                    }
                    Err(_) => port.report_errors(&mut self.buffer, core),
                }
            }
        }
    }

    fn run_timers(&mut self, core: &mut impl Core<Command = C>) {
        // The clock, not the deadline: a deadline in the past must not turn time back.
        let now = Instant::now();
        if core.next_wake().is_some_and(|wake| wake.at <= now) {
            core.on_timeout(now);
        }
    }

    /// Sends what the core has to send. What fails can make it send again, to the next trunk; that
    /// must not wait for the next event.
    fn write(&mut self, core: &mut impl Core<Command = C>) {
        for _ in 0..WRITE_ROUNDS {
            if !self.write_once(core) {
                return;
            }
        }
    }

    /// Says whether anything failed.
    fn write_once(&mut self, core: &mut impl Core<Command = C>) -> bool {
        let mut failed = vec![];
        let mut shed = 0;
        let mut has_errors = false;
        while let Some((to, payload)) = core.poll_transmit() {
            let Some(port) = self.ports.iter().find(|port| port.reaches(to)) else {
                failed.push((to, payload.to_vec(), Undelivered::NoRoute));
                continue;
            };
            if port.socket.udp.send_to(payload, to).is_ok() {
                continue;
            }
            // An error can belong to an earlier datagram: the kernel reports it at the next call,
            // and what this one says comes out when it is tried again.
            has_errors = true;
            match port.socket.udp.send_to(payload, to) {
                // A full send buffer is a lost datagram: retransmission is what UDP peers live by.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => shed += 1,
                Err(error) => failed.push((to, payload.to_vec(), errors::why(&error))),
            }
        }
        (0..shed).for_each(|_| core.on_send_shed());
        let any_failed = has_errors || !failed.is_empty();
        for (to, payload, why) in failed {
            core.on_send_failed(Lost { to, payload: &payload, why }, Instant::now());
        }
        if has_errors {
            for port in &mut self.ports {
                port.report_errors(&mut self.buffer, core);
            }
        }
        any_failed
    }
}

impl Port {
    fn reaches(&self, to: SocketAddr) -> bool {
        self.socket.local.is_ipv4() == to.is_ipv4()
    }

    fn report_errors(&mut self, buffer: &mut [u8], core: &mut impl Core) {
        errors::drain(&self.socket.udp, buffer, |lost| core.on_send_failed(lost, Instant::now()));
    }
}

const WAKER: Token = Token(usize::MAX);
/// The largest UDP datagram.
const DATAGRAM_MAX: usize = 65_535;
/// More than a route has trunks; what is left then leaves at the next event.
const WRITE_ROUNDS: usize = 16;
/// Commands, datagrams and timers take turns.
const COMMANDS_BATCH: usize = 256;
const DATAGRAMS_BATCH: usize = 256;

#[cfg(test)]
mod tests;
