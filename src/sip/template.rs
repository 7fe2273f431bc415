//! Messages that are written many times: text with holes, cut once, filled into a reused buffer.
//!
//! `{name}` is a hole. `{content_length}` is filled here with the length of what follows the empty
//! line. Deliberately absent: escaping. Who fills a hole knows what may stand there.

use std::ops::Range;

use super::write;

/// A message with holes.
#[derive(Clone, Debug)]
pub struct Template {
    /// Every literal octet, one piece after the other.
    text: Vec<u8>,
    pieces: Vec<Piece>,
    has_content_length: bool,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The literal before the hole ends here in `text`; it begins where the previous one ended.
    end: usize,
    hole: Hole,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Hole {
    /// The body begins here. Nothing is written.
    Body,
    ContentLength,
    /// Index into the table of names.
    Named(usize),
}

/// Why a text is no template.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TemplateError {
    /// `{content_length}` without an empty line after it, or twice.
    #[error("the content length at octet {at} has no body after it, or is the second")]
    ContentLength {
        /// Where in the text.
        at: usize,
    },
    /// `{` without `}`.
    #[error("the hole at octet {at} is not closed")]
    Unclosed {
        /// Where in the text.
        at: usize,
    },
    /// The hole's name is not in the table.
    #[error("the hole at octet {at} has a name that nobody fills")]
    Unknown {
        /// Where in the text.
        at: usize,
    },
}

impl Template {
    /// Cuts `text` at its holes. `names` are those that may occur; a hole is known by its place in
    /// this table.
    ///
    /// # Errors
    ///
    /// Says where the text is wrong.
    pub fn compile(text: &str, names: &[&'static str]) -> Result<Self, TemplateError> {
        let mut template = Self { text: Vec::new(), pieces: Vec::new(), has_content_length: false };
        let body_at = text.find("\r\n\r\n").map(|at| at + 4);
        template.cut(text, 0..body_at.unwrap_or(text.len()), names, body_at.is_some())?;
        if let Some(body_at) = body_at {
            template.push(Hole::Body);
            template.cut(text, body_at..text.len(), names, false)?;
        }
        Ok(template)
    }

    fn cut(
        &mut self,
        text: &str,
        part: Range<usize>,
        names: &[&'static str],
        is_head: bool,
    ) -> Result<(), TemplateError> {
        let mut rest = part.start;
        while let Some(open) = text[rest..part.end].find('{').map(|found| rest + found) {
            let close = text[open..part.end].find('}').map(|found| open + found);
            let close = close.ok_or(TemplateError::Unclosed { at: open })?;
            let hole = match &text[open + 1..close] {
                "content_length" if is_head && !self.has_content_length => Hole::ContentLength,
                "content_length" => return Err(TemplateError::ContentLength { at: open }),
                name => {
                    let index = names.iter().position(|known| *known == name);
                    Hole::Named(index.ok_or(TemplateError::Unknown { at: open })?)
                }
            };
            self.has_content_length |= hole == Hole::ContentLength;
            self.text.extend_from_slice(&text.as_bytes()[rest..open]);
            self.push(hole);
            rest = close + 1;
        }
        self.text.extend_from_slice(&text.as_bytes()[rest..part.end]);
        Ok(())
    }

    fn push(&mut self, hole: Hole) {
        self.pieces.push(Piece { end: self.text.len(), hole });
    }

    /// Appends the message to `out`; `fill` appends the text of the hole with the given place in the
    /// table of names. Allocates only while `out` grows.
    pub fn render(&self, mut fill: impl FnMut(usize, &mut Vec<u8>), out: &mut Vec<u8>) {
        let mut from = 0;
        let mut length_at = out.len();
        let mut body_at = out.len();
        for piece in &self.pieces {
            out.extend_from_slice(&self.text[from..piece.end]);
            from = piece.end;
            match piece.hole {
                Hole::Body => body_at = out.len(),
                Hole::ContentLength => length_at = out.len(),
                Hole::Named(index) => fill(index, out),
            }
        }
        out.extend_from_slice(&self.text[from..]);
        if self.has_content_length {
            // The length is known only now: write it behind the body and turn it to its place.
            let end = out.len();
            write::decimal(out, (end - body_at) as u64);
            let digits = out.len() - end;
            out[length_at..].rotate_right(digits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["to", "session"];

    fn check(text: &str, expected: &str) {
        let shown = match Template::compile(text, &NAMES) {
            Ok(template) => {
                let mut out = b"> ".to_vec();
                let fill = |hole: usize, out: &mut Vec<u8>| {
                    out.extend_from_slice(["+46701", "7"][hole].as_bytes());
                };
                template.render(fill, &mut out);
                String::from_utf8(out).unwrap()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn holes_are_filled_in_their_order() {
        check("no hole", "> no hole");
        check("{to}{session} {to}", "> +467017 +46701");
    }

    #[test]
    fn the_content_length_is_that_of_the_body() {
        check("L: {content_length}\r\n\r\n", "> L: 0\r\n\r\n");
        check("L: {content_length}\r\n\r\n{session}{to}!", "> L: 8\r\n\r\n7+46701!");
        check(
            "L: {content_length}\r\nT: {to}\r\n\r\nten octets",
            "> L: 10\r\nT: +46701\r\n\r\nten octets",
        );
        check("T: {to}\r\n\r\n{to}", "> T: +46701\r\n\r\n+46701");
    }

    #[test]
    fn a_template_that_cannot_be_filled_is_refused_when_it_is_cut() {
        check("a {to", "the hole at octet 2 is not closed");
        check("{from}", "the hole at octet 0 has a name that nobody fills");
        check(
            "{content_length}",
            "the content length at octet 0 has no body after it, or is the second",
        );
        check(
            "\r\n\r\n{content_length}",
            "the content length at octet 4 has no body after it, or is the second",
        );
    }
}
