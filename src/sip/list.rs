//! Comma lists: RFC 3261 §7.3.1.

use super::lex;

/// The values of a comma list. Commas within quotes or angle brackets do not divide.
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    /// The values in `text`. An empty element is given as an empty value: the reader of the value
    /// refuses it.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: Some(text) }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest?;
        let end = value_end(text);
        self.rest = text.get(end + 1..).filter(|_| end < text.len());
        Some(lex::trim(&text[..end]))
    }
}

/// Where the first value of `text` ends. What is opened and never closed reaches to the end.
fn value_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b',', b'"', b'<', &text[at..]) {
        at += found;
        let closed = match text[at] {
            b',' => return at,
            b'"' => lex::quoted_end(&text[at..]),
            _ => memchr::memchr(b'>', &text[at..]).map(|end| end + 1),
        };
        match closed {
            Some(length) => at += length,
            None => return text.len(),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_commas_between_values_divide() {
        let text = br#""a, \", b" <sip:x@h;p=1,2>;q="," , <sip:y@h>,,z"#;
        let values: Vec<_> = Values::new(text).map(String::from_utf8_lossy).collect();
        assert_eq!(values, [r#""a, \", b" <sip:x@h;p=1,2>;q=",""#, "<sip:y@h>", "", "z"]);
    }

    #[test]
    fn what_is_not_closed_is_one_value() {
        assert_eq!(Values::new(br#""a, b"#).count(), 1);
        assert_eq!(Values::new(b"<a, b").count(), 1);
        assert_eq!(Values::new(b"").count(), 1);
    }
}
