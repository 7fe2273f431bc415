//! CANCEL, and what becomes of calls that nobody ends: RFC 3261 §9.1.

use std::time::Instant;

use super::call::{Call, Cancel, Due, Part, Phase, Progress};
use super::event::{Ending, Event};
use super::lapse::Lapse;
use super::write::write_cancel;
use super::{Caller, Owner};
use crate::ladder::Undelivered;
use crate::sip::{Message, Method};
use crate::transaction::client::{Client, Machine, Matched};
use crate::transaction::non_invite_client::{self, NonInviteClient};
use crate::transaction::slab::Handle;
use crate::transaction::{Transport, invite_client};

impl Caller {
    /// The person puts the receiver down, if the call has no final response yet.
    pub(super) fn hang_up(&mut self, handle: Handle, now: Instant) {
        let until = now + self.settings.base.patience();
        let Some(call) = self.call_mut(handle) else { return };
        let (Phase::Open { patience, .. } | Phase::Held { patience }) = call.phase else { return };
        if call.progress == Progress::Nothing {
            call.phase = Phase::Held { patience };
            return;
        }
        self.cancel(handle, Phase::Cancelled { cancel: Cancel::Sent, until }, now);
        self.tell_of(handle, |call| Event::HungUp { line: call.line, at: now });
    }

    fn cancel(&mut self, handle: Handle, phase: Phase, now: Instant) {
        let request = NonInviteClient::start(Transport::Unreliable, self.settings.base, now);
        if let Some(Client { machine: Machine::Invite { cancel, .. }, owner: Owner::Call(call) }) =
            self.clients.get_mut(handle)
        {
            *cancel = Some(request);
            call.on_cancelled(phase, now);
        }
        self.send_cancel(handle);
    }

    fn send_cancel(&mut self, handle: Handle) {
        let invite = self.call(handle).map(|call| call.invite.clone()).unwrap_or_default();
        self.send(|out| write_cancel(&invite, out));
    }

    /// A deadline of a transaction, or of its call.
    pub(super) fn on_due(&mut self, handle: Handle, now: Instant) {
        let Some(Client { machine, owner }) = self.clients.get_mut(handle) else { return };
        match (machine, owner) {
            (Machine::Invite { invite, cancel }, Owner::Call(call)) => {
                let invited = invite.on_timeout(now);
                let cancelled = cancel.as_mut().map(|cancel| cancel.on_timeout(now));
                let due = call.due(now);
                self.on_invite_timeout(handle, invited, now);
                self.on_cancel_timeout(handle, cancelled, now);
                self.on_call_due(handle, due, now);
            }
            (Machine::NonInvite { request, .. }, Owner::Bye(bytes)) => {
                if request.on_timeout(now) == non_invite_client::OnTimeout::Retransmit {
                    let bytes = bytes.clone();
                    self.send(|out| out.extend_from_slice(&bytes));
                }
            }
            // An INVITE is a call's, and nothing else is.
            (Machine::Invite { .. } | Machine::NonInvite { .. } | Machine::Unsent, _) => {}
        }
    }

    fn on_invite_timeout(
        &mut self,
        handle: Handle,
        timeout: invite_client::OnTimeout,
        now: Instant,
    ) {
        match timeout {
            invite_client::OnTimeout::Fail => self.on_silence(handle, now),
            invite_client::OnTimeout::Rest => {}
            invite_client::OnTimeout::Retransmit => {
                let invite = self.call(handle).map(|call| call.invite.clone()).unwrap_or_default();
                self.send(|out| out.extend_from_slice(&invite));
            }
        }
    }

    fn on_cancel_timeout(
        &mut self,
        handle: Handle,
        timeout: Option<non_invite_client::OnTimeout>,
        now: Instant,
    ) {
        match timeout {
            Some(non_invite_client::OnTimeout::Fail) => {
                self.notice(Lapse::CancelUnanswered, Some(handle), now);
            }
            Some(non_invite_client::OnTimeout::Retransmit) => self.send_cancel(handle),
            Some(non_invite_client::OnTimeout::Rest) | None => {}
        }
    }

    fn on_call_due(&mut self, handle: Handle, due: Due, now: Instant) {
        match due {
            Due::Abandon => self.abandon(handle, now),
            Due::CancelAgain => self.send_cancel(handle),
            Due::GiveUp => self.give_up(handle, now),
            Due::HangUp => self.hang_up(handle, now),
            Due::Nothing => {}
        }
    }

    /// Nobody says anything.
    fn on_silence(&mut self, handle: Handle, now: Instant) {
        self.notice(Lapse::ResponseMissing, Some(handle), now);
        self.end(handle, Ending::Silent, now);
        self.set_phase(handle, Phase::Over);
    }

    /// The caller is patient no longer. What may still ring is cancelled all the same.
    fn give_up(&mut self, handle: Handle, now: Instant) {
        if self.call(handle).is_some_and(|call| call.progress == Progress::Nothing) {
            self.on_silence(handle, now);
            if let Some(invite) = self.invite_mut(handle) {
                invite.abandon();
            }
            return;
        }
        self.notice(Lapse::FinalMissing, Some(handle), now);
        self.end(handle, Ending::Unfinished, now);
        let until = now + self.settings.base.patience();
        self.cancel(handle, Phase::Leaving { until }, now);
    }

    /// 64*T1 after the CANCEL: "the client SHOULD then consider the original transaction cancelled".
    fn abandon(&mut self, handle: Handle, now: Instant) {
        if self.call(handle).is_some_and(Call::is_open) {
            self.notice(Lapse::FinalMissing, Some(handle), now);
            self.end(handle, Ending::Unfinished, now);
        }
        self.set_phase(handle, Phase::Over);
        if let Some(invite) = self.invite_mut(handle) {
            invite.abandon();
        }
    }

    /// A datagram did not arrive: RFC 3261 §17.1.4 for an INVITE that nobody has answered. Everything
    /// else counts as lost, and is sent again by its transaction.
    pub fn on_undelivered(&mut self, payload: &[u8], why: Undelivered, now: Instant) {
        let Ok(message) = Message::parse(payload) else { return };
        let branch = message.via().ok().and_then(|via| via.branch).unwrap_or_default();
        let found = self.clients.find(branch, Method::Invite);
        let (Some(Method::Invite), Some((handle, Matched::Invite))) = (message.method(), found)
        else {
            return;
        };
        if self.invite_mut(handle).is_some_and(|invite| invite.on_transport_error()) {
            self.end(handle, Ending::Unreachable { why }, now);
            self.set_phase(handle, Phase::Over);
            self.rest(handle);
        }
    }

    /// The call that a 180 makes ring.
    pub(super) fn on_ringing(&mut self, handle: Handle, now: Instant) {
        let Some(call) = self.call_mut(handle) else { return };
        call.on_ringing(now);
        if call.part == Part::Merged {
            self.notice(Lapse::MergeAccepted, Some(handle), now);
        }
        self.tell_of(handle, |call| Event::Rang {
            line: call.line,
            after: now - call.started,
            at: now,
        });
    }
}
