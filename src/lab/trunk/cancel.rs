//! CANCEL: RFC 3261 §9.2, and what §9.1 asks of who sends one.

use std::time::Instant;

use super::super::script::OnCancel;
use super::super::violation::Violation;
use super::Trunk;
use super::call::Call;
use super::receive::Request;
use crate::sip::{Message, Method, Name, Start, Status};
use crate::transaction::slab::Handle;

impl Trunk {
    pub(super) fn on_cancel(&mut self, request: &Request<'_>, now: Instant) {
        let Ok(key) = self.servers.key(&request.message, Method::Cancel) else { return };
        if self.answer_again(key) {
            return;
        }
        let Some(handle) = self.cancelled_by(request) else {
            self.notice_stray_cancel(request, now);
            let tag = self.stateless_tag();
            return self.answer(request, key, Status::NO_SUCH_TRANSACTION, tag, now);
        };
        self.check_cancel(request, handle, now);
        let Some(call) = self.call_mut(handle) else { return };
        let policy = match call.is_pending() {
            true => call.script.on_cancel,
            // "it has no effect on the processing of the original request".
            false => OnCancel::End,
        };
        // "the To tag of the response to the CANCEL and the To tag in the response to the original
        // request SHOULD be the same".
        let final_leg = call.said.filter(|_| !call.is_pending()).map_or(0, |said| said.leg);
        let tag = call.tags[final_leg];
        call.was_cancelled = true;
        match policy {
            OnCancel::Ignore => {}
            OnCancel::Answer | OnCancel::EndFirst => {
                self.end_cancelled(handle, policy, now);
                self.answer(request, key, Status::OK, tag, now);
            }
            OnCancel::Refuse => {
                self.answer(request, key, Status::NO_SUCH_TRANSACTION, tag, now);
                self.end_cancelled(handle, policy, now);
            }
            OnCancel::End | OnCancel::EndThenAnswer | OnCancel::Stall => {
                self.answer(request, key, Status::OK, tag, now);
                self.end_cancelled(handle, policy, now);
            }
        }
    }

    /// The INVITE with the same branch and sent-by.
    fn cancelled_by(&mut self, request: &Request<'_>) -> Option<Handle> {
        let key = self.servers.key(&request.message, Method::Invite).ok()?;
        self.servers.find(key)
    }

    fn notice_stray_cancel(&mut self, request: &Request<'_>, now: Instant) {
        let call_id = request.message.call_id().unwrap_or_default();
        let violation = match self.by_call_id.contains_key(call_id) {
            true => Violation::CancelBranch,
            false => Violation::CancelUnknown,
        };
        self.notice(violation, request.phone, request.quality, now);
    }

    fn check_cancel(&mut self, request: &Request<'_>, handle: Handle, now: Instant) {
        let Some(call) = self.call(handle).filter(|call| !call.was_cancelled) else { return };
        let broken = broken_rules(request, call);
        let (phone, quality) = (call.phone, call.quality);
        for violation in broken.into_iter().flatten() {
            self.notice(violation, Some(phone), quality, now);
        }
    }
}

/// §9.1: "The Request-URI, Call-ID, To, the numeric part of CSeq, and From header fields in the
/// CANCEL request MUST be identical to those in the request being cancelled, including tags."
fn broken_rules(request: &Request<'_>, call: &Call) -> [Option<Violation>; 8] {
    let Ok(invite) = Message::parse(&call.invite) else { return [None; 8] };
    let cancel = &request.message;
    let is_same_uri = matches!(invite.start(), Start::Request(line) if line.uri == request.uri);
    let number = |message: &Message<'_>| message.cseq().ok().map(|cseq| cseq.number);
    let is_same = |name: Name| cancel.header(name).eq(invite.header(name));
    let is_bound = [Name::Require, Name::ProxyRequire]
        .into_iter()
        .any(|name| cancel.header(name).next().is_some());
    let rule = |is_broken: bool, violation| is_broken.then_some(violation);
    [
        rule(!is_same_uri, Violation::CancelUri),
        rule(number(cancel) != number(&invite), Violation::CancelCSeq),
        rule(!is_same(Name::From) || !is_same(Name::To), Violation::CancelParties),
        rule(!is_same(Name::Route), Violation::CancelRoute),
        rule(is_bound, Violation::CancelRequire),
        rule(cancel.via_count() != 1, Violation::CancelVias),
        rule(!call.was_heard, Violation::CancelBeforeProvisional),
        rule(call.acks_heard > 0, Violation::CancelAfterAck),
    ]
}
