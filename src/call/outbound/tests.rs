use expect_test::{Expect, expect};

use super::*;
use crate::time::testing::origin;

#[test]
fn p01_the_ring_clock_starts_at_180() {
    check(
        "0.1 100; 2.5 180; 7.6 487",
        expect![[r#"
            02.500  rings
            07.500  CANCEL
            07.600  completed 487
        "#]],
    );
}

#[test]
fn p02_no_cancel_before_a_provisional_and_at_once_after_it() {
    check(
        "25 180; 25.1 487",
        expect![[r#"
            25.000  rings
            25.000  CANCEL
            25.100  withdrawn 487
        "#]],
    );
}

#[test]
fn p02_silence_ends_with_timer_b() {
    check(
        "32 timer_b",
        expect![[r#"
        32.000  silence, try another trunk
    "#]],
    );
}

#[test]
fn p03_only_100_is_cancelled_when_nothing_rings() {
    check(
        "0.1 100; 20.1 487",
        expect![[r#"
            20.000  CANCEL
            20.100  no_ringing 487
        "#]],
    );
}

#[test]
fn p04_a_confirmed_cancel_without_a_final_response_ends_after_64_t1() {
    check(
        "0.1 180; 5.2 cancel:200",
        expect![[r#"
            00.100  rings
            05.100  CANCEL
            37.100  completed
        "#]],
    );
}

#[test]
fn p05_an_unanswered_cancel_is_unconfirmed() {
    check(
        "0.1 180",
        expect![[r#"
            00.100  rings
            05.100  CANCEL
            37.100  cancel_unconfirmed
        "#]],
    );
}

#[test]
fn p06_p07_a_refused_cancel_changes_nothing() {
    for code in ["481", "500", "408", "403"] {
        check(
            &format!("0.1 180; 5.2 cancel:{code}; 5.3 487"),
            expect![[r#"
                00.100  rings
                05.100  CANCEL
                05.300  completed 487
            "#]],
        );
    }
}

#[test]
fn p09_a_decline_after_ringing_is_not_retried() {
    check(
        "0.1 180; 2 480",
        expect![[r#"
            00.100  rings
            02.000  declined 480
        "#]],
    );
}

#[test]
fn p09_a_6xx_is_never_retried_whatever_its_reason_says() {
    for (code, expected) in [
        (
            "600",
            expect![[r#"
            00.100  busy 600
        "#]],
        ),
        (
            "603/41",
            expect![[r#"
            00.100  declined 603
        "#]],
        ),
        (
            "604",
            expect![[r#"
            00.100  unallocated 604
        "#]],
        ),
        (
            "606/41",
            expect![[r#"
            00.100  trunk_failure 606
        "#]],
        ),
        (
            "607/41",
            expect![[r#"
            00.100  trunk_failure 607
        "#]],
        ),
        (
            "608/34",
            expect![[r#"
            00.100  trunk_failure 608
        "#]],
        ),
    ] {
        check(&format!("0.1 {code}"), expected);
    }
}

#[test]
fn p19_181_182_183_and_199_do_not_ring() {
    check(
        "0.1 181; 0.2 182; 0.3 183; 0.4 199; 0.5 180; 5.6 487",
        expect![[r#"
            00.500  rings
            05.500  CANCEL
            05.600  completed 487
        "#]],
    );
}

#[test]
fn p19_a_183_rings_where_the_profile_says_so_and_a_180_after_it_restarts_the_clock() {
    check(
        "early; 0.1 183; 2 180; 7.1 487",
        expect![[r#"
            00.100  rings
            07.000  CANCEL
            07.100  completed 487
        "#]],
    );
}

#[test]
fn repeated_180s_do_not_prolong_the_ringing() {
    check(
        "0.1 180; 1 180; 3 180; 5.2 487",
        expect![[r#"
            00.100  rings
            05.100  CANCEL
            05.200  completed 487
        "#]],
    );
}

#[test]
fn a_silent_trunk_is_taken_to_ring_after_the_assumed_time() {
    check(
        "assume; 0.5 100; 9.6 487",
        expect![[r#"
            04.000  rings
            09.000  CANCEL
            09.600  completed 487
        "#]],
    );
}

#[test]
fn p27_an_answer_before_the_end_is_answered() {
    check(
        "0.1 180; 1.2 200",
        expect![[r#"
            00.100  rings
            01.200  answered 200
        "#]],
    );
}

#[test]
fn an_answer_within_a_second_or_without_ringing_is_suspect() {
    check(
        "0.1 180; 0.9 200",
        expect![[r#"
        00.100  rings
        00.900  answered_suspect 200
    "#]],
    );
    check(
        "0.1 100; 3 200",
        expect![[r#"
        03.000  answered_suspect 200
    "#]],
    );
}

#[test]
fn r01_a_200_that_crosses_the_cancel_was_answered_in_race() {
    check(
        "0.1 180; 5.2 200; 5.3 cancel:200; 5.4 200",
        expect![[r#"
            00.100  rings
            05.100  CANCEL
            05.200  answered_in_race 200
        "#]],
    );
}

#[test]
fn r03_a_486_that_crosses_the_cancel_still_rang_as_planned() {
    check(
        "0.1 180; 5.2 486; 5.3 cancel:481",
        expect![[r#"
            00.100  rings
            05.100  CANCEL
            05.200  completed 486
        "#]],
    );
}

#[test]
fn r06_hang_up_deadline_and_decline_at_once_end_once() {
    check(
        "0.1 180; 5.1 hang_up; 5.1 603; 5.1 hang_up; 5.1 487",
        expect![[r#"
            00.100  rings
            05.100  CANCEL
            05.100  completed 603
        "#]],
    );
}

#[test]
fn a_withdrawn_call_is_cancelled_at_once_or_at_the_first_provisional() {
    check(
        "0.1 180; 1 hang_up; 1.1 487",
        expect![[r#"
            00.100  rings
            01.000  CANCEL
            01.100  withdrawn 487
        "#]],
    );
    check(
        "0.1 hang_up; 1 100; 1.1 487",
        expect![[r#"
            01.000  CANCEL
            01.100  withdrawn 487
        "#]],
    );
    check(
        "0.1 hang_up; 32 timer_b",
        expect![[r#"
        32.000  withdrawn
    "#]],
    );
    check(
        "0.1 hang_up; 1 503",
        expect![[r#"
        01.000  withdrawn 503
    "#]],
    );
    check(
        "0.1 100; 0.2 hang_up; 0.3 503",
        expect![[r#"
        00.200  CANCEL
        00.300  trunk_failure 503
    "#]],
    );
}

#[test]
fn only_the_trunks_own_trouble_before_ringing_tries_another_trunk() {
    check(
        "0.1 503",
        expect![[r#"
        00.100  trunk_failure 503, try another trunk
    "#]],
    );
    check(
        "0.1 180; 0.2 503",
        expect![[r#"
        00.100  rings
        00.200  trunk_failure 503
    "#]],
    );
    check(
        "0.1 404",
        expect![[r#"
        00.100  unallocated 404
    "#]],
    );
    check(
        "0.1 404/34",
        expect![[r#"
            00.100  trunk_failure 404, try another trunk
        "#]],
    );
    check(
        "0.1 unsent",
        expect![[r#"
        00.100  unsent, try another trunk
    "#]],
    );
}

/// `script` is `flags; <seconds> <code[/Q.850 cause] | cancel:code | timer_b | unsent | hang_up | stop>; …`.
#[track_caller]
fn check(script: &str, expected: Expect) {
    expected.assert_eq(&played(script));
}

fn played(script: &str) -> String {
    let start = origin();
    let mut plan = Plan {
        ring: Duration::from_secs(5),
        alerting: Alerting::Ringing,
        assume_ringing_after: None,
        no_ringing_after: Duration::from_secs(20),
        patience: Duration::from_secs(32),
    };
    let mut steps: Vec<&str> = script.split(';').map(str::trim).collect();
    match steps[0] {
        "early" => plan.alerting = Alerting::Early,
        "assume" => plan.assume_ringing_after = Some(Duration::from_secs(4)),
        _ => steps.insert(0, ""),
    }
    let mut call = Outbound::start(plan, start);
    let mut lines = String::new();
    for step in &steps[1..] {
        let (at, what) = step.split_once(' ').unwrap();
        let at = start + Duration::from_secs_f64(at.parse().unwrap());
        run_until(&mut call, start, Some(at), &mut lines);
        let step = match what.strip_prefix("cancel:") {
            Some(code) => {
                call.on_cancel_response(code.parse().unwrap());
                Step::default()
            }
            None => input(&mut call, what, at),
        };
        print(step, at - start, &mut lines);
    }
    run_until(&mut call, start, None, &mut lines);
    assert_eq!(call.state_name(), "ended", "a call that lives has a deadline");
    lines
}

fn input(call: &mut Outbound, what: &str, at: Instant) -> Step {
    match what {
        "timer_b" => call.on_invite_timeout(),
        "unsent" => call.on_transport_error(),
        "hang_up" => call.hang_up(at),
        "stop" => call.stop(at),
        code => {
            let (code, cause) = code.split_once('/').unwrap_or((code, ""));
            match code.parse().unwrap() {
                code @ 100..200 => call.on_provisional(code, at),
                code @ 200..300 => call.on_success(code, at),
                code => call.on_failure(code, cause.parse().ok()),
            }
        }
    }
}

fn run_until(call: &mut Outbound, start: Instant, limit: Option<Instant>, lines: &mut String) {
    while let Some(wake) = call.next_wake() {
        if limit.is_some_and(|limit| wake.at > limit) {
            return;
        }
        let step = call.on_timeout(wake.at);
        print(step, wake.at - start, lines);
    }
}

fn print(step: Step, at: Duration, lines: &mut String) {
    let at = at.as_secs_f64();
    if step.rings {
        *lines += &format!("{at:06.3}  rings\n");
    }
    if step.cancel {
        *lines += &format!("{at:06.3}  CANCEL\n");
    }
    if let Some(ended) = step.ended {
        let code = ended.code.map(|code| format!(" {code}")).unwrap_or_default();
        let next = if ended.may_fail_over { ", try another trunk" } else { "" };
        *lines += &format!("{at:06.3}  {}{code}{next}\n", ended.outcome);
    }
}

#[test]
fn p02_r04_a_phone_that_begins_to_ring_while_the_call_is_given_up_has_the_call() {
    check(
        "0.1 100; 20.05 180; 20.1 487",
        expect![[r#"
            20.000  CANCEL
            20.050  rings
            20.100  withdrawn 487
        "#]],
    );
    check(
        "0.1 100; 20.05 180; 20.1 480",
        expect![[r#"
            20.000  CANCEL
            20.050  rings
            20.100  declined 480
        "#]],
    );
    check(
        "0.1 100; 20.05 180; 20.06 cancel:200",
        expect![[r#"
            20.000  CANCEL
            20.050  rings
            52.000  withdrawn
        "#]],
    );
}

#[test]
fn r13_a_stop_hangs_up_as_a_client_does_and_is_told_from_it() {
    for (before, after) in [
        ("0.1 180; 1 stop; 1.1 487", "00.100  rings\n01.000  CANCEL\n01.100  restarted 487\n"),
        ("0.1 stop; 1 100; 1.1 487", "01.000  CANCEL\n01.100  restarted 487\n"),
        ("0.1 stop; 32 timer_b", "32.000  restarted\n"),
        ("0.1 stop; 1 503", "01.000  restarted 503\n"),
        // What the trunk says of the phone is truer than that we hung up.
        ("0.1 100; 0.2 stop; 0.3 404", "00.200  CANCEL\n00.300  unallocated 404\n"),
        // Whoever was first.
        ("0.1 100; 0.2 hang_up; 0.3 stop; 0.4 487", "00.200  CANCEL\n00.400  withdrawn 487\n"),
        ("0.1 180; 5.2 stop; 5.3 487", "00.100  rings\n05.100  CANCEL\n05.300  completed 487\n"),
    ] {
        assert_eq!(played(before), after, "{before}");
    }
}

#[test]
fn an_answer_that_crosses_the_cancel_of_a_silent_phone_is_suspect() {
    check(
        "0.1 100; 20.05 200",
        expect![[r#"
        20.000  CANCEL
        20.050  answered_suspect 200
    "#]],
    );
    check(
        "0.1 100; 20.02 180; 20.05 200",
        expect![[r#"
        20.000  CANCEL
        20.020  rings
        20.050  answered_in_race 200
    "#]],
    );
}

#[test]
fn the_assumed_ringing_waits_for_a_provisional_response() {
    check(
        "assume; 6 100; 11.1 487",
        expect![[r#"
        06.000  rings
        11.000  CANCEL
        11.100  completed 487
    "#]],
    );
}
