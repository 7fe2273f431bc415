//! Why a request of ours did not reach the trunk, as far as the system or the network said so.

/// Why a datagram did not arrive. A closed set: also a word of the API and of the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Undelivered {
    /// A firewall, here or on the way, does not let it pass.
    Denied,
    /// No machine answers at the address (ICMP host unreachable).
    HostUnreachable,
    /// There is no way to the address from here (no route, ICMP network unreachable).
    NoRoute,
    /// The machine is there and nobody listens (ICMP port unreachable).
    Refused,
    /// It is longer than the way allows.
    TooLong,
    /// The system would not send it, or gives a reason that has no name here.
    Unsent,
}

impl Undelivered {
    /// Every reason, in the order of the declaration.
    pub const ALL: [Self; 6] = [
        Self::Denied,
        Self::HostUnreachable,
        Self::NoRoute,
        Self::Refused,
        Self::TooLong,
        Self::Unsent,
    ];

    /// For people: whether it left, as far as that is known, and what the network said.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Denied => "not sent, or turned back: a firewall forbids it",
            Self::HostUnreachable => "not delivered: no machine answers there (host unreachable)",
            Self::NoRoute => "not sent, or turned back: no route there (network unreachable)",
            Self::Refused => "not delivered: nobody listens there (ICMP port unreachable)",
            Self::TooLong => "not sent, or turned back: longer than the way allows",
            Self::Unsent => "not sent, or turned back: the system does not say why",
        }
    }

    /// The word of the API and of the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::HostUnreachable => "host_unreachable",
            Self::NoRoute => "no_route",
            Self::Refused => "refused",
            Self::TooLong => "too_long",
            Self::Unsent => "unsent",
        }
    }
}
