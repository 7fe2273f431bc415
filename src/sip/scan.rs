//! The one pass over a message: where each line begins and ends.
//!
//! A line ends with CRLF; CRLF and white space continue it (folding, RFC 3261 §7.3.1). A CR or LF
//! that stands alone is refused, because two readers could take it for different things.
//! Deliberately absent: any meaning of the values.

use super::Malformed;
use super::lex::{self, TOKEN};

/// One line after the start line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Line<'a> {
    /// The empty line that ends the headers.
    Blank,
    /// A header, its value without LWS at the ends, possibly folded.
    Header { name: &'a [u8], value: &'a [u8], value_start: usize },
    /// Neither: no colon, or what stands before it is no token.
    Neither,
}

/// Reads the line of `text` that begins at `at`, and where the next one begins.
pub(super) fn line(text: &[u8], at: usize) -> Result<(Line<'_>, usize), Malformed> {
    let rest = text.get(at..).ok_or(Malformed::NoBlankLine)?;
    if rest.starts_with(b"\r\n") {
        return Ok((Line::Blank, at + 2));
    }
    let name_end = rest.iter().position(|&octet| !lex::is(octet, TOKEN)).unwrap_or(rest.len());
    let length = logical_length(rest, name_end)?;
    let (name, after_name) = rest[..length].split_at(name_end);
    // HCOLON: white space may stand before the colon, a fold may not.
    let colon = after_name.iter().position(|octet| !matches!(octet, b' ' | b'\t'));
    let line = match colon {
        Some(colon) if after_name[colon] == b':' && !name.is_empty() => {
            let raw = &after_name[colon + 1..];
            let value = lex::trim(raw);
            let lead = raw.iter().position(|&octet| !lex::is(octet, lex::LWS)).unwrap_or(0);
            Line::Header { name, value, value_start: at + name_end + colon + 1 + lead }
        }
        _ => Line::Neither,
    };
    Ok((line, at + length + 2))
}

/// The length of the logical line that begins `text`, folds included and the last CRLF not, when no
/// line end lies before `from`.
fn logical_length(text: &[u8], from: usize) -> Result<usize, Malformed> {
    let mut at = from;
    loop {
        let found = memchr::memchr2(b'\r', b'\n', &text[at..]).ok_or(Malformed::NoBlankLine)?;
        let end = at + found;
        if !text[end..].starts_with(b"\r\n") {
            return Err(Malformed::LineEnd);
        }
        match text.get(end + 2) {
            Some(b' ' | b'\t') => at = end + 2,
            Some(_) | None => return Ok(end),
        }
    }
}

/// The start line of `text`, and where the line after it begins.
pub(super) fn start_line(text: &[u8]) -> Result<(&[u8], usize), Malformed> {
    let end = memchr::memchr2(b'\r', b'\n', text).ok_or(Malformed::NoBlankLine)?;
    if !text[end..].starts_with(b"\r\n") {
        return Err(Malformed::LineEnd);
    }
    Ok((&text[..end], end + 2))
}

/// The headers of a message that has been scanned.
#[derive(Clone, Debug)]
pub(super) struct Headers<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Headers<'a> {
    /// The headers of `text` from the line at `at`.
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // The pass at the beginning has refused what cannot be read; the end is all that is left.
            let (line, next) = line(self.text, self.at).ok()?;
            match line {
                Line::Blank => return None,
                Line::Header { name, value, .. } => {
                    self.at = next;
                    return Some((name, value));
                }
                Line::Neither => self.at = next,
            }
        }
    }
}
