//! Which numbers are never rung.

use crate::number::plan::{Country, Kind};

/// Why a number is never rung.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Phones of this country are not rung.
    #[error("numbers of {found} are not called by this gateway")]
    Country {
        /// The number's country.
        found: Country,
    },
    /// Such numbers cost money, or belong to no phone in a hand.
    #[error("{found} numbers are not called, a mobile or fixed-line number is needed")]
    Kind {
        /// What it is.
        found: Kind,
    },
    /// No country's numbering plan has such a number.
    #[error("no numbering plan has this number, check its country code and length")]
    NotAssigned,
    /// It is one of our own caller IDs.
    #[error("this number is one of the gateway's own caller IDs")]
    Own,
    /// The operator refuses numbers with these first digits.
    #[error("numbers with these first digits are refused by the configuration")]
    Refused,
}
