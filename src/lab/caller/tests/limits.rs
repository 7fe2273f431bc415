//! Bounds, the ends of everything, and what is not SIP.

use expect_test::expect;

use super::super::testing::{Callee, dial, manner, run, settings};
use super::super::{Command, Settings};

#[test]
fn a_full_caller_sheds_and_recovers() {
    let mut callee = Callee::new(Settings { transactions_max: 1, ..settings() });
    let call = Command::Dial(dial(manner("national", "waits")));
    callee.command(call);
    callee.command(call);
    callee.say("486");
    callee.run_until(60.0);
    callee.command(call);
    expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.000  !! ended: shed, not as told
        00.000  -> 486
        00.000  <- ACK a
        00.000  !! refused 486 after 0.000
        00.000  !! ended: refused, acknowledged
        60.000  <- INVITE (second)
        60.000  !! dialled 3
        60.500  <- INVITE (second)
        61.500  <- INVITE (second)
        63.500  <- INVITE (second)
        67.500  <- INVITE (second)
        75.500  <- INVITE (second)
        91.500  <- INVITE (second)
        92.000  !! lapse: no response at all came
        92.000  !! ended: silent, not as told
        quiet
    "#]]
    .assert_eq(&callee.end());
}

#[test]
fn events_that_nobody_reads_are_counted() {
    let mut callee = Callee::new(Settings { events_max: 0, ..settings() });
    callee.command(Command::Dial(dial(manner("forwarded", "forged"))));
    assert_eq!(callee.caller.counts().events_shed, 2);
    assert!(callee.caller.is_quiet());
}

#[test]
fn a_caller_that_stops_hangs_up_and_does_not_dial() {
    let mut callee = Callee::new(settings());
    callee.command(Command::Dial(dial(manner("international", "waits"))));
    callee.say("180");
    assert!(!callee.caller.is_done());
    callee.say("stop");
    assert!(!callee.caller.is_done());
    callee.command(Command::Dial(dial(manner("international", "waits"))));
    callee.say("200 CANCEL");
    callee.say("487");
    assert!(callee.caller.is_done());
    expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.000  -> 180
        00.000  !! rings after 0.000
        00.000  -> stop
        00.000  <- CANCEL
        00.000  !! hung up
        00.000  !! ended: shed, not as told
        00.000  -> 200 CANCEL
        00.000  -> 487
        00.000  <- ACK a
        00.000  !! refused 487 after 0.000
        00.000  !! ended: refused, acknowledged
        quiet
    "#]]
    .assert_eq(&callee.end());
}

#[test]
fn a_caller_that_is_told_twice_waits_for_nothing() {
    let mut callee = Callee::new(settings());
    callee.command(Command::Dial(dial(manner("international", "waits"))));
    callee.say("stop");
    assert!(!callee.caller.is_done());
    callee.say("stop");
    assert!(callee.caller.is_done());
}

#[test]
fn an_invite_that_the_network_gives_back_ends_the_call() {
    expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.100  -> gone
        00.100  !! ended: unreachable, not as told
        quiet
    "#]]
    .assert_eq(&run(settings(), "waits", "0.1 gone"));
    // Once somebody has spoken it is a copy that is lost.
    let trace = run(settings(), "waits", "0.1 180; 0.2 gone; 1 486");
    assert!(trace.contains("ended: refused"), "{trace}");
}

#[test]
fn requests_are_answered_and_leave_no_trace() {
    let script = "0.1 OPTIONS; 0.2 BYE; 0.3 INVITE; 0.4 noise; 0.5 486";
    expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.100  -> OPTIONS
        00.100  <- 200
        00.200  -> BYE
        00.200  <- 481
        00.300  -> INVITE
        00.300  <- 486
        00.400  -> noise
        00.500  <- INVITE
        00.500  -> 486
        00.500  <- ACK a
        00.500  !! refused 486 after 0.500
        00.500  !! ended: refused, acknowledged
        quiet
    "#]]
    .assert_eq(&run(settings(), "waits", script));
}

#[test]
fn s07_the_same_entropy_gives_the_same_bytes() {
    let bytes = || {
        let mut callee = Callee::new(settings());
        callee.caller.on_command(Command::Dial(dial(manner("anonymous", "merged"))), callee.now());
        let mut sent = vec![];
        while let Some((_, datagram)) = callee.caller.poll_transmit() {
            sent.extend_from_slice(datagram);
        }
        String::from_utf8(sent).unwrap()
    };
    assert_eq!(bytes(), bytes());
    let (first, second) = bytes()
        .split_once("INVITE sip:")
        .map(|(_, rest)| {
            let (first, second) = rest.split_once("INVITE sip:").unwrap();
            (first.to_owned(), second.to_owned())
        })
        .unwrap();
    let differing: Vec<_> = first.lines().zip(second.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(differing.len(), 1, "{differing:?}");
    assert!(differing[0].0.starts_with("Via: "));
}
