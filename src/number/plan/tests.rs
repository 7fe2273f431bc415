use super::*;

fn number(text: &str) -> E164 {
    E164::parse(text).unwrap()
}

fn check(text: &str, expected: &str) {
    let found = match lookup(number(text)) {
        Some(Assignment { country: Some(country), kind }) => format!("{country} {kind}"),
        Some(Assignment { country: None, kind }) => format!("- {kind}"),
        None => "unknown".to_owned(),
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
fn the_country_code_tells_the_country_of_a_number_without_a_plan() {
    let country = |text| country(number(text)).map(|country| country.to_string());
    assert_eq!(lookup(number("+468765000000")), None);
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
