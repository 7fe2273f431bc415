//! One shard of the daemon as one value without I/O: it is told what happened and when, and says
//! what to send and when to be called again.
//!
//! All state of a shard is reachable from one [`Gateway`], so two of them and a lossy network live in
//! one test, in virtual time, from one seed. Deliberately absent: sockets, clocks, threads.
//!
//! Invariants: a call ends once, and its end reaches `verify`; while a call lives the gateway has a
//! `next_wake`; no INVITE leaves after its call ended, or before its record is safe, if records are
//! kept.

pub mod board;
mod dialog;
pub mod dids;
mod drain;
pub(crate) mod farewell;
mod ghost;
mod heard;
mod identity;
mod inbound;
pub mod inflight;
mod leg;
pub mod notice;
mod outbox;
mod passed;
mod place;
mod probe;
mod queue;
mod recording;
pub mod reload;
mod request;
mod response;
mod salvage;
mod send;
pub mod settings;
mod source;
pub mod state;
mod timers;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use self::board::Board;
use self::dialog::Late;
use self::dids::Dids;
use self::drain::Stop;
use self::ghost::table::Ghosts;
use self::identity::Identities;
use self::inbound::Call;
use self::leg::{Owner, Purpose};
use self::notice::Notices;
use self::outbox::Outbox;
pub(crate) use self::outbox::{BURST_GAP, BURST_MAX};
use self::queue::Queue;
use self::recording::Recording;
use self::reload::Reload;
use self::request::{Request, STRAY_ANSWERS_PER_SECOND};
use self::settings::{Line, Settings, TRUNKS_MAX};
use self::timers::Timer;
use crate::entropy::{Entropy, Stream};
use crate::ladder::Undelivered;
use crate::sip::{Message, Start};
use crate::tally::{DropReason, Shed, SipKind, Table, Tally};
use crate::time::{Wake, Wheel};
use crate::transaction::client::{Clients, Machine};
use crate::transaction::non_invite_client::NonInviteClient;
use crate::transaction::server::Servers;
use crate::transaction::slab::Handle;
use crate::trunk::Rate;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::{Order, Verify, Watch};

/// What the control room asks of a shard.
#[derive(Debug)]
pub enum Command {
    /// Describe yourself.
    Describe(state::Reply),
    /// No new calls; hang up those that live.
    Drain,
    /// Hang up this call.
    HangUp(CallId),
    /// Ring a phone.
    Place(Order),
    /// Work with other trunks.
    Reload(Box<Reload>),
    /// Keep the time of a verification that waits for a call.
    Watch(Watch),
}

/// Everything that can happen to a shard.
#[derive(Debug)]
pub enum Input<'a> {
    /// The control room asks for something.
    Command(Command),
    /// A datagram arrived.
    Datagram {
        /// Who sent it.
        from: SocketAddr,
        /// What was sent.
        payload: &'a [u8],
    },
    /// Records may have been answered ([`inflight`]).
    Recorded,
    /// The network said that a datagram of ours did not arrive (an ICMP error, no route).
    SendFailed {
        /// Where it should have gone.
        to: SocketAddr,
        /// The datagram, as far as it was returned.
        payload: &'a [u8],
        /// What the system or the network said.
        why: Undelivered,
    },
    /// The moment that [`Gateway::next_wake`] named has come.
    Timeout,
}

/// One shard.
#[derive(Debug)]
pub struct Gateway {
    shard: u16,
    lines: Vec<Line>,
    routes: Vec<Box<[u16]>>,
    dids: Arc<Dids>,
    clients: Clients<Owner>,
    /// Calls from trunks.
    servers: Servers<Call>,
    /// How many entries they have in the wheel.
    servers_filed: usize,
    /// Answers to requests about what nobody knows.
    strays: Rate,
    /// Who is to be called back, and when.
    challenges: BTreeSet<(Instant, VerificationId)>,
    /// The leg that each live call is on.
    calls: BTreeMap<CallId, Handle>,
    queue: Queue,
    /// Those whose record is being written.
    recording: Recording,
    /// When the wheel next wakes us for those that wait.
    look_again_at: Option<Instant>,
    late: Late,
    /// Calls that were answered, here or by a gateway that died, and whose BYE is kept.
    farewells: BTreeSet<CallId>,
    /// Calls of a gateway that died.
    ghosts: Ghosts,
    notices: Notices,
    wheel: Wheel<Timer>,
    /// When verifications expire, or are forgotten.
    expiries: Wheel<VerificationId>,
    outbox: Outbox,
    /// Where a response is written before it is kept.
    scratch: Vec<u8>,
    identities: Identities,
    entropy: Stream,
    verify: Arc<Verify>,
    tally: Arc<Tally>,
    board: Arc<Board>,
    verifications_max: usize,
    /// When the last input came.
    now: Instant,
    stop: Option<Stop>,
}

