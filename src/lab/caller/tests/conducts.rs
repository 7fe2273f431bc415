//! Each conduct, against a gateway that is right.

use expect_test::{Expect, expect};

use super::super::testing::{run, settings};

fn check(then: &str, script: &str, expected: Expect) {
    expected.assert_eq(&run(settings(), then, script));
}

const RINGS: &str = "0.001 100; 0.002 180; 1.002 486";

#[test]
fn q02_a_caller_waits_for_the_refusal_and_acknowledges_it() {
    check(
        "waits",
        RINGS,
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.001  -> 100
        00.001  !! trying
        00.002  -> 180
        00.002  !! rings after 0.002
        01.002  -> 486
        01.002  <- ACK a
        01.002  !! refused 486 after 1.002
        01.002  !! ended: refused, acknowledged
        quiet
    "#]],
    );
    check(
        "waits",
        "0.001 100; 0.001 486",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.001  -> 100
        00.001  !! trying
        00.001  -> 486
        00.001  <- ACK a
        00.001  !! refused 486 after 0.001
        00.001  !! ended: refused, acknowledged
        quiet
    "#]],
    );
}

#[test]
fn p10_an_invite_is_sent_until_it_is_answered() {
    check(
        "waits",
        "4 100; 5 180; 6 404",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.500  <- INVITE
        01.500  <- INVITE
        03.500  <- INVITE
        04.000  -> 100
        04.000  !! trying
        05.000  -> 180
        05.000  !! rings after 5.000
        06.000  -> 404
        06.000  <- ACK a
        06.000  !! refused 404 after 6.000
        06.000  !! ended: refused, acknowledged
        quiet
    "#]],
    );
}

#[test]
fn q01_a_caller_hangs_up_while_it_rings() {
    check(
        "hangs-up:500ms",
        "0.001 100; 0.002 180; 0.503 200 CANCEL; 0.503 487",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.001  -> 100
        00.001  !! trying
        00.002  -> 180
        00.002  !! rings after 0.002
        00.502  <- CANCEL
        00.502  !! hung up
        00.503  -> 200 CANCEL
        00.503  -> 487
        00.503  <- ACK a
        00.503  !! refused 487 after 0.503
        00.503  !! ended: refused, acknowledged
        quiet
    "#]],
    );
    // The refusal comes first: nothing was hung up.
    check(
        "hangs-up:3s",
        RINGS,
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.001  -> 100
        00.001  !! trying
        00.002  -> 180
        00.002  !! rings after 0.002
        01.002  -> 486
        01.002  <- ACK a
        01.002  !! refused 486 after 1.002
        01.002  !! ended: refused, acknowledged, not as told
        quiet
    "#]],
    );
}

#[test]
fn q01_a_caller_who_hangs_up_early_waits_for_a_provisional() {
    check(
        "hangs-up-early:100ms",
        "2 100; 2.1 200 CANCEL; 2.1 487",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.500  <- INVITE
        01.500  <- INVITE
        02.000  -> 100
        02.000  <- CANCEL
        02.000  !! trying
        02.000  !! hung up
        02.100  -> 200 CANCEL
        02.100  -> 487
        02.100  <- ACK a
        02.100  !! refused 487 after 2.100
        02.100  !! ended: refused, acknowledged
        quiet
    "#]],
    );
    check(
        "hangs-up-early:100ms",
        "0.05 100; 0.2 200 CANCEL; 0.2 487",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.050  -> 100
        00.050  !! trying
        00.100  <- CANCEL
        00.100  !! hung up
        00.200  -> 200 CANCEL
        00.200  -> 487
        00.200  <- ACK a
        00.200  !! refused 487 after 0.200
        00.200  !! ended: refused, acknowledged
        quiet
    "#]],
    );
}

#[test]
fn q10_a_cancel_may_cross_the_refusal() {
    let script = "0.001 100; 0.002 180; 0.503 486; 0.504 200 CANCEL";
    check(
        "hangs-up:500ms",
        script,
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.001  -> 100
        00.001  !! trying
        00.002  -> 180
        00.002  !! rings after 0.002
        00.502  <- CANCEL
        00.502  !! hung up
        00.503  -> 486
        00.503  <- ACK a
        00.503  !! refused 486 after 0.503
        00.503  !! ended: refused, acknowledged
        00.504  -> 200 CANCEL
        quiet
    "#]],
    );
}

