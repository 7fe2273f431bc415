//! Requests from trunks: told apart, and answered without state where no call begins.
//!
//! Strangers are dropped before (`source`), whatever they ask: a scanner learns nothing and nobody can
//! be flooded with our replies. An answer without state is never longer than its request, so that who
//! forges a trunk's address sends it no more than he spends.

use std::net::SocketAddr;
use std::time::Instant;

use super::Gateway;
use super::send::kind;
use crate::sip::ALLOW;
use crate::sip::response::{Response, destination};
use crate::sip::{Message, Method, Refusal, Status};
use crate::tally::{DropReason, Shed, SipKind};

/// A request from a trunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Who sent it.
    pub(crate) from: SocketAddr,
    /// What it says.
    pub(crate) message: &'a Message<'a>,
    /// How long it is.
    pub(crate) bytes: usize,
}

impl Gateway {
    /// A request arrived.
    pub(crate) fn on_request(&mut self, request: &Request<'_>, method: Method, now: Instant) {
        self.tally.on_received(kind(method));
        // What belongs to a running call comes first, whatever else it says.
        if method == Method::Ack {
            return self.on_ack(request, now);
        }
        if method == Method::Invite && self.is_answered_again(request) {
            return;
        }
        if let Err(refusal) = request.message.check() {
            return self.refuse(request, method, refusal, now);
        }
        match method {
            // The peer hangs up a call that we are hanging up as well (RFC 5407 §3.2.1).
            Method::Bye if self.is_our_dialog(request.message) => {
                self.respond(request, Status::OK, &[]);
            }
            Method::Bye => self.deny(request, now),
            Method::Cancel => self.on_cancel(request, now),
            Method::Invite => self.on_invite(request, now),
            Method::Options => self.on_options(request),
            // The first has been handled, and `check` has refused the others.
            Method::Ack
            | Method::Extension
            | Method::Info
            | Method::Message
            | Method::Notify
            | Method::Prack
            | Method::Publish
            | Method::Refer
            | Method::Register
            | Method::Subscribe
            | Method::Update => {}
        }
    }

    /// Answers a request that must not be acted on.
    fn refuse(&mut self, request: &Request<'_>, method: Method, refusal: Refusal, now: Instant) {
        let needs_dialog = matches!(method, Method::Info | Method::Prack | Method::Update);
        // No dialog stands here, whatever is wanted in it (RFC 3261 §12.2.2).
        if refusal == Refusal::Method && needs_dialog {
            return self.deny(request, now);
        }
        let header = refusal.header(request.message);
        self.respond(request, refusal.status(), header.as_slice());
    }

    /// RFC 3261 §11.2. Allow, which "SHOULD be present", is left out of the answer to a short question.
    fn on_options(&mut self, request: &Request<'_>) {
        let is_answered = self.try_respond(request, Status::OK, &[("Allow", ALLOW.as_bytes())]);
        if !is_answered {
            self.respond(request, Status::OK, &[]);
        }
    }

    /// In the peer's requests our tag is in To.
    fn is_our_dialog(&self, request: &Message<'_>) -> bool {
        let (Ok(call_id), Ok(to)) = (request.call_id(), request.to()) else { return false };
        to.tag().is_some_and(|tag| self.identities.is_ours(call_id, tag))
    }

    /// 481: the request is about a call or a transaction that nobody knows. Only so many in a second:
    /// who guesses needs no word from us.
    pub(crate) fn deny(&mut self, request: &Request<'_>, now: Instant) {
        match self.strays.take(now) {
            Ok(()) => self.respond(request, Status::NO_SUCH_TRANSACTION, &[]),
            Err(_) => self.tally.on_shed(Shed::StrayAnswer),
        }
    }

    /// Answers a request without keeping state (RFC 3261 §8.2.7).
    pub(crate) fn respond(
        &mut self,
        request: &Request<'_>,
        status: Status,
        headers: &[(&str, &[u8])],
    ) {
        if !self.try_respond(request, status, headers) {
            let reason = match request.message.via() {
                Ok(_) => DropReason::Amplifying,
                Err(_) => DropReason::Malformed,
            };
            self.tally.on_dropped(reason);
        }
    }

    /// Says whether there is somebody to answer, and a short enough answer.
    fn try_respond(
        &mut self,
        request: &Request<'_>,
        status: Status,
        headers: &[(&str, &[u8])],
    ) -> bool {
        let Request { from, message, bytes } = *request;
        let Ok(via) = message.via() else { return false };
        let call_id = message.call_id().unwrap_or_default();
        let tag = self.identities.stateless_tag(via.branch.unwrap_or_default(), call_id);
        let response =
            Response { to_tag: Some(&tag), source: Some(from), headers, ..Response::new(status) };
        let mut is_written = false;
        self.outbox.push_if(destination(&via, from), |out| {
            let start = out.len();
            is_written = response.write(message, out).is_ok() && out.len() - start <= bytes;
            is_written
        });
        if is_written {
            self.tally.on_sent(SipKind::of_status(status.code()));
        }
        is_written
    }
}

/// How many requests about unknown calls are answered in one second by each shard.
pub(crate) const STRAY_ANSWERS_PER_SECOND: u32 = 200;
