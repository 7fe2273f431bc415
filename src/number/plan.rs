//! Numbering plans: whose number is this, and of which kind?

use std::fmt;

/// A country or territory by its two letters (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two capital letters that have a numbering plan.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        phonenumber::metadata::DATABASE.by_id(text).map(|_| Self(letters))
    }

    /// The two letters, upper case.
    pub fn as_str(&self) -> &str {
        // Only ASCII letters are ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of line a number belongs to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A fixed line.
    FixedLine,
    /// A country whose fixed and mobile numbers look the same.
    FixedLineOrMobile,
    /// A mobile phone.
    Mobile,
    /// A pager.
    Pager,
    /// A number that follows a person; charged more than a mobile (+44 70).
    Personal,
    /// Premium rate.
    Premium,
    /// Satellite and other networks without a country.
    Satellite,
    /// The cost is shared between the parties.
    SharedCost,
    /// Free for the caller.
    TollFree,
    /// A company's own number, or a voicemail's access number.
    Universal,
    /// Voice over IP.
    Voip,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FixedLine => "fixed-line",
            Self::FixedLineOrMobile => "fixed-line or mobile",
            Self::Mobile => "mobile",
            Self::Pager => "pager",
            Self::Personal => "personal",
            Self::Premium => "premium-rate",
            Self::Satellite => "satellite",
            Self::SharedCost => "shared-cost",
            Self::TollFree => "toll-free",
            Self::Universal => "company",
            Self::Voip => "voice-over-IP",
        })
    }
}
