//! Responses: to which transaction they belong (RFC 3261 §17.1.3, and more than it asks for), and
//! what the call makes of them.
//!
//! Whoever can send a datagram to the shard can send a forged response. So one counts only if it has
//! exactly our Via, a branch that we made, our Call-ID and CSeq, and comes from the trunk.

use std::net::SocketAddr;
use std::time::Instant;

use super::Gateway;
use super::leg::{Leg, Owner, Purpose, trace};
use crate::call::outbound::Step;
use crate::ladder::{Direction, Undelivered, Verb};
use crate::sip::{Class, Message, Method, Status};
use crate::tally::{DropReason, Farewell};
use crate::transaction::Transport;
use crate::transaction::branch::{BRANCH_LENGTH, MAGIC_COOKIE};
use crate::transaction::client::{Client, Machine, Matched};
use crate::transaction::invite_client::OnResponse;
use crate::transaction::non_invite_client::{self, NonInviteClient};
use crate::transaction::slab::Handle;

impl Gateway {
    /// A response arrived.
    pub(crate) fn on_response(
        &mut self,
        from: SocketAddr,
        message: &Message<'_>,
        status: Status,
        now: Instant,
    ) {
        match self.find(from, message) {
            Ok((handle, matched)) => {
                let is_again = self.note(handle, message, status);
                match matched {
                    Matched::Invite => {
                        self.on_invite_response(handle, from, message, (status, is_again), now);
                    }
                    Matched::Cancel => self.on_cancel_response(handle, status, is_again, now),
                    Matched::NonInvite => {
                        self.on_non_invite_response(handle, status, is_again, now);
                    }
                }
            }
            Err(DropReason::Late | DropReason::UnknownBranch)
                if let Some(handle) = self.ghost_of(message) =>
            {
                self.on_ghost_response(handle, from, message, status, now);
            }
            Err(DropReason::Late | DropReason::UnknownBranch)
                if self.is_late_answer(from, message, status) =>
            {
                self.answer_late(from, message, now);
            }
            Err(reason) => {
                self.tally.on_dropped(reason);
                if reason == DropReason::ForeignSource {
                    self.notice_foreign_source(from, message, now);
                }
            }
        }
    }

    /// Whether this response has come before.
    fn note(&mut self, handle: Handle, message: &Message<'_>, status: Status) -> bool {
        let Some(client) = self.clients.get_mut(handle) else { return false };
        let is_again = client.owner.heard.note(message, status);
        if is_again {
            self.tally.on_received_again();
        }
        is_again
    }

    /// The network gave a datagram of ours back, or the beginning of it.
    ///
    /// Only an INVITE that nobody has answered, or an OPTIONS, fails by that. A CANCEL or BYE is sent
    /// again as if it were lost: a trunk that is away for a moment must not leave a phone ringing or
    /// off the hook.
    pub(crate) fn on_send_failed(&mut self, payload: &[u8], why: Undelivered, now: Instant) {
        let found = method_and_branch(payload);
        let found = found.and_then(|(method, branch)| self.clients.find(branch, method));
        let handle = match found {
            Some((handle, Matched::Invite)) => handle,
            Some((handle, Matched::NonInvite)) => return self.on_probe_undelivered(handle, now),
            Some((_, Matched::Cancel)) | None => return,
        };
        let Some(Client { machine, owner }) = self.clients.get_mut(handle) else { return };
        if let (Machine::Invite { invite, .. }, Purpose::Leg(leg)) = (machine, &owner.purpose)
            && invite.on_transport_error()
        {
            leg.order.call.ladder.on_undelivered(Verb::Invite, why);
            self.on_silent_invite(handle, now);
            self.step(handle, now, |leg| leg.call.on_transport_error());
            self.arm(handle);
        }
    }

    /// Feeds the call of a leg and does what it answers.
    pub(crate) fn step(
        &mut self,
        handle: Handle,
        now: Instant,
        feed: impl FnOnce(&mut Leg) -> Step,
    ) {
        let Some(leg) = self.leg_mut(handle) else { return };
        let step = feed(leg);
        if step == Step::default() {
            return;
        }
        let (order, passed) = (leg.order.clone(), leg.passed);
        if step.rings {
            order.call.on_ringing(now);
            self.verify.on_call_ringing(&order.call);
        }
        if step.cancel {
            order.call.on_hung_up(now);
            self.start_cancel(handle, now);
        }
        if let Some(ended) = step.ended {
            self.leave_trunk(handle);
            self.calls.remove(&order.call.id);
            self.on_leg_ended(order, passed, &ended, now);
            self.on_room(now);
        }
        self.arm(handle);
    }

    /// The call needs its trunk no more: gives back its share of it, and drops an INVITE whose final
    /// response will not come.
    fn leave_trunk(&mut self, handle: Handle) {
        let Some(Client { machine, owner }) = self.clients.get_mut(handle) else { return };
        if let Machine::Invite { invite, .. } = machine {
            invite.abandon();
        }
        if let Purpose::Leg(leg) = &owner.purpose {
            self.lines[usize::from(leg.trunk)].pace.release();
        }
    }

    /// An INVITE got no response at all: timer B, or it could not be sent.
    ///
    /// Whatever became of its call. A client that gives up early does not end the INVITE: without a
    /// provisional response there is no CANCEL (RFC 3261 §9.1), and it is repeated until timer B. So
    /// a trunk always has 64*T1 to say a word, and its silence means the same as for any other call.
    pub(crate) fn on_silent_invite(&mut self, handle: Handle, now: Instant) {
        let Some(Client { owner: Owner { purpose: Purpose::Leg(leg), .. }, .. }) =
            self.clients.get(handle)
        else {
            return;
        };
        let line = &mut self.lines[usize::from(leg.trunk)];
        if line.is_reached_by(&leg.peer) {
            line.health.on_silent_call(now);
            line.file_health(leg.trunk, &mut self.wheel, now);
        }
    }

