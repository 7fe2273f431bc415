//! Pools, and the limits of verifications.

use expect_test::expect;

use super::{MAIN, MINIMAL, PROFILE, TRUNK, check, load_texts};

#[test]
fn a09_a_pool_that_can_be_guessed_is_refused_unless_forced() {
    let pool = |numbers: &str| MINIMAL.replace("\"+46876500[000-999]\"", numbers);
    check(
        &[(MAIN, &pool("")), (PROFILE, TRUNK)],
        expect![[
            r#"ringproof.toml:9: `pool.numbers` is empty, must be a list such as ["+46876500[000-999]"]"#
        ]],
    );
    check(
        &[(MAIN, &pool("\"+46876500123\"")), (PROFILE, TRUNK)],
        expect![
            "ringproof.toml:9: `pool.numbers` is 1 code, must be at least 600 different last five digits: 3 `verify.attempts` over 0.005 `verify.max_guess_odds`"
        ],
    );
    let same = "\"+46876500[000-599]\", \"+45876500[000-598]\"";
    check(&[(MAIN, &pool(same)), (PROFILE, TRUNK)], expect!["accepted"]);
    let few = "\"+46876500[000-598]\", \"+45876500[000-598]\"";
    check(
        &[(MAIN, &pool(few)), (PROFILE, TRUNK)],
        expect![
            "ringproof.toml:9: `pool.numbers` is 599 different codes, must be at least 600 different last five digits: 3 `verify.attempts` over 0.005 `verify.max_guess_odds`"
        ],
    );
    let forced = pool("\"+46876500123\"") + "[verify]\nattempts = 1\nmax_guess_odds = 1\n";
    check(&[(MAIN, &forced), (PROFILE, TRUNK)], expect!["accepted"]);
}

#[test]
fn pools_have_names_of_their_own_and_trunks_that_exist() {
    let main = format!(
        "{MINIMAL}trunks = [\"plain\", \"plain\", \"plane\"]\n\
         [[pool]]\nname = \"default\"\nnumbers = [\"+46876501[000-999]\"]\ntrunks = []\n"
    );
    check(
        &[(MAIN, &main), (PROFILE, TRUNK)],
        expect![[r#"
        ringproof.toml:10: `pool.trunks` is "plain" for the second time, must be named once
        ringproof.toml:10: `pool.trunks` is "plane", an unknown trunk, must be "plain", if that was meant
        ringproof.toml:12: `pool.name` is "default" for the second time, must be a name of its own
        ringproof.toml:14: `pool.trunks` is empty, must be absent, or a list of trunks"#]],
    );
}

#[test]
fn times_and_locks_that_contradict_each_other_are_refused() {
    let main = format!("{MINIMAL}[verify]\nexpires_max = \"2m\"\nwrong_codes_lock = 11\n");
    check(
        &[(MAIN, &main), (PROFILE, TRUNK)],
        expect![[r#"
            ringproof.toml:11: `verify.expires_max` is "5m" by default, "2m" at most, must be such that `expires_in` is not above `expires_max`
            ringproof.toml:12: `verify.wrong_codes_lock` is a stop at 10 before a lock at 11, must be such that `wrong_codes_lock` comes first"#]],
    );
}

#[test]
fn pools_of_no_country_need_countries_to_call() {
    let nowhere = MINIMAL.replace("+46876500[", "+99912345[");
    check(
        &[(MAIN, &nowhere), (PROFILE, TRUNK)],
        expect![
            "ringproof.toml:7: `pool` is of no country, must be of numbers that some country's plan has, or called with `verify.countries`"
        ],
    );
    let named = format!("{nowhere}[verify]\ncountries = [\"SE\"]\n");
    check(&[(MAIN, &named), (PROFILE, TRUNK)], expect!["accepted"]);
}

#[test]
fn pool_numbers_need_not_be_in_the_plans_but_have_no_trunk_prefix() {
    let pool = |numbers: &str| MINIMAL.replace("+46876500[000-999]", numbers);
    let unlisted = pool("+468765000[000-999]");
    check(&[(MAIN, &unlisted), (PROFILE, TRUNK)], expect!["accepted"]);
    let odd = |numbers: &str| {
        let config = load_texts(&[(MAIN, &pool(numbers)), (PROFILE, TRUNK)]).unwrap();
        config.cautions.iter().map(|it| format!("{it}\n")).collect::<String>()
    };
    expect![[r#"
        ringproof.toml:9: `pool.numbers` of "default" has "+468765000[000-999]", numbers that no numbering plan has: other networks may block such a caller ID, or show another
        ringproof.toml:9: `pool.numbers` of "default" has "+469001234[000-999]", premium-rate numbers: other networks may block such a caller ID, or show another
    "#]].assert_eq(&(odd("+468765000[000-999]") + &odd("+469001234[000-999]")));
    let zero = pool("+460876500[000-999]");
    check(
        &[(MAIN, &zero), (PROFILE, TRUNK)],
        expect![[
            r#"ringproof.toml:9: `pool.numbers` is "+460876500[000-999]" (the first digit behind +46 is only dialled inside the country, leave it out), must be a number such as "+46876500123" or a range such as "+46876500[000-999]""#
        ]],
    );
}

#[test]
fn a_number_twice_in_one_pool_is_a_mistake_and_in_two_pools_a_warning() {
    let twice = MINIMAL.replace(
        "\"+46876500[000-999]\"",
        "\"+46876500[000-999]\", \"+45876500123\",\n  \"+46876500123\", \"+45876500123\"",
    );
    check(
        &[(MAIN, &twice), (PROFILE, TRUNK)],
        expect![[r#"
            ringproof.toml:10: `pool.numbers` is "+45876500123", which repeats numbers of "+45876500123", must be such that each number is listed once
            ringproof.toml:10: `pool.numbers` is "+46876500123", which repeats numbers of "+46876500[000-999]", must be such that each number is listed once"#]],
    );
    let shared = format!(
        "{MINIMAL}[[pool]]\nname = \"backup\"\nnumbers = [\n  \"+46876501[000-999]\",\n  \"+46876500[900-999]\"]\n"
    );
    let config = load_texts(&[(MAIN, &shared), (PROFILE, TRUNK)]).unwrap();
    let cautions: Vec<String> = config.cautions.iter().map(ToString::to_string).collect();
    expect![[r#"ringproof.toml:14: `pool.numbers` of "backup" has "+46876500[900-999]", numbers that pool "default" has in "+46876500[000-999]""#]].assert_eq(&cautions.join("\n"));
}
