//! What crosses a CANCEL, or comes beside it.

use std::time::Duration;

use super::world::World;
use crate::gateway::{Command, Input};
use crate::sip::Method;

#[test]
fn p06_p07_a_refused_cancel_leaves_the_end_to_the_invite() {
    for code in [403, 408, 481, 500, 503] {
        let mut world = World::new(&["192.0.2.1:5060"]);
        let trace = world.run(&format!("0.1 180; 5.15 {code} CANCEL; 7 487"));
        assert_eq!(count(&trace, "-> CANCEL"), 1, "{trace}");
        assert_eq!(count(&trace, "-> ACK"), 1, "{trace}");
        assert_eq!(ends(&trace), ["07.000  == completed 487 by us"], "{trace}");
        // Timer D, from the 487.
        assert!(trace.ends_with("quiet\n") && !trace.ends_with("not quiet\n"), "{trace}");
    }
}

#[test]
fn p08_ten_copies_of_the_487_are_acknowledged_and_told_once() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    world.run_until(world.start + Duration::from_millis(100));
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive(&ringing);
    world.run_until(world.start + Duration::from_secs(6));
    let refusal = world.response(Method::Invite, 487, "a", "");
    for copy in 0..11 {
        world.receive(&refusal);
        world.run_until(world.now + Duration::from_secs(2));
        assert_eq!(count(&world.trace, "-> ACK"), copy + 1, "{}", world.trace);
    }
    assert_eq!(ends(&world.trace), ["06.000  == completed 487 by us"], "{}", world.trace);
    // 32 s after the first.
    world.run_until(world.start + Duration::from_millis(37_900));
    assert!(!world.gateway.is_quiet());
    world.run_until(world.start + Duration::from_millis(39_000));
    assert!(world.gateway.is_quiet());
}

#[test]
fn r03_a_busy_that_crosses_the_cancel_ends_the_call_and_the_481_is_ignored() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    let trace = world.run("0.1 180; 5.12 486; 5.13 481 CANCEL; 5.2 481 CANCEL");
    assert_eq!(count(&trace, "-> ACK"), 1, "{trace}");
    assert_eq!(ends(&trace), ["05.120  == completed 486 by us"], "{trace}");
}

/// Whoever comes first decides how; there is one end, and one CANCEL at most.
#[test]
fn r06_a_wish_the_ring_time_and_a_decline_in_one_moment_are_one_end() {
    let orders = ["wtd", "wdt", "twd", "tdw", "dwt", "dtw"];
    for order in orders {
        let mut world = World::new(&["192.0.2.1:5060"]);
        world.place();
        let ringing = world.response(Method::Invite, 180, "a", "");
        world.receive(&ringing);
        let decline = world.response(Method::Invite, 603, "a", "");
        let (call, wish) = (world.order.call.id, world.start + Duration::from_secs(5));
        world.now = wish;
        for input in order.chars() {
            match input {
                'd' => world.receive(&decline),
                't' => world.handle(Input::Timeout),
                _ => world.handle(Input::Command(Command::HangUp(call))),
            }
        }
        world.run_until(wish + Duration::from_secs(70));
        let trace = &world.trace;
        let (end, cancels) = match order.find('d') {
            Some(0) => ("declined 603 by callee", 0),
            _ if order.starts_with('t') => ("completed 603 by us", 1),
            _ => ("declined 603 by callee", 1),
        };
        assert_eq!(ends(trace), [format!("05.000  == {end}")], "{order}: {trace}");
        assert_eq!(world.order.call.ending().map(|end| end.sip_code), Some(Some(603)));
        let cancelled = trace.lines().filter(|line| line.ends_with("-> CANCEL")).count();
        assert!(cancelled >= cancels && (cancels > 0 || cancelled == 0), "{order}: {trace}");
        assert!(world.gateway.is_quiet(), "{order}: {trace}");
    }
}

#[test]
fn p26_a_bye_that_gets_401_or_nothing_ends_all_the_same() {
    for (answer, byes) in [("2.1 401 BYE", 1), ("2.1 408 BYE", 1), ("", 11)] {
        let mut world = World::new(&["192.0.2.1:5060"]);
        let trace = world.run(&format!("0.1 180; 2 200; {answer}"));
        assert_eq!(count(&trace, "-> BYE"), byes, "{trace}");
        assert_eq!(ends(&trace), ["02.000  == answered 200 by callee"], "{trace}");
        assert!(trace.ends_with("  quiet\n"), "{trace}");
    }
}

#[test]
fn p23_provisional_responses_without_a_tag_count_as_any_other() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    for (at, code) in [(100, 183), (200, 180)] {
        world.run_until(world.start + Duration::from_millis(at));
        let response = world.response(Method::Invite, code, "", "");
        world.receive(&response);
    }
    world.run_until(world.start + Duration::from_millis(5_300));
    assert!(world.trace.contains("00.200  == rings"), "{}", world.trace);
    assert!(world.trace.contains("05.200  -> CANCEL"), "{}", world.trace);
}

#[test]
fn p32_an_absurd_answer_is_not_even_read() {
    let lines = "m=audio 9 RTP/AVP 0\r\n".repeat(1_500);
    for answer in ["m=audio 0 RTP/AVP 0\r\n", "m=audio 9 RTP/AVP 4294967296\r\n", &lines] {
        let mut world = World::new(&["192.0.2.1:5060"]);
        world.place();
        for code in [183, 180, 200] {
            world.run_until(world.now + Duration::from_millis(500));
            let response = with_body(&world.response(Method::Invite, code, "a", ""), answer);
            world.receive(&response);
        }
        assert_eq!(count(&world.trace, "-> BYE"), 1, "{}", world.trace);
        assert_eq!(ends(&world.trace), ["01.500  == answered 200 by callee"], "{}", world.trace);
    }
}

/// A response with a session description in place of nothing.
fn with_body(response: &[u8], body: &str) -> Vec<u8> {
    let head = String::from_utf8(response.to_vec()).unwrap();
    let length = format!("Content-Type: application/sdp\r\nContent-Length: {}", body.len());
    (head.replace("Content-Length: 0", &length) + body).into_bytes()
}

#[test]
fn an_invite_whose_first_copies_were_lost_is_not_taken_to_ring_at_once() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| {
        profile.assume_ringing_after = Some(Duration::from_secs(3));
    });
    let trace = world.run("3.55 100");
    assert!(trace.contains("06.500  == rings"), "{trace}");
}

fn count(trace: &str, what: &str) -> usize {
    trace.lines().filter(|line| line.ends_with(what)).count()
}

/// The lines that tell how the call ended.
fn ends(trace: &str) -> Vec<&str> {
    trace.lines().filter(|line| line.contains("== ") && !line.ends_with("rings")).collect()
}
