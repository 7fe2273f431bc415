//! Responses: whose they are, and what they mean for the call.
//!
//! A response that is not surely one to a request of ours is noticed and dropped, unlike in the gateway
//! (docs/decisions/lenient-with-our-responses.md): this peer is here to notice.

use std::net::SocketAddr;
use std::time::Instant;

use super::call::{Call, Cancel, Final, Part, Phase, Progress};
use super::conduct::Ack;
use super::event::{Ending, Event};
use super::lapse::Lapse;
use super::write::{hex, own_to, write_ack};
use super::{Caller, Owner};
use crate::sip::{Class, Message, Method, Name, Status};
use crate::transaction::client::{Client, Machine, Matched};
use crate::transaction::invite_client::OnResponse;
use crate::transaction::non_invite_client;
use crate::transaction::slab::Handle;

/// The tag of To.
type Tag = Option<Box<[u8]>>;

impl Caller {
    pub(super) fn on_response(&mut self, source: SocketAddr, message: &Message<'_>, now: Instant) {
        let (Some(status), Ok(via), Ok(cseq)) = (message.status(), message.via(), message.cseq())
        else {
            self.counts.malformed += 1;
            return;
        };
        if source != self.settings.callee {
            return self.notice(Lapse::ResponseSource, None, now);
        }
        let branch = via.branch.unwrap_or_default();
        let Some((handle, matched)) = self.clients.find(branch, cseq.method) else {
            return self.on_stray(branch, now);
        };
        if let Some(lapse) = self.mismatch(handle, message) {
            return self.notice(lapse, Some(handle), now);
        }
        match matched {
            Matched::Cancel => self.on_cancel_response(handle, status, message, now),
            Matched::Invite => self.on_invite_response(handle, status, message, now),
            Matched::NonInvite => {
                if let Some(Client { machine: Machine::NonInvite { request, .. }, .. }) =
                    self.clients.get_mut(handle)
                {
                    request.on_response(status.class(), now);
                }
            }
        }
        self.rest(handle);
    }

    /// No transaction waits for it: it is late, or nobody asked.
    fn on_stray(&mut self, branch: &[u8], now: Instant) {
        match self.clients.find(branch, Method::Invite) {
            // Of a live one, with the method of a request that was never sent.
            Some((handle, _)) => self.notice(Lapse::ResponseCSeq, Some(handle), now),
            None if self.clients.was_ours(branch) => {}
            None => self.notice(Lapse::ResponseBranch, None, now),
        }
    }

    /// What a response must repeat of its request (§8.2.6.2), and does not.
    fn mismatch(&self, handle: Handle, response: &Message<'_>) -> Option<Lapse> {
        if response.via_count() != 1 {
            return Some(Lapse::ResponseVias);
        }
        let own = Message::parse(match &self.clients.get(handle)?.owner {
            Owner::Bye(bytes) => bytes,
            Owner::Call(call) => &call.invite,
        });
        // We wrote it.
        let own = own.ok()?;
        let number = |message: &Message<'_>| message.cseq().ok().map(|cseq| cseq.number);
        if own.call_id().ok() != response.call_id().ok() {
            Some(Lapse::ResponseCallId)
        } else if number(&own) != number(response) {
            Some(Lapse::ResponseCSeq)
        } else {
            (parties(&own) != parties(response)).then_some(Lapse::ResponseParties)
        }
    }

    fn on_invite_response(
        &mut self,
        handle: Handle,
        status: Status,
        message: &Message<'_>,
        now: Instant,
    ) {
        let Some(invite) = self.invite_mut(handle) else { return };
        let todo = invite.on_response(status.class(), now);
        let tag = tag_of(message);
        match todo {
            OnResponse::Absorb => {}
            OnResponse::Acknowledge => self.on_final_again(handle, status, message, now),
            OnResponse::AcknowledgeAndDeliver => self.on_refusal(handle, status, message, now),
            OnResponse::Deliver if status.class() == Class::Success => {
                self.on_answer(handle, message, now);
            }
            OnResponse::Deliver => {
                // 100 is the one that needs no tag (§8.2.6.2).
                if status != Status::TRYING {
                    self.check_tag(handle, tag, now);
                }
                self.on_progress(handle, status, now);
            }
        }
    }

    fn on_progress(&mut self, handle: Handle, status: Status, now: Instant) {
        let Some(call) = self.call_mut(handle) else { return };
        let heard = match status {
            Status::RINGING => Progress::Ringing,
            _ => Progress::Trying,
        };
        let before = call.progress;
        call.progress = before.max(heard);
        let is_held = matches!(call.phase, Phase::Held { .. });
        if before == Progress::Nothing && status == Status::TRYING {
            self.tell_of(handle, |call| Event::Trying { line: call.line, at: now });
        }
        if heard == Progress::Ringing && before < Progress::Ringing {
            self.on_ringing(handle, now);
        }
        if is_held {
            self.hang_up(handle, now);
        }
    }

