//! A SIP caller as one value: told what happened and when, it says what to send, what it heard and
//! what the called side did wrong. It rings a number to leave a missed call there.
//!
//! A user agent client of RFC 3261 that is meant to be correct, and exactly as wrong as its
//! [`Manner`] says where it is not. Any number of calls live at once. Deliberately absent:
//! registration, authentication, media, a way around the one address that it calls.
//!
//! Invariant: everything of a call is forgotten when its transactions have ended, each call ends
//! exactly once, and the same inputs with the same entropy give the same bytes.

mod answer;
mod call;
mod conduct;
mod event;
mod hang_up;
mod identity;
mod lapse;
mod place;
mod receive;
mod request;
mod settings;
mod write;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::deadlines::Deadlines;
use super::desk::Peer;
use super::outbox::Outbox;
use super::settings::{Quality, Wire};
use crate::entropy::Stream;
use crate::net::Lost;
use crate::sip::Message;
use crate::time::Wake;
use crate::transaction::client::{Client, Clients, Machine};
use crate::transaction::invite_client::InviteClient;
use crate::transaction::slab::Handle;

use call::{Call, Part, Phase};
pub use conduct::{Ack, CONDUCTS, Conduct, ConductError};
pub use event::{Ending, Event, Line};
pub use identity::{IDENTITIES, Identity, IdentityError, UnknownIdentity};
pub use lapse::{Lapse, Noticed};
pub use settings::{Dial, Manner, Settings};

/// The caller.
#[derive(Debug)]
pub struct Caller {
    settings: Settings,
    entropy: Stream,
    clients: Clients<Owner>,
    /// The first INVITE of each call.
    by_line: BTreeMap<Line, Handle>,
    deadlines: Deadlines<Handle>,
    outbox: Outbox,
    events: VecDeque<Event>,
    lapses: Vec<Noticed>,
    counts: Counts,
    /// The To tag of answers that leave no trace here (RFC 3261 §8.2.7).
    stateless_tag: u64,
    stop: Stop,
}

/// What the person at the phone may want.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command {
    /// Rings a number. Calls are numbered from 1 in this order.
    Dial(Dial),
    /// Hangs up.
    HangUp(Line),
    /// No new calls; those that live hang up. Who says it twice does not wait for their ends.
    Stop,
}

/// What happened that left no other trace.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Calls that were dialled, shed or not.
    pub calls: u64,
    /// Calls that never began.
    pub shed: u64,
    /// Datagrams that are no SIP messages.
    pub malformed: u64,
    /// Final responses that came again, acknowledged or not.
    pub finals_again: u64,
    /// Events that nobody read in time.
    pub events_shed: u64,
    /// Lapses of the called side, all that were noticed.
    pub lapses: u64,
}

/// What is kept beside a client transaction.
#[derive(Debug)]
enum Owner {
    /// The BYE of a call that was answered.
    Bye(Vec<u8>),
    /// An INVITE.
    Call(Box<Call>),
}

/// How much it wants to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stop {
    Asked,
    Insisted,
    Running,
}

