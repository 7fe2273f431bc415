//! Why a request is refused, and with what: RFC 3261 §8.2.

use super::uri::UriError;
use super::{HeaderError, Message, Name, Status};

/// Why a request must not be acted on; for a response, why it is discarded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Content-Length is no number, repeated, or larger than what came: 400.
    #[error("the content-length is not the length of a body that is here")]
    BodyLength,
    /// CSeq names another method than the request line: 400.
    #[error("the method of cseq is not that of the request")]
    CSeqMethod,
    /// A header that counts cannot be used: 400.
    #[error("{}: {error}", name.as_str())]
    Header {
        /// Which.
        name: Name,
        /// Why.
        error: HeaderError,
    },
    /// A line among the headers that is none: 400.
    #[error("a line is not a header, a name and a colon are expected")]
    HeaderLine,
    /// A body that we cannot read in a request that needs it: 415.
    #[error("the body is not application/sdp without encoding")]
    MediaType,
    /// A method that we know or do not know, but do not serve: 405.
    #[error("the method is none of {ALLOW}")]
    Method,
    /// An extension that we would have to understand: 420.
    #[error("an extension is required, none is supported")]
    Option,
    /// The request line has not exactly one space between its parts: 400.
    #[error("the request line is not method, one space, uri, one space, version")]
    RequestLine,
    /// The Request-URI cannot be used: 400.
    #[error("the request-uri: {0}")]
    RequestUri(UriError),
    /// The Request-URI is of a scheme that reaches nothing here: 416.
    #[error("the scheme of the request-uri is none of sip, sips, tel")]
    Scheme,
    /// More header lines than are read: 400.
    #[error("more than {} header lines", super::HEADER_LINES_MAX)]
    TooManyHeaders,
    /// A request of another version: 505.
    #[error("the version is not SIP/2.0")]
    Version,
    /// A response that has passed through here with a Via that is not ours below or above: discarded.
    #[error("{count} via values in a response, one is ours")]
    Vias {
        /// Via values found.
        count: usize,
    },
}

impl Refusal {
    /// The status to answer a request with. An ACK is never answered, whatever is wrong with it.
    pub fn status(&self) -> Status {
        match self {
            Self::BodyLength
            | Self::CSeqMethod
            | Self::Header { .. }
            | Self::HeaderLine
            | Self::RequestLine
            | Self::RequestUri(_)
            | Self::TooManyHeaders
            | Self::Vias { .. } => Status::BAD_REQUEST,
            Self::MediaType => Status::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => Status::METHOD_NOT_ALLOWED,
            Self::Option => Status::BAD_EXTENSION,
            Self::Scheme => Status::UNSUPPORTED_URI_SCHEME,
            Self::Version => Status::VERSION_NOT_SUPPORTED,
        }
    }

    /// The header that the answer to `request` must carry (RFC 3261 §8.2.1, §8.2.2.3, §8.2.3).
    pub fn header<'a>(&self, request: &Message<'a>) -> Option<(&'static str, &'a [u8])> {
        match self {
            Self::MediaType => Some(("Accept", b"application/sdp")),
            Self::Method => Some(("Allow", ALLOW.as_bytes())),
            // None is supported, so all that is required is unsupported.
            Self::Option => request.header(Name::Require).next().map(|tags| ("Unsupported", tags)),
            Self::BodyLength
            | Self::CSeqMethod
            | Self::Header { .. }
            | Self::HeaderLine
            | Self::RequestLine
            | Self::RequestUri(_)
            | Self::Scheme
            | Self::TooManyHeaders
            | Self::Version
            | Self::Vias { .. } => None,
        }
    }
}

/// The methods that are served, as the Allow header gives them.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS";
