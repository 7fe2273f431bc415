//! Numbers of a pool as the operator writes them: `+46876500123`, or `+4687650[00000-99999]`.

use std::str::FromStr;

use crate::number::plan::{self, SpellingError};
use crate::number::{E164, E164Error};

/// One number, or a run of consecutive numbers of the same length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NumberRange {
    first: E164,
    last: E164,
}

/// Why a text is neither a number nor a range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RangeError {
    /// The range runs backwards.
    #[error("the range runs backwards, the lower end comes first")]
    Backwards,
    /// The brackets are not `[low-high]` at the end.
    #[error(
        "a range ends in `[low-high]` with as many digits on both sides, as in `+468765[000-999]`"
    )]
    Brackets,
    /// More numbers than an operator can own.
    #[error("the range has {found} numbers, at most {RANGE_MAX} are possible")]
    Long {
        /// How many it has.
        found: u64,
    },
    /// An end is not a phone number.
    #[error(transparent)]
    Number(#[from] E164Error),
    /// An end is another number for the plans, which would make our own number a stranger's.
    #[error(transparent)]
    Spelling(#[from] SpellingError),
}

impl NumberRange {
    /// The lowest number.
    pub fn first(&self) -> E164 {
        self.first
    }

    /// The highest number.
    pub fn last(&self) -> E164 {
        self.last
    }

    /// Every number, the lowest first.
    pub fn numbers(&self) -> impl Iterator<Item = E164> + use<> {
        // Both ends have as many digits, so that everything between them is a number.
        let texts = (self.first.as_u64()..=self.last.as_u64()).map(|digits| format!("+{digits}"));
        texts.filter_map(|text| E164::parse(&text).ok())
    }

    /// How many numbers.
    pub fn len(&self) -> u64 {
        self.last.as_u64() - self.first.as_u64() + 1
    }

    /// Never: a range has at least one number.
    pub fn is_empty(&self) -> bool {
        false
    }
}

impl FromStr for NumberRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let Some((stem, brackets)) = text.split_once('[') else {
            let number = read(text)?;
            return Ok(Self { first: number, last: number });
        };
        let (low, high) = brackets
            .strip_suffix(']')
            .and_then(|inner| inner.split_once('-'))
            .filter(|(low, high)| low.len() == high.len() && !low.is_empty())
            .ok_or(RangeError::Brackets)?;
        let first = read(&format!("{stem}{low}"))?;
        let last = read(&format!("{stem}{high}"))?;
        if last < first {
            return Err(RangeError::Backwards);
        }
        let range = Self { first, last };
        if range.len() > RANGE_MAX {
            Err(RangeError::Long { found: range.len() })
        } else {
            Ok(range)
        }
    }
}

/// The operator knows which numbers are his, whether or not a plan has them; but one with a trunk
/// prefix behind the country code is not the number that he means.
fn read(text: &str) -> Result<E164, RangeError> {
    let number = E164::parse(text)?;
    plan::check_spelling(number)?;
    Ok(number)
}

/// Ten whole code spaces.
pub const RANGE_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_range_of_one() {
        let range: NumberRange = "+46876500123".parse().unwrap();
        assert_eq!((range.len(), range.first()), (1, range.last()));
    }

    #[test]
    fn brackets_span_a_range() {
        let range: NumberRange = "+4687650[00000-99999]".parse().unwrap();
        assert_eq!(range.len(), 100_000);
        assert_eq!(range.first(), E164::parse("+468765000000").unwrap());
        assert_eq!(range.last(), E164::parse("+468765099999").unwrap());
        assert_eq!(range.numbers().count(), 100_000);
        assert_eq!(
            [range.numbers().next(), range.numbers().last()],
            [range.first(), range.last()].map(Some)
        );
    }

    #[test]
    fn other_texts_are_refused() {
        let refusal = |text: &str| text.parse::<NumberRange>().unwrap_err();
        for text in ["+468[1-", "+468[12]", "+468[1-22]", "+468[-]", "+468[0-9]0", "+46876500[]"] {
            assert_eq!(refusal(text), RangeError::Brackets, "{text}");
        }
        assert_eq!(refusal("+46876500[200-100]"), RangeError::Backwards);
        assert_eq!(refusal("+468[0000000-9999999]"), RangeError::Long { found: 10_000_000 });
        assert_eq!(refusal("46876500123"), E164Error::MissingPlus.into());
        assert_eq!(refusal("+46876500[a-b]"), E164Error::NotADigit { found: 'a' }.into());
        assert_eq!(refusal("+46876500[-1--1]"), RangeError::Brackets);
        for text in ["+460876500123", "+460876500[000-999]", "+4608765000[000-999]"] {
            assert_eq!(
                refusal(text).to_string(),
                "the first digit behind +46 is only dialled inside the country, leave it out"
            );
        }
        // No plan has it, and its spelling is right.
        assert!("+468765000[000-999]".parse::<NumberRange>().is_ok());
    }
}
