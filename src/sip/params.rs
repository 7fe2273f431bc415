//! Header parameters: `*( SEMI generic-param )`, RFC 3261 §25.1.

use super::lex::{Reader, TOKEN, VALUE};
use super::{HeaderError, PARAMETERS_MAX};

/// One parameter. Its name is compared without regard to case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Param<'a> {
    /// The name.
    pub name: &'a [u8],
    /// The value as it is written, quotes included; `None` without `=`.
    pub value: Option<&'a [u8]>,
}

impl Param<'_> {
    /// Whether this is the parameter `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The parameters of a header value, in their order.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Params<'a> {
    /// The parameters in `text`, which is empty or begins with a semicolon.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { reader: Reader::new(text), left: PARAMETERS_MAX }
    }

    fn read(&mut self) -> Result<Option<Param<'a>>, HeaderError> {
        if !self.reader.separator(b';') {
            self.reader.skip_lws();
            let is_end = self.reader.is_empty();
            return if is_end { Ok(None) } else { Err(HeaderError::Syntax) };
        }
        self.left = self.left.checked_sub(1).ok_or(HeaderError::TooMany)?;
        let name = self.reader.word(TOKEN).ok_or(HeaderError::Syntax)?;
        if !self.reader.separator(b'=') {
            return Ok(Some(Param { name, value: None }));
        }
        let value = match self.reader.peek() {
            Some(b'"') => self.reader.quoted(),
            Some(_) | None => self.reader.word(VALUE),
        };
        let value = Some(value.ok_or(HeaderError::Syntax)?);
        Ok(Some(Param { name, value }))
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Result<Param<'a>, HeaderError>;

    /// After an error nothing more comes.
    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            *self = Self::new(b"");
        }
        read.transpose()
    }
}

/// The value of the parameter `name` in `text`; empty for a parameter without one.
pub(super) fn find<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut params = Params::new(text).map_while(Result::ok);
    params.find(|param| param.is(name)).map(|param| param.value.unwrap_or_default())
}

/// Puts `value` where a parameter that may come once is kept.
pub(super) fn once<T>(place: &mut Option<T>, value: T) -> Result<(), HeaderError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(HeaderError::RepeatedParameter),
    }
}
