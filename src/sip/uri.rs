//! URIs: `sip` and `sips` of RFC 3261 §19.1 and §25.1, `tel` of RFC 3966; other schemes are opaque.
//!
//! Deliberately absent: the comparison of whole URIs (RFC 3261 §19.1.4), which nothing here needs.

use super::PARAMETERS_MAX;
use super::host::{self, Host};
use super::lex::{self, PASSWORD, Reader, SCHEME, URI, URI_HEADERS, URI_PARAMS, USER};

/// A URI taken apart. Escapes (`%41`) stay as they are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Uri<'a> {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part of `sip`, the number of `tel`.
    pub user: Option<&'a [u8]>,
    /// The password, which should not be there (RFC 3261 §19.1.1).
    pub password: Option<&'a [u8]>,
    /// The host; none in `tel` and in unknown schemes.
    pub host: Option<Host<'a>>,
    /// The port.
    pub port: Option<u16>,
    /// `;name=value` as they are written.
    pub parameters: &'a [u8],
    /// What follows `?`, as it is written.
    pub headers: &'a [u8],
}

/// The scheme of a URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// RFC 3261 §19.1.
    Sip,
    /// RFC 3261 §19.1.
    Sips,
    /// RFC 3966.
    Tel,
    /// Any other.
    Unknown,
}

/// Why a text is no URI.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum UriError {
    /// White space, angle brackets, quotes or control characters.
    #[error("a character that no uri may hold")]
    Character,
    /// `%` without two hexadecimal digits.
    #[error("an escape that is not % and two hexadecimal digits")]
    Escape,
    /// Headers where RFC 3261 §19.1.1 allows none.
    #[error("headers after a question mark, which may not be here")]
    Headers,
    /// Neither a name nor an IPv4 address nor an IPv6 address in brackets.
    #[error("the host is no name, no ipv4 address and no ipv6 address in brackets")]
    Host,
    /// A `tel` URI without a number.
    #[error("the number of a tel uri is missing or holds other characters")]
    Number,
    /// A parameter without a name, or with characters that none may hold.
    #[error("a parameter is not name or name=value")]
    Parameter,
    /// What follows the colon is no port.
    #[error("the port is no number up to 65535")]
    Port,
    /// No scheme and colon at the start.
    #[error("no scheme")]
    Scheme,
    /// More parameters than `PARAMETERS_MAX`.
    #[error("more than {PARAMETERS_MAX} parameters")]
    TooMany,
    /// The user part or the password.
    #[error("the user part is empty or holds a character that must be escaped")]
    User,
}

impl<'a> Uri<'a> {
    /// Reads a URI.
    ///
    /// # Errors
    ///
    /// Says which part does not follow its grammar.
    pub fn parse(text: &'a [u8]) -> Result<Self, UriError> {
        if !lex::all(text, URI) {
            return Err(UriError::Character);
        }
        let mut reader = Reader::new(text);
        let scheme = reader.run(SCHEME);
        if !scheme.first().is_some_and(u8::is_ascii_alphabetic) || !reader.eat(b':') {
            return Err(UriError::Scheme);
        }
        match Scheme::of(scheme) {
            scheme @ (Scheme::Sip | Scheme::Sips) => {
                check_escapes(text)?;
                Self::parse_sip(scheme, reader)
            }
            Scheme::Tel => Self::parse_tel(reader),
            Scheme::Unknown => Ok(Self::opaque(Scheme::Unknown)),
        }
    }

    fn opaque(scheme: Scheme) -> Self {
        let (user, password, host, port) = (None, None, None, None);
        Self { scheme, user, password, host, port, parameters: b"", headers: b"" }
    }

    fn parse_sip(scheme: Scheme, mut reader: Reader<'a>) -> Result<Self, UriError> {
        let mut uri = Self::opaque(scheme);
        // Nothing after the user part may hold `@`, and it may hold `;` and `?` itself.
        if let Some(userinfo) = reader.until(b'@') {
            let mut reader = Reader::new(userinfo);
            uri.user = Some(reader.word(USER).ok_or(UriError::User)?);
            if reader.eat(b':') {
                uri.password = Some(reader.run(PASSWORD));
            }
            if !reader.is_empty() {
                return Err(UriError::User);
            }
        }
        uri.host = Some(Host::read(&mut reader).ok_or(UriError::Host)?.0);
        uri.port = host::read_port(&mut reader).map_err(|_| UriError::Port)?;
        match reader.peek() {
            Some(b';' | b'?') | None => {}
            Some(_) => return Err(UriError::Host),
        }
        uri.parameters = reader.run(URI_PARAMS);
        check_parameters(uri.parameters)?;
        if reader.eat(b'?') {
            uri.headers = reader.word(URI_HEADERS).ok_or(UriError::Headers)?;
        }
        if reader.is_empty() { Ok(uri) } else { Err(UriError::Parameter) }
    }

    fn parse_tel(mut reader: Reader<'a>) -> Result<Self, UriError> {
        let rest = reader.rest();
        let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
        let (number, parameters) = rest.split_at(end);
        reader = Reader::new(number);
        reader.eat(b'+');
        let is_number = |octet: &u8| octet.is_ascii_hexdigit() || b"*#-.()".contains(octet);
        if reader.is_empty() || !reader.rest().iter().all(is_number) {
            return Err(UriError::Number);
        }
        check_parameters(parameters)?;
        let uri = Self { user: Some(number), parameters, ..Self::opaque(Scheme::Tel) };
        Ok(uri)
    }

    /// The value of the parameter `name`; empty for one without a value.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        let mut params = split_parameters(self.parameters);
        params
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The user part up to its own parameters (`;tgrp=…`, `;phone-context=…`; RFC 3398, RFC 4904):
    /// where the number stands, if there is one.
    pub fn phone(&self) -> Option<&'a [u8]> {
        self.user.map(|user| user.split(|&octet| octet == b';').next().unwrap_or_default())
    }
}

impl Scheme {
    fn of(text: &[u8]) -> Self {
        if text.eq_ignore_ascii_case(b"sip") {
            Self::Sip
        } else if text.eq_ignore_ascii_case(b"sips") {
            Self::Sips
        } else if text.eq_ignore_ascii_case(b"tel") {
            Self::Tel
        } else {
            Self::Unknown
        }
    }
}

/// The octets of `text` with its escapes undone. An escaped NUL is an octet like any other.
pub fn unescaped(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        if first == b'%'
            && let [high, low, after @ ..] = after
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = after;
            return Some(high << 4 | low);
        }
        rest = after;
        Some(first)
    })
}

fn hex(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

fn check_escapes(text: &[u8]) -> Result<(), UriError> {
    let is_whole = |at: usize| {
        let digits = text.get(at + 1..at + 3).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    };
    match memchr::memchr_iter(b'%', text).all(is_whole) {
        true => Ok(()),
        false => Err(UriError::Escape),
    }
}

fn check_parameters(text: &[u8]) -> Result<(), UriError> {
    let mut count = 0;
    for (name, _) in split_parameters(text) {
        count += 1;
        if name.is_empty() {
            return Err(UriError::Parameter);
        }
        if count > PARAMETERS_MAX {
            return Err(UriError::TooMany);
        }
    }
    Ok(())
}

/// `;name=value` as pairs; the value is empty where there is none.
fn split_parameters(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let body = text.strip_prefix(b";");
    body.into_iter().flat_map(|body| body.split(|&octet| octet == b';')).map(|param| {
        match memchr::memchr(b'=', param) {
            Some(at) => (&param[..at], &param[at + 1..]),
            None => (param, &param[..0]),
        }
    })
}

#[cfg(test)]
mod tests;
