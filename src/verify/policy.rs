//! Which numbers are never verified: our own, those of other countries, those that cost money or lie in
//! no hand, and those that the operator refuses.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pool::Pool;
use super::settings::{Prefix, Settings, SettingsError};
use crate::number::E164;
use crate::number::plan::{self, Country, Kind, LookupError};

/// What the operator allows. Never changes.
pub(super) struct Policy {
    countries: BTreeSet<Country>,
    refused: Vec<Prefix>,
    pools: Arc<[Pool]>,
    dids: BTreeSet<E164>,
}

impl Policy {
    /// Takes the allowed countries from the settings, or else from our own numbers.
    pub(super) fn new(settings: &Settings, pools: Arc<[Pool]>) -> Result<Self, SettingsError> {
        let mut countries: BTreeSet<Country> = settings.countries.iter().copied().collect();
        if countries.is_empty() {
            let ranges = settings.pools.iter().flat_map(|pool| &pool.numbers);
            let ends = ranges.flat_map(|range| [range.first(), range.last()]);
            let own = ends.chain(settings.dids.iter().copied());
            countries = own.filter_map(plan::country).collect();
        }
        if countries.is_empty() {
            return Err(SettingsError::NoCountry);
        }
        let dids = settings.dids.iter().copied().collect();
        Ok(Self { countries, refused: settings.refused.clone(), pools, dids })
    }

    /// The country of a number that may be verified.
    pub(super) fn check(&self, number: E164) -> Result<Country, Refusal> {
        let is_caller_id = self.pools.iter().any(|pool| pool.suffixes.contains(number));
        if is_caller_id || self.dids.contains(&number) {
            return Err(Refusal::Own);
        }
        let digits = number.reveal();
        if self.refused.iter().any(|prefix| digits.as_str().starts_with(prefix.as_str())) {
            return Err(Refusal::Refused);
        }
        let assignment = plan::lookup(number)?;
        let kind = Refusal::Kind { found: assignment.kind };
        // Networks without a country are refused by their kind.
        let country =
            assignment.country.filter(|_| assignment.kind.is_personal_phone()).ok_or(kind)?;
        if self.countries.contains(&country) {
            Ok(country)
        } else {
            Err(Refusal::Country { found: country })
        }
    }
}

/// Why a number is never verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Phones of this country are not verified.
    #[error("numbers of {found} are not verified by this gateway")]
    Country {
        /// The number's country.
        found: Country,
    },
    /// Such numbers cost money, or belong to no phone in a hand.
    #[error("{found} numbers are not verified, a mobile or fixed-line number is needed")]
    Kind {
        /// What it is.
        found: Kind,
    },
    /// No country's numbering plan has such a number, or not in this spelling.
    #[error(transparent)]
    NotAssigned(#[from] LookupError),
    /// It is one of our own numbers.
    #[error("this number is one of the gateway's own")]
    Own,
    /// The operator refuses numbers with these first digits.
    #[error("numbers with these first digits are refused by the configuration")]
    Refused,
}

#[cfg(test)]
mod tests;
