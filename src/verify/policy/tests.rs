//! Whom the policy lets be rung.

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
