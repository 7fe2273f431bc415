//! Names of the headers that the gateway reads: RFC 3261 §20, with their compact forms (§7.3.3).
//!
//! Case does not matter in a name. Headers without a variant are reached by their text.

/// A header that we know by name.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each is named as the RFC names it")]
pub enum Name {
    Accept,
    Allow,
    CSeq,
    CallId,
    Contact,
    ContentDisposition,
    ContentEncoding,
    ContentLength,
    ContentType,
    Date,
    Diversion,
    Expires,
    From,
    HistoryInfo,
    Identity,
    MaxForwards,
    PAssertedIdentity,
    Privacy,
    ProxyRequire,
    Reason,
    RecordRoute,
    RemotePartyId,
    Require,
    RetryAfter,
    Route,
    Server,
    Supported,
    Timestamp,
    To,
    UserAgent,
    Via,
    Warning,
}

impl Name {
    /// Every name, in the order of the declaration.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Accept,
        Self::Allow,
        Self::CSeq,
        Self::CallId,
        Self::Contact,
        Self::ContentDisposition,
        Self::ContentEncoding,
        Self::ContentLength,
        Self::ContentType,
        Self::Date,
        Self::Diversion,
        Self::Expires,
        Self::From,
        Self::HistoryInfo,
        Self::Identity,
        Self::MaxForwards,
        Self::PAssertedIdentity,
        Self::Privacy,
        Self::ProxyRequire,
        Self::Reason,
        Self::RecordRoute,
        Self::RemotePartyId,
        Self::Require,
        Self::RetryAfter,
        Self::Route,
        Self::Server,
        Self::Supported,
        Self::Timestamp,
        Self::To,
        Self::UserAgent,
        Self::Via,
        Self::Warning,
    ];

    pub(super) const COUNT: usize = Self::Warning as usize + 1;

    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::Allow => "Allow",
            Self::CSeq => "CSeq",
            Self::CallId => "Call-ID",
            Self::Contact => "Contact",
            Self::ContentDisposition => "Content-Disposition",
            Self::ContentEncoding => "Content-Encoding",
            Self::ContentLength => "Content-Length",
            Self::ContentType => "Content-Type",
            Self::Date => "Date",
            Self::Diversion => "Diversion",
            Self::Expires => "Expires",
            Self::From => "From",
            Self::HistoryInfo => "History-Info",
            Self::Identity => "Identity",
            Self::MaxForwards => "Max-Forwards",
            Self::PAssertedIdentity => "P-Asserted-Identity",
            Self::Privacy => "Privacy",
            Self::ProxyRequire => "Proxy-Require",
            Self::Reason => "Reason",
            Self::RecordRoute => "Record-Route",
            Self::RemotePartyId => "Remote-Party-ID",
            Self::Require => "Require",
            Self::RetryAfter => "Retry-After",
            Self::Route => "Route",
            Self::Server => "Server",
            Self::Supported => "Supported",
            Self::Timestamp => "Timestamp",
            Self::To => "To",
            Self::UserAgent => "User-Agent",
            Self::Via => "Via",
            Self::Warning => "Warning",
        }
    }

    /// The name written as `text`, long or compact, in any case.
    pub fn of(text: &[u8]) -> Option<Self> {
        let (&first, rest) = text.split_first()?;
        let guess = match (text.len(), first.to_ascii_lowercase()) {
            (1, compact) => return Self::of_compact(compact),
            (2, b't') => Self::To,
            (3, b'v') => Self::Via,
            (4, b'c') => Self::CSeq,
            (4, b'd') => Self::Date,
            (4, b'f') => Self::From,
            (5, b'a') => Self::Allow,
            (5, b'r') => Self::Route,
            (6, b'a') => Self::Accept,
            (6, b'r') => Self::Reason,
            (6, b's') => Self::Server,
            (7, b'c') if rest[0].eq_ignore_ascii_case(&b'a') => Self::CallId,
            (7, b'c') => Self::Contact,
            (7, b'e') => Self::Expires,
            (7, b'p') => Self::Privacy,
            (7, b'r') => Self::Require,
            (7, b'w') => Self::Warning,
            (8, b'i') => Self::Identity,
            (9, b'd') => Self::Diversion,
            (9, b's') => Self::Supported,
            (9, b't') => Self::Timestamp,
            (10, b'u') => Self::UserAgent,
            (11, b'r') => Self::RetryAfter,
            (12, b'c') => Self::ContentType,
            (12, b'h') => Self::HistoryInfo,
            (12, b'm') => Self::MaxForwards,
            (12, b'r') => Self::RecordRoute,
            (13, b'p') => Self::ProxyRequire,
            (14, b'c') => Self::ContentLength,
            (15, b'r') => Self::RemotePartyId,
            (16, b'c') => Self::ContentEncoding,
            (19, b'c') => Self::ContentDisposition,
            (19, b'p') => Self::PAssertedIdentity,
            _ => return None,
        };
        text.eq_ignore_ascii_case(guess.as_str().as_bytes()).then_some(guess)
    }

    /// Whether a message may carry it once only (RFC 3261 §7.3.1: no comma list in its grammar).
    pub fn is_single(self) -> bool {
        SINGLE.contains(&self)
    }

    fn of_compact(letter: u8) -> Option<Self> {
        match letter {
            b'c' => Some(Self::ContentType),
            b'e' => Some(Self::ContentEncoding),
            b'f' => Some(Self::From),
            b'i' => Some(Self::CallId),
            b'k' => Some(Self::Supported),
            b'l' => Some(Self::ContentLength),
            b'm' => Some(Self::Contact),
            b't' => Some(Self::To),
            b'v' => Some(Self::Via),
            b'y' => Some(Self::Identity),
            _ => None,
        }
    }
}

