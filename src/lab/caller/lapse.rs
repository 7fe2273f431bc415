//! What the called side must not do: RFC 3261 as seen by the caller, and the promises of a missed
//! call, which is never answered.

use std::fmt;
use std::time::Instant;

use super::event::Line;

/// A rule that the called side broke.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Lapse {
    /// A 2xx to the INVITE: it costs the caller money.
    Answered,
    /// A CANCEL of an INVITE that is here got another response than 200 (§9.2).
    CancelRefused,
    /// A CANCEL had no final response within 64*T1 (§17.1.2.2).
    CancelUnanswered,
    /// The final response came again although its ACK must have arrived (§17.2.1: the ACK stops
    /// timer G).
    FinalAgain,
    /// A second final response with another status or To tag than the first (§17.2.1).
    FinalChanged,
    /// No final response while the caller was patient, or within 64*T1 of its CANCEL (§9.1).
    FinalMissing,
    /// A merged request was not refused with 482 (§8.2.2.2).
    MergeAccepted,
    /// The CANCEL was answered with 200, and the INVITE with another refusal than 487 (§9.2).
    NotTerminated,
    /// A response with a branch that no request had (§8.1.1.7).
    ResponseBranch,
    /// A response whose Call-ID is not its request's (§8.2.6.2).
    ResponseCallId,
    /// A response whose CSeq is not its request's (§8.2.6.2).
    ResponseCSeq,
    /// Nothing at all within 64*T1 (§17.1.1.2).
    ResponseMissing,
    /// A response whose From or To is not its request's, but for the To tag (§8.2.6.2).
    ResponseParties,
    /// A response from another address or port than the request went to (RFC 3581 §4).
    ResponseSource,
    /// A response that does not have exactly the one Via of its request (§8.1.3.3).
    ResponseVias,
    /// Responses to one INVITE, or to it and its CANCEL, with different To tags (§8.2.6.2, §9.2).
    TagChanged,
    /// A response other than 100 without a To tag (§8.2.6.2).
    TagMissing,
    /// 487 although nobody sent a CANCEL (§21.4.25).
    TerminatedUnasked,
}

impl Lapse {
    /// Whether lost, repeated or overtaken packets look the same.
    pub fn is_excused_by_loss(self) -> bool {
        match self {
            Self::CancelUnanswered
            | Self::FinalAgain
            | Self::FinalMissing
            | Self::MergeAccepted
            | Self::NotTerminated
            | Self::ResponseMissing => true,
            Self::Answered
            | Self::CancelRefused
            | Self::FinalChanged
            | Self::ResponseBranch
            | Self::ResponseCallId
            | Self::ResponseCSeq
            | Self::ResponseParties
            | Self::ResponseSource
            | Self::ResponseVias
            | Self::TagChanged
            | Self::TagMissing
            | Self::TerminatedUnasked => false,
        }
    }

    /// What was wrong, for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Answered => "the call was answered, a missed call never is",
            Self::CancelRefused => "the CANCEL was refused",
            Self::CancelUnanswered => "the CANCEL was never answered",
            Self::FinalAgain => "the final response came again after its ACK",
            Self::FinalChanged => "a second final response that is not the first",
            Self::FinalMissing => "no final response came",
            Self::MergeAccepted => "a merged request was not refused with 482",
            Self::NotTerminated => "a call that was cancelled was not refused with 487",
            Self::ResponseBranch => "a response with a branch that no request had",
            Self::ResponseCallId => "a response with another Call-ID than its request",
            Self::ResponseCSeq => "a response with another CSeq than its request",
            Self::ResponseMissing => "no response at all came",
            Self::ResponseParties => "a response with another From or To than its request",
            Self::ResponseSource => "a response from elsewhere than the request went to",
            Self::ResponseVias => "a response without exactly one Via",
            Self::TagChanged => "the responses of one call have different To tags",
            Self::TagMissing => "a response without a To tag",
            Self::TerminatedUnasked => "487, and nobody had cancelled the call",
        }
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A lapse, with what is known of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Noticed {
    /// The broken rule.
    pub lapse: Lapse,
    /// The call, when the response names one.
    pub line: Option<Line>,
    /// When.
    pub at: Instant,
}
