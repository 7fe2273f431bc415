//! What can be wrong with a message, with a header, with a request.

/// Why octets are not a message. What fails here is dropped: it is not known whom to answer, or
/// where the message ends, or it is a response, which nobody answers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// A response whose Content-Length is repeated, no number, or more than there is.
    #[error("the content-length is not the length of a body that is here")]
    BodyLength,
    /// Nothing, or a keep-alive (RFC 5626 §3.5.1).
    #[error("empty, a message begins with a start line")]
    Empty,
    /// A CR or LF that stands alone.
    #[error("a line ends with a lone CR or LF, it must end with CRLF")]
    LineEnd,
    /// The headers do not end.
    #[error("no empty line after the headers")]
    NoBlankLine,
    /// Neither a request line nor a status line.
    #[error("the first line is neither a request line nor a status line")]
    StartLine,
    /// A status code outside 100 to 699, or not of three digits.
    #[error("the status code is not a number from 100 to 699")]
    Status,
    /// More header lines than `HEADER_LINES_MAX`, in a response.
    #[error("more than {HEADER_LINES_MAX} header lines")]
    TooManyHeaders,
    /// More than 65,535 octets.
    #[error("{length} octets, at most {MESSAGE_BYTES_MAX} are read")]
    TooLong {
        /// Octets found.
        length: usize,
    },
    /// A response of another version.
    #[error("the version is not SIP/2.0")]
    Version,
}

/// Why a header has no value that can be used.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum HeaderError {
    /// It is not there.
    #[error("missing")]
    Missing,
    /// A number that is too large, or no number.
    #[error("not a number in its range")]
    Number,
    /// It is there more than once and may be there only once (RFC 3261 §7.3.1).
    #[error("repeated, at most one is allowed")]
    Repeated,
    /// A parameter that counts (tag, branch, received, rport) is given twice (RFC 3261 §7.3.1).
    #[error("a parameter is given twice")]
    RepeatedParameter,
    /// It does not follow its grammar (RFC 3261 §25.1).
    #[error("not of the form that RFC 3261 gives it")]
    Syntax,
    /// More parameters than `PARAMETERS_MAX`, or more values than are read.
    #[error("too many parameters or values")]
    TooMany,
}

/// Longest message, in octets: offsets are 16 bits, and no UDP datagram is longer.
pub const MESSAGE_BYTES_MAX: usize = u16::MAX as usize;

/// Most header lines of a message. RFC 4475's longest message has 42.
pub const HEADER_LINES_MAX: usize = 256;

/// Most parameters of one value.
pub const PARAMETERS_MAX: usize = 64;
