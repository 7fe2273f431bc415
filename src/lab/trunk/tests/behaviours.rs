//! How phones ring, refuse and answer by themselves.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::super::testing::{Manners, run, settings};
use crate::lab::Settings;

#[test]
fn an_ordinary_phone_rings_until_the_caller_hangs_up() {
    check(
        "67",
        "5.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        05.300  -> CANCEL
        05.300  <- 200 CANCEL a
        05.300  <- 487 a
        05.300  !! missed after 5.000
        05.300  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn an_invite_that_comes_again_gets_the_last_response_again() {
    check(
        "67",
        "0.1 INVITE; 0.5 INVITE; 2.3 CANCEL; 2.4 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.100  -> INVITE
        00.100  <- 100
        00.300  <- 180 a
        00.300  !! rings
        00.500  -> INVITE
        00.500  <- 180 a
        02.300  -> CANCEL
        02.300  <- 200 CANCEL a
        02.300  <- 487 a
        02.300  !! missed after 2.000
        02.300  -> ACK
        02.400  -> CANCEL
        02.400  <- 200 CANCEL a
        quiet
    "#]],
    );
}

#[test]
fn an_expired_invite_ends_by_itself() {
    check(
        "67",
        "0 INVITE~expires",
        expect![[r#"
        00.000  -> INVITE~expires
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        09.000  <- 487 a
        09.000  !! missed after 8.700
        09.000  -> ACK
        quiet
    "#]],
    );
    let settings = Settings { ring_max: Duration::from_secs(9), ..settings() };
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        09.000  <- 480 a
        09.000  !! missed after 8.700
        09.000  -> ACK
        quiet
    "#]]
    .assert_eq(&run(settings, Manners::Good, "67", ""));
}

#[test]
fn refusals_without_ringing() {
    for (suffix, status) in
        [("01", 486), ("03", 480), ("04", 404), ("18", 503), ("19", 484), ("20", 302)]
    {
        let trace = run(settings(), Manners::Good, suffix, "");
        let refused = format!("00.300  <- {status} a\n00.300  !! refused {status}\n");
        assert_eq!(
            trace,
            format!("00.000  -> INVITE\n00.000  <- 100\n{refused}00.300  -> ACK\nquiet\n")
        );
    }
}

#[test]
fn p09_a_person_declines() {
    check(
        "02",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  <- 603 a
        02.300  !! declined after 2.000
        02.300  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn a_person_at_the_phone_decides() {
    check(
        "67",
        "2 answer",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.000  <- 200 a
        02.000  !! answered after 1.700
        02.000  -> ACK
        02.000  -> BYE
        02.000  <- 200 BYE a
        quiet
    "#]],
    );
    check(
        "67",
        "2 decline",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.000  <- 603 a
        02.000  !! declined after 1.700
        02.000  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn p02_a_silent_phone() {
    check(
        "05",
        "0.5 INVITE",
        expect![[r#"
            00.000  -> INVITE
            00.000  !! silent
            00.500  -> INVITE
            quiet
        "#]],
    );
}

#[test]
fn p03_trying_only() {
    check(
        "06",
        "0.5 INVITE; 20 CANCEL",
        expect![[r#"
            00.000  -> INVITE
            00.000  <- 100
            00.500  -> INVITE
            00.500  <- 100
            20.000  -> CANCEL
            20.000  <- 200 CANCEL a
            20.000  <- 487 a
            20.000  !! gone
            20.000  -> ACK
            quiet
        "#]],
    );
}

#[test]
fn a_call_that_is_given_up_before_it_rings_is_told() {
    check(
        "67",
        "0.1 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.100  -> CANCEL
        00.100  <- 200 CANCEL a
        00.100  <- 487 a
        00.100  !! gone
        00.100  -> ACK
        quiet
    "#]],
    );
    // The CANCEL is confirmed, and nothing follows.
    check(
        "12",
        "0.1 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.100  -> CANCEL
        00.100  <- 200 CANCEL a
        00.100  !! gone
        quiet
    "#]],
    );
    // Nothing was said, so a caller that keeps to the rules sends no CANCEL.
    check(
        "05",
        "0.1 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  !! silent
        00.100  -> CANCEL
        00.100  <- 200 CANCEL a
        00.100  <- 487 a
        00.100  !! violation: a CANCEL before any provisional response
        00.100  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn p19_early_media() {
    check(
        "07",
        "4 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 183 a
        02.300  <- 180 a
        02.300  !! rings
        04.000  -> CANCEL
        04.000  <- 200 CANCEL a
        04.000  <- 487 a
        04.000  !! missed after 1.700
        04.000  -> ACK
        quiet
    "#]],
    );
    check(
        "08",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 183 a
        02.300  <- 486 a
        02.300  !! refused 486
        02.300  -> ACK
        quiet
    "#]],
    );
    check(
        "25",
        "4 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 183 a
        00.300  !! rings
        04.000  -> CANCEL
        04.000  <- 200 CANCEL a
        04.000  <- 487 a
        04.000  !! missed after 3.700
        04.000  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn p19_a_storm_of_provisionals() {
    check(
        "29",
        "4 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 183 a
        00.301  <- 181 a
        00.302  <- 182 a
        00.303  <- 183 a
        00.304  <- 199 a
        00.305  <- 182 a
        00.306  <- 100
        00.307  <- 181 a
        00.308  <- 170 a
        00.408  <- 180 a
        00.408  !! rings
        00.409  <- 183 a
        00.410  <- 180 a
        00.411  <- 182 a
        04.000  -> CANCEL
        04.000  <- 200 CANCEL a
        04.000  <- 487 a
        04.000  !! missed after 3.592
        04.000  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn answers() {
    check(
        "09",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        03.300  <- 200 a
        03.300  !! answered after 3.000
        03.300  -> ACK
        03.300  -> BYE
        03.300  <- 200 BYE a
        quiet
    "#]],
    );
    check(
        "10",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.020  <- 200 a
        00.020  !! answered after 0.000
        00.020  -> ACK
        00.020  -> BYE
        00.020  <- 200 BYE a
        quiet
    "#]],
    );
    check(
        "30",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  <- 200 a
        02.300  !! answered after 2.000
        02.300  -> ACK
        02.300  <- BYE
        02.300  -> BYE
        02.300  <- 200 BYE a
        quiet
    "#]],
    );
}

fn check(suffix: &str, script: &str, expected: Expect) {
    expected.assert_eq(&run(settings(), Manners::Good, suffix, script));
}
