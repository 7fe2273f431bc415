//! Requests from the trunk. Flash calls need none: all are answered without keeping state.
//!
//! Strangers get no answer at all, whatever they ask: a scanner learns nothing and nobody can be
//! flooded with our replies.

use std::net::SocketAddr;

use super::Gateway;
use super::send::kind;
use crate::sip::ALLOW;
use crate::sip::response::{Response, destination};
use crate::sip::{Message, Method, Status};
use crate::tally::{DropReason, SipKind};

impl Gateway {
    /// A request arrived.
    pub(crate) fn on_request(&mut self, from: SocketAddr, request: &Message<'_>, method: Method) {
        if !self.lines.iter().any(|line| line.may_ask(from.ip())) {
            return self.tally.on_dropped(DropReason::ForeignSource);
        }
        self.tally.on_received(kind(method));
        if method == Method::Ack {
            // The ACK of a response that was sent without state: nothing to do.
            return;
        }
        if let Err(refusal) = request.check() {
            let header = refusal.header(request);
            return self.respond(from, request, refusal.status(), header.as_slice());
        }
        match method {
            // The peer hangs up a call that we are hanging up as well (RFC 5407 §3.2.1), or one
            // that we do not know.
            Method::Bye if self.is_our_dialog(request) => {
                self.respond(from, request, Status::OK, &[]);
            }
            Method::Bye | Method::Cancel => {
                self.respond(from, request, Status::NO_SUCH_TRANSACTION, &[]);
            }
            Method::Options => {
                self.respond(from, request, Status::OK, &[("Allow", ALLOW.as_bytes())]);
            }
            // A dialog that we know is being hung up, and no other stands (RFC 3261 §12.2.2).
            Method::Invite if request.to().is_ok_and(|to| to.tag().is_some()) => {
                self.respond(from, request, Status::NO_SUCH_TRANSACTION, &[]);
            }
            // Nobody answers here: there are no numbers that can be called.
            Method::Invite => self.respond(from, request, Status::NOT_FOUND, &[]),
            Method::Ack => {}
            Method::Extension
            | Method::Info
            | Method::Message
            | Method::Notify
            | Method::Prack
            | Method::Publish
            | Method::Refer
            | Method::Register
            | Method::Subscribe
            | Method::Update => {
                let allow = [("Allow", ALLOW.as_bytes())];
                self.respond(from, request, Status::METHOD_NOT_ALLOWED, &allow);
            }
        }
    }

    /// In the peer's requests our tag is in To.
    fn is_our_dialog(&self, request: &Message<'_>) -> bool {
        let (Ok(call_id), Ok(to)) = (request.call_id(), request.to()) else { return false };
        to.tag().is_some_and(|tag| self.identities.is_ours(call_id, tag))
    }

    fn respond(
        &mut self,
        from: SocketAddr,
        request: &Message<'_>,
        status: Status,
        headers: &[(&str, &[u8])],
    ) {
        let Ok(via) = request.via() else {
            return self.tally.on_dropped(DropReason::Malformed);
        };
        let call_id = request.call_id().unwrap_or_default();
        let tag = self.identities.stateless_tag(via.branch.unwrap_or_default(), call_id);
        let response =
            Response { to_tag: Some(&tag), source: Some(from), headers, ..Response::new(status) };
        let mut is_written = false;
        self.outbox.push_if(destination(&via, from), |out| {
            is_written = response.write(request, out).is_ok();
            is_written
        });
        match is_written {
            true => self.tally.on_sent(SipKind::of_status(status.code())),
            false => self.tally.on_dropped(DropReason::UnexpectedRequest),
        }
    }
}
