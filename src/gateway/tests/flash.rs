//! The life of a flash call on the wire.

use std::time::Duration;

use expect_test::expect;

use super::world::{World, check};
use crate::gateway::{Command, Input};
use crate::sip::{Message, Method};
use crate::verify::snapshot::Reason;

#[test]
fn p01_rings_and_is_cancelled_at_the_planned_time() {
    check(
        "0.1 100; 1.5 180; 6.52 200 CANCEL; 6.53 487",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 100 INVITE
        01.500  <- 180 INVITE
        01.500  == rings
        06.500  -> CANCEL
        06.520  <- 200 CANCEL
        06.530  <- 487 INVITE
        06.530  -> ACK
        06.530  == completed 487 by us
        78.530  quiet
    "#]],
    );
}

#[test]
fn p01_the_cancel_repeats_what_the_invite_said() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.run("0.1 180; 5.2 200 CANCEL; 5.2 487 INVITE a");
    let [invite, cancel, ack] =
        [Method::Invite, Method::Cancel, Method::Ack].map(|method| world.newest(method));
    let same = |one: &[u8], other: &[u8], name: &str| {
        let pick = |text: &[u8]| {
            let text = String::from_utf8(text.to_vec()).unwrap();
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        assert_eq!(pick(one), pick(other));
    };
    for name in ["Via", "From", "Call-ID", "To"] {
        same(&invite, &cancel, name);
    }
    for name in ["Via", "From", "Call-ID"] {
        same(&invite, &ack, name);
    }
    let request_uri = |text: &[u8]| match Message::parse(text).unwrap().start() {
        crate::sip::Start::Request(line) => line.uri.to_vec(),
        crate::sip::Start::Response(_) => unreachable!("a request was sent"),
    };
    assert_eq!(request_uri(&invite), request_uri(&cancel));
    assert_eq!(request_uri(&invite), request_uri(&ack));
    let number = |text: &[u8]| Message::parse(text).unwrap().cseq().unwrap().number;
    assert_eq!(number(&invite), number(&cancel));
    assert_eq!(Message::parse(&ack).unwrap().to().unwrap().tag(), Some(&b"a"[..]));
    assert!(!String::from_utf8(cancel).unwrap().contains("Require"));
}

