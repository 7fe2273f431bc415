//! Countries: their codes, and how numbers are dialled inside them.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::kind::{Kind, Refusal};
use super::section::Section;
use crate::number::E164;
use crate::number::plan::{self, Country};
use crate::trunk::NationalPlan;
use crate::verify::settings::Settings;

/// A country with a numbering plan.
pub(super) fn country() -> Kind<Country> {
    Kind::text("the two letters of a country, such as \"SE\"", |text| {
        text.parse().map_err(|_| Refusal::Unlike)
    })
}

/// Phones of our own numbers' countries are served when none is named, so there must be one.
pub(super) fn check_own(root: &Section<'_>, settings: &Settings) {
    let ranges = settings.pools.iter().flat_map(|pool| &pool.numbers);
    let ends = ranges.flat_map(|range| [range.first(), range.last()]);
    let mut own = ends.chain(settings.dids.iter().copied()).peekable();
    if settings.countries.is_empty() && own.peek().is_some() && own.all(is_of_no_country) {
        let key = if settings.pools.is_empty() { "did" } else { "pool" };
        let accepted = "of numbers that some country's plan has, or called with `verify.countries`";
        root.refuse(key, "of no country", accepted);
    }
}

fn is_of_no_country(number: E164) -> bool {
    plan::country(number).is_none()
}

/// How numbers are dialled inside `country`.
pub(super) fn national_plan(country: Country) -> Option<NationalPlan> {
    let region = Region::from_code(country.as_str()).ok()?;
    let country_code = PHONE_NUMBER_UTIL.get_country_code_for_region(region)?.to_string();
    let national_prefix = national_prefix(region, &country_code).unwrap_or_default();
    let international_prefix = international_prefix(region, &country_code);
    Some(NationalPlan {
        country_code: country_code.into(),
        national_prefix: national_prefix.into(),
        international_prefix: international_prefix.as_deref().unwrap_or("00").into(),
    })
}

/// What stands before a number of `region` inside it: nothing in Italy, and nothing in North America,
/// whose ten digits trunks take as they are.
fn national_prefix(region: Region, country_code: &str) -> Option<String> {
    let example = PHONE_NUMBER_UTIL.get_example_number(region).ok()?;
    let number = E164::parse(&example.format_as(PhoneNumberFormat::E164)).ok()?;
    let digits = number.as_u64().to_string();
    let prefix = plan::national(number)?;
    prefix.strip_suffix(digits.strip_prefix(country_code)?).map(str::to_owned)
}

/// What stands before a foreign number in `region`. `None` where people choose a carrier by it.
fn international_prefix(region: Region, country_code: &str) -> Option<String> {
    // The plan does not tell its prefix but writes numbers with it: `011 46 8 765 000 01`.
    let foreign = if country_code == "46" { "+4533123456" } else { "+46876500001" };
    let number = PHONE_NUMBER_UTIL.parse(foreign, None).ok()?;
    let written = number.format_out_of_country_calling_number(region);
    let (prefix, _) = written.split_once(' ')?;
    let is_digits = !prefix.is_empty() && prefix.bytes().all(|octet| octet.is_ascii_digit());
    is_digits.then(|| prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::number::plan::testing::examples;
    use crate::trunk::{NumberFormat, write_number};

    #[test]
    fn a01_a_number_that_is_accepted_never_dials_abroad_in_its_national_form() {
        let mut written = 0;
        for (country, number) in examples() {
            let plan = national_plan(country).unwrap();
            let digits = number.as_u64().to_string();
            let behind = digits.strip_prefix(&*plan.country_code).unwrap();
            // As it is, and with what people put between the code and the number.
            let between = ["", &*plan.national_prefix, "0", "00", "1", "8", "06"];
            let spellings = between.map(|digits| format!("+{}{digits}{behind}", plan.country_code));
            for spelling in spellings {
                let Ok(number) = E164::parse(&spelling) else { continue };
                if plan::lookup(number).is_ok() {
                    let mut out = Vec::new();
                    write_number(&NumberFormat::National(plan.clone()), number, &mut out);
                    let dialled = String::from_utf8(out).unwrap();
                    let is_abroad = dialled.starts_with(&*plan.international_prefix);
                    assert!(!is_abroad, "{country}: {spelling} is dialled as {dialled}");
                    written += 1;
                }
            }
        }
        assert!(written > 800, "{written}");
    }

    #[test]
    fn plans_are_those_of_the_countries() {
        let mut shown = String::new();
        for country in ["SE", "GB", "US", "IT", "HU", "BR", "JP", "RU", "DK"] {
            let plan = national_plan(country.parse().unwrap()).unwrap();
            let NationalPlan { country_code, national_prefix, international_prefix } = plan;
            shown +=
                &format!("{country} {country_code} {national_prefix:?} {international_prefix}\n");
        }
        expect![[r#"
            SE 46 "0" 00
            GB 44 "0" 00
            US 1 "" 011
            IT 39 "" 00
            HU 36 "06" 00
            BR 55 "" 00
            JP 81 "0" 010
            RU 7 "8" 00
            DK 45 "" 00
        "#]]
        .assert_eq(&shown);
    }
}
