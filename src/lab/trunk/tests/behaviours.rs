use expect_test::{Expect, expect};

use super::super::testing::{Manners, run, settings};

#[test]
fn an_ordinary_phone_rings_until_the_caller_hangs_up() {
    check("67", "5.3 CANCEL", expect![[r#""#]]);
}

#[test]
fn an_invite_that_comes_again_gets_the_last_response_again() {
    check("67", "0.1 INVITE; 0.5 INVITE; 2.3 CANCEL; 2.4 CANCEL", expect![[r#""#]]);
}

#[test]
fn an_expired_invite_ends_by_itself() {
    let settings =
        crate::lab::Settings { ring_max: std::time::Duration::from_secs(9), ..settings() };
    expect![[r#""#]].assert_eq(&run(settings, Manners::Good, "67", ""));
}

#[test]
fn refusals_without_ringing() {
    for (suffix, status) in
        [("01", 486), ("03", 480), ("04", 404), ("18", 503), ("19", 484), ("20", 302)]
    {
        let trace = run(settings(), Manners::Good, suffix, "");
        let expected = format!(
            "00.000  -> INVITE\n00.000  <- 100\n00.300  <- {status} a\n00.300  !! refused {status}\n00.300  -> ACK\nquiet\n"
        );
        assert_eq!(trace, expected);
    }
}

#[test]
fn p09_a_person_declines() {
    check("02", "", expect![[r#""#]]);
}

#[test]
fn a_person_at_the_phone_decides() {
    check("67", "2 answer", expect![[r#""#]]);
    check("67", "2 decline", expect![[r#""#]]);
}

#[test]
fn p02_a_silent_phone() {
    check("05", "0.5 INVITE", expect![[r#""#]]);
}

#[test]
fn p03_trying_only() {
    check("06", "0.5 INVITE; 20 CANCEL", expect![[r#""#]]);
}

#[test]
fn p19_early_media() {
    check("07", "4 CANCEL", expect![[r#""#]]);
    check("08", "", expect![[r#""#]]);
    check("25", "4 CANCEL", expect![[r#""#]]);
    check("29", "4 CANCEL", expect![[r#""#]]);
}

#[test]
fn answers() {
    check("09", "", expect![[r#""#]]);
    check("10", "", expect![[r#""#]]);
    check("30", "", expect![[r#""#]]);
}

#[test]
fn r01_an_answer_crosses_the_cancel() {
    check("11", "5.3 CANCEL", expect![[r#""#]]);
}

#[test]
fn p04_a_cancel_without_final() {
    check("12", "5.3 CANCEL", expect![[r#""#]]);
}

#[test]
fn p05_an_ignored_cancel() {
    check("13", "5.3 CANCEL; 5.8 CANCEL", expect![[r#""#]]);
}

#[test]
fn p06_a_refused_cancel() {
    check("26", "5.3 CANCEL", expect![[r#""#]]);
}

#[test]
fn forked_ringing() {
    check("14", "5.3 CANCEL", expect![[r#""#]]);
}

#[test]
fn two_phones_answer() {
    check("15", "", expect![[r#""#]]);
}

#[test]
fn p08_a_final_response_that_comes_again() {
    check("16", "2.3 CANCEL", expect![[r#""#]]);
    check("17", "2.3 CANCEL", expect![[r#""#]]);
    check("27", "2.3 CANCEL", expect![[r#""#]]);
}

#[test]
fn an_answer_that_comes_again() {
    let trace = run(settings(), Manners::Listens, "31", "");
    expect![[r#""#]].assert_eq(&trace);
}

#[test]
fn an_answer_that_nobody_acknowledges_ends_with_bye() {
    let trace = run(settings(), Manners::None, "10", "");
    expect![[r#""#]].assert_eq(&trace);
}

#[test]
fn late_phones() {
    check("24", "8 CANCEL", expect![[r#""#]]);
    check("28", "1 INVITE; 8 CANCEL", expect![[r#""#]]);
}

fn check(suffix: &str, script: &str, expected: Expect) {
    expected.assert_eq(&run(settings(), Manners::Good, suffix, script));
}
