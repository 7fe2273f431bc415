//! Requests that reach a caller: each is answered and leaves no trace (RFC 3261 §8.2.7).

use std::net::SocketAddr;

use super::Caller;
use super::call::{Call, Phase};
use super::write::hex;
use crate::sip::response::{self, Response};
use crate::sip::{Message, Method, Status};

impl Caller {
    pub(super) fn on_request(&mut self, source: SocketAddr, message: &Message<'_>) {
        let (status, header) = match message.check() {
            Ok(()) => (self.status_of(message), None),
            Err(refusal) => (refusal.status(), refusal.header(message)),
        };
        let Ok(via) = message.via() else { return };
        let tag = hex(self.stateless_tag);
        let answer = Response {
            to_tag: Some(&tag),
            source: Some(source),
            headers: header.as_slice(),
            ..Response::new(status)
        };
        let to = response::destination(&via, source);
        self.send_to(to, |out| {
            // An ACK is not answered, whatever is wrong with it.
            let _ = answer.write(message, out);
        });
    }

    /// The other side may hang up a call that it answered; nobody rings a caller.
    fn status_of(&self, message: &Message<'_>) -> Status {
        match message.method() {
            Some(Method::Bye) if self.is_answered(message) => Status::OK,
            Some(Method::Options) => Status::OK,
            Some(Method::Invite) if message.to().is_ok_and(|to| to.tag().is_none()) => {
                Status::BUSY_HERE
            }
            _ => Status::NO_SUCH_TRANSACTION,
        }
    }

    fn is_answered(&self, bye: &Message<'_>) -> bool {
        let call_id = bye.call_id().ok();
        let is_its = |call: &Call| {
            matches!(call.phase, Phase::Answered { .. })
                && Message::parse(&call.invite).is_ok_and(|own| own.call_id().ok() == call_id)
        };
        self.by_line.values().any(|handle| self.call(*handle).is_some_and(is_its))
    }
}
