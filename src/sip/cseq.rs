//! CSeq: RFC 3261 §20.16.

use super::lex::{self, LWS, Reader, TOKEN};
use super::{HeaderError, Method};

/// The number of a request and its method, in the request and in each response to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CSeq<'a> {
    /// Below 2^31 (RFC 3261 §8.1.1.5).
    pub number: u32,
    /// The method.
    pub method: Method,
    /// The method as it is written.
    pub method_text: &'a [u8],
}

impl<'a> CSeq<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader::new(text);
        let digits = reader.word(TOKEN).ok_or(HeaderError::Syntax)?;
        reader.word(LWS).ok_or(HeaderError::Syntax)?;
        let method_text = reader.word(TOKEN).ok_or(HeaderError::Syntax)?;
        if !reader.is_empty() {
            return Err(HeaderError::Syntax);
        }
        let number = lex::decimal(digits).filter(|number| *number < 1 << 31);
        let number = number.ok_or(HeaderError::Number)?;
        Ok(Self { number, method: Method::of(method_text), method_text })
    }
}
