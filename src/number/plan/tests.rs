use super::testing::examples;
use super::*;

fn number(text: &str) -> E164 {
    E164::parse(text).unwrap()
}

fn check(text: &str, expected: &str) {
    let found = match lookup(number(text)) {
        Ok(Assignment { country: Some(country), kind }) => format!("{country} {kind}"),
        Ok(Assignment { country: None, kind }) => format!("- {kind}"),
        Err(LookupError::NoPlan) => "unknown".to_owned(),
        Err(LookupError::Spelling(error)) => error.to_string(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_number_has_a_country_and_a_kind() {
    check("+46701234567", "SE mobile");
    check("+46876500001", "SE fixed-line");
    check("+12025550173", "US fixed-line or mobile");
    check("+14165550123", "CA fixed-line or mobile");
    check("+441481200000", "GG fixed-line");
    check("+77012345678", "KZ mobile");
    check("+2290197123456", "BJ mobile");
    check("+390612345678", "IT fixed-line");
}

#[test]
fn costly_numbers_are_told_apart() {
    check("+447012345678", "GB personal");
    check("+19005551234", "US premium-rate");
    check("+46900123456", "SE premium-rate");
    check("+80812345678", "- shared-cost");
    check("+80012345678", "- toll-free");
    for code in CODES_WITHOUT_COUNTRY {
        check(&format!("+{code}12345678"), "- satellite or international-network");
    }
}

#[test]
fn numbers_of_no_plan_are_unknown() {
    for text in ["+999123456789", "+16502530", "+4911234", "+49171234567", "+4690510"] {
        check(text, "unknown");
    }
}

#[test]
fn a01_a_number_with_a_trunk_prefix_behind_its_country_code_is_no_second_spelling() {
    let one = |code| {
        format!("the first digit behind +{code} is only dialled inside the country, leave it out")
    };
    check("+460701234567", &one(46));
    check("+4407712345678", &one(44));
    check("+112025550173", &one(1));
    check("+330612345678", &one(33));
    check("+49015112345678", &one(49));
    check("+460876500123", &one(46));
    check("+788005553535", &one(7));
    check(
        "+360612345678",
        "the first 2 digits behind +36 are only dialled inside the country, leave them out",
    );
    // A mobile of Buenos Aires has a 9 behind the code, or a 15 behind the area at home.
    check("+5491123456789", "AR mobile");
    check(
        "+54111523456789",
        "the numbering plan of +54 writes this number in another way, write it as it is dialled \
         from abroad",
    );
}

#[test]
fn a_zero_that_belongs_to_the_number_stays() {
    check("+390612345678", "IT fixed-line");
    check("+39612345678", "unknown");
    check("+2250712345678", "CI mobile");
    check("+24106031234", "GA mobile");
    check("+3780549886377", "SM fixed-line");
}

#[test]
fn every_plan_reads_its_own_numbers_as_they_are_written() {
    for (country, number) in examples() {
        let shown = number.reveal();
        assert_eq!(check_spelling(number), Ok(()), "{country} {}", shown.as_str());
        assert!(lookup(number).is_ok(), "{country} {}", shown.as_str());
    }
}

#[test]
fn the_country_code_tells_the_country_of_a_number_without_a_plan() {
    let country = |text| country(number(text)).map(|country| country.to_string());
    assert_eq!(lookup(number("+468765000000")), Err(LookupError::NoPlan));
    assert_eq!(country("+468765000000").as_deref(), Some("SE"));
    assert_eq!(country("+999123456789"), None);
    assert_eq!(country("+16502530"), None);
}

#[test]
fn a_number_is_written_as_at_home() {
    let home = |text| national(number(text));
    assert_eq!(home("+46701234567").as_deref(), Some("0701234567"));
    assert_eq!(home("+12025550173").as_deref(), Some("2025550173"));
    assert_eq!(home("+390612345678").as_deref(), Some("0612345678"));
    assert_eq!(home("+79161234567").as_deref(), Some("89161234567"));
    assert_eq!(home("+999123456789"), None);
}

#[test]
fn a_phone_shows_numbers_in_its_countrys_ways() {
    let sweden = "SE".parse().unwrap();
    for text in ["+46876520085", "0046876520085", "0876520085", "08-765 200 85"] {
        assert_eq!(read_in(text, sweden), Some(number("+46876520085")), "{text}");
    }
    let america = "us".parse().unwrap();
    assert_eq!(read_in("01146876520085", america), Some(number("+46876520085")));
    assert_eq!(read_in("anonymous", sweden), None);
}

#[test]
fn a_country_is_two_letters_with_a_plan() {
    assert_eq!("se".parse::<Country>().unwrap().as_str(), "SE");
    for text in ["", "S", "SWE", "001", "ZZ", "ÅÄ", "4€"] {
        assert_eq!(text.parse::<Country>(), Err(CountryError), "{text}");
    }
}
