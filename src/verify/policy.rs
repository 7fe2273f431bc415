//! Which numbers are never rung: our own, those of other countries, those that cost money or lie in
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
}

impl Policy {
    /// Takes the allowed countries from the settings, or else from the pools' own numbers.
    pub(super) fn new(settings: &Settings, pools: Arc<[Pool]>) -> Result<Self, SettingsError> {
        let mut countries: BTreeSet<Country> = settings.countries.iter().copied().collect();
        if countries.is_empty() {
            let ranges = settings.pools.iter().flat_map(|pool| &pool.numbers);
            let ends = ranges.flat_map(|range| [range.first(), range.last()]);
            countries = ends.filter_map(plan::country).collect();
        }
        if countries.is_empty() {
            return Err(SettingsError::NoCountry);
        }
        Ok(Self { countries, refused: settings.refused.clone(), pools })
    }

    /// The country of a number that may be rung.
    pub(super) fn check(&self, number: E164) -> Result<Country, Refusal> {
        if self.pools.iter().any(|pool| pool.suffixes.contains(number)) {
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
    /// No country's numbering plan has such a number, or not in this spelling.
    #[error(transparent)]
    NotAssigned(#[from] LookupError),
    /// It is one of our own caller IDs.
    #[error("this number is one of the gateway's own caller IDs")]
    Own,
    /// The operator refuses numbers with these first digits.
    #[error("numbers with these first digits are refused by the configuration")]
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::settings::PoolSettings;

    fn policy(change: impl FnOnce(&mut Settings)) -> Result<Policy, SettingsError> {
        let numbers = vec!["+46876500[000-999]".parse().unwrap()];
        let mut settings = Settings {
            pools: vec![PoolSettings { name: "default".into(), numbers }],
            ..Settings::default()
        };
        change(&mut settings);
        let pools = settings.pools.iter().map(|pool| Pool::new(pool).unwrap()).collect();
        Policy::new(&settings, pools)
    }

    fn check(policy: &Policy, number: &str, expected: Result<&str, Refusal>) {
        let country = expected.map(|country| country.parse().unwrap());
        assert_eq!(policy.check(E164::parse(number).unwrap()), country, "{number}");
    }

    #[test]
    fn h03_a05_what_is_never_rung() {
        let policy = policy(|settings| {
            settings.countries = ["SE", "GB", "US"].map(|country| country.parse().unwrap()).into();
            settings.refused = vec![Prefix::parse("+46766").unwrap()];
        })
        .unwrap();
        let kind = |found| Err(Refusal::Kind { found });
        let spelled = |number: &str| {
            let error = plan::check_spelling(E164::parse(number).unwrap()).unwrap_err();
            check(&policy, number, Err(LookupError::Spelling(error).into()));
        };
        // Behind a trunk zero the refused prefix and our own number would be strangers.
        spelled("+460766123456");
        spelled("+460876500123");
        spelled("+460701234567");
        spelled("+4407712345678");
        spelled("+112025550173");
        check(&policy, "+46701234567", Ok("SE"));
        check(&policy, "+442071838750", Ok("GB"));
        check(&policy, "+12025550173", Ok("US"));
        check(&policy, "+4712345678", Err(LookupError::NoPlan.into()));
        check(&policy, "+4740612345", Err(Refusal::Country { found: "NO".parse().unwrap() }));
        check(&policy, "+46766123456", Err(Refusal::Refused));
        check(&policy, "+46876500123", Err(Refusal::Own));
        check(&policy, "+46876501000", Ok("SE"));
        check(&policy, "+46900123456", kind(Kind::Premium));
        check(&policy, "+447012345678", kind(Kind::Personal));
        check(&policy, "+18005550173", kind(Kind::TollFree));
        check(&policy, "+80812345678", kind(Kind::SharedCost));
        for code in ["870", "878", "881", "882", "883", "979"] {
            check(&policy, &format!("+{code}12345678"), kind(Kind::Satellite));
        }
    }

    #[test]
    fn the_countries_of_the_pools_are_rung_when_none_is_named() {
        let policy = policy(|_| {}).unwrap();
        check(&policy, "+46701234567", Ok("SE"));
        check(&policy, "+12025550173", Err(Refusal::Country { found: "US".parse().unwrap() }));
    }

    #[test]
    fn pools_of_no_country_need_countries() {
        let unassigned = |settings: &mut Settings| {
            settings.pools[0].numbers = vec!["+99912345[000-999]".parse().unwrap()];
        };
        assert_eq!(policy(unassigned).err(), Some(SettingsError::NoCountry));
    }
}