impl Caller {
    /// A caller that has not dialled yet.
    pub fn new(settings: Settings, mut entropy: Stream) -> Self {
        Self {
            clients: Clients::new(settings.transactions_max, &mut entropy),
            by_line: BTreeMap::new(),
            deadlines: Deadlines::new(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            lapses: vec![],
            counts: Counts::default(),
            stateless_tag: entropy.u64(),
            stop: Stop::Running,
            settings,
            entropy,
        }
    }

    /// Does what a person wants.
    pub fn on_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Dial(dial) => self.dial(dial, now),
            Command::HangUp(line) => {
                if let Some(handle) = self.by_line.get(&line).copied() {
                    self.hang_up(handle, now);
                    self.rest(handle);
                }
            }
            Command::Stop => self.on_stop(now),
        }
    }

    /// A datagram has arrived.
    pub fn on_datagram(&mut self, source: SocketAddr, payload: &[u8], now: Instant) {
        match Message::parse(payload) {
            Ok(message) if message.method().is_some() => self.on_request(source, &message),
            Ok(message) => self.on_response(source, &message, now),
            Err(_) => self.counts.malformed += 1,
        }
    }

    /// Handles the passing of time.
    pub fn on_timeout(&mut self, now: Instant) {
        while let Some(handle) = self.deadlines.pop_due(now) {
            self.on_due(handle, now);
            self.rest(handle);
        }
    }

    /// The next datagram to send. To be asked until there is none.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.outbox.pop()
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`on_timeout`](Self::on_timeout), and why.
    pub fn next_wake(&self) -> Option<Wake> {
        self.deadlines.next()
    }

    /// What the called side did wrong: the first 1,000. [`Counts::lapses`] counts them all.
    pub fn lapses(&self) -> &[Noticed] {
        &self.lapses
    }

    /// What left no other trace.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether nothing at all is remembered of any call.
    pub fn is_quiet(&self) -> bool {
        self.clients.occupancy().0 == 0 && self.by_line.is_empty() && self.next_wake().is_none()
    }

    /// Whether it was told to stop, and every call has ended or nobody waits for that.
    pub fn is_done(&self) -> bool {
        let is_open = |handle| self.call(handle).is_some_and(Call::is_open);
        match self.stop {
            Stop::Asked => !self.by_line.values().copied().any(is_open),
            Stop::Insisted => true,
            Stop::Running => false,
        }
    }

    fn on_stop(&mut self, now: Instant) {
        self.stop = match self.stop {
            Stop::Running => Stop::Asked,
            Stop::Asked | Stop::Insisted => Stop::Insisted,
        };
        let open: Vec<Handle> = self.clients.handles().collect();
        for handle in open {
            self.hang_up(handle, now);
            self.rest(handle);
        }
    }

    /// Tells of a call, whose second INVITE says nothing of its own.
    fn tell_of(&mut self, handle: Handle, event: impl FnOnce(&Call) -> Event) {
        let call = self.call(handle).filter(|call| call.part == Part::Only);
        if let Some(event) = call.map(event) {
            self.tell(event);
        }
    }

    /// The call ends. To be called before its phase changes.
    fn end(&mut self, handle: Handle, ending: Ending, at: Instant) {
        self.tell_of(handle, |call| {
            let is_as_told = call.is_as_told(ending);
            Event::Ended { line: call.line, ending, is_as_told, at }
        });
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() >= self.settings.events_max {
            self.counts.events_shed += 1;
            return;
        }
        self.events.push_back(event);
    }

    /// Notes a lapse, unless what lies between explains it.
    fn notice(&mut self, lapse: Lapse, handle: Option<Handle>, at: Instant) {
        if self.settings.wire == Wire::Wild && lapse.is_excused_by_loss() {
            return;
        }
        self.counts.lapses += 1;
        let line = handle.and_then(|handle| self.call(handle)).map(|call| call.line);
        let noticed = Noticed { lapse, line, at };
        if self.lapses.len() < LAPSES_MAX {
            self.lapses.push(noticed);
        }
        self.tell(Event::Lapsed(noticed));
    }

    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.send_to(self.settings.callee, write);
    }

    fn send_to(&mut self, to: SocketAddr, write: impl FnOnce(&mut Vec<u8>)) {
        self.outbox.send(to, Quality::GOOD, &mut self.entropy, write);
    }

    fn call(&self, handle: Handle) -> Option<&Call> {
        match &self.clients.get(handle)?.owner {
            Owner::Call(call) => Some(call),
            Owner::Bye(_) => None,
        }
    }

    fn call_mut(&mut self, handle: Handle) -> Option<&mut Call> {
        match &mut self.clients.get_mut(handle)?.owner {
            Owner::Call(call) => Some(call),
            Owner::Bye(_) => None,
        }
    }

    fn invite_mut(&mut self, handle: Handle) -> Option<&mut InviteClient> {
        match &mut self.clients.get_mut(handle)?.machine {
            Machine::Invite { invite, .. } => Some(invite),
            Machine::NonInvite { .. } | Machine::Unsent => None,
        }
    }

    fn set_phase(&mut self, handle: Handle, phase: Phase) {
        if let Some(call) = self.call_mut(handle) {
            call.phase = phase;
        }
    }

    /// After every step: the next deadline, or nothing more to remember.
    fn rest(&mut self, handle: Handle) {
        let Some(Client { machine, owner }) = self.clients.get(handle) else { return };
        let (line, own) = match owner {
            Owner::Bye(_) => (None, None),
            Owner::Call(call) => ((call.part == Part::Only).then_some(call.line), call.next_wake()),
        };
        let wake = Wake::earlier(machine.next_wake(), own);
        if !machine.is_terminated() || own.is_some() {
            return self.deadlines.set(handle, wake);
        }
        self.deadlines.set(handle, None);
        self.clients.remove(handle);
        if let Some(line) = line {
            self.by_line.remove(&line);
        }
    }
}

impl Peer for Caller {
    type Command = Command;
    type Event = Event;
    const NAME: &'static str = "lab-caller";

    fn events_max(&self) -> usize {
        self.settings.events_max
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        self.on_command(command, now);
    }

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        self.on_datagram(from, payload, now);
    }

    fn on_undelivered(&mut self, lost: Lost<'_>, now: Instant) {
        self.on_undelivered(lost.payload, lost.why, now);
    }

    fn on_timeout(&mut self, now: Instant) {
        self.on_timeout(now);
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.poll_transmit()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.poll_event()
    }

    fn next_wake(&self) -> Option<Wake> {
        self.next_wake()
    }

    fn is_done(&self) -> bool {
        self.is_done()
    }
}

const LAPSES_MAX: usize = 1_000;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
