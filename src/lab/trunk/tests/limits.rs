//! Bounds, and what chance does.

use std::time::Duration;

use expect_test::expect;

use super::super::testing::{Caller, Manners, run, settings};
use crate::lab::{Quality, Settings, Wire};

#[test]
fn requests_outside_a_call_are_answered_and_leave_no_trace() {
    let trace = run(settings(), Manners::Good, "67", "0 OPTIONS; 1 INFO; 2 INVITE~tag; 3 BYE~tag");
    expect![[r#"
        00.000  -> OPTIONS
        00.000  <- 200 OPTIONS a
        01.000  -> INFO
        01.000  <- 405 INFO a
        02.000  -> INVITE~tag
        02.000  <- 481 b
        02.000  !! violation: an INVITE with a To tag, a flash call is never changed
        02.000  -> ACK
        02.000  !! violation: an ACK where nothing was to be acknowledged
        03.000  -> BYE~tag
        03.000  <- 481 BYE b
        03.000  !! violation: a BYE outside any dialog
        quiet
    "#]]
    .assert_eq(&trace);
}

#[test]
fn a_phone_that_was_answered_before_it_rang_does_not_ring_later() {
    // Its 180 was due at 0.300.
    let trace = run(settings(), Manners::Good, "11", "0.1 CANCEL");
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.100  -> CANCEL
        00.100  <- 200 a
        00.100  <- 200 CANCEL a
        00.100  !! answered after 0.000
        00.100  -> ACK
        00.100  -> BYE
        00.100  <- 200 BYE a
        quiet
    "#]]
    .assert_eq(&trace);
}

#[test]
fn a_full_trunk_sheds_and_recovers() {
    let settings = Settings { transactions_max: 1, ..settings() };
    let script = "1 INVITE~call; 2 CANCEL; 60 INVITE~call; 61 CANCEL~call";
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        01.000  -> INVITE~call
        01.000  <- 503 b
        01.000  !! violation: an INVITE to a phone that still rings
        01.000  -> ACK
        02.000  -> CANCEL
        02.000  <- 200 CANCEL a
        02.000  <- 487 a
        02.000  !! missed after 1.700
        02.000  -> ACK
        60.000  -> INVITE~call
        60.000  <- 100
        60.300  <- 180 c
        60.300  !! rings
        61.000  -> CANCEL~call
        61.000  <- 200 CANCEL c
        61.000  <- 487 c
        61.000  !! missed after 0.700
        61.000  -> ACK
        quiet
    "#]]
    .assert_eq(&run(settings, Manners::Good, "67", script));
}

#[test]
fn events_that_nobody_reads_are_counted() {
    let settings = Settings { events_max: 1, ..settings() };
    let mut caller = Caller::new(settings, Manners::None, "02");
    let at = caller.send_unread("INVITE");
    for second in [1, 10] {
        caller.trunk.on_timeout(at + Duration::from_secs(second));
    }
    assert_eq!(caller.trunk.counts().events_shed, 1);
}

#[test]
fn a_stopped_trunk_refuses_what_rings_and_what_comes() {
    let trace = run(settings(), Manners::Good, "67", "2 stop; 3 INVITE~call; 4 OPTIONS");
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.300  <- 180 a
        00.300  !! rings
        02.000  <- 503 a
        02.000  !! stopped after 1.700
        02.000  -> ACK
        03.000  -> INVITE~call
        03.000  <- 503 b
        03.000  -> ACK
        04.000  -> OPTIONS
        04.000  <- 503 OPTIONS b
        quiet
    "#]]
    .assert_eq(&trace);
}

#[test]
fn a_stopped_trunk_refuses_what_has_not_rung_yet() {
    let trace = run(settings(), Manners::Good, "67", "0.1 stop");
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 100
        00.100  <- 503 a
        00.100  !! refused 503
        00.100  -> ACK
        quiet
    "#]]
    .assert_eq(&trace);
}

#[test]
fn s07_the_same_entropy_gives_the_same_bytes() {
    let play = || run(wild(), Manners::Good, "22", "0.5 INVITE; 1 INVITE; 2 CANCEL; 2.5 CANCEL");
    assert_eq!(play(), play());
}

#[test]
fn t15_lost_and_repeated_packets_are_no_violations() {
    for suffix in ["22", "23", "67"] {
        let script = "0.5 INVITE; 1.5 INVITE; 6 CANCEL; 6.5 CANCEL; 7.5 CANCEL; 9.5 CANCEL";
        let trace = run(wild(), Manners::Good, suffix, script);
        assert!(!trace.contains("violation"), "{trace}");
        assert!(trace.ends_with("quiet\n") && !trace.ends_with("not quiet\n"), "{trace}");
    }
    let repeated = run(settings(), Manners::Good, "23", "2 CANCEL");
    assert!(repeated.matches("<- 180").count() + repeated.matches("<- 487").count() > 2);
}

fn wild() -> Settings {
    let quality = Quality { lost: 200, repeated: 200 };
    Settings { quality, wire: Wire::Wild, ..settings() }
}
