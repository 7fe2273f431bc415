//! What a caller must not do: RFC 3261 as seen from the trunk, and the promises of a flash call.

use std::fmt;
use std::time::Instant;

use super::number::Number;

/// A broken rule.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Violation {
    /// An ACK for a refusal with another branch than the INVITE, or for a 2xx with the same
    /// (§17.1.1.3, §13.2.2.4).
    AckBranch,
    /// An ACK whose CSeq number is not the INVITE's.
    AckCSeq,
    /// A final response that was never acknowledged.
    AckMissing,
    /// An ACK without the To tag of the response that it acknowledges (§17.1.1.3).
    AckTag,
    /// An ACK where nothing was to be acknowledged.
    AckUnasked,
    /// A BYE whose CSeq number is not above the INVITE's (§12.2.1.1).
    ByeCSeq,
    /// A BYE before the ACK of the 2xx that made the dialog.
    ByeBeforeAck,
    /// A BYE outside any dialog.
    ByeUnknown,
    /// A CANCEL when the INVITE had its final response and its ACK.
    CancelAfterAck,
    /// A CANCEL before any provisional response was sent (§9.1).
    CancelBeforeProvisional,
    /// A CANCEL with another branch than the INVITE of its Call-ID (§9.1).
    CancelBranch,
    /// A CANCEL whose CSeq number is not the INVITE's (§9.1).
    CancelCSeq,
    /// A CANCEL whose From or To is not the INVITE's, tags included (§9.1).
    CancelParties,
    /// A CANCEL with Require or Proxy-Require (§9.1).
    CancelRequire,
    /// A CANCEL whose Route is not the INVITE's (§9.1).
    CancelRoute,
    /// A CANCEL of nothing that is here.
    CancelUnknown,
    /// A CANCEL whose Request-URI is not the INVITE's (§9.1).
    CancelUri,
    /// A CANCEL with more than one Via (§9.1).
    CancelVias,
    /// An INVITE of a call that was cancelled.
    InviteAfterCancel,
    /// An INVITE without Contact (§8.1.1.8).
    InviteContact,
    /// An INVITE with a To tag: a flash call is never changed.
    InviteInDialog,
    /// An INVITE to a phone that still rings for another call of the same caller.
    InviteWhileRinging,
    /// A request that must be refused as it is written.
    Malformed,
    /// A response to nothing that was asked.
    ResponseUnasked,
}

impl Violation {
    /// Whether lost, repeated or overtaken packets look the same.
    pub fn is_excused_by_loss(self) -> bool {
        match self {
            Self::AckMissing
            | Self::AckUnasked
            | Self::ByeBeforeAck
            | Self::ByeUnknown
            | Self::CancelAfterAck
            | Self::CancelUnknown
            | Self::InviteAfterCancel
            | Self::ResponseUnasked => true,
            Self::AckBranch
            | Self::AckCSeq
            | Self::AckTag
            | Self::ByeCSeq
            | Self::CancelBeforeProvisional
            | Self::CancelBranch
            | Self::CancelCSeq
            | Self::CancelParties
            | Self::CancelRequire
            | Self::CancelRoute
            | Self::CancelUri
            | Self::CancelVias
            | Self::InviteContact
            | Self::InviteInDialog
            | Self::InviteWhileRinging
            | Self::Malformed => false,
        }
    }

    /// What was wrong, for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::AckBranch => "the ACK has the wrong branch",
            Self::AckCSeq => "the ACK has another CSeq number than its INVITE",
            Self::AckMissing => "a final response was never acknowledged",
            Self::AckTag => "the ACK lacks the To tag of the response that it acknowledges",
            Self::AckUnasked => "an ACK where nothing was to be acknowledged",
            Self::ByeBeforeAck => "a BYE before the ACK of the 2xx",
            Self::ByeCSeq => "the BYE has a CSeq number that is not above its INVITE's",
            Self::ByeUnknown => "a BYE outside any dialog",
            Self::CancelAfterAck => "a CANCEL after the ACK of the final response",
            Self::CancelBeforeProvisional => "a CANCEL before any provisional response",
            Self::CancelBranch => "the CANCEL has another branch than its INVITE",
            Self::CancelCSeq => "the CANCEL has another CSeq number than its INVITE",
            Self::CancelParties => "the CANCEL has another From or To than its INVITE",
            Self::CancelRequire => "the CANCEL requires an extension",
            Self::CancelRoute => "the CANCEL has another Route than its INVITE",
            Self::CancelUnknown => "a CANCEL of nothing that is here",
            Self::CancelUri => "the CANCEL has another Request-URI than its INVITE",
            Self::CancelVias => "the CANCEL has more than one Via",
            Self::InviteAfterCancel => "an INVITE of a call that was cancelled",
            Self::InviteContact => "the INVITE has no Contact",
            Self::InviteInDialog => "an INVITE with a To tag, a flash call is never changed",
            Self::InviteWhileRinging => "an INVITE to a phone that still rings",
            Self::Malformed => "a request that must be refused as it is written",
            Self::ResponseUnasked => "a response to nothing that was asked",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A violation, with what is known of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Noticed {
    /// The broken rule.
    pub violation: Violation,
    /// The phone of the call, when the request names one.
    pub phone: Option<Number>,
    /// When.
    pub at: Instant,
}
