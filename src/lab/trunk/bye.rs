//! Answered calls: the 200 until its ACK, the caller's BYE, and our own.

use std::time::Instant;

use super::super::event::Ending;
use super::super::violation::Violation;
use super::call::Said;
use super::dialog::{Dialog, Due, Opening};
use super::receive::Request;
use super::write::{next_hop, reply_address, write_bye, write_call_response};
use super::{Sleeper, Trunk};
use crate::sip::{Message, Method, Status};
use crate::transaction::Transport;
use crate::transaction::branch::read_hex;
use crate::transaction::client::{Client, Machine};
use crate::transaction::non_invite_client::{NonInviteClient, OnTimeout};
use crate::transaction::slab::Handle;

/// What is kept beside a BYE of ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    dialog: Handle,
}

impl Trunk {
    /// Answers the INVITE: 200, and a dialog.
    pub(super) fn pick_up(&mut self, handle: Handle, leg: usize, now: Instant) {
        let Some(call) = self.call(handle) else { return };
        let cseq = Message::parse(&call.invite).ok().and_then(|invite| invite.cseq().ok());
        let opening = Opening {
            invite: call.invite.clone(),
            source: call.source,
            phone: call.phone,
            quality: call.quality,
            tag: call.tags[leg],
            cseq: cseq.map_or(0, |cseq| cseq.number),
            acks_lost: call.script.acks_lost.into(),
            again_owed: call.script.answers_again,
            talk: call.script.talk,
        };
        let tag = opening.tag;
        let is_first = call.is_pending();
        let is_refused = !is_first && call.said.is_some_and(Said::is_refusal);
        let Ok(dialog) = self.dialogs.insert(Dialog::start(opening, self.settings.base, now))
        else {
            return self.refuse(handle, Status::SERVICE_UNAVAILABLE, now);
        };
        self.by_tag.insert(tag, dialog);
        if is_refused {
            // The transaction has had its final response; a proxy sends a 2xx past it (§16.7).
            self.send_answer(dialog);
        } else {
            self.say(handle, Status::OK, leg, now);
        }
        if is_first {
            self.stop_ringing(handle, Ending::Answered, now);
        }
        if let Some(call) = self.call_mut(handle) {
            call.settle();
        }
        self.rest_dialog(dialog);
    }

    pub(super) fn on_bye(&mut self, request: &Request<'_>, now: Instant) {
        let Ok(key) = self.servers.key(&request.message, Method::Bye) else { return };
        if self.answer_again(key) {
            return;
        }
        let tag = request.message.to().ok().and_then(|to| to.tag());
        let handle = tag.and_then(|tag| self.dialog_of(tag));
        let Some(dialog) = handle.and_then(|handle| self.dialogs.get_mut(handle)) else {
            self.notice(Violation::ByeUnknown, request.phone, request.quality, now);
            let tag = self.stateless_tag();
            return self.answer(request, key, Status::NO_SUCH_TRANSACTION, tag, now);
        };
        let is_counted = request.message.cseq().is_ok_and(|cseq| cseq.number > dialog.cseq);
        let is_early = dialog.is_unconfirmed() && dialog.acks_heard == 0;
        let tag = dialog.tag;
        dialog.end(now);
        if !is_counted {
            self.notice(Violation::ByeCSeq, request.phone, request.quality, now);
        }
        if is_early {
            self.notice(Violation::ByeBeforeAck, request.phone, request.quality, now);
        }
        self.answer(request, key, Status::OK, tag, now);
        if let Some(handle) = handle {
            self.rest_dialog(handle);
        }
    }

    pub(super) fn on_dialog_timeout(&mut self, handle: Handle, now: Instant) {
        let Some(dialog) = self.dialogs.get_mut(handle) else { return };
        match dialog.on_timeout(now) {
            Due::Forget => {
                self.deadlines.set(Sleeper::Dialog(handle), None);
                if let Some(dialog) = self.dialogs.remove(handle) {
                    self.by_tag.remove(&dialog.tag);
                }
                return;
            }
            Due::GiveUp => {
                let (phone, quality, heard) = (dialog.phone, dialog.quality, dialog.acks_heard);
                if heard == 0 {
                    self.notice(Violation::AckMissing, Some(phone), quality, now);
                }
                self.leave(handle, now);
            }
            Due::HangUp => self.leave(handle, now),
            Due::Nothing => {}
            Due::Resend => self.send_answer(handle),
        }
        self.rest_dialog(handle);
    }