#[test]
fn p02_nothing_at_all_is_repeated_seven_times_and_ends_with_timer_b() {
    check(
        "",
        expect![[r#"
        00.000  -> INVITE
        00.500  -> INVITE
        01.500  -> INVITE
        03.500  -> INVITE
        07.500  -> INVITE
        15.500  -> INVITE
        31.500  -> INVITE
        32.000  == silence by carrier
        32.000  == failed no_trunk
        72.000  quiet
    "#]],
    );
}

#[test]
fn p04_a_200_to_cancel_without_a_final_response_ends_after_64_t1() {
    check(
        "0.1 180; 5.15 200 CANCEL",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        05.100  -> CANCEL
        05.150  <- 200 CANCEL
        37.100  == completed by us
        77.150  quiet
    "#]],
    );
}

#[test]
fn p05_an_unanswered_cancel_is_repeated_and_both_end() {
    check(
        "0.1 180",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        05.100  -> CANCEL
        05.600  -> CANCEL
        06.600  -> CANCEL
        08.600  -> CANCEL
        12.600  -> CANCEL
        16.600  -> CANCEL
        20.600  -> CANCEL
        24.600  -> CANCEL
        28.600  -> CANCEL
        32.600  -> CANCEL
        36.600  -> CANCEL
        37.100  == cancel_unconfirmed by us
        72.100  quiet
    "#]],
    );
}

#[test]
fn p08_each_repeated_487_gets_an_ack_and_one_end() {
    check(
        "0.1 180; 5.15 200 CANCEL; 5.2 487; 5.7 487; 6.7 487",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        05.100  -> CANCEL
        05.150  <- 200 CANCEL
        05.200  <- 487 INVITE
        05.200  -> ACK
        05.200  == completed 487 by us
        05.700  <- 487 INVITE
        05.700  -> ACK
        06.700  <- 487 INVITE
        06.700  -> ACK
        78.700  quiet
    "#]],
    );
}

#[test]
fn p09_an_early_refusal_fails_in_the_same_moment() {
    check(
        "0.1 404",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 404 INVITE
        00.100  -> ACK
        00.100  == unallocated 404 by carrier
        00.100  == failed number_unallocated
        72.100  quiet
    "#]],
    );
}

#[test]
fn p19_a_storm_of_provisionals_grows_nothing() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    for round in 0..500 {
        let code = [183, 181, 182, 199][round % 4];
        let response = world.response(Method::Invite, code, &format!("tag{round}"), "");
        world.receive(&response);
    }
    let state = world.gateway.describe(world.now);
    assert_eq!(state.tables[0].1, 1);
    assert_eq!(state.tables[1].1, 1);
    assert_eq!(world.sent.len(), 1, "no media, no PRACK, nothing but the INVITE");
}

#[test]
fn p21_forks_that_ring_are_one_call_and_one_cancel() {
    check(
        "0.1 180 INVITE a; 0.2 180 INVITE b; 0.3 180 INVITE c; 5.2 200 CANCEL; 5.3 487 INVITE p",
        expect![[r#"
            00.000  -> INVITE
            00.100  <- 180 INVITE
            00.100  == rings
            00.200  <- 180 INVITE
            00.300  <- 180 INVITE
            05.100  -> CANCEL
            05.200  <- 200 CANCEL
            05.300  <- 487 INVITE
            05.300  -> ACK
            05.300  == completed 487 by us
            77.300  quiet
        "#]],
    );
}

#[test]
fn p33_an_unreachable_trunk_fails_at_once() {
    check(
        "0.001 unreachable",
        expect![[r#"
        00.000  -> INVITE
        00.001  <- ICMP port unreachable
        00.001  == unsent by us
        00.001  == failed no_trunk
        72.001  quiet
    "#]],
    );
}

#[test]
fn r02_an_answer_before_the_cancel_leaves_means_no_cancel() {
    check(
        "0.1 180; 3 200",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        03.000  <- 200 INVITE
        03.000  -> ACK
        03.000  -> BYE
        03.000  == answered 200 by callee
        03.500  -> BYE
        04.500  -> BYE
        06.500  -> BYE
        10.500  -> BYE
        14.500  -> BYE
        18.500  -> BYE
        22.500  -> BYE
        26.500  -> BYE
        30.500  -> BYE
        34.500  -> BYE
        75.000  quiet
    "#]],
    );
}

/// The first 180 comes `micros` after 4.999 s, in the tick in which nothing has rung for too long.
fn first_180_at_the_deadline(micros: u64, is_timer_first: bool) -> World {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| {
        profile.no_ringing_after = Duration::from_secs(5);
    });
    world.place();
    let [trying, ringing] = [100, 180].map(|code| world.response(Method::Invite, code, "a", ""));
    world.receive(&trying);
    world.run_until(world.start + Duration::from_millis(4_998));
    world.now = world.start + Duration::from_micros(4_999_000 + micros);
    if is_timer_first {
        world.handle(Input::Timeout);
        world.receive(&ringing);
    } else {
        world.receive(&ringing);
        world.handle(Input::Timeout);
    }
    // The ring time passes too, if it has begun.
    for _ in 0..2 {
        world.run_until(world.now + Duration::from_millis(100));
        if world.trace.contains("-> CANCEL") {
            let done = world.response(Method::Cancel, 200, "a", "");
            world.receive(&done);
            let terminated = world.response(Method::Invite, 487, "a", "");
            world.receive(&terminated);
        }
        world.run_until(world.now + Duration::from_millis(4_910));
    }
    world
}

#[test]
fn r04_the_first_180_in_the_tick_of_the_deadline_makes_one_cancel_in_either_order() {
    for micros in (0..2_000).step_by(2) {
        for is_timer_first in [false, true] {
            let world = first_180_at_the_deadline(micros, is_timer_first);
            let count = |word: &str| world.trace.matches(word).count();
            assert_eq!(count("-> CANCEL"), 1, "{micros} {is_timer_first}: {}", world.trace);
            assert_eq!(count(" by "), 1, "{micros} {is_timer_first}: {}", world.trace);
        }
    }
}

#[test]
fn r13_a_stop_hangs_up_what_rings_and_takes_nothing_new() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive(&ringing);
    world.handle(Input::Command(Command::Drain));
    assert!(!world.gateway.is_drained());
    let order = super::world::order(&world.verify, "+46701740606", world.now);
    world.handle(Input::Command(Command::Place(order.clone())));
    assert_eq!(order.call.ending().unwrap().outcome.as_str(), "restarted");
    let end = world.response(Method::Invite, 487, "a", "");
    world.receive(&end);
    assert!(world.gateway.is_drained());
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 180 INVITE
        00.000  == rings
        00.000  -> CANCEL
        00.000  == restarted by us
        00.000  == failed restarted
        00.000  <- 487 INVITE
        00.000  -> ACK
        00.000  == restarted 487 by us
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn r13_a_verification_whose_call_a_stop_hangs_up_fails_at_once_unless_its_phone_rang() {
    let end = |before: &str| {
        let mut world = World::new(&["192.0.2.1:5060"]);
        world.place();
        world.play_all(before);
        world.handle(Input::Command(Command::Drain));
        let end = world.response(Method::Invite, 487, "a", "");
        world.receive(&end);
        let outcome = world.order.call.ending().unwrap().outcome.as_str();
        let found = world.verify.get(world.order.verification, world.now).unwrap();
        (outcome, found.status.as_str(), found.reason.map(Reason::as_str))
    };
    assert_eq!(end("0.1 100"), ("restarted", "failed", Some("restarted")));
    // Its code is in the phone's log.
    assert_eq!(end("0.1 100; 0.2 180"), ("restarted", "pending", None));
}

#[test]
fn p18_a_redirection_is_never_followed() {
    let many = vec!["<sip:x@198.51.100.9>"; 60].join(", ");
    for contact in [
        "<sip:+46701740999@192.0.2.1>",
        "<sip:+46701740605@192.0.2.1>",
        "<tel:+881600000000>",
        "<sip:x@127.0.0.1:25>",
        &many,
    ] {
        let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
        world.place();
        let contact = format!("Contact: {contact}");
        let response = world.response(Method::Invite, 302, "a", &contact);
        world.receive(&response);
        assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "redirected");
        world.run_until(world.now + Duration::from_secs(72));
        let invites = world.sent.iter().filter(|(_, bytes)| bytes.starts_with(b"INVITE")).count();
        assert_eq!(invites, 1, "{contact}");
        assert!(world.sent.iter().all(|(to, _)| to.to_string() == "192.0.2.1:5060"));
    }
}

#[test]
fn p34_a_machine_that_slept_through_the_deadline_sends_one_cancel() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive(&ringing);
    world.now += Duration::from_secs(60);
    world.handle(Input::Timeout);
    world.handle(Input::Timeout);
    assert_eq!(world.trace.matches("-> CANCEL").count(), 1, "{}", world.trace);
}

#[test]
fn r04_a_180_that_crosses_the_cancel_of_an_impatient_call_rang() {
    let mut world =
        World::with(&["192.0.2.1:5060"], |it| it.no_ringing_after = Duration::from_secs(5));
    expect![[r#"
        00.000  -> INVITE
        00.100  <- 100 INVITE
        05.000  -> CANCEL
        05.050  <- 180 INVITE
        05.050  == rings
        05.100  <- 200 CANCEL
        05.200  <- 487 INVITE
        05.200  -> ACK
        05.200  == withdrawn 487 by us
        77.200  quiet
    "#]]
    .assert_eq(&world.run("0.1 100; 5.05 180; 5.1 200 CANCEL; 5.2 487"));
}

#[test]
fn p09_a_6xx_is_never_retried() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    let refusal = world.response(Method::Invite, 606, "a", "Reason: Q.850;cause=41");
    world.receive(&refusal);
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 606 INVITE
        00.000  -> ACK
        00.000  == trunk_failure 606 by carrier
        00.000  == failed no_trunk
    "#]]
    .assert_eq(&world.trace);
}
