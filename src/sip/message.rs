//! The lazy view of a message: RFC 3261 §7.
//!
//! One pass finds the start line, the first line of each header that we know by name, and the body.
//! Everything else is read when it is asked for, from the octets of the datagram; nothing is copied
//! and nothing allocated. Invariant: a `Message` exists only for octets whose headers end.

use std::fmt;

use super::list::Values;
use super::scan::{self, Headers, Line};
use super::{
    CSeq, HEADER_LINES_MAX, HeaderError, MESSAGE_BYTES_MAX, Malformed, Method, Name, NameAddr,
    Refusal, Start, Status, Via, lex, values,
};

/// A SIP message as it lies in its datagram.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// From the start line on.
    text: &'a [u8],
    start: Start<'a>,
    /// Where the line after the start line begins.
    headers: usize,
    body: &'a [u8],
    /// Where the first value of each known header lies.
    first: [Span; Name::COUNT],
    /// One bit per known header that has a second line.
    repeated: u64,
    /// What makes a request refusable although it can be read.
    flaw: Option<Refusal>,
}

/// A part of `text`. Nothing but the start line begins at 0, so that stands for "absent".
#[derive(Clone, Copy, Default)]
struct Span {
    start: u16,
    end: u16,
}

impl<'a> Message<'a> {
    /// Reads a datagram (RFC 3261 §18.3): without Content-Length the body is the rest of it, octets
    /// after the body are dropped. Line ends before the start line are skipped (§7.5).
    ///
    /// A request that can be answered is read even if it must be refused: [`check`](Self::check)
    /// says so. A response with such a flaw is `Malformed`.
    ///
    /// # Errors
    ///
    /// What fails here is dropped without an answer.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let lead = datagram.iter().position(|octet| !matches!(octet, b'\r' | b'\n'));
        let text = &datagram[lead.ok_or(Malformed::Empty)?..];
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(Malformed::TooLong { length: text.len() });
        }
        let (line, headers) = scan::start_line(text)?;
        let (start, flaw) = Start::parse(line)?;
        let first = [Span::default(); Name::COUNT];
        let mut message = Self { text, start, headers, body: b"", first, repeated: 0, flaw };
        let body_start = message.index()?;
        if message.flaw != Some(Refusal::TooManyHeaders) {
            message.find_body(body_start);
        }
        message.as_readable()
    }

    /// Notes where each known header is, and gives where the body begins.
    fn index(&mut self) -> Result<usize, Malformed> {
        let mut at = self.headers;
        for _ in 0..HEADER_LINES_MAX {
            let (line, next) = scan::line(self.text, at)?;
            match line {
                Line::Blank => return Ok(next),
                Line::Header { name, value, value_start } => self.note(name, value, value_start),
                Line::Neither => self.flaw = self.flaw.or(Some(Refusal::HeaderLine)),
            }
            at = next;
        }
        if scan::line(self.text, at)?.0 == Line::Blank {
            return Ok(at + 2);
        }
        // Whatever else is wrong, the headers beyond are never looked at.
        self.flaw = Some(Refusal::TooManyHeaders);
        self.text = &self.text[..at];
        Ok(at)
    }

    fn note(&mut self, name: &[u8], value: &[u8], start: usize) {
        let Some(name) = Name::of(name) else { return };
        let span = &mut self.first[name as usize];
        if span.start == 0 {
            // `MESSAGE_BYTES_MAX` is what 16 bits hold.
            *span = Span { start: start as u16, end: (start + value.len()) as u16 };
        } else {
            self.repeated |= 1 << name as u64;
        }
    }

    fn find_body(&mut self, start: usize) {
        let rest = &self.text[start..];
        let length = match self.single(Name::ContentLength) {
            Ok(digits) => lex::decimal(digits).and_then(|length| rest.get(..length as usize)),
            Err(HeaderError::Missing) => Some(rest),
            Err(_) => None,
        };
        match length {
            Some(body) => self.body = body,
            // The gravest flaw: it must not hide behind another.
            None => self.flaw = Some(Refusal::BodyLength),
        }
    }

    /// Responses cannot be refused, only dropped. A line that is no header does not cost a response.
    fn as_readable(self) -> Result<Self, Malformed> {
        match (&self.start, self.flaw) {
            (Start::Response(_), Some(Refusal::BodyLength)) => Err(Malformed::BodyLength),
            (Start::Response(_), Some(Refusal::TooManyHeaders)) => Err(Malformed::TooManyHeaders),
            (Start::Request(_) | Start::Response(_), _) => Ok(self),
        }
    }

    /// The start line.
    pub fn start(&self) -> Start<'a> {
        self.start
    }

    /// The status of a response.
    pub fn status(&self) -> Option<Status> {
        match self.start {
            Start::Request(_) => None,
            Start::Response(line) => Some(line.status),
        }
    }

    /// The method of a request's start line. That of a response is in [`cseq`](Self::cseq).
    pub fn method(&self) -> Option<Method> {
        match self.start {
            Start::Request(line) => Some(line.method),
            Start::Response(_) => None,
        }
    }

    /// The top Via.
    ///
    /// # Errors
    ///
    /// When there is none or it does not follow its grammar.
    pub fn via(&self) -> Result<Via<'a>, HeaderError> {
        let line = self.first(Name::Via).ok_or(HeaderError::Missing)?;
        Via::parse(Values::new(line).next().unwrap_or_default())
    }

    /// Every Via from the top, those of comma lists too.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'a>, HeaderError>> + use<'a> {
        self.values(Name::Via).map(Via::parse)
    }

    /// How many Via values there are.
    pub fn via_count(&self) -> usize {
        self.values(Name::Via).count()
    }

    /// CSeq.
    ///
    /// # Errors
    ///
    /// When it is missing, repeated, or does not follow its grammar.
    pub fn cseq(&self) -> Result<CSeq<'a>, HeaderError> {
        CSeq::parse(self.single(Name::CSeq)?)
    }

    /// Call-ID, compared octet by octet (RFC 3261 §20.8).
    ///
    /// # Errors
    ///
    /// When it is missing, repeated, or does not follow its grammar.
    pub fn call_id(&self) -> Result<&'a [u8], HeaderError> {
        let text = self.single(Name::CallId)?;
        let is_call_id = !text.is_empty() && lex::all(text, lex::CALL_ID);
        is_call_id.then_some(text).ok_or(HeaderError::Syntax)
    }

    /// From.
    ///
    /// # Errors
    ///
    /// When it is missing, repeated, or does not follow its grammar.
    pub fn from(&self) -> Result<NameAddr<'a>, HeaderError> {
        NameAddr::parse(self.single(Name::From)?)
    }

    /// To.
    ///
    /// # Errors
    ///
    /// When it is missing, repeated, or does not follow its grammar.
    pub fn to(&self) -> Result<NameAddr<'a>, HeaderError> {
        NameAddr::parse(self.single(Name::To)?)
    }

    /// The first Contact; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When it does not follow its grammar, the `*` of a REGISTER included.
    pub fn contact(&self) -> Result<Option<NameAddr<'a>>, HeaderError> {
        self.values(Name::Contact).next().map(NameAddr::parse).transpose()
    }

    /// Record-Route values from the top, as they are written.
    pub fn record_routes(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values(Name::RecordRoute)
    }

    /// The Q.850 cause that a Reason header gives (RFC 3326), 0 to 127.
    pub fn q850_cause(&self) -> Option<u8> {
        self.values(Name::Reason).find_map(values::q850_cause)
    }

    /// Retry-After in seconds (RFC 3261 §20.33), without its comment and parameters.
    ///
    /// # Errors
    ///
    /// When it is repeated or no number of 32 bits.
    pub fn retry_after(&self) -> Result<Option<u32>, HeaderError> {
        values::optional(self.single(Name::RetryAfter), values::retry_after)
    }

    /// Expires in seconds (RFC 3261 §20.19).
    ///
    /// # Errors
    ///
    /// When it is repeated or no number of 32 bits.
    pub fn expires(&self) -> Result<Option<u32>, HeaderError> {
        values::optional(self.single(Name::Expires), values::seconds)
    }

    /// Max-Forwards (RFC 3261 §20.22).
    ///
    /// # Errors
    ///
    /// When it is repeated or no number from 0 to 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        values::optional(self.single(Name::MaxForwards), values::hops)
    }

    /// The values of the comma lists of a header, as they are written. Not for headers whose grammar
    /// is no list.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.header(name).flat_map(Values::new)
    }

    /// The lines of a header as they are written, in any of its forms, from the top. Comma lists are
    /// not split.
    pub fn header(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let first = self.first(name);
        let span = self.first[name as usize];
        let is_repeated = self.repeated & 1 << name as u64 != 0;
        // Only what is repeated is looked for. A value ends before its line does, at white space or
        // at CRLF: the rest of the first line reads as no header.
        let others = is_repeated.then(|| Headers::new(self.text, line_after(self.text, span.end)));
        let others =
            others.into_iter().flatten().filter(move |(text, _)| Name::of(text) == Some(name));
        first.into_iter().chain(others.map(|(_, value)| value))
    }

    /// Every header as it is written: name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Headers::new(self.text, self.headers)
    }

    /// The body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Whether a header is there.
    pub(super) fn has(&self, name: Name) -> bool {
        self.first[name as usize].start != 0
    }

    /// Whether a header has more than one line.
    pub(super) fn is_repeated(&self, name: Name) -> bool {
        self.repeated & 1 << name as u64 != 0
    }

    /// What the first pass found wrong.
    pub(super) fn flaw(&self) -> Option<Refusal> {
        self.flaw
    }

    /// The first line of a header.
    pub(super) fn first(&self, name: Name) -> Option<&'a [u8]> {
        let Span { start, end } = self.first[name as usize];
        (start != 0).then(|| &self.text[usize::from(start)..usize::from(end)])
    }

    /// The value of a header that may be there once.
    fn single(&self, name: Name) -> Result<&'a [u8], HeaderError> {
        match self.is_repeated(name) {
            true => Err(HeaderError::Repeated),
            false => self.first(name).ok_or(HeaderError::Missing),
        }
    }
}

/// Where the line after the value that ends at `end` begins: only white space and folds lie between.
fn line_after(text: &[u8], end: u16) -> usize {
    let mut at = usize::from(end);
    while let Some(found) = memchr::memchr(b'\n', text.get(at..).unwrap_or_default()) {
        at += found + 1;
        if !matches!(text.get(at), Some(b' ' | b'\t')) {
            break;
        }
    }
    at
}

impl fmt::Debug for Message<'_> {
    /// No URIs and no header values: they hold numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Message");
        match self.start {
            Start::Request(line) => shown.field("method", &line.method),
            Start::Response(line) => shown.field("status", &line.status.code()),
        };
        shown.field("octets", &self.text.len()).field("body", &self.body.len()).finish()
    }
}

#[cfg(test)]
mod tests;
