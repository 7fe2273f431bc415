//! Status codes and their phrases: RFC 3261 §7.2 and §21.

use std::fmt;

/// A status code, 100 to 699.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Status(u16);

/// The first digit of a status code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// 1xx.
    Provisional,
    /// 2xx.
    Success,
    /// 3xx.
    Redirection,
    /// 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// 6xx.
    GlobalFailure,
}

impl Class {
    /// Whether it is 3xx to 6xx: final, and not a success.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Provisional | Self::Success)
    }
}

impl Status {
    /// 100.
    pub const TRYING: Self = Self(100);
    /// 180.
    pub const RINGING: Self = Self(180);
    /// 183.
    pub const SESSION_PROGRESS: Self = Self(183);
    /// 200.
    pub const OK: Self = Self(200);
    /// 400.
    pub const BAD_REQUEST: Self = Self(400);
    /// 404.
    pub const NOT_FOUND: Self = Self(404);
    /// 405.
    pub const METHOD_NOT_ALLOWED: Self = Self(405);
    /// 408.
    pub const REQUEST_TIMEOUT: Self = Self(408);
    /// 415.
    pub const UNSUPPORTED_MEDIA_TYPE: Self = Self(415);
    /// 416.
    pub const UNSUPPORTED_URI_SCHEME: Self = Self(416);
    /// 420.
    pub const BAD_EXTENSION: Self = Self(420);
    /// 480.
    pub const TEMPORARILY_UNAVAILABLE: Self = Self(480);
    /// 481.
    pub const NO_SUCH_TRANSACTION: Self = Self(481);
    /// 482.
    pub const LOOP_DETECTED: Self = Self(482);
    /// 486.
    pub const BUSY_HERE: Self = Self(486);
    /// 487.
    pub const REQUEST_TERMINATED: Self = Self(487);
    /// 503.
    pub const SERVICE_UNAVAILABLE: Self = Self(503);
    /// 505.
    pub const VERSION_NOT_SUPPORTED: Self = Self(505);
    /// 513.
    pub const MESSAGE_TOO_LARGE: Self = Self(513);
    /// 603.
    pub const DECLINE: Self = Self(603);

    /// The status with this code; `None` outside 100 to 699.
    pub const fn new(code: u16) -> Option<Self> {
        if 100 <= code && code <= 699 { Some(Self(code)) } else { None }
    }

    /// The three digits as a number.
    pub fn code(self) -> u16 {
        self.0
    }

    /// Its class.
    pub fn class(self) -> Class {
        match self.0 {
            0..200 => Class::Provisional,
            200..300 => Class::Success,
            300..400 => Class::Redirection,
            400..500 => Class::ClientError,
            500..600 => Class::ServerError,
            600.. => Class::GlobalFailure,
        }
    }

    /// Whether it ends a transaction: everything but 1xx.
    pub fn is_final(self) -> bool {
        self.0 >= 200
    }

    /// The phrase that RFC 3261 §21 (or the RFC that added the code) gives it; that of its class
    /// for a code of which we know none.
    pub fn phrase(self) -> &'static str {
        match PHRASES.binary_search_by_key(&self.0, |(code, _)| *code) {
            Ok(at) => PHRASES[at].1,
            Err(_) => match self.class() {
                Class::Provisional => "Progress",
                Class::Success => "OK",
                Class::Redirection => "Redirected",
                Class::ClientError => "Request Failure",
                Class::ServerError => "Server Failure",
                Class::GlobalFailure => "Global Failure",
            },
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Ordered by code.
const PHRASES: [(u16, &str); 55] = [
    (100, "Trying"),
    (180, "Ringing"),
    (181, "Call Is Being Forwarded"),
    (182, "Queued"),
    (183, "Session Progress"),
    (199, "Early Dialog Terminated"),
    (200, "OK"),
    (202, "Accepted"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Moved Temporarily"),
    (305, "Use Proxy"),
    (380, "Alternative Service"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (410, "Gone"),
    (413, "Request Entity Too Large"),
    (414, "Request-URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Unsupported URI Scheme"),
    (420, "Bad Extension"),
    (421, "Extension Required"),
    (422, "Session Interval Too Small"),
    (423, "Interval Too Brief"),
    (480, "Temporarily Unavailable"),
    (481, "Call/Transaction Does Not Exist"),
    (482, "Loop Detected"),
    (483, "Too Many Hops"),
    (484, "Address Incomplete"),
    (485, "Ambiguous"),
    (486, "Busy Here"),
    (487, "Request Terminated"),
    (488, "Not Acceptable Here"),
    (491, "Request Pending"),
    (493, "Undecipherable"),
    (500, "Server Internal Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Server Time-out"),
    (505, "Version Not Supported"),
    (513, "Message Too Large"),
    (600, "Busy Everywhere"),
    (603, "Decline"),
    (604, "Does Not Exist Anywhere"),
    (606, "Not Acceptable"),
    (607, "Unwanted"),
    (608, "Rejected"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrases_are_in_order_so_that_they_are_found() {
        assert!(PHRASES.is_sorted_by_key(|(code, _)| *code));
        for (code, phrase) in PHRASES {
            assert_eq!(Status::new(code).map(Status::phrase), Some(phrase));
        }
    }

    #[test]
    fn a_code_outside_100_to_699_is_no_status() {
        assert_eq!([0, 5, 99, 700, u16::MAX].map(Status::new), [None; 5]);
    }
}