    fn find(
        &self,
        from: SocketAddr,
        message: &Message<'_>,
    ) -> Result<(Handle, Matched), DropReason> {
        let via = message.via().map_err(|_| DropReason::Malformed)?;
        let cseq = message.cseq().map_err(|_| DropReason::Malformed)?;
        // RFC 3261 §8.1.3.3: more than one Via value means that it is not for us.
        if message.via_count() != 1 {
            return Err(DropReason::ForeignVia);
        }
        let branch = via.branch.ok_or(DropReason::UnknownBranch)?;
        let Some((handle, matched)) = self.clients.find(branch, cseq.method) else {
            let was_ours = self.clients.was_ours(branch);
            return Err(if was_ours { DropReason::Late } else { DropReason::UnknownBranch });
        };
        let Some(client) = self.clients.get(handle) else { return Err(DropReason::Late) };
        let (peer, call_id, number) = client.owner.purpose.identity();
        if !peer.is_named_by(&via) {
            return Err(DropReason::ForeignVia);
        }
        if !peer.profile.accepts(from.ip()) {
            return Err(DropReason::ForeignSource);
        }
        if message.call_id().ok().and_then(super::identity::read_call_id) != Some(call_id) {
            return Err(DropReason::WrongCallId);
        }
        if cseq.number != number {
            return Err(DropReason::WrongCseq);
        }
        // No `check()` of the rest: to discard a 180 for a bad Date would let a phone ring unheard.
        Ok((handle, matched))
    }

    fn on_invite_response(
        &mut self,
        handle: Handle,
        from: SocketAddr,
        message: &Message<'_>,
        (status, is_again): (Status, bool),
        now: Instant,
    ) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let (Machine::Invite { invite, .. }, Purpose::Leg(leg)) =
            (&mut client.machine, &mut client.owner.purpose)
        else {
            return;
        };
        let answer = invite.on_response(status.class(), now);
        let code = status.code();
        trace(&leg.order.call, Direction::In, Method::Invite, Some(code), is_again, now);
        leg.order.call.on_first_response(now);
        let line = &mut self.lines[usize::from(leg.trunk)];
        if line.is_reached_by(&leg.peer) {
            line.health.on_answer(now);
        }
        match answer {
            OnResponse::Absorb => {}
            OnResponse::Acknowledge => self.send_ack(handle, true, now),
            OnResponse::AcknowledgeAndDeliver => {
                leg.to_tag = message.to().ok().and_then(|to| to.tag()).map(Box::from);
                self.send_ack(handle, false, now);
                let cause = message.q850_cause();
                self.step(handle, now, |leg| leg.call.on_failure(code, cause));
            }
            OnResponse::Deliver if status.class() == Class::Success => {
                self.answer(handle, from, message, now);
                self.step(handle, now, |leg| leg.call.on_success(code, now));
            }
            OnResponse::Deliver => {
                self.step(handle, now, |leg| leg.call.on_provisional(code, now));
            }
        }
        self.arm(handle);
    }

    fn on_cancel_response(&mut self, handle: Handle, status: Status, is_again: bool, now: Instant) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let (Machine::Invite { cancel: Some(cancel), .. }, Purpose::Leg(leg)) =
            (&mut client.machine, &mut client.owner.purpose)
        else {
            return;
        };
        cancel.on_response(status.class(), now);
        let code = status.code();
        trace(&leg.order.call, Direction::In, Method::Cancel, Some(code), is_again, now);
        leg.call.on_cancel_response(code);
        self.arm(handle);
    }

    fn on_non_invite_response(
        &mut self,
        handle: Handle,
        status: Status,
        is_again: bool,
        now: Instant,
    ) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        match (&mut client.machine, &client.owner.purpose) {
            (Machine::NonInvite { request, .. }, Purpose::Bye(bye)) => {
                let answer = request.on_response(status.class(), now);
                bye.trace(Direction::In, Some(status.code()), is_again, now);
                if status.is_final() && answer == non_invite_client::OnResponse::Deliver {
                    self.on_bye_over(handle, Farewell::Confirmed, now);
                }
            }
            (_, Purpose::Probe(_)) => self.on_probe_response(handle, status, now),
            (_, Purpose::Bye(_) | Purpose::Leg(_)) => {}
        }
        self.arm(handle);
    }

    fn start_cancel(&mut self, handle: Handle, now: Instant) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let (Machine::Invite { cancel, .. }, Purpose::Leg(leg)) =
            (&mut client.machine, &client.owner.purpose)
        else {
            return;
        };
        *cancel = Some(NonInviteClient::start(Transport::Unreliable, leg.peer.base(), now));
        self.send_cancel(handle, false, now);
    }
}

/// The branch of an INVITE or OPTIONS of ours that may be cut off: an ICMP error quotes about 520 bytes
/// (RFC 1812 §4.3.2.3), too few for a whole message and enough for the Via, which comes first.
fn method_and_branch(payload: &[u8]) -> Option<(Method, &[u8])> {
    let methods = [(b"INVITE ".as_slice(), Method::Invite), (b"OPTIONS ", Method::Options)];
    let (_, method) = methods.into_iter().find(|(start, _)| payload.starts_with(start))?;
    let at = memchr::memmem::find(payload, MAGIC_COOKIE)?;
    Some((method, payload.get(at..at + BRANCH_LENGTH)?))
}
