use expect_test::{Expect, expect};

use super::*;
use crate::time::testing::origin;

#[test]
fn q01_a_caller_who_hangs_up_is_known_by_the_ack_of_the_487() {
    check(
        "2 cancel; 2.1 ack",
        expect![[r#"
        00.000  180
        02.000  487
        02.100  ended, returned, 487
        ended
    "#]],
    );
}

#[test]
fn q02_a_caller_who_waits_is_refused_and_known_by_the_ack() {
    check(
        "3.05 ack",
        expect![[r#"
        00.000  180
        03.000  486
        03.050  ended, returned, 486
        ended
    "#]],
    );
    check(
        "at_once; 0.05 ack",
        expect![[r#"
        00.000  486
        00.050  ended, returned, 486
        ended
    "#]],
    );
}

#[test]
fn q03_without_an_ack_nobody_is_known() {
    check(
        "35 timer_h",
        expect![[r#"
        00.000  180
        03.000  486
        35.000  ended, not returned, 486
        ended
    "#]],
    );
}

#[test]
fn q04_an_ack_with_another_tag_is_suspicious_and_proves_nothing() {
    check(
        "1 forged; 3.05 forged; 3.06 forged; 3.1 ack; 3.2 forged",
        expect![[r#"
        00.000  180
        01.000  suspicious
        03.000  486
        03.050  suspicious
        03.060  suspicious
        03.100  ended, returned, 486
        ended
    "#]],
    );
    check(
        "3.05 forged; 35 timer_h",
        expect![[r#"
        00.000  180
        03.000  486
        03.050  suspicious
        35.000  ended, not returned, 486
        ended
    "#]],
    );
}

#[test]
fn q04_a_tag_that_nobody_can_know_yet_proves_nothing() {
    check(
        "1 ack; 3.1 ack",
        expect![[r#"
        00.000  180
        03.000  486
        03.100  ended, returned, 486
        ended
    "#]],
    );
}

#[test]
fn q05_a_second_ack_is_no_second_end() {
    check(
        "3.05 ack; 3.1 ack; 35 timer_h",
        expect![[r#"
        00.000  180
        03.000  486
        03.050  ended, returned, 486
        ended
    "#]],
    );
}

#[test]
fn q10_a_cancel_after_the_refusal_changes_nothing() {
    check(
        "3.05 cancel; 3.1 ack; 3.2 cancel",
        expect![[r#"
        00.000  180
        03.000  486
        03.100  ended, returned, 486
        ended
    "#]],
    );
}

#[test]
fn r13_a_stop_refuses_whoever_rings() {
    check(
        "1 stop; 1.1 stop; 1.2 ack",
        expect![[r#"
        00.000  180
        01.000  486
        01.200  ended, returned, 486
        ended
    "#]],
    );
}

/// `script` is `[at_once;] <seconds> <cancel | stop | ack | forged | timer_h>; …`. The caller hears 3 s
/// of ringing, then 486.
#[track_caller]
fn check(script: &str, expected: Expect) {
    let start = origin();
    let (is_at_once, script) =
        script.strip_prefix("at_once;").map_or((false, script), |rest| (true, rest));
    let ring = if is_at_once { Duration::ZERO } else { Duration::from_secs(3) };
    let plan = Plan { ring, refusal: Status::new(486).unwrap() };
    let mut lines = String::new();
    let (mut call, step) = Inbound::start(plan, start);
    print(step, Duration::ZERO, &mut lines);
    for step in script.split(';').map(str::trim) {
        let (at, what) = step.split_once(' ').unwrap();
        let at = start + Duration::from_secs_f64(at.parse().unwrap());
        while let Some(wake) = call.next_wake().filter(|wake| wake.at <= at) {
            assert_eq!(call.on_timeout(wake.at - Duration::from_nanos(1)), Step::default());
            print(call.on_timeout(wake.at), wake.at - start, &mut lines);
        }
        let step = match what {
            "ack" => call.on_ack(true),
            "cancel" => call.on_cancel(),
            "forged" => call.on_ack(false),
            "stop" => call.stop(),
            "timer_h" => call.on_unacknowledged(),
            other => panic!("{other}"),
        };
        print(step, at - start, &mut lines);
    }
    lines += &format!("{}\n", call.state_name());
    expected.assert_eq(&lines);
}

fn print(step: Step, at: Duration, lines: &mut String) {
    let at = at.as_secs_f64();
    if let Some(status) = step.respond {
        *lines += &format!("{at:06.3}  {}\n", status.code());
    }
    if step.is_suspicious {
        *lines += &format!("{at:06.3}  suspicious\n");
    }
    if let Some(Ended { is_returned, refusal }) = step.ended {
        let word = if is_returned { "returned" } else { "not returned" };
        *lines += &format!("{at:06.3}  ended, {word}, {}\n", refusal.code());
    }
}
