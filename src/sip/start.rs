//! Start lines: RFC 3261 §7.1 and §7.2.
//!
//! A request line that has the three parts but not the exact form is read all the same, with its
//! flaw, so that the request can be answered with 400 or 505. A status line has no such second
//! chance: a response cannot be answered.

use super::lex::{self, TOKEN};
use super::refusal::Refusal;
use super::{Malformed, Method, Status};

/// What a message begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start<'a> {
    /// RFC 3261 §7.1.
    Request(RequestLine<'a>),
    /// RFC 3261 §7.2.
    Response(StatusLine<'a>),
}

/// The first line of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequestLine<'a> {
    /// The method.
    pub method: Method,
    /// The method as it is written.
    pub method_text: &'a [u8],
    /// The Request-URI as it is written; [`check`](super::Message::check) says whether it is one.
    pub uri: &'a [u8],
}

/// The first line of a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatusLine<'a> {
    /// The status code.
    pub status: Status,
    /// The phrase: any octets, often UTF-8, possibly none.
    pub reason: &'a [u8],
}

impl<'a> Start<'a> {
    /// Reads `line` (without its CRLF).
    pub(super) fn parse(line: &'a [u8]) -> Result<(Self, Option<Refusal>), Malformed> {
        if is_version(line.get(..4).unwrap_or_default(), b"SIP/") {
            return StatusLine::parse(line).map(|status| (Self::Response(status), None));
        }
        RequestLine::parse(line).map(|(request, flaw)| (Self::Request(request), flaw))
    }
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<(Self, Option<Refusal>), Malformed> {
        let line_length = line.len();
        let method_end = memchr::memchr(b' ', line).ok_or(Malformed::StartLine)?;
        let (method_text, rest) = line.split_at(method_end);
        let rest = lex::trim(rest);
        let version_start = memchr::memrchr(b' ', rest).ok_or(Malformed::StartLine)?;
        let (uri, version) = (lex::trim(&rest[..version_start]), &rest[version_start + 1..]);
        // Without this, HTTP and noise would be answered.
        if !is_version(version.get(..4).unwrap_or_default(), b"SIP/") {
            return Err(Malformed::StartLine);
        }
        if method_text.is_empty() || !lex::all(method_text, TOKEN) {
            return Err(Malformed::StartLine);
        }
        let is_exact = method_text.len() + uri.len() + version.len() + 2 == line_length;
        let flaw = if !is_version(version, VERSION) {
            Some(Refusal::Version)
        } else if !is_exact {
            Some(Refusal::RequestLine)
        } else {
            None
        };
        Ok((Self { method: Method::of(method_text), method_text, uri }, flaw))
    }
}

impl<'a> StatusLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        let version_end = memchr::memchr(b' ', line).ok_or(Malformed::StartLine)?;
        let (version, rest) = line.split_at(version_end);
        if !is_version(version, VERSION) {
            return Err(Malformed::Version);
        }
        let rest = &rest[1..];
        let code_end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let (digits, reason) = rest.split_at(code_end);
        let status = match digits.len() {
            3 => lex::decimal(digits).and_then(|code| Status::new(code as u16)),
            _ => None,
        };
        // The space before an empty phrase is required, and often forgotten.
        let reason = reason.get(1..).unwrap_or_default();
        status.map(|status| Self { status, reason }).ok_or(Malformed::Status)
    }
}

/// "The SIP-Version string is case-insensitive" (RFC 3261 §7.1).
fn is_version(text: &[u8], expected: &[u8]) -> bool {
    text.eq_ignore_ascii_case(expected)
}

const VERSION: &[u8] = b"SIP/2.0";