impl Gateway {
    /// An idle shard.
    pub fn new(
        settings: Settings,
        verify: Arc<Verify>,
        entropy: &Entropy,
        tally: Arc<Tally>,
        now: Instant,
    ) -> Self {
        let mut entropy = entropy.stream();
        let board = Arc::new(Board::new(TRUNKS_MAX));
        let mut gateway = Self {
            shard: settings.shard,
            board,
            lines: settings.lines,
            routes: settings.routes,
            dids: settings.dids,
            clients: Clients::new(settings.transactions_max, &mut entropy),
            servers_filed: 0,
            strays: Rate::of_arrivals(STRAY_ANSWERS_PER_SECOND, 1),
            challenges: BTreeSet::new(),
            calls: BTreeMap::new(),
            queue: Queue::new(settings.queue_max, settings.queue_time_max),
            recording: Recording::default(),
            look_again_at: None,
            verifications_max: settings.verifications_max,
            late: Late::default(),
            farewells: BTreeSet::new(),
            ghosts: Ghosts::new(settings.transactions_max),
            notices: Notices::default(),
            wheel: Wheel::new(now),
            expiries: Wheel::new(now),
            outbox: Outbox::default(),
            scratch: vec![],
            identities: Identities::new(settings.tag_key, &mut entropy),
            servers: Servers::new(settings.servers_max, &mut entropy),
            entropy,
            verify,
            tally,
            now,
            stop: None,
        };
        gateway.start_probes(now);
        gateway
    }

    /// Applies one input. Never blocks, never fails: what can go wrong is counted and recorded.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.now = now;
        match input {
            Input::Command(Command::Describe(reply)) => reply.send(self.describe(now)),
            Input::Command(Command::Drain) => self.drain(now),
            Input::Command(Command::HangUp(call)) => self.hang_up(call, now),
            Input::Command(Command::Place(order)) => self.place(order, now),
            Input::Command(Command::Reload(reload)) => self.reload(*reload, now),
            Input::Command(Command::Watch(watch)) => self.watch(watch),
            Input::Datagram { from, payload } => self.on_datagram(from, payload, now),
            Input::Recorded => self.on_recorded(now),
            Input::SendFailed { payload, why, .. } => self.on_send_failed(payload, why, now),
            Input::Timeout => self.on_timeout(now),
        }
    }

    /// The next datagram to send. Call it until it has none, after each batch of inputs.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.outbox.pop()
    }

    /// When to call again, and why.
    pub fn next_wake(&self) -> Option<Wake> {
        let [deadline, expiry] = [self.wheel.next(), self.expiries.next()];
        let deadline = deadline.map(|at| Wake { at, why: "deadline" });
        Wake::earlier(deadline, expiry.map(|at| Wake { at, why: "expiry" }))
    }

    /// How many calls live or wait for a trunk.
    pub fn calls(&self) -> usize {
        self.calls.len() + self.queue.len()
    }

    /// Whether a stop was asked for, every call has ended, and every phone that was answered knows it: a
    /// BYE that is lost must still be there to be sent again, and so must the CANCEL of a call that a
    /// gateway before this one left behind. A verification whose missed call waits for
    /// its ACK is waited for, for a moment.
    pub fn is_drained(&self) -> bool {
        self.is_draining()
            && self.calls() == 0
            && self.outbox.len() == 0
            && !self.awaits_bye()
            && !self.awaits_callers()
            && self.ghosts.open() == 0
    }

    fn awaits_bye(&self) -> bool {
        let clients = self.clients.handles().filter_map(|handle| self.clients.get(handle));
        let mut byes =
            clients.filter_map(|client| match (&client.machine, &client.owner.purpose) {
                (Machine::NonInvite { request, .. }, Purpose::Bye(_)) => Some(request),
                (Machine::NonInvite { .. } | Machine::Invite { .. } | Machine::Unsent, _) => None,
            });
        byes.any(NonInviteClient::is_open)
    }

    /// Whether nothing at all is kept: no call, no transaction but those that look after trunks.
    pub fn is_quiet(&self) -> bool {
        self.calls() == 0
            && self.clients.occupancy().0 == self.probes()
            && self.servers.occupancy().0 == 0
            && self.ghosts.is_empty()
            && self.challenges.is_empty()
    }

    /// Publishes how full the tables are and how the trunks stand.
    pub fn publish_tables(&self) {
        let (clients, limit) = self.clients.occupancy();
        self.tally.set_table(Table::ClientTransactions, clients, limit);
        let (servers, servers_max) = self.servers.occupancy();
        self.tally.set_table(Table::ServerTransactions, servers, servers_max);
        self.tally.set_table(Table::Calls, self.calls.len(), limit);
        self.tally.set_table(Table::Ghosts, self.ghosts.len(), self.ghosts.limit());
        self.tally.set_left_behind(self.ghosts.open(), self.farewells.len());
        self.tally.set_table(Table::Inbox, self.queue.len(), self.queue.limit());
        let timers = self.wheel.len() + self.expiries.len();
        self.tally.set_table(Table::Timers, timers, self.deadlines_max() + self.expiries_max());
        for (trunk, line) in self.lines.iter().enumerate() {
            self.board.show(trunk, line.pace.in_flight(), &line.health, self.now);
        }
    }

    /// What others may read of this shard's trunks while it works.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// A datagram was dropped before it left.
    pub fn on_datagram_shed(&self) {
        self.tally.on_shed(Shed::Datagram);
    }

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        // RFC 5626 §4.4.1 keep-alives are blank lines: not worth a word.
        if payload.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return;
        }
        if let Some(reason) = self.noise(from, payload) {
            if reason == DropReason::ForeignSource {
                self.notice_stranger(from, payload, now);
            }
            return self.tally.on_dropped(reason);
        }
        let message = match Message::parse(payload) {
            Ok(message) => message,
            Err(_) => return self.tally.on_dropped(DropReason::Malformed),
        };
        match message.start() {
            Start::Request(line) => {
                let request = Request { from, message: &message, bytes: payload.len() };
                self.on_request(&request, line.method, now);
            }
            Start::Response(line) => {
                self.tally.on_received(SipKind::of_status(line.status.code()));
                self.on_response(from, &message, line.status, now);
            }
        }
    }
}

#[cfg(test)]
mod tests;
