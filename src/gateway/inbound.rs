//! Calls from trunks to our numbers: a missed call from its INVITE to the refusal. What its caller says
//! to that is in `caller`, who is let in at all in `admission`, and what is told of it in `end`.
//!
//! Every call gets the same messages at the same moments, whether its number is ours, its caller is
//! known and anybody waits for it, or not: what differs is done after the ACK, to which no answer is due.
//!
//! Invariants: the status line is all that differs between the responses of a call, so that what is sent
//! again is the same, octet for octet; nothing but the table of transactions holds a call.

mod admission;
mod caller;
mod end;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::Gateway;
use super::request::Request;
use super::settings::Peer;
use crate::call::inbound::{Inbound, Step};
use crate::ladder::{Course, Direction, Rung as Passed, Verb};
use crate::sip::response::{Response, destination};
use crate::sip::{Method, Status};
use crate::tally::{DropReason, SipKind};
use crate::transaction::Transport;
use crate::transaction::branch::{read_hex, write_hex};
use crate::transaction::invite_server::{InviteServer, OnInvite};
use crate::transaction::server::{Key, Machine};
use crate::transaction::slab::Handle;
use crate::trunk::Caller;
use crate::verify::DidId;

use admission::Rung;

/// What is kept of a call.
#[derive(Debug)]
pub(crate) struct Call {
    /// When the wheel will hand it back; an earlier wish files it again.
    pub(crate) armed: Option<Instant>,
    /// Where it stands.
    pub(crate) call: Inbound,
    /// Index of the trunk that it came from.
    pub(crate) trunk: u16,
    /// Which of our numbers was rung, if it is one.
    pub(crate) did: Option<DidId>,
    /// How that trunk was heard when the call began.
    peer: Arc<Peer>,
    /// Where responses go.
    to: SocketAddr,
    /// The last response.
    said: Status,
    /// The tag that makes our responses ours: 64 random bits, another for each call.
    tag: u64,
    /// What follows the status line in each of them.
    tail: Box<[u8]>,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Its messages.
    course: Course,
    received: Instant,
}

impl Gateway {
    /// An INVITE that belongs to no call.
    pub(crate) fn on_invite(&mut self, request: &Request<'_>, now: Instant) {
        let message = request.message;
        if message.to().is_ok_and(|to| to.tag().is_some()) {
            return self.deny(request, now);
        }
        let has_contact = matches!(message.contact(), Ok(Some(_)));
        let (Ok(key), true) = (self.servers.key(message, Method::Invite), has_contact) else {
            return self.respond(request, Status::BAD_REQUEST, &[]);
        };
        if self.servers.is_merged(message) {
            return self.respond(request, Status::LOOP_DETECTED, &[]);
        }
        if self.is_draining() {
            let later = ("Retry-After", RETRY_AFTER_STOP);
            return self.respond(request, Status::SERVICE_UNAVAILABLE, &[later]);
        }
        match self.admit(request, now) {
            // Without Retry-After, which would stop everything else of the trunk (RFC 7339 §5.10.2).
            None => self.respond(request, Status::SERVICE_UNAVAILABLE, &[]),
            Some(rung) => self.begin_inbound(request, key, rung, now),
        }
    }

    /// An INVITE that came before gets the last response again. Says whether it did come before.
    pub(crate) fn is_answered_again(&mut self, request: &Request<'_>) -> bool {
        let Some(handle) = self.call_of(request) else { return false };
        self.tally.on_received_again();
        let now = self.now;
        let Some((machine, call)) = self.inbound_mut(handle) else { return true };
        let is_theirs = call.peer.owns(request.from.ip());
        call.note_in(Verb::Invite, true, !is_theirs, now);
        if !is_theirs {
            self.tally.on_dropped(DropReason::ForeignSource);
        } else if machine.on_invite() == OnInvite::Respond {
            self.say_again(handle);
        }
        true
    }

    fn begin_inbound(&mut self, request: &Request<'_>, key: Key, rung: Rung, now: Instant) {
        let Request { from, message, .. } = *request;
        let Ok(via) = message.via() else { return };
        let Rung { trunk, did, plan, caller } = rung;
        let (tag, to) = (self.entropy.u64(), destination(&via, from));
        let tail = self.tail_of(request, tag);
        if tail.len() > TAIL_BYTES_MAX {
            return self.respond(request, Status::MESSAGE_TOO_LARGE, &[]);
        }
        let peer = Arc::clone(&self.lines[usize::from(trunk)].peer);
        let machine = InviteServer::start(Transport::Unreliable, peer.base(), now);
        let (call, step) = Inbound::start(plan, now);
        if call.is_ringing() {
            let trying = Response { source: Some(from), ..Response::new(Status::TRYING) };
            self.outbox.push_if(to, |out| trying.write(message, out).is_ok());
            self.tally.on_sent(SipKind::Provisional);
        }
        let said = Status::TRYING;
        let (armed, received, is_ringing) = (None, now, call.is_ringing());
        let course = Course::default();
        let mut call =
            Call { armed, call, trunk, did, peer, to, said, tag, tail, caller, course, received };
        call.note_in(Verb::Invite, false, false, now);
        if is_ringing {
            call.note_out(Verb::Invite, said, false, now);
        }
        let inserted = self.servers.insert(key, message, Machine::Invite(machine), call);
        debug_assert!(inserted.is_ok(), "who is let in has a place");
        if let Ok(handle) = inserted {
            self.take(handle, step, now);
        }
    }

