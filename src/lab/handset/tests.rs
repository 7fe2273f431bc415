//! What is said at the start.

use expect_test::{Expect, expect};

use super::*;

fn check(rules: &[&str], expected: &Expect) {
    let rules: Vec<Rule> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let mut table = vec![];
    write_table(&rules, &mut table).unwrap();
    let lines = String::from_utf8(table).unwrap();
    expected.assert_eq(&lines.lines().map(|line| format!("|{line}\n")).collect::<String>());
}

#[test]
fn rules_hide_what_they_stand_before() {
    check(
        &["=busy"],
        &expect![[r#"
            |  every other number: busy
        "#]],
    );
    check(
        &["77=busy", "1=declines", "2=busy", "3=silent", "01=rings", "77=rings"],
        &expect![[r#"
            |  …77   busy  (never: a later rule has the same suffix)
            |  …1    declines
            |  …2    busy
            |  …3    silent
            |  …01   rings
            |  …77   rings
            |  …04   refuses:404
            |  …05   silent
            |  …06   trying-only
            |  …07   early-media-then-rings
            |  …08   early-media-then-busy
            |  …09   answers:3000ms
            |  …10   answers-at-once
            |  …14   forks
            |  …15   answers-twice
            |  …16   final-repeated
            |  …17   ack-lost
            |  …18   refuses:503
            |  …19   refuses:484
            |  …20   redirects
            |  …24   rings-late:6000ms
            |  …25   early-media
            |  …26   cancel-refused
            |  …27   final-first
            |  …28   late-trying
            |  …29   storms
            |  …30   hangs-up
            |  every other number rings until the caller hangs up
        "#]],
    );
    // A longer suffix leaves the rest of a row as it is.
    let mut table = vec![];
    write_table(&["501=rings".parse().unwrap()], &mut table).unwrap();
    assert!(String::from_utf8(table).unwrap().contains("\n  …01   busy\n"));
}