    /// The 200 of a dialog.
    fn send_answer(&mut self, handle: Handle) {
        let Some(dialog) = self.dialogs.get(handle) else { return };
        let to = reply_address(&dialog.invite, dialog.source);
        let contact = (self.settings.local, dialog.phone);
        self.outbox.send(to, dialog.quality, &mut self.entropy, |out| {
            let Dialog { invite, source, tag, .. } = dialog;
            write_call_response(invite, *source, contact, Status::OK, *tag, out);
        });
    }

    /// The phone hangs up: a BYE of ours.
    fn leave(&mut self, handle: Handle, now: Instant) {
        let request = NonInviteClient::start(Transport::Unreliable, self.settings.base, now);
        let machine = Machine::NonInvite { method: Method::Bye, request };
        match self.clients.insert(Client { machine, owner: Leave { dialog: handle } }) {
            Ok(client) => {
                self.send_bye(client);
                self.rest_client(client, now);
            }
            Err(_) => self.end_dialog(handle, now),
        }
    }

    fn send_bye(&mut self, client: Handle) {
        let Some(Client { owner: Leave { dialog }, .. }) = self.clients.get(client) else { return };
        let Some(dialog) = self.dialogs.get(*dialog) else { return };
        let branch = self.clients.branch(client);
        let to = next_hop(&dialog.invite, dialog.source);
        self.outbox.send(to, dialog.quality, &mut self.entropy, |out| {
            write_bye(&dialog.invite, self.settings.local, dialog.tag, &branch, out);
        });
    }

    /// A response has come: only BYEs of ours can have one.
    pub(super) fn on_response(&mut self, message: &Message<'_>, now: Instant) {
        let (Some(status), Ok(via), Ok(cseq)) = (message.status(), message.via(), message.cseq())
        else {
            self.counts.malformed += 1;
            return;
        };
        let branch = via.branch.unwrap_or_default();
        let Some((client, _)) = self.clients.find(branch, cseq.method) else {
            if !self.clients.was_ours(branch) {
                self.notice(Violation::ResponseUnasked, None, self.settings.quality, now);
            }
            return;
        };
        if let Some(Client { machine: Machine::NonInvite { request, .. }, .. }) =
            self.clients.get_mut(client)
        {
            request.on_response(status.class(), now);
        }
        if status.is_final() {
            self.end_left(client, now);
        }
        self.rest_client(client, now);
    }

    pub(super) fn on_client_timeout(&mut self, client: Handle, now: Instant) {
        let Some(Client { machine: Machine::NonInvite { request, .. }, .. }) =
            self.clients.get_mut(client)
        else {
            return;
        };
        match request.on_timeout(now) {
            OnTimeout::Fail => self.end_left(client, now),
            OnTimeout::Rest => {}
            OnTimeout::Retransmit => self.send_bye(client),
        }
        self.rest_client(client, now);
    }

    fn rest_client(&mut self, client: Handle, now: Instant) {
        let Some(found) = self.clients.get(client) else { return };
        let wake = found.machine.next_wake();
        if found.machine.is_terminated() {
            self.end_left(client, now);
            self.clients.remove(client);
        }
        self.deadlines.set(Sleeper::Client(client), wake);
    }

    /// The dialog that this BYE leaves is over.
    fn end_left(&mut self, client: Handle, now: Instant) {
        let dialog = self.clients.get(client).map(|client| client.owner.dialog);
        if let Some(handle) = dialog
            && self.dialogs.get(handle).is_some_and(|dialog| !dialog.is_ended())
        {
            self.end_dialog(handle, now);
        }
    }

    fn end_dialog(&mut self, handle: Handle, now: Instant) {
        if let Some(dialog) = self.dialogs.get_mut(handle) {
            dialog.end(now);
        }
        self.rest_dialog(handle);
    }

    fn rest_dialog(&mut self, handle: Handle) {
        let wake = self.dialogs.get(handle).and_then(Dialog::next_wake);
        self.deadlines.set(Sleeper::Dialog(handle), wake);
    }

    /// The answered call that has this tag of ours.
    pub(super) fn dialog_of(&self, tag: &[u8]) -> Option<Handle> {
        let tag = read_hex(tag).filter(|_| tag.len() <= 16)?;
        self.by_tag.get(&tag).copied()
    }
}
