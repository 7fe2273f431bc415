//! Why a try failed: a closed set, which is a metric's label, too.

use std::fmt;

/// Why a try failed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Failure {
    /// The name leads to addresses that may not be connected to, and to no other.
    Address,
    /// Nobody listens there, or no way leads there.
    Connect,
    /// Its reply is no HTTP, or the connection ended before there was one.
    Reply,
    /// The name does not resolve.
    Name,
    /// It replied with this status, which is not 2xx.
    Status(u16),
    /// It took too long.
    Timeout,
    /// No encrypted connection came about: mostly a certificate that is not believed.
    Tls,
    /// The URL may not be posted to any more.
    Url,
}

impl Failure {
    /// Its word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Connect => "connect",
            Self::Reply => "reply",
            Self::Name => "name",
            Self::Status(_) => "status",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Url => "url",
        }
    }

    /// The status of the reply, where there was one.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            Self::Address
            | Self::Connect
            | Self::Reply
            | Self::Name
            | Self::Timeout
            | Self::Tls
            | Self::Url => None,
        }
    }

    /// The receiver wants no more of these.
    pub(super) const fn is_gone(self) -> bool {
        matches!(self, Self::Status(410))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "its name leads to no address that is allowed",
            Self::Connect => "nobody accepted the connection",
            Self::Reply => "the connection ended without a reply that is HTTP",
            Self::Name => "its name was not found",
            Self::Status(status @ 300..400) => {
                return write!(f, "it replied {status}, and redirects are not followed");
            }
            Self::Status(status) => return write!(f, "it replied {status}"),
            Self::Timeout => "it took too long",
            Self::Tls => "TLS failed, mostly for a certificate that is not trusted",
            Self::Url => "its URL is not allowed",
        })
    }
}
