//! Missed calls: what a shard asks and tells of people who ring one of our numbers.

use std::time::Instant;

use super::id::VerificationId;
use super::service::Verify;
use super::start::Order;
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::number::E164;

/// One of our dedicated inbound numbers: its place in [`Settings::dids`](super::Settings::dids).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DidId(pub u16);

/// A call to one of our numbers that is over and was not answered.
#[derive(Clone, Debug)]
pub struct MissedCall {
    /// The number that was rung.
    pub did: DidId,
    /// Who rang, or why nobody knows.
    pub caller: Result<E164, Unknown>,
    /// Where that was read; `None` when none of the fields that count was there.
    pub header: Option<IdentityHeader>,
    /// Another field names another number.
    pub is_disputed: bool,
    /// The call came by way of another phone.
    pub is_forwarded: bool,
    /// How well it is proven that the trunk placed this call: [`Assurance::ReturnRouted`], or
    /// [`Assurance::None`] when nothing came back.
    pub assurance: Assurance,
    /// The index of the trunk that it came from.
    pub trunk: u16,
    /// The Call-ID, for whoever looks for the call in other logs: printable ASCII, cut where it is long.
    pub sip_call_id: Box<str>,
    /// The final status code that the caller got.
    pub sip_code: u16,
    /// When the INVITE came.
    pub received: Instant,
}

/// What a missed call did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// A verification waited for it, and wants the caller to be called back: call
    /// [`Verify::challenge`] at this moment.
    Challenge {
        /// Which verification.
        verification: VerificationId,
        /// Not before: the phone must have hung up.
        at: Instant,
    },
    /// No verification waited for it.
    Nothing,
    /// It verified this verification.
    Verified(VerificationId),
}

impl Verify {
    /// Whether a verification waits for a call from `caller` to `did`. Lock-free: it is asked before
    /// any state is made for an INVITE.
    pub fn awaits(&self, _did: DidId, _caller: E164) -> bool {
        false
    }

    /// A call to one of our numbers is over. Settles the verification that waited for it, exactly once
    /// whatever happens at the same moment; else remembers the call for one that is yet to be started.
    pub fn on_missed_call(&self, _call: MissedCall, _now: Instant) -> Settled {
        Settled::Nothing
    }

    /// The call back to a caller whose verification wants more than a missed call. `shard` places it.
    /// `None`: there is nothing to place, because the verification has ended or its phone cannot be
    /// called.
    pub fn challenge(&self, _id: VerificationId, _shard: u16, _now: Instant) -> Option<Order> {
        None
    }
}