const SINGLE: [Name; 11] = [
    Name::CSeq,
    Name::CallId,
    Name::ContentDisposition,
    Name::ContentLength,
    Name::ContentType,
    Name::Date,
    Name::Expires,
    Name::From,
    Name::MaxForwards,
    Name::RetryAfter,
    Name::To,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for (at, name) in Name::ALL.into_iter().enumerate() {
            assert_eq!(name as usize, at, "{name:?} is out of order");
            for text in [name.as_str().to_lowercase(), name.as_str().to_uppercase()] {
                assert_eq!(Name::of(text.as_bytes()), Some(name), "{text}");
            }
        }
    }

    #[test]
    fn a_compact_form_is_the_name_that_iana_says() {
        for (letter, long) in COMPACT {
            assert_eq!(Name::of(&[letter]), Name::of(long.as_bytes()), "{long}");
            assert_eq!(Name::of(&[letter.to_ascii_uppercase()]), Name::of(&[letter]), "{long}");
        }
    }

    #[test]
    fn what_only_looks_like_a_name_is_not_one() {
        for text in ["", "z", "Vib", "Call_ID", "Contakt", "Content-Lengtf"] {
            assert_eq!(Name::of(text.as_bytes()), None, "{text}");
        }
    }

    /// The compact forms registered with IANA.
    const COMPACT: [(u8, &str); 20] = [
        (b'a', "Accept-Contact"),
        (b'b', "Referred-By"),
        (b'c', "Content-Type"),
        (b'd', "Request-Disposition"),
        (b'e', "Content-Encoding"),
        (b'f', "From"),
        (b'i', "Call-ID"),
        (b'j', "Reject-Contact"),
        (b'k', "Supported"),
        (b'l', "Content-Length"),
        (b'm', "Contact"),
        (b'n', "Identity-Info"),
        (b'o', "Event"),
        (b'r', "Refer-To"),
        (b's', "Subject"),
        (b't', "To"),
        (b'u', "Allow-Events"),
        (b'v', "Via"),
        (b'x', "Session-Expires"),
        (b'y', "Identity"),
    ];
}
