//! Characters and the smallest words of the grammar: RFC 3261 §25.1.
//!
//! Line folding: once a message has been scanned, CR and LF occur in a header value only as part of
//! a fold, so every reader treats them as white space (LWS).
//! Invariant: no function here panics, whatever the octets.

/// `token`: alphanumerics and `-.!%*_+`'~`.
pub(super) const TOKEN: u16 = 1;
/// `LWS`: SP, HTAB, and the CRLF of a fold.
pub(super) const LWS: u16 = 1 << 1;
/// `host` without brackets. The underscore is not in RFC 3261 but in real host names.
pub(super) const HOST: u16 = 1 << 2;
/// `word`, of which a Call-ID is made, with `@`.
pub(super) const CALL_ID: u16 = 1 << 3;
/// `user` (`unreserved`, `user-unreserved`); escapes are checked apart.
pub(super) const USER: u16 = 1 << 4;
/// `password`; escapes are checked apart.
pub(super) const PASSWORD: u16 = 1 << 5;
/// `paramchar` of a SIP URI, with `;` and `=`; escapes are checked apart.
pub(super) const URI_PARAMS: u16 = 1 << 6;
/// `gen-value` without quotes: `token`, or `host` with the brackets and colons of IPv6.
pub(super) const VALUE: u16 = 1 << 7;
/// What an opaque URI may hold: everything visible but `<`, `>` and `"`.
pub(super) const URI: u16 = 1 << 8;
/// `scheme` after its first letter.
pub(super) const SCHEME: u16 = 1 << 9;
/// `headers` of a SIP URI, with `&` and `=`; escapes are checked apart.
pub(super) const URI_HEADERS: u16 = 1 << 10;

/// Whether `octet` is of one of `classes`.
pub(super) fn is(octet: u8, classes: u16) -> bool {
    CLASSES[usize::from(octet)] & classes != 0
}

/// Whether all of `text` is of one of `classes`.
pub(super) fn all(text: &[u8], classes: u16) -> bool {
    text.iter().all(|&octet| is(octet, classes))
}

/// `text` without LWS at either end.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&octet| !is(octet, LWS)).unwrap_or(text.len());
    let end = text.iter().rposition(|&octet| !is(octet, LWS)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Reads `1*DIGIT`. Leading zeros are welcome (RFC 4475 §3.1.1.1); what does not fit is `None`, it
/// never wraps.
pub(super) fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u32, |sum, &octet| {
        let digit = octet.is_ascii_digit().then(|| u32::from(octet - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// A port number.
pub(super) fn port(text: &[u8]) -> Option<u16> {
    decimal(text).and_then(|port| u16::try_from(port).ok())
}

/// Walks over one header value, left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads `octet` if it comes next.
    pub(super) fn eat(&mut self, octet: u8) -> bool {
        let Some((&first, rest)) = self.rest.split_first() else { return false };
        if first == octet {
            self.rest = rest;
        }
        first == octet
    }

    pub(super) fn skip_lws(&mut self) {
        self.run(LWS);
    }

    /// Reads `octet` with any LWS around it: SEMI, EQUAL, SLASH, COLON, COMMA of RFC 3261.
    pub(super) fn separator(&mut self, octet: u8) -> bool {
        let mut ahead = *self;
        ahead.skip_lws();
        let found = ahead.eat(octet);
        if found {
            ahead.skip_lws();
            *self = ahead;
        }
        found
    }

    /// Reads what is of `classes`; may be empty.
    pub(super) fn run(&mut self, classes: u16) -> &'a [u8] {
        let end = self.rest.iter().position(|&octet| !is(octet, classes));
        let (run, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        run
    }

    /// Reads at least one octet of `classes`.
    pub(super) fn word(&mut self, classes: u16) -> Option<&'a [u8]> {
        Some(self.run(classes)).filter(|word| !word.is_empty())
    }

    /// Reads a `quoted-string` and gives it with its quotes; `None` when it does not end.
    pub(super) fn quoted(&mut self) -> Option<&'a [u8]> {
        let end = quoted_end(self.rest)?;
        let (quoted, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(quoted)
    }

    /// Reads up to and over `octet`; `None` when there is none.
    pub(super) fn until(&mut self, octet: u8) -> Option<&'a [u8]> {
        let end = memchr::memchr(octet, self.rest)?;
        let (before, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        Some(before)
    }
}

/// Where the quoted string that begins `text` ends: one past its closing quote. Everything may
/// stand between the quotes, octets that are not UTF-8 included; `\` escapes what follows it.
pub(super) fn quoted_end(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

static CLASSES: [u16; 256] = classes();

const fn classes() -> [u16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let c = octet as u8;
        if c.is_ascii_alphanumeric() {
            table[octet] |= TOKEN | HOST | CALL_ID | USER | PASSWORD | URI_PARAMS | VALUE | SCHEME;
            table[octet] |= URI_HEADERS;
        }
        if c > b' ' && c != 0x7f {
            table[octet] |= URI;
        }
        octet += 1;
    }
    mark(&mut table, b"-.!%*_+`'~", TOKEN | VALUE);
    mark(&mut table, b"[]:", VALUE);
    mark(&mut table, b" \t\r\n", LWS);
    mark(&mut table, b"-._", HOST);
    mark(&mut table, b"-.!%*_+`'~()<>:\\/\"[]?{}@", CALL_ID);
    // `unreserved` is alphanumerics and `mark`.
    mark(&mut table, b"-_.!~*'()%", USER | PASSWORD | URI_PARAMS | URI_HEADERS);
    mark(&mut table, b"&=+$,;?/", USER);
    // Not in the grammar, but dialled: `#` ends many service numbers.
    mark(&mut table, b"#", USER);
    mark(&mut table, b"&=+$,", PASSWORD);
    mark(&mut table, b"[]/:&+$;=", URI_PARAMS);
    mark(&mut table, b"[]/?:+$&=", URI_HEADERS);
    mark(&mut table, b"+-.", SCHEME);
    table[b'<' as usize] &= !URI;
    table[b'>' as usize] &= !URI;
    table[b'"' as usize] &= !URI;
    table
}

const fn mark(table: &mut [u16; 256], octets: &[u8], classes: u16) {
    let mut at = 0;
    while at < octets.len() {
        table[octets[at] as usize] |= classes;
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_none_and_never_wraps() {
        let read = ["0068", "4294967295", "4294967296", "36893488147419103232", "-1", "", "0x5"]
            .map(|text| decimal(text.as_bytes()));
        assert_eq!(read, [Some(68), Some(u32::MAX), None, None, None, None, None]);
    }

    #[test]
    fn a_quoted_string_ends_at_the_quote_that_is_not_escaped() {
        let ends = [r#""a" b"#, r#""a\"b""#, r#""\\" "#, r#""a\"#, r#""a"#, "a", ""]
            .map(|text| quoted_end(text.as_bytes()));
        assert_eq!(ends, [Some(3), Some(6), Some(4), None, None, None, None]);
    }
}
