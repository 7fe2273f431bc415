//! Numbers of every country, for tests that hold for all plans.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::Country;
use crate::number::E164;

/// One number of each kind that each country has, as the plans write them.
pub(crate) fn examples() -> Vec<(Country, E164)> {
    let mut found = Vec::new();
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        let Some(country) = Country::of_region(region) else { continue };
        for kind in KINDS {
            let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind);
            let written =
                example.map(|number| number.format_as(PhoneNumberFormat::E164).into_owned());
            let number = written.ok().and_then(|text| E164::parse(&text).ok());
            found.extend(number.map(|number| (country, number)));
        }
    }
    assert!(found.len() > 800, "most of 245 countries have several kinds: {}", found.len());
    found
}

const KINDS: [PhoneNumberType; 6] = [
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::TollFree,
    PhoneNumberType::VoIP,
];
