//! What is known of who rang one of our numbers, and how well. Closed sets: each variant is also a
//! word of the API and a metric label.
//!
//! No SIP here: the room `trunk` reads the messages, `gateway` sees what comes back, and everybody
//! else only needs the words.

/// How well it is proven that a missed call came from the number that it shows, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Assurance {
    /// Nothing came back: one forged datagram would look the same.
    None,
    /// What was sent to the trunk came back from it: the call is the trunk's, and so is the word that
    /// it gives for the number.
    ReturnRouted,
    /// The number was called back, and the digits that this call showed were typed.
    ChallengeConfirmed,
}

/// A header field that says who is calling.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum IdentityHeader {
    /// From: what the caller's own equipment says.
    From,
    /// P-Asserted-Identity (RFC 3325 §9.1): what the network has checked.
    PAssertedIdentity,
    /// Remote-Party-ID, which never became an RFC, with `screen=yes`.
    RemotePartyId,
}

/// Why nobody knows who is calling.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Unknown {
    /// The caller wants to stay unknown (RFC 3323), or the network says "anonymous".
    Anonymous,
    /// Two identities are asserted that are not one phone.
    Disagreeing,
    /// None of the fields that count is there.
    Missing,
    /// What is there is no telephone number that can only be one phone's.
    Unreadable,
    /// The trunk passes on a number that it has not checked (`screen=no`).
    Unscreened,
}

impl Assurance {
    /// Every degree, the weakest first.
    pub const ALL: [Self; 3] = [Self::None, Self::ReturnRouted, Self::ChallengeConfirmed];

    /// The word of the API, of the configuration and of the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChallengeConfirmed => "challenge_confirmed",
            Self::None => "none",
            Self::ReturnRouted => "return_routed",
        }
    }
}

impl IdentityHeader {
    /// Every header field.
    pub const ALL: [Self; 3] = [Self::From, Self::PAssertedIdentity, Self::RemotePartyId];

    /// The word of the API and of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::PAssertedIdentity => "p_asserted_identity",
            Self::RemotePartyId => "remote_party_id",
        }
    }
}

impl Unknown {
    /// Every reason, in the order of the declaration.
    pub const ALL: [Self; 5] =
        [Self::Anonymous, Self::Disagreeing, Self::Missing, Self::Unreadable, Self::Unscreened];

    /// The word of the API and of the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Disagreeing => "disagreeing",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Unscreened => "unscreened",
        }
    }
}
