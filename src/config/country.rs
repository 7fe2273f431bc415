//! Countries: their codes, and how numbers are dialled inside them.

use phonenumber::metadata::DATABASE;

use super::kind::{Kind, Refusal};
use crate::number::plan::Country;
use crate::trunk::NationalPlan;

/// A country with a numbering plan.
pub(super) fn country() -> Kind<Country> {
    Kind::text("the two capital letters of a country, such as \"SE\"", |text| {
        text.parse().ok().ok_or(Refusal::Unlike)
    })
}

/// How numbers are dialled inside `country`, as far as its numbering plan says it in digits.
pub(super) fn national_plan(country: Country) -> Option<NationalPlan> {
    let metadata = DATABASE.by_id(country.as_str())?;
    let abroad = metadata.preferred_international_prefix().or_else(|| {
        let prefix = metadata.international_prefix()?.as_str();
        prefix.bytes().all(|octet| octet.is_ascii_digit()).then_some(prefix)
    });
    Some(NationalPlan {
        country_code: metadata.country_code().to_string().into(),
        national_prefix: metadata.national_prefix().unwrap_or_default().into(),
        international_prefix: abroad.unwrap_or("00").into(),
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn plans_are_those_of_the_countries() {
        let mut shown = String::new();
        for country in ["SE", "GB", "US", "IT", "FI", "BR", "JP"] {
            let plan = national_plan(Country::parse(country).unwrap()).unwrap();
            let NationalPlan { country_code, national_prefix, international_prefix } = plan;
            shown +=
                &format!("{country} {country_code} {national_prefix:?} {international_prefix}\n");
        }
        expect![[r#"
            SE 46 "0" 00
            GB 44 "0" 00
            US 1 "1" 011
            IT 39 "" 00
            FI 358 "0" 00
            BR 55 "0" 00
            JP 81 "0" 010
        "#]]
        .assert_eq(&shown);
    }
}