#[test]
fn q03_a_caller_who_never_acks_hears_the_refusal_again() {
    check(
        "never-acks",
        "0.1 180; 1 486; 1.5 486; 2.5 486",
        expect![[r#"
            00.000  <- INVITE
            00.000  !! dialled 1
            00.100  -> 180
            00.100  !! rings after 0.100
            01.000  -> 486
            01.000  !! refused 486 after 1.000
            01.000  !! ended: refused, never acknowledged
            01.500  -> 486
            01.500  !! 486 again
            02.500  -> 486
            02.500  !! 486 again
            quiet
        "#]],
    );
}

#[test]
fn q04_an_ack_has_the_wrong_tag_or_none() {
    check(
        "wrong-tag",
        "0.1 180; 1 486; 1.5 486",
        expect![[r#"
            00.000  <- INVITE
            00.000  !! dialled 1
            00.100  -> 180
            00.100  !! rings after 0.100
            01.000  -> 486
            01.000  <- ACK A
            01.000  !! refused 486 after 1.000
            01.000  !! ended: refused, acknowledged with a wrong tag
            01.500  -> 486
            01.500  <- ACK B
            01.500  !! 486 again
            quiet
        "#]],
    );
    check(
        "no-tag",
        "0.1 180; 1 486; 1.5 486",
        expect![[r#"
            00.000  <- INVITE
            00.000  !! dialled 1
            00.100  -> 180
            00.100  !! rings after 0.100
            01.000  -> 486
            01.000  <- ACK
            01.000  !! refused 486 after 1.000
            01.000  !! ended: refused, acknowledged without a tag
            01.500  -> 486
            01.500  <- ACK
            01.500  !! 486 again
            quiet
        "#]],
    );
}

#[test]
fn a_cancel_is_sent_again_although_it_was_answered() {
    check(
        "repeats-cancel",
        "0.1 180; 0.3 200 CANCEL; 0.3 487; 0.4 200 CANCEL",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.100  -> 180
        00.100  !! rings after 0.100
        00.300  <- CANCEL
        00.300  !! hung up
        00.300  -> 200 CANCEL
        00.300  -> 487
        00.300  <- ACK a
        00.300  !! refused 487 after 0.300
        00.300  !! ended: refused, acknowledged
        00.400  <- CANCEL
        00.400  -> 200 CANCEL
        00.500  <- CANCEL
        00.600  <- CANCEL
        quiet
    "#]],
    );
}

#[test]
fn q06_a_merged_request_is_the_same_call_on_another_branch() {
    check(
        "merged",
        "0.1 100; 0.1 482~second; 0.2 180; 1.2 480",
        expect![[r#"
            00.000  <- INVITE
            00.000  <- INVITE (second)
            00.000  !! dialled 1
            00.100  -> 100
            00.100  !! trying
            00.100  -> 482~second
            00.100  <- ACK a (second)
            00.200  -> 180
            00.200  !! rings after 0.200
            01.200  -> 480
            01.200  <- ACK a
            01.200  !! refused 480 after 1.200
            01.200  !! ended: refused, acknowledged
            quiet
        "#]],
    );
}

#[test]
fn x04_a_forger_sends_one_invite_and_hears_nothing() {
    check(
        "forged",
        "0.1 100; 0.2 180; 1.2 486; 2 486",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.000  !! ended: forged
        00.100  -> 100
        00.200  -> 180
        01.200  -> 486
        02.000  -> 486
        quiet
    "#]],
    );
}

#[test]
fn a_refusal_of_the_request_or_of_the_moment_is_not_what_was_told() {
    for status in ["400", "420", "482", "500", "503"] {
        let trace = run(settings(), "waits", &format!("0.1 {status}"));
        assert!(trace.contains("ended: refused, acknowledged, not as told"), "{trace}");
    }
    for status in ["404", "480", "486", "603"] {
        let trace = run(settings(), "waits", &format!("0.1 {status}"));
        assert!(trace.contains("ended: refused, acknowledged\n"), "{trace}");
    }
}

#[test]
fn a_person_hangs_up_at_any_time() {
    check(
        "waits",
        "0.1 180; 1 hang-up; 1.1 hang-up; 1.1 200 CANCEL; 1.1 487",
        expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.100  -> 180
        00.100  !! rings after 0.100
        01.000  -> hang-up
        01.000  <- CANCEL
        01.000  !! hung up
        01.100  -> hang-up
        01.100  -> 200 CANCEL
        01.100  -> 487
        01.100  <- ACK a
        01.100  !! refused 487 after 1.100
        01.100  !! ended: refused, acknowledged
        quiet
    "#]],
    );
}
