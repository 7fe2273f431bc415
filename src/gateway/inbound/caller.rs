//! What a caller says to our responses: the ACK that proves something, the CANCEL (RFC 3261 §9.2).
//!
//! An ACK counts only with the tag that we gave the call: whoever can forge the trunk's address knows
//! everything else, and neither the call nor its transaction (§17.2.3 matches by the branch alone)
//! believes an ACK without it. A CANCEL has no server transaction of its own: as long as the INVITE's
//! lives, the answer is made anew and is the same.

use std::time::Instant;

use super::super::Gateway;
use super::super::request::Request;
use super::tag_text;
use crate::ladder::Verb;
use crate::sip::response::Response;
use crate::sip::{Method, Status};
use crate::tally::{DropReason, SipKind};
use crate::transaction::invite_server::OnAck;
use crate::transaction::slab::Handle;

impl Gateway {
    /// An ACK. One that belongs to no call is that of a response without state, and nothing to do.
    pub(crate) fn on_ack(&mut self, request: &Request<'_>, now: Instant) {
        let Some(handle) = self.call_of(request) else { return };
        let Some((machine, call)) = self.inbound_mut(handle) else { return };
        let is_ours = call.is_named_by(request);
        call.note_in(Verb::Ack, false, !is_ours, now);
        // Before the final response there is nothing to confirm.
        let is_confirmed = is_ours && !machine.is_proceeding();
        if is_confirmed && machine.on_ack(now) != OnAck::Confirm {
            self.tally.on_received_again();
            return;
        }
        let step = call.call.on_ack(is_ours);
        if step.is_suspicious {
            self.tally.on_dropped(DropReason::ForgedAck);
        }
        self.take(handle, step, now);
    }

    /// A CANCEL: "it has no effect on the processing of the original request" after the final response,
    /// and gets 200 all the same.
    pub(crate) fn on_cancel(&mut self, request: &Request<'_>, now: Instant) {
        let Some(handle) = self.call_of(request) else { return self.deny(request, now) };
        let Some((_, call)) = self.inbound_mut(handle) else { return };
        let is_theirs = call.peer.owns(request.from.ip());
        let is_again = !call.call.is_ringing();
        call.note_in(Verb::Cancel, is_again, !is_theirs, now);
        if !is_theirs {
            return self.tally.on_dropped(DropReason::ForeignSource);
        }
        let (tag, to) = (tag_text(call.tag), call.to);
        call.note_out(Verb::Cancel, Status::OK, is_again, now);
        let step = call.call.on_cancel();
        // "the To tag of the response to the CANCEL and the To tag in the response to the original
        // request SHOULD be the same".
        let source = Some(request.from);
        let done = Response { to_tag: Some(&tag), source, ..Response::new(Status::OK) };
        self.outbox.push_if(to, |out| done.write(request.message, out).is_ok());
        self.tally.on_sent(SipKind::Success);
        self.take(handle, step, now);
    }

    /// The call whose INVITE has the branch and sent-by of `request`.
    pub(super) fn call_of(&self, request: &Request<'_>) -> Option<Handle> {
        self.servers.find(self.servers.key(request.message, Method::Invite).ok()?)
    }
}
