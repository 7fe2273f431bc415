//! What the gateway keeps beside a client transaction.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::heard::Heard;
use super::passed::Passed;
use super::probe::Asked;
use super::settings::Peer;
use crate::call::outbound::Outbound;
use crate::ladder::{Direction, Rung, Verb};
use crate::sip::Method;
use crate::trunk::Leg as Identity;
use crate::verify::Order;
use crate::verify::id::CallId;
use crate::verify::record::CallRecord;

/// What a client transaction is for.
#[derive(Debug)]
pub(crate) struct Owner {
    /// When the wheel will hand the transaction back; an earlier wish files it again.
    pub(crate) armed: Option<Instant>,
    /// Which responses it has had.
    pub(crate) heard: Heard,
    /// Which request.
    pub(crate) purpose: Purpose,
}

/// Which request a client transaction is.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every transaction is a call's INVITE")]
pub(crate) enum Purpose {
    /// The BYE of a call that was answered.
    Bye(Bye),
    /// The INVITE of a flash call, with its CANCEL.
    Leg(Leg),
    /// The OPTIONS that asks whether a trunk is there.
    Probe(Asked),
}

/// One INVITE of a flash call: a call that fails over has one for each trunk it tried.
#[derive(Debug)]
pub(crate) struct Leg {
    /// Where the call stands.
    pub(crate) call: Outbound,
    /// What was asked for.
    pub(crate) order: Order,
    /// What makes the messages of this leg its own.
    pub(crate) identity: Identity,
    /// Index of the trunk.
    pub(crate) trunk: u16,
    /// The trunks that have had their turn, this one included.
    pub(crate) passed: Passed,
    /// How that trunk is spoken to.
    pub(crate) peer: Arc<Peer>,
    /// The To tag of the final response, for its ACK.
    pub(crate) to_tag: Option<Box<[u8]>>,
    /// The dialogs that 2xx responses made: each has been sent its BYE.
    pub(crate) dialogs: Vec<Box<[u8]>>,
}

/// A BYE on its way.
#[derive(Debug)]
pub(crate) struct Bye {
    /// The request, to send it again.
    pub(crate) request: Box<[u8]>,
    /// Where it goes.
    pub(crate) to: SocketAddr,
    /// How the trunk is spoken to.
    pub(crate) peer: Arc<Peer>,
    /// The dialog's Call-ID.
    pub(crate) call_id: u128,
    /// Its CSeq number.
    pub(crate) cseq: u32,
    /// When the 2xx came.
    pub(crate) answered: Instant,
    /// The call it ends; `None` for an answer that came after the call was forgotten.
    pub(crate) record: Option<Arc<CallRecord>>,
    /// The call whose record it is in, as long as that is to be there.
    pub(crate) kept: Option<CallId>,
}

impl Purpose {
    /// The leg, if it is one.
    pub(crate) fn leg(&self) -> Option<&Leg> {
        match self {
            Self::Leg(leg) => Some(leg),
            Self::Bye(_) | Self::Probe(_) => None,
        }
    }

    /// The leg, if it is one.
    pub(crate) fn leg_mut(&mut self) -> Option<&mut Leg> {
        match self {
            Self::Leg(leg) => Some(leg),
            Self::Bye(_) | Self::Probe(_) => None,
        }
    }

    /// What a response must repeat: the trunk it must come from, Call-ID and CSeq number.
    pub(crate) fn identity(&self) -> (&Peer, u128, u32) {
        match self {
            Self::Bye(bye) => (&bye.peer, bye.call_id, bye.cseq),
            Self::Leg(leg) => (&leg.peer, leg.identity.call_id, leg.identity.cseq),
            Self::Probe(asked) => (&asked.peer, asked.call_id, 1),
        }
    }
}

impl Bye {
    /// Notes the BYE, or a response to it, in the ladder of its call.
    pub(crate) fn trace(
        &self,
        direction: Direction,
        status: Option<u16>,
        is_again: bool,
        now: Instant,
    ) {
        if let Some(record) = &self.record {
            trace(record, direction, Method::Bye, status, is_again, now);
        }
    }
}

/// Writes one message of a call into its ladder.
pub(crate) fn trace(
    record: &CallRecord,
    direction: Direction,
    method: Method,
    status: Option<u16>,
    is_again: bool,
    now: Instant,
) {
    let at = now.saturating_duration_since(record.placed);
    let method = verb(method);
    let (is_ignored, undelivered) = (false, None);
    record.ladder.push(Rung { at, direction, is_again, is_ignored, method, status, undelivered });
}

fn verb(method: Method) -> Verb {
    match method {
        Method::Ack => Verb::Ack,
        Method::Bye => Verb::Bye,
        Method::Cancel => Verb::Cancel,
        Method::Invite => Verb::Invite,
        Method::Extension
        | Method::Info
        | Method::Message
        | Method::Notify
        | Method::Options
        | Method::Prack
        | Method::Publish
        | Method::Refer
        | Method::Register
        | Method::Subscribe
        | Method::Update => Verb::Different,
    }
}

/// How many forks of one call may answer before further ones are no more remembered.
pub(crate) const DIALOGS_MAX: usize = 8;
