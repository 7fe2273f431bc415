//! A SIP trunk with phones behind it, as one value: told what happened and when, it says what to
//! send, what the phones did and what the caller did wrong.
//!
//! A user agent server of RFC 3261 where its phones are meant to be correct, and exactly as wrong as
//! a [`Behaviour`](super::Behaviour) says where they are not. Deliberately absent: registration,
//! authentication, media, requests outside a call but OPTIONS.
//!
//! Invariant: everything that came is forgotten when its transactions have ended, and the same
//! inputs with the same entropy give the same bytes.

mod ack;
mod bye;
mod call;
mod cancel;
mod dialog;
mod invite;
mod receive;
mod write;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::deadlines::Deadlines;
use super::desk::Peer;
use super::event::{Ending, Entry, Event};
use super::number::Number;
use super::outbox::Outbox;
use super::phones::Phones;
use super::settings::{Quality, Settings, Wire};
use super::violation::{Noticed, Violation};
use crate::entropy::Stream;
use crate::net::Lost;
use crate::sip::Status;
use crate::time::Wake;
use crate::transaction::client::Clients;
use crate::transaction::server::Servers;
use crate::transaction::slab::{Handle, Slab};

use bye::Leave;
use call::Call;
use dialog::Dialog;

/// The trunk.
#[derive(Debug)]
pub struct Trunk {
    settings: Settings,
    entropy: Stream,
    /// What the caller asked.
    servers: Servers<Owner>,
    by_call_id: HashMap<Vec<u8>, Handle>,
    /// Phones that ring, and the INVITE that makes them.
    ringing: BTreeMap<Number, Handle>,
    /// Calls that were answered.
    dialogs: Slab<Dialog>,
    by_tag: HashMap<u64, Handle>,
    /// Our BYEs.
    clients: Clients<Leave>,
    deadlines: Deadlines<Sleeper>,
    outbox: Outbox,
    events: VecDeque<Event>,
    phones: Phones,
    violations: Vec<Noticed>,
    counts: Counts,
    /// The To tag of answers that leave no trace here (RFC 3261 §8.2.7).
    stateless_tag: u64,
    is_stopping: bool,
}

/// What the owner of the phones, or of the trunk, may want.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command {
    /// The person takes the call that rings.
    Answer(Number),
    /// The person presses the red button: 603.
    Decline(Number),
    /// No new calls; those that have no final response get 503.
    Stop,
}

/// What happened that left no other trace.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// INVITEs that made a call.
    pub calls: u64,
    /// Datagrams that are no SIP messages.
    pub malformed: u64,
    /// INVITEs that were refused because the table was full.
    pub shed: u64,
    /// Events that nobody read in time.
    pub events_shed: u64,
    /// Violations of the caller, all that were noticed.
    pub violations: u64,
}

/// Who has a deadline.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Sleeper {
    /// A request of ours.
    Client(Handle),
    /// An answered call.
    Dialog(Handle),
    /// A request of the caller.
    Server(Handle),
}

/// What is kept beside a server transaction.
#[derive(Debug)]
enum Owner {
    Invite(Box<Call>),
    /// The response, to send it again.
    NonInvite {
        to: SocketAddr,
        quality: Quality,
        response: Vec<u8>,
    },
}

impl Trunk {
    /// A trunk that has not been called yet.
    pub fn new(settings: Settings, mut entropy: Stream) -> Self {
        let limit = settings.transactions_max;
        Self {
            servers: Servers::new(limit, &mut entropy),
            by_call_id: HashMap::new(),
            ringing: BTreeMap::new(),
            dialogs: Slab::new(limit),
            by_tag: HashMap::new(),
            clients: Clients::new(limit, &mut entropy),
            deadlines: Deadlines::new(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            phones: Phones::new(settings.phones_max),
            violations: vec![],
            counts: Counts::default(),
            stateless_tag: entropy.u64(),
            is_stopping: false,
            settings,
            entropy,
        }
    }

    /// Does what a person wants.
    pub fn on_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Answer(phone) => self.on_person(phone, Status::OK, now),
            Command::Decline(phone) => self.on_person(phone, Status::DECLINE, now),
            Command::Stop => {
                self.is_stopping = true;
                let open: Vec<Handle> = self.servers.handles().collect();
                for handle in open {
                    self.end(handle, Status::SERVICE_UNAVAILABLE, Ending::Stopped, now);
                }
            }
        }
    }

    /// Handles the passing of time.
    pub fn on_timeout(&mut self, now: Instant) {
        while let Some(sleeper) = self.deadlines.pop_due(now) {
            match sleeper {
                Sleeper::Client(handle) => self.on_client_timeout(handle, now),
                Sleeper::Dialog(handle) => self.on_dialog_timeout(handle, now),
                Sleeper::Server(handle) => self.on_server_timeout(handle, now),
            }
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

    /// The call log of a phone, oldest line first: the last 20.
    pub fn log(&self, phone: Number) -> impl Iterator<Item = &Entry> {
        self.phones.log(phone.phone())
    }

    /// What the caller did wrong: the first 1,000. [`Counts::violations`] counts them all.
    pub fn violations(&self) -> &[Noticed] {
        &self.violations
    }

    /// What left no other trace.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether nothing is remembered of any call but the phones' logs. Other requests may be.
    pub fn has_no_call(&self) -> bool {
        self.dialogs.is_empty()
            && self.clients.occupancy().0 == 0
            && self.by_call_id.is_empty()
            && self.by_tag.is_empty()
            && self.ringing.is_empty()
    }

    /// Whether nothing at all is remembered but the phones' logs.
    pub fn is_quiet(&self) -> bool {
        self.has_no_call() && self.servers.occupancy().0 == 0 && self.next_wake().is_none()
    }

    /// Whether the trunk was told to stop, and has said so to its callers.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() >= self.settings.events_max {
            self.counts.events_shed += 1;
            return;
        }
        self.events.push_back(event);
    }

    /// Notes a violation, unless what lies between explains it.
    fn notice(
        &mut self,
        violation: Violation,
        phone: Option<Number>,
        quality: Quality,
        now: Instant,
    ) {
        let is_wild = self.settings.wire == Wire::Wild || quality != Quality::GOOD;
        if is_wild && violation.is_excused_by_loss() {
            return;
        }
        self.counts.violations += 1;
        let noticed = Noticed { violation, phone, at: now };
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(noticed);
        }
        self.tell(Event::Violated(noticed));
    }

    /// The quality of everything between the caller and this phone.
    fn quality_of(&self, phone: Option<Number>) -> Quality {
        let own = phone.map(|phone| self.settings.behaviour_of(phone).script().quality);
        own.map_or(self.settings.quality, |own| own.worse(self.settings.quality))
    }
}

impl Peer for Trunk {
    type Command = Command;
    type Event = Event;
    const NAME: &'static str = "lab-trunk";

    fn events_max(&self) -> usize {
        self.settings.events_max
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        self.on_command(command, now);
    }

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        self.on_datagram(from, payload, now);
    }

    /// A caller that has gone away: its transactions end by their timers.
    fn on_undelivered(&mut self, _lost: Lost<'_>, _now: Instant) {}

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
        self.is_stopping
    }
}

const VIOLATIONS_MAX: usize = 1_000;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