    fn on_refusal(&mut self, handle: Handle, status: Status, message: &Message<'_>, now: Instant) {
        let tag = tag_of(message);
        self.check_tag(handle, tag.clone(), now);
        let Some(call) = self.call(handle) else { return };
        if let Some(lapse) = wrong_refusal(call, status) {
            self.notice(lapse, Some(handle), now);
        }
        let ack = self.acknowledge(handle, message);
        if self.call(handle).is_some_and(Call::is_open) {
            self.tell_of(handle, |call| {
                let after = now - call.started;
                Event::Refused { line: call.line, status, after, at: now }
            });
            self.end(handle, Ending::Refused { status, ack }, now);
        }
        self.set_phase(handle, Phase::Finished(Final { status, tag, at: now }));
    }

    /// The final response has come before. The first copies may have crossed the ACK: the other side
    /// sends again after T1, so one that comes T1 after our ACK is one too many.
    fn on_final_again(
        &mut self,
        handle: Handle,
        status: Status,
        message: &Message<'_>,
        now: Instant,
    ) {
        self.counts.finals_again += 1;
        self.tell_of(handle, |call| Event::Repeated { line: call.line, status, at: now });
        let ack = self.acknowledge(handle, message);
        let Some(Call { phase: Phase::Finished(first), .. }) = self.call(handle) else { return };
        if first.status != status || first.tag != tag_of(message) {
            self.notice(Lapse::FinalChanged, Some(handle), now);
        } else if ack == Ack::Right && now >= first.at + self.settings.base.t1 {
            self.notice(Lapse::FinalAgain, Some(handle), now);
        }
    }

    /// Sends the ACK of a refusal, as right as the conduct has it.
    fn acknowledge(&mut self, handle: Handle, response: &Message<'_>) -> Ack {
        let chance = self.entropy.u64();
        let Some(call) = self.call(handle) else { return Ack::Never };
        let ack = match call.part {
            Part::Merged => Ack::Right,
            Part::Only => call.dial.conduct.ack(),
        };
        let invite = call.invite.clone();
        let own = own_to(&invite);
        let to = match ack {
            Ack::Never => return ack,
            Ack::NoTag => own.to_vec(),
            Ack::Right => response.header(Name::To).next().unwrap_or(own).to_vec(),
            Ack::WrongTag => [own, b";tag=", &hex(chance)].concat(),
        };
        self.send(|out| write_ack(&invite, &to, out));
        ack
    }

    fn on_cancel_response(
        &mut self,
        handle: Handle,
        status: Status,
        message: &Message<'_>,
        now: Instant,
    ) {
        let Some(Client { machine: Machine::Invite { cancel: Some(cancel), .. }, owner }) =
            self.clients.get_mut(handle)
        else {
            return;
        };
        let todo = cancel.on_response(status.class(), now);
        if todo == non_invite_client::OnResponse::Absorb || !status.is_final() {
            return;
        }
        if status.class() != Class::Success {
            return self.notice(Lapse::CancelRefused, Some(handle), now);
        }
        if let Owner::Call(call) = owner
            && let Phase::Cancelled { cancel, .. } = &mut call.phase
        {
            *cancel = Cancel::Accepted;
        }
        self.check_tag(handle, tag_of(message), now);
    }

    /// All responses of one user agent to one INVITE have one To tag.
    pub(super) fn check_tag(&mut self, handle: Handle, tag: Tag, now: Instant) {
        let Some(call) = self.call_mut(handle) else { return };
        let lapse = match (&call.tag, tag) {
            (_, None) => Lapse::TagMissing,
            (Some(first), Some(tag)) if *first != tag => Lapse::TagChanged,
            (Some(_), Some(_)) => return,
            (None, tag @ Some(_)) => {
                call.tag = tag;
                return;
            }
        };
        self.notice(lapse, Some(handle), now);
    }
}

/// From with its tag, and To without: what every message of a transaction repeats.
fn parties<'m>(message: &Message<'m>) -> Option<[&'m [u8]; 3]> {
    let (from, to) = (message.from().ok()?, message.to().ok()?);
    Some([from.uri, from.tag().unwrap_or_default(), to.uri])
}

/// What is wrong with this refusal of this call.
fn wrong_refusal(call: &Call, status: Status) -> Option<Lapse> {
    let is_terminated = status == Status::REQUEST_TERMINATED;
    match (call.part, &call.phase) {
        (Part::Merged, _) => (status != Status::LOOP_DETECTED).then_some(Lapse::MergeAccepted),
        (Part::Only, Phase::Cancelled { cancel: Cancel::Accepted, .. }) => {
            (!is_terminated).then_some(Lapse::NotTerminated)
        }
        (Part::Only, _) => {
            (is_terminated && !call.is_cancelled()).then_some(Lapse::TerminatedUnasked)
        }
    }
}

pub(super) fn tag_of(message: &Message<'_>) -> Tag {
    message.to().ok().and_then(|to| to.tag()).map(Box::from)
}
