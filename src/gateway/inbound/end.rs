//! The end of a missed call: what `verify` is told, and the call back that it may want.

use std::time::Instant;

use super::super::Gateway;
use super::super::timers::Timer;
use super::Call;
use crate::call::inbound::Ended;
use crate::evidence::Assurance;
use crate::sip::Status;
use crate::tally::{InboundEnd, Shed};
use crate::transaction::slab::Handle;
use crate::verify::id::VerificationId;
use crate::verify::{MissedCall, Settled};

impl Gateway {
    /// A call is over. Nobody is told of one to a number that is not ours.
    pub(super) fn on_inbound_ended(&mut self, handle: Handle, ended: Ended, now: Instant) {
        let Some(server) = self.servers.get(handle) else { return };
        let missed = server.owner.missed(ended);
        self.tally.on_inbound_ended(match (ended.is_returned, ended.refusal) {
            (false, _) => InboundEnd::Unreturned,
            (true, Status::REQUEST_TERMINATED) => InboundEnd::Canceled,
            (true, _) => InboundEnd::Refused,
        });
        let Some(missed) = missed else { return };
        match self.verify.on_missed_call(missed, now) {
            Settled::Challenge { verification, at } => self.file_challenge(verification, at),
            Settled::Nothing | Settled::Verified(_) => {}
        }
    }

    /// One for each verification at most, so as many as a shard may watch are enough.
    pub(crate) fn file_challenge(&mut self, verification: VerificationId, at: Instant) {
        if self.challenges.len() >= self.challenges_max() {
            return self.tally.on_shed(Shed::Call);
        }
        self.challenges.insert((at, verification));
        self.wheel.arm(at, Timer::Challenge);
    }

    /// The caller who has waited for longest is called back.
    pub(crate) fn on_challenge_due(&mut self, now: Instant) {
        let due = self.challenges.first().copied().filter(|(at, _)| *at <= now);
        let Some((at, verification)) = due else { return };
        self.challenges.remove(&(at, verification));
        if let Some(order) = self.verify.challenge(verification, self.shard, now) {
            self.verify.confirm(&order);
            self.place(order, now);
        }
    }
}

impl Call {
    /// What is told of it, if its number is ours.
    fn missed(&self, ended: Ended) -> Option<MissedCall> {
        // What a proxy may pass on to a forger proves nothing when it comes back.
        let assurance = match ended.is_returned && !self.caller.is_relayed {
            true => Assurance::ReturnRouted,
            false => Assurance::None,
        };
        Some(MissedCall {
            did: self.did?,
            caller: self.caller.number,
            header: self.caller.header,
            is_disputed: self.caller.is_disputed,
            is_forwarded: self.caller.is_forwarded,
            assurance,
            trunk: self.trunk,
            sip_call_id: self.call_id(),
            sip_code: ended.refusal.code(),
            course: self.course,
            received: self.received,
        })
    }

    /// The Call-ID as it stands in our responses. Its octets are those of RFC 3261's `word`, all of them
    /// printable ASCII, or the INVITE was refused.
    fn call_id(&self) -> Box<str> {
        let name = b"\r\nCall-ID: ";
        let found = memchr::memmem::find(&self.tail, name);
        let value = found.map_or(&b""[..], |at| &self.tail[at + name.len()..]);
        let printable = value.iter().take_while(|octet| octet.is_ascii_graphic());
        let length = printable.take(CALL_ID_MAX).count();
        str::from_utf8(&value[..length]).unwrap_or_default().into()
    }
}

/// How much of a Call-ID is kept: those of today's switches have at most 90.
const CALL_ID_MAX: usize = 128;
