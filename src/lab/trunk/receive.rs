//! What arrives: told apart, lost or repeated where the phone is known for it, answered at once
//! where that leaves no trace.

use std::net::SocketAddr;
use std::time::Instant;

use super::super::number::{self, Number};
use super::super::outbox::is_hit;
use super::super::settings::Quality;
use super::super::violation::Violation;
use super::write::tag_text;
use super::{Owner, Sleeper, Trunk};
use crate::sip::response::{self, Response};
use crate::sip::{ALLOW, Message, Method, Refusal, Start, Status};
use crate::transaction::non_invite_server::{NonInviteServer, OnRequest};
use crate::transaction::server::Machine;
use crate::transaction::{Transport, server};

/// A request that may be acted on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) message: Message<'a>,
    pub(super) payload: &'a [u8],
    pub(super) uri: &'a [u8],
    pub(super) source: SocketAddr,
    /// The phone that it is for.
    pub(super) phone: Option<Number>,
    pub(super) quality: Quality,
}

impl Trunk {
    /// A datagram has arrived.
    pub fn on_datagram(&mut self, source: SocketAddr, payload: &[u8], now: Instant) {
        let Ok(message) = Message::parse(payload) else {
            self.counts.malformed += 1;
            return;
        };
        let line = match message.start() {
            Start::Request(line) => line,
            Start::Response(_) => return self.on_response(&message, now),
        };
        let phone = number::dialled(line.uri);
        let quality = self.quality_of(phone);
        if is_hit(quality.lost, &mut self.entropy) {
            return;
        }
        let request = Request { message, payload, uri: line.uri, source, phone, quality };
        self.on_request(&request, line.method, now);
        if is_hit(quality.repeated, &mut self.entropy) {
            self.on_request(&request, line.method, now);
        }
    }

    fn on_request(&mut self, request: &Request<'_>, method: Method, now: Instant) {
        if let Err(refusal) = request.message.check() {
            return self.on_malformed(request, refusal, now);
        }
        match method {
            Method::Ack => self.on_ack(request, now),
            Method::Bye => self.on_bye(request, now),
            Method::Cancel => self.on_cancel(request, now),
            Method::Invite => self.on_invite(request, now),
            Method::Options => {
                let status =
                    if self.is_stopping { Status::SERVICE_UNAVAILABLE } else { Status::OK };
                self.respond_statelessly(request, status, Some(("Allow", ALLOW.as_bytes())));
            }
            // `check` has refused the others with 405.
            Method::Extension
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

    fn on_malformed(&mut self, request: &Request<'_>, refusal: Refusal, now: Instant) {
        // To ask for what is not offered is no mistake: the 405 says what is.
        if refusal != Refusal::Method {
            self.notice(Violation::Malformed, request.phone, request.quality, now);
        }
        let header = refusal.header(&request.message);
        self.respond_statelessly(request, refusal.status(), header);
    }

    /// RFC 3261 §8.2.7. The tag is known, so that an ACK of it is too.
    pub(super) fn respond_statelessly(
        &mut self,
        request: &Request<'_>,
        status: Status,
        header: Option<(&'static str, &[u8])>,
    ) {
        let Ok(via) = request.message.via() else { return };
        let to = response::destination(&via, request.source);
        let tag = tag_text(self.stateless_tag);
        let answer = Response {
            to_tag: Some(&tag),
            source: Some(request.source),
            headers: header.as_slice(),
            ..Response::new(status)
        };
        self.outbox.send(to, request.quality, &mut self.entropy, |out| {
            // An ACK is not answered, whatever is wrong with it.
            let _ = answer.write(&request.message, out);
        });
    }

    /// Whether the request has been answered before; then it is answered so again.
    pub(super) fn answer_again(&mut self, key: server::Key) -> bool {
        let Some(handle) = self.servers.find(key) else { return false };
        if let Some(server) = self.servers.get_mut(handle)
            && let (Machine::NonInvite(machine), Owner::NonInvite { to, quality, response }) =
                (&server.machine, &server.owner)
            && machine.on_request() == OnRequest::Respond
        {
            let write = |out: &mut Vec<u8>| out.extend_from_slice(response);
            self.outbox.send(*to, *quality, &mut self.entropy, write);
        }
        true
    }

    /// Answers CANCEL and BYE, in a transaction of their own.
    pub(super) fn answer(
        &mut self,
        request: &Request<'_>,
        key: server::Key,
        status: Status,
        tag: u64,
        now: Instant,
    ) {
        let Ok(via) = request.message.via() else { return };
        let to = response::destination(&via, request.source);
        let mut bytes = Vec::with_capacity(request.payload.len());
        let tag = tag_text(tag);
        let source = Some(request.source);
        let answer = Response { to_tag: Some(&tag), source, ..Response::new(status) };
        if answer.write(&request.message, &mut bytes).is_err() {
            return;
        }
        let write = |out: &mut Vec<u8>| out.extend_from_slice(&bytes);
        self.outbox.send(to, request.quality, &mut self.entropy, write);
        let mut machine = NonInviteServer::start(Transport::Unreliable, self.settings.base);
        machine.on_send(status.class(), now);
        let wake = machine.next_wake();
        let owner = Owner::NonInvite { to, quality: request.quality, response: bytes };
        // A full table has answered all the same; only a repetition is answered anew.
        if let Ok(handle) =
            self.servers.insert(key, &request.message, Machine::NonInvite(machine), owner)
        {
            self.deadlines.set(Sleeper::Server(handle), wake);
        }
    }

    pub(super) fn stateless_tag(&self) -> u64 {
        self.stateless_tag
    }
}
