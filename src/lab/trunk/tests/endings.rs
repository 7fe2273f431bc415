//! What phones and trunks make of the end of a call.

use expect_test::{Expect, expect};

use super::super::testing::{Manners, run, settings};

#[test]
fn r01_an_answer_crosses_the_cancel() {
    check(
        "11",
        "5.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        05.300  -> CANCEL
        05.300  <- 200 a
        05.300  <- 200 CANCEL a
        05.300  !! answered after 5.000
        05.300  -> ACK
        05.300  -> BYE
        05.300  <- 200 BYE a
        quiet
    "#]],
    );
}

#[test]
fn p04_a_cancel_without_final() {
    check(
        "12",
        "5.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        05.300  -> CANCEL
        05.300  <- 200 CANCEL a
        05.300  !! missed after 5.000
        quiet
    "#]],
    );
}

#[test]
fn p05_an_ignored_cancel() {
    check(
        "13",
        "5.3 CANCEL; 5.8 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        05.300  -> CANCEL
        05.800  -> CANCEL
        60.000  <- 480 a
        60.000  !! missed after 59.700
        60.000  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn p06_a_refused_cancel() {
    check(
        "26",
        "5.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        05.300  -> CANCEL
        05.300  <- 481 CANCEL a
        06.300  <- 480 a
        06.300  !! missed after 6.000
        06.300  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn forked_ringing() {
    check(
        "14",
        "5.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        00.310  <- 180 b
        01.310  <- 199 b
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
fn two_phones_answer() {
    check(
        "15",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        00.310  <- 180 b
        02.310  <- 200 a
        02.310  !! answered after 2.010
        02.310  -> ACK
        02.310  -> BYE
        02.310  <- 200 BYE a
        02.360  <- 200 b
        02.360  -> ACK
        02.360  -> BYE
        02.360  <- 200 BYE b
        quiet
    "#]],
    );
}

#[test]
fn p08_a_final_response_that_comes_again() {
    check(
        "16",
        "2.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  -> CANCEL
        02.300  <- 200 CANCEL a
        02.300  <- 487 a
        02.300  !! missed after 2.000
        02.300  -> ACK
        02.800  <- 487 a
        02.800  -> ACK
        03.800  <- 487 a
        03.800  -> ACK
        05.800  <- 487 a
        05.800  -> ACK
        09.800  <- 487 a
        09.800  -> ACK
        13.800  <- 487 a
        13.800  -> ACK
        17.800  <- 487 a
        17.800  -> ACK
        21.800  <- 487 a
        21.800  -> ACK
        25.800  <- 487 a
        25.800  -> ACK
        29.800  <- 487 a
        29.800  -> ACK
        33.800  <- 487 a
        33.800  -> ACK
        quiet
    "#]],
    );
    check(
        "17",
        "2.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  -> CANCEL
        02.300  <- 200 CANCEL a
        02.300  <- 487 a
        02.300  !! missed after 2.000
        02.300  -> ACK
        02.800  <- 487 a
        02.800  -> ACK
        03.800  <- 487 a
        03.800  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn a_final_response_that_overtakes_the_answer_to_cancel() {
    check(
        "27",
        "2.3 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  -> CANCEL
        02.300  <- 487 a
        02.300  <- 200 CANCEL a
        02.300  !! missed after 2.000
        02.300  -> ACK
        quiet
    "#]],
    );
}

#[test]
fn an_answer_that_comes_again() {
    let trace = run(settings(), Manners::Listens, "31", "");
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  <- 200 a
        02.300  !! answered after 2.000
        02.300  -> ACK
        02.800  <- 200 a
        02.800  -> ACK
        03.800  <- 200 a
        03.800  -> ACK
        05.800  <- 200 a
        05.800  -> ACK
        09.800  <- 200 a
        09.800  -> ACK
        32.300  <- BYE
        quiet
    "#]]
    .assert_eq(&trace);
}

#[test]
fn an_answer_comes_again_although_the_caller_has_hung_up() {
    check(
        "31",
        "",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.300  <- 200 a
        02.300  !! answered after 2.000
        02.300  -> ACK
        02.300  -> BYE
        02.300  <- 200 BYE a
        02.800  <- 200 a
        02.800  -> ACK
        02.800  -> BYE
        02.800  <- 200 BYE a
        03.800  <- 200 a
        03.800  -> ACK
        03.800  -> BYE
        03.800  <- 200 BYE a
        05.800  <- 200 a
        05.800  -> ACK
        05.800  -> BYE
        05.800  <- 200 BYE a
        09.800  <- 200 a
        09.800  -> ACK
        09.800  -> BYE
        09.800  <- 200 BYE a
        quiet
    "#]],
    );
}

#[test]
fn an_answer_that_nobody_acknowledges_ends_with_bye() {
    let trace = run(settings(), Manners::None, "10", "");
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.020  <- 200 a
        00.020  !! answered after 0.000
        00.520  <- 200 a
        01.520  <- 200 a
        03.520  <- 200 a
        07.520  <- 200 a
        11.520  <- 200 a
        15.520  <- 200 a
        19.520  <- 200 a
        23.520  <- 200 a
        27.520  <- 200 a
        31.520  <- 200 a
        32.020  <- BYE
        32.020  !! violation: a final response was never acknowledged
        quiet
    "#]]
    .assert_eq(&trace);
}

#[test]
fn late_phones() {
    check(
        "24",
        "8 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        06.000  <- 180 a
        06.000  !! rings
        08.000  -> CANCEL
        08.000  <- 200 CANCEL a
        08.000  <- 487 a
        08.000  !! missed after 2.000
        08.000  -> ACK
        quiet
    "#]],
    );
    check(
        "28",
        "1 INVITE; 8 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        01.000  -> INVITE
        03.000  <- 100
        03.300  <- 180 a
        03.300  !! rings
        08.000  -> CANCEL
        08.000  <- 200 CANCEL a
        08.000  <- 487 a
        08.000  !! missed after 4.700
        08.000  -> ACK
        quiet
    "#]],
    );
}

fn check(suffix: &str, script: &str, expected: Expect) {
    expected.assert_eq(&run(settings(), Manners::Good, suffix, script));
}
