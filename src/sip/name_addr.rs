//! `name-addr` and `addr-spec` with header parameters: From, To, Contact, Route, Record-Route,
//! P-Asserted-Identity. RFC 3261 §20.10 and §25.1.

use super::lex::{self, Reader, TOKEN};
use super::uri::{Uri, UriError};
use super::{HeaderError, params};

/// An address with its display name and parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NameAddr<'a> {
    /// The display name as it is written, quotes included; empty when there is none.
    pub display: &'a [u8],
    /// The URI as it is written. Its scheme may be any; [`parsed_uri`](Self::parsed_uri) reads it.
    pub uri: &'a [u8],
    tag: Option<&'a [u8]>,
    parameters: &'a [u8],
}

impl<'a> NameAddr<'a> {
    /// Reads one value, as [`Message::values`](super::Message::values) gives them.
    ///
    /// # Errors
    ///
    /// When it does not follow its grammar.
    pub fn parse(text: &'a [u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader::new(text);
        let (display, uri) = match begins_with_scheme(reader) {
            true => (&text[..0], read_addr_spec(&mut reader).ok_or(HeaderError::Syntax)?),
            false => read_name_addr(&mut reader).ok_or(HeaderError::Syntax)?,
        };
        if !is_uri(uri) {
            return Err(HeaderError::Syntax);
        }
        let parameters = reader.rest();
        let mut tag = None;
        for param in params::Params::new(parameters) {
            let param = param?;
            if param.is("tag") {
                let value = param.value.filter(|value| lex::all(value, TOKEN));
                params::once(&mut tag, value.ok_or(HeaderError::Syntax)?)?;
            }
        }
        Ok(Self { display, uri, tag, parameters })
    }

    /// The tag of From or To.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.tag
    }

    /// The value of the header parameter `name`; empty for one without a value.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        params::find(self.parameters, name)
    }

    /// The header parameters, in their order. Those of the URI are not among them.
    pub fn params(&self) -> params::Params<'a> {
        params::Params::new(self.parameters)
    }

    /// The URI, read.
    ///
    /// # Errors
    ///
    /// When it is a `sip`, `sips` or `tel` URI that does not follow its grammar.
    pub fn parsed_uri(&self) -> Result<Uri<'a>, UriError> {
        Uri::parse(self.uri)
    }
}

/// No display name holds a colon outside its quotes, and every URI begins with a scheme and one.
fn begins_with_scheme(mut reader: Reader<'_>) -> bool {
    reader.word(lex::SCHEME).is_some() && reader.peek() == Some(b':')
}

/// `[ display-name ] LAQUOT addr-spec RAQUOT`.
fn read_name_addr<'a>(reader: &mut Reader<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let whole = reader.rest();
    if reader.peek() == Some(b'"') {
        reader.quoted()?;
    } else {
        // Tokens and white space. Octets over 127 are not in the grammar, but one Latin-1 letter
        // must not cost a call.
        while reader.peek().is_some_and(|octet| octet >= 0x80 || lex::is(octet, TOKEN | lex::LWS)) {
            reader.eat(reader.peek()?);
        }
    }
    let display = lex::trim(&whole[..whole.len() - reader.rest().len()]);
    reader.skip_lws();
    if !reader.eat(b'<') {
        return None;
    }
    let uri = reader.until(b'>')?;
    Some((display, uri))
}

/// A bare `addr-spec`: what follows a semicolon belongs to the header. "The Contact, From and To
/// header fields MUST enclose the URI in angle brackets if it contains a comma, semicolon or
/// question mark" (RFC 3261 §20).
fn read_addr_spec<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let text = reader.rest();
    let end = text.iter().position(|&octet| octet == b';' || lex::is(octet, lex::LWS));
    let uri = &text[..end.unwrap_or(text.len())];
    *reader = Reader::new(&text[uri.len()..]);
    (!uri.contains(&b'?') && !uri.contains(&b',')).then_some(uri)
}

/// A scheme, a colon, and visible characters: enough for a URI that is only carried.
fn is_uri(text: &[u8]) -> bool {
    let mut reader = Reader::new(text);
    let scheme = reader.run(lex::SCHEME);
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && reader.eat(b':')
        && !reader.is_empty()
        && lex::all(reader.rest(), lex::URI)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match NameAddr::parse(text.as_bytes()) {
            Ok(it) => {
                let text = |octets: &[u8]| octets.escape_ascii().to_string();
                format!("{} | {} | {}", text(it.display), text(it.uri), it.params().count())
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn both_forms_are_read() {
        check("sip:a@h;tag=1;x=\"a;b<\"", " | sip:a@h | 2");
        check("<sip:a@h;p;q?h=1>;tag=1", " | sip:a@h;p;q?h=1 | 1");
        check("A. B. <sip:a@h>", "A. B. | sip:a@h | 0");
        check("caller<sip:a@h>;tag=1", "caller | sip:a@h | 1");
        check("\"sip:x <\\\">\"\r\n <sip:a@h> ; tag = 1", "\\\"sip:x <\\\\\\\">\\\" | sip:a@h | 1");
    }

    #[test]
    fn what_is_neither_is_refused() {
        let refused = "not of the form that RFC 3261 gives it";
        for text in [
            "",
            "*",
            "a@h",
            "<a@h>",
            "<sip:a@h",
            "< sip:a@h >",
            "Bell, A <sip:a@h>",
            "\"A <sip:a@h>",
            "sip:a@h <sip:b@h>",
            "sip:a@h?x=y",
            "<sip:a@h> tag=1",
            "<sip:a@h>;tag",
            "<sip:a@h>;;tag=1",
            "<sip:a@h>;tag=[1]",
        ] {
            check(text, refused);
        }
    }
}