    /// What follows the status line in every response with our tag. Record-Route is in none: nothing can
    /// be sent in the dialog of a call that is never answered.
    fn tail_of(&mut self, request: &Request<'_>, tag: u64) -> Box<[u8]> {
        let text = tag_text(tag);
        let source = Some(request.from);
        let refusal = Response { to_tag: Some(&text), source, ..Response::new(Status::BUSY_HERE) };
        self.scratch.clear();
        // Its Via has been read.
        let _ = refusal.write(request.message, &mut self.scratch);
        let line = memchr::memchr(b'\n', &self.scratch).map_or(0, |end| end + 1);
        self.scratch[line..].into()
    }

    /// Does what a call answers.
    pub(crate) fn take(&mut self, handle: Handle, step: Step, now: Instant) {
        if let Some(status) = step.respond {
            self.say(handle, status, now);
        }
        if let Some(ended) = step.ended {
            self.on_inbound_ended(handle, ended, now);
        }
        self.arm_server(handle);
    }

    /// Sends a response of a call.
    fn say(&mut self, handle: Handle, status: Status, now: Instant) {
        let Some((machine, call)) = self.inbound_mut(handle) else { return };
        if machine.on_send(status.class(), now) {
            call.said = status;
            self.transmit(handle, false);
        }
    }

    /// Sends the last response of a call again.
    pub(crate) fn say_again(&mut self, handle: Handle) {
        self.tally.on_sent_again();
        self.transmit(handle, true);
    }

    fn transmit(&mut self, handle: Handle, is_again: bool) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        let call = &mut server.owner;
        call.note_out(Verb::Invite, call.said, is_again, self.now);
        self.outbox.push(call.to, |out| {
            Response::new(call.said).write_status_line(out);
            out.extend_from_slice(&call.tail);
        });
        self.tally.on_sent(SipKind::of_status(call.said.code()));
    }

    /// The call, with its transaction. No other machine lives among the server transactions.
    pub(crate) fn inbound_mut(&mut self, handle: Handle) -> Option<(&mut InviteServer, &mut Call)> {
        let server = self.servers.get_mut(handle)?;
        match &mut server.machine {
            Machine::Invite(machine) => Some((machine, &mut server.owner)),
            Machine::NonInvite(_) => None,
        }
    }
}

impl Call {
    /// Notes a request in the ladder.
    fn note_in(&mut self, method: Verb, is_again: bool, is_ignored: bool, now: Instant) {
        self.note((Direction::In, method, None), is_again, is_ignored, now);
    }

    /// Notes a response in the ladder.
    fn note_out(&mut self, method: Verb, status: Status, is_again: bool, now: Instant) {
        self.note((Direction::Out, method, Some(status.code())), is_again, false, now);
    }

    fn note(
        &mut self,
        (direction, method, status): (Direction, Verb, Option<u16>),
        is_again: bool,
        is_ignored: bool,
        now: Instant,
    ) {
        let at = now.saturating_duration_since(self.received);
        let undelivered = None;
        self.course.push(Passed {
            at,
            direction,
            is_again,
            is_ignored,
            method,
            status,
            undelivered,
        });
    }

    /// Whether `request` came from the trunk of this call and gives To the tag that we gave it.
    fn is_named_by(&self, request: &Request<'_>) -> bool {
        let tag = request.message.to().ok().and_then(|to| to.tag()).unwrap_or_default();
        let is_tag = tag.len() == TAG_DIGITS && read_hex(tag) == Some(self.tag);
        is_tag && self.peer.owns(request.from.ip())
    }
}

/// A tag as text.
fn tag_text(tag: u64) -> [u8; TAG_DIGITS] {
    let mut text = [0; TAG_DIGITS];
    write_hex(tag, &mut text);
    text
}

/// Sixteen hexadecimal digits: 64 bits.
const TAG_DIGITS: usize = 16;

/// How much of an INVITE is kept: its Via values, From, To, Call-ID and CSeq. Three proxies with long
/// branches need a quarter of this. The rest of the INVITE may be as long as it likes.
const TAIL_BYTES_MAX: usize = 4_096;
/// A stop takes at most 33 s, and then the gateway is started again or away for good.
const RETRY_AFTER_STOP: &[u8] = b"30";
