//! ACKs: of refusals, which belong to the INVITE's transaction (RFC 3261 §17.1.1.3), and of 2xx, which
//! do not (§13.2.2.4).

use std::time::Instant;

use super::super::violation::Violation;
use super::receive::Request;
use super::write::tag_text;
use super::{Owner, Trunk};
use crate::sip::Method;
use crate::transaction::branch::read_hex;
use crate::transaction::invite_server::OnAck;
use crate::transaction::server::Machine;
use crate::transaction::slab::Handle;

impl Trunk {
    pub(super) fn on_ack(&mut self, request: &Request<'_>, now: Instant) {
        let Ok(key) = self.servers.key(&request.message, Method::Invite) else { return };
        match self.servers.find(key) {
            Some(handle) => self.on_ack_of_refusal(handle, request, now),
            None => self.on_ack_of_answer(request, now),
        }
    }

    fn on_ack_of_refusal(&mut self, handle: Handle, request: &Request<'_>, now: Instant) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        let (Machine::Invite(machine), Owner::Invite(call)) =
            (&mut server.machine, &mut server.owner)
        else {
            return;
        };
        let (phone, quality) = (Some(call.phone), call.quality);
        let is_answered = !call.is_pending() && call.said.is_some_and(|said| !said.is_refusal());
        if is_answered {
            // A branch of its own is what it lacks; whose ACK it is the tag says.
            self.notice(Violation::AckBranch, phone, quality, now);
            return self.on_ack_of_answer(request, now);
        }
        if machine.is_proceeding() {
            return self.notice(Violation::AckUnasked, phone, quality, now);
        }
        call.acks_heard += 1;
        let tag = tag_text(call.tags[call.said.map_or(0, |said| said.leg)]);
        let is_tagged = request.message.to().ok().and_then(|to| to.tag()) == Some(&tag);
        if !call.loses_ack() {
            match machine.on_ack(now) {
                OnAck::Absorb | OnAck::Confirm | OnAck::Deliver => {}
            }
        }
        if !is_tagged {
            self.notice(Violation::AckTag, phone, quality, now);
        }
        self.rest_server(handle);
    }

    fn on_ack_of_answer(&mut self, request: &Request<'_>, now: Instant) {
        let tag = request.message.to().ok().and_then(|to| to.tag());
        let Some(handle) = tag.and_then(|tag| self.dialog_of(tag)) else {
            return self.notice_stray_ack(request, tag, now);
        };
        let Some(dialog) = self.dialogs.get_mut(handle) else { return };
        let is_counted = request.message.cseq().is_ok_and(|cseq| cseq.number == dialog.cseq);
        dialog.on_ack(self.settings.talk_max, now);
        if !is_counted {
            self.notice(Violation::AckCSeq, request.phone, request.quality, now);
        }
        self.on_dialog_timeout(handle, now);
    }

    fn notice_stray_ack(&mut self, request: &Request<'_>, tag: Option<&[u8]>, now: Instant) {
        // What was refused without a trace is acknowledged without one.
        if tag.and_then(read_hex) == Some(self.stateless_tag()) {
            return;
        }
        let call_id = request.message.call_id().unwrap_or_default();
        let violation = match self.by_call_id.contains_key(call_id) {
            true => Violation::AckBranch,
            false => Violation::AckUnasked,
        };
        self.notice(violation, request.phone, request.quality, now);
    }
}
