//! The BYE of a call that was answered, kept until it is answered or given up: a phone must not
//! stay off the hook, at somebody's cost, because the datagram was lost and the process that would
//! have sent it again died. It takes the place of the INVITE in the record of its call
//! ([`Records::answered`]), which a call that nobody picks up never needs.
//!
//! The next process sends it with a branch of its own. A trunk that has had it answers 481, which ends it
//! as well.
//!
//! Deliberately absent: the BYEs of forks beyond the first, and of answers that came when their call was
//! forgotten.
//!
//! Invariant: the record of a call goes when the call has ended and its kept BYE is over, once.
//!
//! [`Records::answered`]: super::inflight::Records::answered

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use super::heard::Heard;
use super::identity::read_call_id;
use super::inflight::{GhostEnd, InFlight};
use super::leg::{Bye, Owner, Purpose};
use crate::sip::{Message, Method};
use crate::tally::{Farewell, Shed, SipKind};
use crate::transaction::Transport;
use crate::transaction::client::{Client, Machine};
use crate::transaction::non_invite_client::NonInviteClient;
use crate::transaction::slab::Handle;
use crate::verify::id::CallId;

impl InFlight {
    /// Whether it is the record of a call that was answered.
    pub(crate) fn is_answered(&self) -> bool {
        is_bye(&self.invite)
    }
}

/// Whether this is the request of a record whose call was answered.
pub(crate) fn is_bye(request: &[u8]) -> bool {
    Message::parse(request).is_ok_and(|message| message.method() == Some(Method::Bye))
}

impl Gateway {
    /// Has the BYE at `bye` kept for the leg at `handle`, if it is that of its call.
    pub(crate) fn keep_bye(&mut self, handle: Handle, bye: Handle, now: Instant) {
        let Some(leg) = self.clients.get(handle).and_then(|it| it.owner.purpose.leg()) else {
            return;
        };
        let (call, verification) = (leg.order.call.id, leg.order.verification);
        // Another leg may ring meanwhile, and the record is that one's.
        if self.calls.get(&call) != Some(&handle) || !self.recording.is_on() {
            return;
        }
        let Some(Client { owner: Owner { purpose: Purpose::Bye(bye), .. }, .. }) =
            self.clients.get_mut(bye)
        else {
            return;
        };
        bye.kept = Some(call);
        let record = InFlight {
            call,
            verification,
            trunk: Arc::clone(&bye.peer.profile.name),
            remote: bye.to,
            local: bye.peer.local(),
            invite: bye.request.clone(),
            invited: now,
        };
        self.farewells.insert(call);
        if let Some(records) = self.recording.records() {
            records.answered(record);
        }
    }

    /// A call has ended: its record goes, now or with its BYE.
    pub(crate) fn forget_ended(&self, call: CallId) {
        if !self.farewells.contains(&call) {
            self.forget_record(call);
        }
    }

    /// A BYE was answered, or given up.
    pub(crate) fn on_bye_over(&mut self, handle: Handle, how: Farewell, now: Instant) {
        let Some(Client { owner: Owner { purpose: Purpose::Bye(bye), .. }, .. }) =
            self.clients.get_mut(handle)
        else {
            return;
        };
        self.tally.on_farewell(how, now - bye.answered);
        let Some(call) = bye.kept.take() else { return };
        let is_ghost = bye.record.is_none();
        self.farewells.remove(&call);
        if is_ghost {
            return self.tell_ghost_over(call, GhostEnd::Answered);
        }
        if !self.calls.contains_key(&call) {
            self.forget_record(call);
        }
    }

    /// Says the BYE of a gateway that died.
    pub(crate) fn say_bye(&mut self, record: InFlight, now: Instant) {
        let (call, remote) = (record.call, record.remote);
        let Some((bye, branch)) = self.bye_of(&record, now) else {
            return self.tell_ghost_over(call, GhostEnd::Silent);
        };
        let request = NonInviteClient::start(Transport::Unreliable, bye.peer.base(), now);
        let machine = Machine::NonInvite { method: Method::Bye, request };
        let owner = Owner { armed: None, heard: Heard::default(), purpose: Purpose::Bye(bye) };
        self.tally.on_sent(SipKind::Bye);
        let Ok(handle) = self.clients.insert(Client { machine, owner }) else {
            // Nobody will listen, but the trunk hears.
            self.tally.on_shed(Shed::Transaction);
            self.tally.on_farewell(Farewell::Unknown, Duration::ZERO);
            self.outbox.push(remote, |out| out.extend_from_slice(&record.invite));
            return self.tell_ghost_over(call, GhostEnd::Answered);
        };
        let own = self.clients.branch(handle);
        if let Some(Client { owner: Owner { purpose: Purpose::Bye(bye), .. }, .. }) =
            self.clients.get_mut(handle)
        {
            bye.request[branch..branch + own.len()].copy_from_slice(&own);
            self.outbox.push(remote, |out| out.extend_from_slice(&bye.request));
        }
        self.farewells.insert(call);
        self.arm(handle);
    }

    /// The BYE of a record, and where in it the branch stands, which is as long as ours.
    fn bye_of(&self, record: &InFlight, now: Instant) -> Option<(Bye, usize)> {
        let message = Message::parse(&record.invite).ok()?;
        let call_id = read_call_id(message.call_id().ok()?)?;
        let cseq = message.cseq().ok()?.number;
        let branch = message.via().ok()?.branch?;
        let at = memchr::memmem::find(&record.invite, branch)?;
        super::ghost::table::key(branch)?;
        let bye = Bye {
            request: record.invite.clone(),
            to: record.remote,
            peer: self.peer_of(record)?,
            call_id,
            cseq,
            answered: now,
            record: None,
            kept: Some(record.call),
        };
        Some((bye, at))
    }
}
