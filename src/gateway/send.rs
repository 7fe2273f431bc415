//! Renders the messages of a leg into the outbox, and notes them in the tally and the call's ladder.

use std::time::Instant;

use super::Gateway;
use super::leg::{Leg, Purpose, trace};
use crate::ladder::Direction;
use crate::sip::Method;
use crate::tally::SipKind;
use crate::transaction::slab::Handle;

/// The requests of a leg.
#[derive(Clone, Copy)]
enum Request {
    Ack,
    Cancel,
    Invite,
}

impl Request {
    fn method(self) -> Method {
        match self {
            Self::Ack => Method::Ack,
            Self::Cancel => Method::Cancel,
            Self::Invite => Method::Invite,
        }
    }
}

impl Gateway {
    /// Sends the INVITE of a leg. `is_again`: a retransmission.
    pub(crate) fn send_invite(&mut self, handle: Handle, is_again: bool, now: Instant) {
        self.send(handle, Request::Invite, is_again, now);
    }

    /// Sends the CANCEL of a leg's INVITE.
    pub(crate) fn send_cancel(&mut self, handle: Handle, is_again: bool, now: Instant) {
        self.send(handle, Request::Cancel, is_again, now);
    }

    /// Sends the ACK of a final response that is not a 2xx.
    pub(crate) fn send_ack(&mut self, handle: Handle, is_again: bool, now: Instant) {
        self.send(handle, Request::Ack, is_again, now);
    }

    /// The leg of a client transaction, if it is one.
    pub(crate) fn leg_mut(&mut self, handle: Handle) -> Option<&mut Leg> {
        self.clients.get_mut(handle)?.owner.purpose.leg_mut()
    }

    fn send(&mut self, handle: Handle, request: Request, is_again: bool, now: Instant) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let Purpose::Leg(leg) = &client.owner.purpose else { return };
        let (messages, to_tag) = (&leg.peer.messages, leg.to_tag.as_deref());
        self.outbox.push(leg.peer.profile.address, |out| match request {
            Request::Ack => messages.write_ack(&leg.identity, to_tag, out),
            Request::Cancel => messages.write_cancel(&leg.identity, out),
            Request::Invite => messages.write_invite(&leg.identity, out),
        });
        let method = request.method();
        trace(&leg.order.call, Direction::Out, method, None, is_again, now);
        self.tally.on_sent(kind(method));
        if is_again {
            self.tally.on_sent_again();
        }
    }
}

/// The tally's word for a method.
pub(crate) fn kind(method: Method) -> SipKind {
    match method {
        Method::Ack => SipKind::Ack,
        Method::Bye => SipKind::Bye,
        Method::Cancel => SipKind::Cancel,
        Method::Extension => SipKind::Extension,
        Method::Info => SipKind::Info,
        Method::Invite => SipKind::Invite,
        Method::Message => SipKind::Message,
        Method::Notify => SipKind::Notify,
        Method::Options => SipKind::Options,
        Method::Prack => SipKind::Prack,
        Method::Publish => SipKind::Publish,
        Method::Refer => SipKind::Refer,
        Method::Register => SipKind::Register,
        Method::Subscribe => SipKind::Subscribe,
        Method::Update => SipKind::Update,
    }
}
