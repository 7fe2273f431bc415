//! A trunk's health told as a history: seconds and what happened, then how it stands and what it waits
//! for.
#![expect(clippy::disallowed_methods, reason = "virtual time starts somewhere")]

use expect_test::{Expect, expect};

use super::*;

/// Plays `<seconds> <word>; …`; every word is followed by how the trunk stands.
#[track_caller]
fn check(interval: Option<u64>, script: &str, expected: Expect) {
    let start = Instant::now();
    let mut health = Health::new(interval.map(Duration::from_secs));
    health.start(start);
    let mut trace = String::new();
    for step in script.split(';').map(str::trim) {
        let (at, word) = step.split_once(' ').unwrap();
        let now = start + Duration::from_secs(at.parse().unwrap());
        health.on_timeout(now);
        match word {
            "answer" => health.on_answer(now),
            "silent_call" => health.on_silent_call(now),
            "call" => health.on_call(now),
            "start" => health.start(now),
            "look" => {}
            probe => {
                assert!(health.should_ask(now), "{step}");
                health.on_asked();
                assert!(!health.should_ask(now), "one at a time");
                let probe = match probe {
                    "undelivered" => Probe::Undelivered,
                    "skipped" => Probe::Skipped,
                    "silence" => Probe::Silence,
                    code => Probe::of_status(code.parse().unwrap()),
                };
                health.on_probed(probe, now);
            }
        }
        let stands = if health.is_up() { "up" } else { "down" };
        let calls = if health.takes_calls(now) { "takes calls" } else { "takes none" };
        let wake = health.next_wake().map(|wake| format!("{} at {:?}", wake.why, wake.at - start));
        trace += &format!("{at} {word}: {stands}, {calls}; {}\n", wake.unwrap_or("-".to_owned()));
    }
    expected.assert_eq(&trace);
}

#[test]
fn f11_a_quiet_trunk_is_asked_and_two_silences_take_it_down() {
    check(
        Some(30),
        "30 200; 60 silence; 61 silence; 62 look",
        expect![[r#"
            30 200: up, takes calls; probe at 60s
            60 silence: up, takes calls; probe at 61s
            61 silence: down, takes none; probe at 62s
            62 look: down, takes none; probe at 62s
        "#]],
    );
}

#[test]
fn f11_whoever_is_heard_of_is_not_asked() {
    check(
        Some(30),
        "0 look; 10 answer; 29 answer; 59 404",
        expect![[r#"
        0 look: up, takes calls; probe at 30s
        10 answer: up, takes calls; probe at 40s
        29 answer: up, takes calls; probe at 59s
        59 404: up, takes calls; probe at 89s
    "#]],
    );
}

#[test]
fn f11_a_trunk_that_never_answered_options_is_not_taken_down_by_its_silence() {
    check(
        Some(30),
        "30 silence; 60 silence; 90 silence; 120 503",
        expect![[r#"
        30 silence: up, takes calls; probe at 60s
        60 silence: up, takes calls; probe at 90s
        90 silence: up, takes calls; probe at 120s
        120 503: up, takes calls; probe at 150s
    "#]],
    );
}

#[test]
fn f11_what_the_network_says_counts_always() {
    check(
        Some(30),
        "30 undelivered; 31 undelivered",
        expect![[r#"
        30 undelivered: up, takes calls; probe at 31s
        31 undelivered: down, takes none; probe at 32s
    "#]],
    );
}

#[test]
fn f11_three_silent_calls_take_it_down_and_a_probe_brings_it_back() {
    check(
        None,
        "1 silent_call; 2 silent_call; 3 silent_call; 4 silence; 5 503; 7 408; 11 skipped; 19 200",
        expect![[r#"
            1 silent_call: up, takes calls; -
            2 silent_call: up, takes calls; -
            3 silent_call: down, takes none; probe at 4s
            4 silence: down, takes none; probe at 5s
            5 503: down, takes none; probe at 7s
            7 408: down, takes none; probe at 11s
            11 skipped: down, takes none; probe at 19s
            19 200: up, takes calls; -
        "#]],
    );
}

#[test]
fn f11_to_begin_again_changes_no_plan() {
    check(
        None,
        "1 silent_call; 2 silent_call; 3 silent_call; 3 start; 4 silence; 4 start",
        expect![[r#"
            1 silent_call: up, takes calls; -
            2 silent_call: up, takes calls; -
            3 silent_call: down, takes none; probe at 4s
            3 start: down, takes none; probe at 4s
            4 silence: down, takes none; probe at 5s
            4 start: down, takes none; probe at 5s
        "#]],
    );
    check(Some(30), "10 start", expect!["10 start: up, takes calls; probe at 30s\n"]);
}

#[test]
fn f11_probes_of_a_dead_trunk_become_rare_and_never_stop() {
    check(
        None,
        "0 silent_call; 0 silent_call; 0 silent_call; 1 undelivered; 2 undelivered; 4 undelivered; \
         8 undelivered; 16 undelivered; 32 undelivered; 64 undelivered; 96 undelivered",
        expect![[r#"
            0 silent_call: up, takes calls; -
            0 silent_call: up, takes calls; -
            0 silent_call: down, takes none; probe at 1s
            1 undelivered: down, takes none; probe at 2s
            2 undelivered: down, takes none; probe at 4s
            4 undelivered: down, takes none; probe at 8s
            8 undelivered: down, takes none; probe at 16s
            16 undelivered: down, takes none; call to a trunk that is down at 30s
            32 undelivered: down, takes calls; probe at 64s
            64 undelivered: down, takes calls; probe at 96s
            96 undelivered: down, takes calls; probe at 128s
        "#]],
    );
}

#[test]
fn f11_a_trunk_that_is_down_gets_a_call_now_and_then() {
    check(
        None,
        "0 silent_call; 0 silent_call; 0 silent_call; 29 look; 30 look; 31 call; 60 look; 61 answer",
        expect![[r#"
            0 silent_call: up, takes calls; -
            0 silent_call: up, takes calls; -
            0 silent_call: down, takes none; probe at 1s
            29 look: down, takes none; probe at 1s
            30 look: down, takes calls; probe at 1s
            31 call: down, takes none; probe at 1s
            60 look: down, takes none; probe at 1s
            61 answer: up, takes calls; -
        "#]],
    );
}
