//! Numbers of a pool as the operator writes them: `+46876500123`, or `+4687650[00000-99999]`.

use std::str::FromStr;

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
    #[error("the range runs from {first} down to {last}, the lower end comes first")]
    Backwards {
        /// The left end.
        first: u64,
        /// The right end.
        last: u64,
    },
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
            let number = E164::parse(text)?;
            return Ok(Self { first: number, last: number });
        };
        let (low, high) = brackets
            .strip_suffix(']')
            .and_then(|inner| inner.split_once('-'))
            .filter(|(low, high)| low.len() == high.len() && !low.is_empty())
            .ok_or(RangeError::Brackets)?;
        let first = E164::parse(&format!("{stem}{low}"))?;
        let last = E164::parse(&format!("{stem}{high}"))?;
        if last < first {
            return Err(RangeError::Backwards { first: first.as_u64(), last: last.as_u64() });
        }
        let range = Self { first, last };
        if range.len() > RANGE_MAX {
            Err(RangeError::Long { found: range.len() })
        } else {
            Ok(range)
        }
    }
}

/// Ten whole code spaces.
pub const RANGE_MAX: u64 = 1_000_000;
