//! Whether a message may be acted on: RFC 3261 §8.2 for requests, §8.1.3 for responses.
//!
//! The full reading, for the edge where strangers' requests come in and for tests. A response on
//! the fast path is held to what its typed headers say as they are read.
//! Deliberately absent: Date and Warning, which nothing here uses; whether a Via is ours, which the
//! transactions know; anything about dialogs.

use super::uri::{Scheme, Uri, UriError};
use super::{HeaderError, Message, Method, Name, NameAddr, Refusal, RequestLine, Start, values};

impl<'a> Message<'a> {
    /// Reads everything that counts. For a request the error says how to refuse it (never an ACK,
    /// which is not answered); a response with an error is discarded.
    ///
    /// # Errors
    ///
    /// The first thing found wrong: syntax before what we do not serve.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(flaw) = self.flaw() {
            return Err(flaw);
        }
        self.check_singles()?;
        self.check_headers()?;
        match self.start() {
            Start::Request(line) => self.check_request(line),
            Start::Response(_) => match self.via_count() {
                1 => Ok(()),
                // RFC 3261 §8.1.3.3: "If more than one Via header field value is present in a
                // response, the UAC SHOULD discard the message."
                count => Err(Refusal::Vias { count }),
            },
        }
    }

    fn check_singles(&self) -> Result<(), Refusal> {
        let repeated =
            Name::ALL.into_iter().find(|name| name.is_single() && self.is_repeated(*name));
        repeated.map_or(Ok(()), |name| Err(Refusal::Header { name, error: HeaderError::Repeated }))
    }

    fn check_headers(&self) -> Result<(), Refusal> {
        let at = |name| move |error| Refusal::Header { name, error };
        self.via().map_err(at(Name::Via))?;
        self.check_vias().map_err(at(Name::Via))?;
        for (name, address) in [(Name::From, self.from()), (Name::To, self.to())] {
            check_address(address.map_err(at(name))?).map_err(at(name))?;
        }
        self.call_id().map_err(at(Name::CallId))?;
        self.cseq().map_err(at(Name::CSeq))?;
        for name in [Name::Contact, Name::Route, Name::RecordRoute] {
            self.check_addresses(name).map_err(at(name))?;
        }
        self.max_forwards().map_err(at(Name::MaxForwards))?;
        self.expires().map_err(at(Name::Expires))?;
        self.retry_after().map_err(at(Name::RetryAfter))?;
        let content_type = self.first(Name::ContentType).map(values::is_sdp).transpose();
        content_type.map(drop).map_err(at(Name::ContentType))
    }

    fn check_vias(&self) -> Result<(), HeaderError> {
        for (at, via) in self.vias().enumerate() {
            via?;
            if at >= VALUES_MAX {
                return Err(HeaderError::TooMany);
            }
        }
        Ok(())
    }

    fn check_addresses(&self, name: Name) -> Result<(), HeaderError> {
        for (at, value) in self.values(name).enumerate() {
            if at >= VALUES_MAX {
                return Err(HeaderError::TooMany);
            }
            // RFC 3261 §10.2.2: REGISTER removes all bindings with it.
            let is_star = name == Name::Contact && value == b"*";
            if !is_star {
                check_address(NameAddr::parse(value)?)?;
            }
        }
        Ok(())
    }

    fn check_request(&self, line: RequestLine<'a>) -> Result<(), Refusal> {
        let uri = Uri::parse(line.uri).map_err(Refusal::RequestUri)?;
        if !uri.headers.is_empty() {
            // RFC 3261 §19.1.1, table 1: none in a Request-URI.
            return Err(Refusal::RequestUri(UriError::Headers));
        }
        let named = self.cseq().is_ok_and(|cseq| cseq.method_text == line.method_text);
        if !named {
            return Err(Refusal::CSeqMethod);
        }
        if !SERVED.contains(&line.method) {
            return Err(Refusal::Method);
        }
        if uri.scheme == Scheme::Unknown {
            return Err(Refusal::Scheme);
        }
        // RFC 3261 §8.2.2.3: Require in CANCEL and in the ACK of a non-2xx "MUST be ignored".
        let is_bound = !matches!(line.method, Method::Ack | Method::Cancel);
        if is_bound && self.has(Name::Require) {
            return Err(Refusal::Option);
        }
        if line.method == Method::Invite && !self.is_body_readable() {
            return Err(Refusal::MediaType);
        }
        Ok(())
    }

    /// RFC 3261 §8.2.3, for the body of an INVITE.
    fn is_body_readable(&self) -> bool {
        if self.body().is_empty()
            || self.first(Name::ContentDisposition).is_some_and(values::is_optional)
        {
            return true;
        }
        let is_plain = |encoding: &[u8]| encoding.eq_ignore_ascii_case(b"identity");
        // Without Content-Type an INVITE's body is what it always is.
        self.values(Name::ContentEncoding).all(is_plain)
            && self.first(Name::ContentType).is_none_or(|text| values::is_sdp(text) == Ok(true))
    }
}

/// A SIP or tel URI must follow its grammar; others are only carried.
fn check_address(address: NameAddr<'_>) -> Result<(), HeaderError> {
    address.parsed_uri().map(drop).map_err(|error| match error {
        UriError::TooMany => HeaderError::TooMany,
        UriError::Character
        | UriError::Escape
        | UriError::Headers
        | UriError::Host
        | UriError::Number
        | UriError::Parameter
        | UriError::Port
        | UriError::Scheme
        | UriError::User => HeaderError::Syntax,
    })
}

/// What [`ALLOW`](super::refusal::ALLOW) says.
const SERVED: [Method; 5] =
    [Method::Ack, Method::Bye, Method::Cancel, Method::Invite, Method::Options];

/// Most values of Via, Contact, Route or Record-Route. Max-Forwards starts at 70 (RFC 3261
/// §8.1.1.6), so no honest path is longer.
pub(super) const VALUES_MAX: usize = 70;

#[cfg(test)]
mod tests;
