//! Numbers that people ring, and what their calls prove.

use expect_test::{Expect, expect};

use super::{MAIN, MINIMAL, PROFILE, TRUNK, check, load_texts};
use crate::config::Config;

/// What is wrong with [`MINIMAL`] and these lines, whose first is line 10.
#[track_caller]
fn check_lines(lines: &str, expected: Expect) {
    check(&[(MAIN, &format!("{MINIMAL}{lines}")), (PROFILE, TRUNK)], expected);
}

fn load_lines(lines: &str) -> Config {
    load_texts(&[(MAIN, &format!("{MINIMAL}{lines}")), (PROFILE, TRUNK)]).unwrap()
}

#[test]
fn a_range_of_dids_is_each_of_its_numbers() {
    let config = load_lines(
        "[[did]]\nnumber = \"+468123456[08-11]\"\nring = \"2s\"\n\
         [[did]]\nnumber = \"+46812345700\"\nreject_with = 603\ntrunks = [\"plain\"]\n\
         [missed_calls]\nring = \"1s\"\nreject_with = 480\n",
    );
    let shown = config.dids.iter().map(|did| {
        let plan = did.own.plan(config.elsewhere);
        format!("{:?} {:?} {:?} {}\n", did.number, did.trunks, plan.ring, plan.refusal)
    });
    expect![[r#"
        +4681…08 [0] 2s 480
        +4681…09 [0] 2s 480
        +4681…10 [0] 2s 480
        +4681…11 [0] 2s 480
        +4681…00 [0] 1s 603
    "#]]
    .assert_eq(&shown.collect::<String>());
    let numbers: Vec<_> = config.dids.iter().map(|did| did.number).collect();
    assert_eq!(config.verify.dids, numbers, "one order for all");
    assert_eq!(numbers.iter().map(|number| number.suffix()).max(), Some(45_700));
}

#[test]
fn what_contradicts_itself_in_a_did_is_refused() {
    check_lines(
        "[[did]]\nring = \"46s\"\nreject_with = 487\ntrunks = [\"plane\"]\n\
         [[did]]\nnumber = \"0812345678\"\nreject_with = \"486\"\ntrunks = []\nring_ms = 5\n\
         [[did]]\nnumber = \"+46812345678\"\ntrunks = [\"plain\", \"plain\"]\n",
        expect![[r#"
            ringproof.toml:10: `did.number` is missing, must be a number such as "+46876500123" or a range such as "+46876500[000-999]"
            ringproof.toml:11: `did.ring` is "46s", must be a duration between "0s" and "45s"
            ringproof.toml:12: `did.reject_with` is 487, must be 404, 480, 486 or 603
            ringproof.toml:13: `did.trunks` is "plane", an unknown trunk, must be "plain", if that was meant
            ringproof.toml:15: `did.number` is "0812345678" (a phone number starts with `+` and the country code), must be a number such as "+46876500123" or a range such as "+46876500[000-999]"
            ringproof.toml:16: `did.reject_with` is "486", must be 404, 480, 486 or 603
            ringproof.toml:17: `did.trunks` is empty, must be absent, or a list of trunks
            ringproof.toml:18: `did.ring_ms` is an unknown key, must be `number`, `trunks`, `ring` or `reject_with`
            ringproof.toml:21: `did.trunks` is "plain" for the second time, must be named once"#]],
    );
}

#[test]
fn a_did_twice_is_refused_at_its_second_place() {
    check_lines(
        "[[did]]\nnumber = \"+468123456[00-99]\"\n[[did]]\nnumber = \"+46812345700\"\n\
         [[did]]\nnumber = \"+46812345699\"\n[[did]]\nnumber = \"+46812345700\"\n",
        expect![[r#"
            ringproof.toml:15: `did.number` is "+46812345699", which repeats numbers of "+468123456[00-99]", must be such that each number is listed once
            ringproof.toml:17: `did.number` is "+46812345700", which repeats numbers of "+46812345700", must be such that each number is listed once"#]],
    );
}

#[test]
fn a_number_that_calls_people_is_no_did_because_they_call_back() {
    check_lines(
        "[[did]]\nnumber = \"+46876500123\"\n[[did]]\nnumber = \"+4687650[1000-1001]\"\n\
         [[did]]\nnumber = \"+4687650[0999-1000]\"\n\
         [[pool]]\nname = \"backup\"\nnumbers = [\"+46876500[000-999]\"]\n",
        expect![[r#"
            ringproof.toml:11: `did.number` is "+46876500123", which pool "default" calls from, must be of numbers that call nobody, because people call back
            ringproof.toml:15: `did.number` is "+4687650[0999-1000]", which pool "default" calls from, must be of numbers that call nobody, because people call back
            ringproof.toml:15: `did.number` is "+4687650[0999-1000]", which repeats numbers of "+4687650[1000-1001]", must be such that each number is listed once"#]],
    );
}

#[test]
fn dids_have_an_end() {
    let most = "[[did]]\nnumber = \"+4681[00000-65533]\"\n[[did]]\nnumber = \"+46812345678\"\n";
    assert_eq!(load_lines(most).dids.len(), 65_535);
    let more = format!("{most}[[did]]\nnumber = \"+46812345679\"\n");
    check_lines(
        &more,
        expect![
            "ringproof.toml:15: `did.number` is 65536 numbers with those before it, must be such that all `[[did]]` together have at most 65535"
        ],
    );
    check_lines(
        "[[did]]\nnumber = \"+468[000000-999999]\"\n",
        expect![
            "ringproof.toml:11: `did.number` is 1000000 numbers with those before it, must be such that all `[[did]]` together have at most 65535"
        ],
    );
}

#[test]
fn dids_need_no_pool_and_name_the_countries_that_are_served() {
    let pool = "[[pool]]\nname = \"default\"\nnumbers = [\"+46876500[000-999]\"]\n";
    let none = MINIMAL.replace(pool, "");
    let did = |number: &str| format!("{none}[[did]]\nnumber = \"{number}\"\n");
    check(&[(MAIN, &did("+46812345678")), (PROFILE, TRUNK)], expect!["accepted"]);
    check(
        &[(MAIN, &none), (PROFILE, TRUNK)],
        expect![
            "ringproof.toml:1: `pool` is missing, must be at least one `[[pool]]` with `name` and `numbers`, or one `[[did]]` with `number`"
        ],
    );
    check(
        &[(MAIN, &did("+99912345678")), (PROFILE, TRUNK)],
        expect![
            "ringproof.toml:7: `did` is of no country, must be of numbers that some country's plan has, or called with `verify.countries`"
        ],
    );
    let called_back = "[missed_calls]\nmin_assurance = \"challenge_confirmed\"\n";
    let lonely = did("+46812345678") + called_back;
    check(
        &[(MAIN, &lonely), (PROFILE, TRUNK)],
        expect![[
            r#"ringproof.toml:10: `missed_calls.min_assurance` is "challenge_confirmed" without a pool, must be used with a `[[pool]]`, whose numbers call back"#
        ]],
    );
    check_lines(called_back, expect!["accepted"]);
    let named = did("+99912345678") + "[verify]\ncountries = [\"SE\"]\n";
    check(&[(MAIN, &named), (PROFILE, TRUNK)], expect!["accepted"]);
    let foreign = MINIMAL.replace("+46876500[", "+99912345[");
    let both = format!("{foreign}[[did]]\nnumber = \"+46812345678\"\n");
    check(&[(MAIN, &both), (PROFILE, TRUNK)], expect!["accepted"]);
}

#[test]
fn x04_no_configuration_believes_a_call_of_which_nothing_came_back() {
    check_lines(
        "[missed_calls]\nmin_assurance = \"none\"\n",
        expect![[
            r#"ringproof.toml:11: `missed_calls.min_assurance` is "none" (one forged datagram would verify anybody), must be "return_routed" or "challenge_confirmed""#
        ]],
    );
}

#[test]
fn what_missed_calls_prove_has_ranges() {
    check_lines(
        "[missed_calls]\nring = 5000\nreject_with = 404.0\nrecent_window = \"25h\"\nrecent_max = 0\n\
         min_assurance = \"attested_a\"\nconfirm_after = \"0s\"\naccept_forwarded = \"no\"\nwindow = 1\n",
        expect![[r#"
            ringproof.toml:11: `missed_calls.ring` is 5000, must be a duration between "0s" and "45s"
            ringproof.toml:12: `missed_calls.reject_with` is 404.0, must be 404, 480, 486 or 603
            ringproof.toml:13: `missed_calls.recent_window` is "25h", must be a duration between "0s" and "1d"
            ringproof.toml:14: `missed_calls.recent_max` is 0, must be a whole number between 1 and 100000000
            ringproof.toml:15: `missed_calls.min_assurance` is "attested_a", must be "return_routed" or "challenge_confirmed"
            ringproof.toml:16: `missed_calls.confirm_after` is "0s", must be a duration between "1s" and "20s"
            ringproof.toml:17: `missed_calls.accept_forwarded` is "no", must be true or false
            ringproof.toml:18: `missed_calls.window` is an unknown key, must be `recent_window`, `recent_max`, `min_assurance`, `confirm_after`, `accept_forwarded`, `ring` or `reject_with`"#]],
    );
    let config = load_lines(
        "[missed_calls]\nring = \"45s\"\nreject_with = 404\nrecent_window = \"0s\"\nrecent_max = 7\n\
         min_assurance = \"challenge_confirmed\"\nconfirm_after = \"5s\"\naccept_forwarded = true\n",
    );
    expect![[r#"
        (
            MissedCalls {
                recent_window: 0ns,
                recent_max: 7,
                min_assurance: ChallengeConfirmed,
                confirm_after: 5s,
                are_forwarded_accepted: true,
            },
            Plan {
                ring: 45s,
                refusal: Status(
                    404,
                ),
            },
        )
    "#]]
    .assert_debug_eq(&(config.verify.missed_calls, config.elsewhere));
}

#[test]
fn q07_a_did_that_sounds_unlike_other_numbers_is_a_warning() {
    let cautions = |lines: &str| -> String {
        load_lines(lines).cautions.iter().map(|caution| format!("{caution}\n")).collect()
    };
    let own = "[[did]]\nnumber = \"+468123456[00-99]\"\nring = \"2s\"\nreject_with = 480\n";
    expect![[r#"
        ringproof.toml:12: `did.ring` of "+468123456[00-99]" is "2s" where `missed_calls.ring` is "0s": callers can tell it from numbers that nobody is verified with
        ringproof.toml:13: `did.reject_with` of "+468123456[00-99]" is 480 where `missed_calls.reject_with` is 486: callers can tell it from numbers that nobody is verified with
    "#]].assert_eq(&cautions(own));
    let same = format!("{own}[missed_calls]\nring = \"2s\"\nreject_with = 480\n");
    assert_eq!(cautions(&same), "");
}

#[test]
fn sections_that_differ_are_named_but_for_trunks_and_what_is_inherited() {
    let did = "[[did]]\nnumber = \"+46812345678\"\n";
    let differing = |before: &str, after: &str| load_lines(before).differences(&load_lines(after));
    assert_eq!(differing(did, &format!("{did}trunks = [\"plain\"]\n")), [""; 0]);
    assert_eq!(differing(did, &did.replace("678", "679")), ["[[did]]"]);
    assert_eq!(differing(did, &format!("{did}ring = \"0s\"\n")), ["[[did]]"]);
    for key in ["ring = \"1s\"", "recent_max = 1"] {
        assert_eq!(differing(did, &format!("{did}[missed_calls]\n{key}\n")), ["[missed_calls]"]);
    }
    let all =
        format!("{did}reject_with = 404\n[missed_calls]\nreject_with = 404\n[verify]\ncalls = 1\n");
    assert_eq!(differing(did, &all), ["[[did]]", "[missed_calls]", "[verify]"]);
}
