//! A 2xx: what never comes of a missed call, and is acknowledged and ended at once when it comes
//! (RFC 3261 §13.2.2.4, §15.1.1), whatever the conduct.

use std::time::Instant;

use super::call::Phase;
use super::event::{Ending, Event};
use super::lapse::Lapse;
use super::receive::tag_of;
use super::write::hex;
use super::{Caller, Owner};
use crate::sip::request::{Dialog, Own, Sender};
use crate::sip::{Message, Method};
use crate::transaction::Transport;
use crate::transaction::branch::MAGIC_COOKIE;
use crate::transaction::client::{Client, Machine};
use crate::transaction::non_invite_client::NonInviteClient;
use crate::transaction::slab::Handle;

impl Caller {
    pub(super) fn on_answer(&mut self, handle: Handle, message: &Message<'_>, now: Instant) {
        let tag = tag_of(message).unwrap_or_default();
        let Some(call) = self.call_mut(handle) else { return };
        let invite = call.invite.clone();
        let is_new = match &mut call.phase {
            Phase::Answered { tags } if tags.contains(&tag) => false,
            Phase::Answered { tags } if tags.len() < DIALOGS_MAX => {
                tags.push(tag);
                true
            }
            // More phones than a fork has: their calls end by their own timers.
            Phase::Answered { .. } => false,
            Phase::Cancelled { .. }
            | Phase::Finished(_)
            | Phase::Held { .. }
            | Phase::Leaving { .. }
            | Phase::Open { .. }
            | Phase::Over => {
                self.on_first_answer(handle, tag, message, now);
                true
            }
        };
        let Some(own) = Message::parse(&invite).ok().and_then(|invite| Own::of(&invite)) else {
            return;
        };
        let dialog = Dialog::of_2xx(message).unwrap_or_else(|_| Dialog::salvage(message, &own));
        self.send_ack(&dialog);
        if is_new {
            self.leave(&dialog, now);
        }
    }

    fn on_first_answer(
        &mut self,
        handle: Handle,
        tag: Box<[u8]>,
        message: &Message<'_>,
        now: Instant,
    ) {
        self.notice(Lapse::Answered, Some(handle), now);
        self.check_tag(handle, tag_of(message), now);
        if self.call(handle).is_some_and(super::Call::is_open) {
            self.tell_of(handle, |call| Event::Answered {
                line: call.line,
                after: now - call.started,
                at: now,
            });
            self.end(handle, Ending::Answered, now);
        }
        self.set_phase(handle, Phase::Answered { tags: vec![tag] });
    }

    /// The ACK of a 2xx is a transaction of its own, and has no response.
    fn send_ack(&mut self, dialog: &Dialog<'_>) {
        let branch = [&MAGIC_COOKIE[..], &hex(self.entropy.u64())].concat();
        let sent_by = self.settings.local.to_string();
        let sender = Sender { transport: "UDP", sent_by: sent_by.as_bytes(), branch: &branch };
        self.send(|out| dialog.write_ack(&sender, out));
    }

    fn leave(&mut self, dialog: &Dialog<'_>, now: Instant) {
        let request = NonInviteClient::start(Transport::Unreliable, self.settings.base, now);
        let machine = Machine::NonInvite { method: Method::Bye, request };
        let client = Client { machine, owner: Owner::Bye(vec![]) };
        // Where there is no room the other side ends the call by its own timers.
        let Ok(handle) = self.clients.insert(client) else { return };
        let branch = self.clients.branch(handle);
        let sent_by = self.settings.local.to_string();
        let sender = Sender { transport: "UDP", sent_by: sent_by.as_bytes(), branch: &branch };
        let mut bytes = vec![];
        dialog.write_bye(&sender, &mut bytes);
        self.send(|out| out.extend_from_slice(&bytes));
        if let Some(Client { owner: Owner::Bye(kept), .. }) = self.clients.get_mut(handle) {
            *kept = bytes;
        }
        self.rest(handle);
    }
}

/// Most dialogs of one INVITE that are ended one by one.
const DIALOGS_MAX: usize = 8;
