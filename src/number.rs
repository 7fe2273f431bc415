//! Phone numbers in E.164 form (ITU-T E.164: country code and subscriber number, 15 digits at most).
//!
//! Invariant: `Debug` masks; [`E164::reveal`] is the only way to the digits, and `tests/tidy.rs`
//! counts its callers.

mod parse;
pub mod plan;

use std::fmt;
use std::num::NonZeroU64;

pub use parse::{NumberError, parse};

/// A phone number in E.164 form. Eight bytes: no country code starts with a zero, so the digits
/// are a number.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct E164(NonZeroU64);

impl E164 {
    /// Reads `+` and 7 to 15 digits. Only the form is checked, not the numbering plan.
    ///
    /// # Errors
    ///
    /// Says what was found and what would be accepted.
    pub fn parse(text: &str) -> Result<Self, E164Error> {
        let digits = text.strip_prefix('+').ok_or(E164Error::MissingPlus)?;
        if let Some(found) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(E164Error::NotADigit { found });
        }
        if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
            return Err(E164Error::Length { digits: digits.len() });
        }
        if digits.starts_with('0') {
            return Err(E164Error::LeadingZero);
        }
        // At most 15 digits fit into 50 bits, and the first is not zero.
        let value = digits.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        NonZeroU64::new(value).map(Self).ok_or(E164Error::LeadingZero)
    }

    /// The digits without `+`, for the wire, for a reply to the client who gave them, and for
    /// nothing else.
    pub fn reveal(self) -> Digits {
        let mut digits = Digits { bytes: [0; DIGITS_MAX], length: 0 };
        let mut rest = self.0.get();
        let mut reversed = [0; DIGITS_MAX];
        while rest > 0 {
            reversed[digits.length] = b'0' + (rest % 10) as u8;
            digits.length += 1;
            rest /= 10;
        }
        for place in 0..digits.length {
            digits.bytes[place] = reversed[digits.length - 1 - place];
        }
        digits
    }

    /// The last five digits: the code of a flash call from this number.
    pub fn suffix(self) -> u32 {
        (self.0.get() % 100_000) as u32
    }

    /// The number as an integer, for keyed hashes and table keys.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }

    /// The number whose [`as_u64`](Self::as_u64) is `value`, if one can be.
    pub fn from_u64(value: u64) -> Option<Self> {
        let digits = value.checked_ilog10()? as usize + 1;
        let value = NonZeroU64::new(value)?;
        (DIGITS_MIN..=DIGITS_MAX).contains(&digits).then_some(Self(value))
    }
}

impl fmt::Debug for E164 {
    /// `+4670…67`: enough to tell two numbers apart in a log, not enough to call one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.reveal();
        let digits = digits.as_str();
        let shown = digits.len().saturating_sub(7).min(4);
        write!(f, "+{}…{}", &digits[..shown], &digits[digits.len() - 2..])
    }
}

/// The digits of a number, on the stack.
#[derive(Clone, Copy)]
pub struct Digits {
    bytes: [u8; DIGITS_MAX],
    length: usize,
}

impl Digits {
    /// The digits as text.
    pub fn as_str(&self) -> &str {
        // Only ASCII digits are ever stored.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// Why a text is not a phone number.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum E164Error {
    /// No country code starts with zero.
    #[error("a country code does not start with 0")]
    LeadingZero,
    /// Wrong number of digits.
    #[error("a phone number has 7 to 15 digits, this one has {digits}")]
    Length {
        /// How many were found.
        digits: usize,
    },
    /// No leading plus.
    #[error("a phone number starts with `+` and the country code")]
    MissingPlus,
    /// Something other than a digit.
    #[error("`{found}` is not a digit")]
    NotADigit {
        /// The first offender.
        found: char,
    },
}

const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_masked_and_revealed() {
        let number = E164::parse("+46701234567").unwrap();
        assert_eq!(format!("{number:?}"), "+4670…67");
        assert_eq!(number.reveal().as_str(), "46701234567");
        assert_eq!(number.suffix(), 34_567);
        assert_eq!(size_of::<Option<E164>>(), 8);
    }

    #[test]
    fn refusals_say_what_would_be_accepted() {
        let refusal = |text| E164::parse(text).unwrap_err();
        assert_eq!(refusal("46701234567"), E164Error::MissingPlus);
        assert_eq!(refusal("+46 70"), E164Error::NotADigit { found: ' ' });
        assert_eq!(refusal("+123456"), E164Error::Length { digits: 6 });
        assert_eq!(refusal("+1234567890123456"), E164Error::Length { digits: 16 });
        assert_eq!(refusal("+0701234567"), E164Error::LeadingZero);
        assert_eq!(refusal("+４６701234567"), E164Error::NotADigit { found: '４' });
    }
}
