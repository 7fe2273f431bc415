//! Small header values: Reason (RFC 3326), Retry-After, Expires, Max-Forwards, Content-Type.

use super::HeaderError;
use super::lex::{self, Reader, TOKEN};
use super::params;

/// The cause of one Reason value if its protocol is Q.850.
pub(super) fn q850_cause(value: &[u8]) -> Option<u8> {
    let mut reader = Reader::new(value);
    let protocol = reader.word(TOKEN)?;
    if !protocol.eq_ignore_ascii_case(b"Q.850") {
        return None;
    }
    let cause = params::find(reader.rest(), "cause").and_then(lex::decimal)?;
    u8::try_from(cause).ok().filter(|cause| *cause < 128)
}

/// `delta-seconds [ comment ] *( SEMI retry-param )`.
pub(super) fn retry_after(value: &[u8]) -> Result<u32, HeaderError> {
    let mut reader = Reader::new(value);
    let digits = reader.word(TOKEN).ok_or(HeaderError::Number)?;
    let seconds = lex::decimal(digits).ok_or(HeaderError::Number)?;
    reader.skip_lws();
    match reader.peek() {
        Some(b'(' | b';') | None => Ok(seconds),
        Some(_) => Err(HeaderError::Syntax),
    }
}

/// `delta-seconds`.
pub(super) fn seconds(value: &[u8]) -> Result<u32, HeaderError> {
    lex::decimal(value).ok_or(HeaderError::Number)
}

/// Max-Forwards: "an integer in the range 0-255" (RFC 3261 §20.22).
pub(super) fn hops(value: &[u8]) -> Result<u8, HeaderError> {
    lex::decimal(value).and_then(|hops| u8::try_from(hops).ok()).ok_or(HeaderError::Number)
}

/// Whether a Content-Type is `application/sdp`.
pub(super) fn is_sdp(value: &[u8]) -> Result<bool, HeaderError> {
    let mut reader = Reader::new(value);
    let kind = reader.word(TOKEN).filter(|_| reader.separator(b'/')).ok_or(HeaderError::Syntax)?;
    let subtype = reader.word(TOKEN).ok_or(HeaderError::Syntax)?;
    params::Params::new(reader.rest()).try_for_each(|param| param.map(drop))?;
    Ok(kind.eq_ignore_ascii_case(b"application") && subtype.eq_ignore_ascii_case(b"sdp"))
}

/// Whether a Content-Disposition says that the body may be ignored (RFC 3261 §20.11).
pub(super) fn is_optional(disposition: &[u8]) -> bool {
    let mut reader = Reader::new(disposition);
    reader.run(TOKEN);
    params::find(reader.rest(), "handling")
        .is_some_and(|handling| handling.eq_ignore_ascii_case(b"optional"))
}

/// Reads a header that may be missing.
pub(super) fn optional<T>(
    line: Result<&[u8], HeaderError>,
    read: impl FnOnce(&[u8]) -> Result<T, HeaderError>,
) -> Result<Option<T>, HeaderError> {
    match line {
        Ok(value) => read(value).map(Some),
        Err(HeaderError::Missing) => Ok(None),
        Err(error) => Err(error),
    }
}
