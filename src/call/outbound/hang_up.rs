//! Why a flash call is hung up, and how it has ended then.

use crate::call::classify;
use crate::outcome::Outcome;

/// Why we hang up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum HangUp {
    /// Nobody waits for the call any more.
    Asked,
    /// It takes too long.
    NothingRings,
    /// As planned.
    RangEnough,
    /// The daemon stops.
    Stopped,
}

impl HangUp {
    /// How a call ends that was hung up for this and whose phone `rang`, or did not.
    pub(super) fn outcome(self, rang: bool) -> Outcome {
        match (self, rang) {
            (Self::NothingRings, false) => Outcome::NoRinging,
            (Self::Asked, _) | (Self::NothingRings, true) => Outcome::Withdrawn,
            (Self::RangEnough, _) => Outcome::Completed,
            (Self::Stopped, _) => Outcome::Restarted,
        }
    }
}

/// A final response after our CANCEL: 487 confirms it; another code crossed it. Once the phone has
/// rung as planned, how the trunk phrases the end does not matter.
pub(super) fn hung_up_outcome(
    why: HangUp,
    rang: bool,
    code: u16,
    q850_cause: Option<u8>,
) -> Outcome {
    match (why, code) {
        (_, 487) | (HangUp::RangEnough, _) => why.outcome(rang),
        (HangUp::Asked | HangUp::NothingRings | HangUp::Stopped, _) => {
            classify::refusal(code, q850_cause, rang)
        }
    }
}

/// A final response that we did not ask for. A 487 then comes from the trunk's own limit, or from
/// the `Expires` of the INVITE.
pub(super) fn cut_short(code: u16, q850_cause: Option<u8>, rang: bool) -> Outcome {
    match (code, rang) {
        (487, true) => Outcome::Completed,
        (487, false) => Outcome::NoRinging,
        _ => classify::refusal(code, q850_cause, rang),
    }
}
