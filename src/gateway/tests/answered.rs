//! Somebody picked up.

use std::time::Duration;

use expect_test::expect;

use super::world::{World, check, order, response_to};
use crate::gateway::{Command, Input};
use crate::sip::Method;
use crate::tally::{Farewell, Shed, SipKind};

#[test]
fn p22_two_answers_with_different_tags_are_both_hung_up() {
    check(
        "0.1 180; 3 200 INVITE a; 3.1 200 INVITE b; 3.2 200 BYE",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        03.000  <- 200 INVITE
        03.000  -> ACK
        03.000  -> BYE
        03.000  == answered 200 by callee
        03.100  <- 200 INVITE
        03.100  -> ACK
        03.100  -> BYE
        03.200  <- 200 BYE
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
        75.200  quiet
    "#]],
    );
}

#[test]
fn p22_no_fork_is_left_off_the_hook_however_many_answer() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    for tag in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        let answer = world.response(Method::Invite, 200, tag, "");
        world.receive(&answer);
    }
    assert_eq!(world.trace.matches("-> ACK").count(), 10, "{}", world.trace);
    assert_eq!(world.trace.matches("-> BYE").count(), 10, "{}", world.trace);
    assert_eq!(world.tally.shed(Shed::Transaction), 2);
}

#[test]
fn s04_no_call_is_taken_without_room_for_its_bye() {
    let mut world = World::with(&["192.0.2.1:5060"], |profile| profile.calls_per_second = 10_000);
    for block in 20..60 {
        let order = order(&world.verify, &format!("+46701{block}0605"), world.now);
        world.handle(Input::Command(Command::Place(order)));
    }
    let invites: Vec<_> = world.sent.iter().map(|(_, invite)| invite.clone()).collect();
    assert_eq!(invites.len(), 32, "half of the table");
    for invite in invites {
        world.receive(&response_to(&invite, 200, "a", ""));
    }
    assert_eq!(world.trace.matches("-> BYE").count(), 32, "{}", world.trace);
    let tables = world.gateway.describe(world.now).tables;
    assert!(tables.contains(&("client transactions", 64, 64)), "{tables:?}");
}

#[test]
fn p23_an_answer_without_a_tag_is_hung_up() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "", "");
    world.receive(&answer);
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 200 INVITE
        00.000  -> ACK
        00.000  -> BYE
        00.000  == answered_suspect 200 by callee
    "#]]
    .assert_eq(&world.trace);
    let bye = String::from_utf8(world.newest(Method::Bye)).unwrap();
    assert!(bye.starts_with("BYE sip:+46701740605@192.0.2.1"), "{bye}");
}

/// What the gateway makes of a 2xx in which `change` replaced the To line, and its ACK and BYE.
fn salvaged(change: impl Fn(&str) -> String) -> (String, [String; 2]) {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = String::from_utf8(world.response(Method::Invite, 200, "a", "")).unwrap();
    let to = answer.lines().find(|line| line.starts_with("To")).unwrap().to_owned() + "\r\n";
    let answer = answer.replace(&to, &change(&to));
    world.receive(answer.as_bytes());
    world.receive(answer.as_bytes());
    let sent = [Method::Ack, Method::Bye].map(|method| world.newest(method));
    (world.trace.clone(), sent.map(|bytes| String::from_utf8(bytes).unwrap()))
}

#[test]
fn p23_s04_an_answer_whose_to_cannot_be_read_is_hung_up() {
    let cases = [
        ("broken", "To: \"x <sip:+46701740605@192.0.2.1>;tag=a\r\n"),
        ("missing", ""),
        ("empty", "To:\r\n"),
        ("twice", "To: <sip:x@h>;tag=a\r\nTo: <sip:x@h>;tag=b\r\n"),
        ("two tags", "To: <sip:x@h>;tag=a;tag=b\r\n"),
    ];
    for (name, to) in cases {
        let (trace, [ack, bye]) = salvaged(|_| to.to_owned());
        expect![[r#"
            00.000  -> INVITE
            00.000  <- 200 INVITE
            00.000  -> ACK
            00.000  -> BYE
            00.000  == answered_suspect 200 by callee
            00.000  <- 200 INVITE
            00.000  -> ACK
        "#]]
        .assert_eq(&trace);
        assert!(bye.starts_with("BYE sip:+46701740605@192.0.2.1 SIP/2.0\r\n"), "{name}: {bye}");
        let to = to.lines().next().filter(|to| to.len() > 3);
        let to = to.unwrap_or("To: <sip:+46701740605@192.0.2.1>");
        for request in [ack, bye] {
            assert!(request.contains(&format!("\r\n{to}\r\n")), "{name}: {request}");
        }
    }
}

#[test]
fn p24_s04_an_answer_with_more_routes_than_are_kept_is_hung_up_without_them() {
    let routes = "Record-Route: <sip:p.example.net;lr>\r\n".repeat(71);
    let (trace, [ack, bye]) = salvaged(|to| format!("{to}{routes}"));
    assert_eq!((trace.matches("-> ACK").count(), trace.matches("-> BYE").count()), (2, 1));
    assert!(!ack.contains("Route") && !bye.contains("Route"), "{ack}{bye}");
    assert!(bye.contains(";tag=a\r\n"), "{bye}");
}

#[test]
fn p24_a_contact_elsewhere_does_not_make_us_talk_to_strangers() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let contact = "Contact: <sip:x@198.51.100.7:25>";
    let answer = world.response(Method::Invite, 200, "a", contact);
    world.receive(&answer);
    let bye = String::from_utf8(world.newest(Method::Bye)).unwrap();
    assert!(bye.starts_with("BYE sip:x@198.51.100.7:25 SIP/2.0"), "{bye}");
    assert!(world.sent.iter().all(|(to, _)| to.to_string() == "192.0.2.1:5060"));
}

#[test]
fn p25_a_repeated_200_gets_an_ack_each_time_and_one_bye() {
    check(
        "0.1 180; 2 200; 2.5 200; 3.5 200; 3.6 200 BYE",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        02.000  <- 200 INVITE
        02.000  -> ACK
        02.000  -> BYE
        02.000  == answered 200 by callee
        02.500  -> BYE
        02.500  <- 200 INVITE
        02.500  -> ACK
        03.500  -> BYE
        03.500  <- 200 INVITE
        03.500  -> ACK
        03.600  <- 200 BYE
        75.600  quiet
    "#]],
    );
}

#[test]
fn p26_a_bye_that_is_refused_or_unanswered_ends_all_the_same() {
    check(
        "0.1 180; 2 200; 2.1 481 BYE",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        02.000  <- 200 INVITE
        02.000  -> ACK
        02.000  -> BYE
        02.000  == answered 200 by callee
        02.100  <- 481 BYE
        74.100  quiet
    "#]],
    );
    check(
        "0.1 180; 2 200",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        02.000  <- 200 INVITE
        02.000  -> ACK
        02.000  -> BYE
        02.000  == answered 200 by callee
        02.500  -> BYE
        03.500  -> BYE
        05.500  -> BYE
        09.500  -> BYE
        13.500  -> BYE
        17.500  -> BYE
        21.500  -> BYE
        25.500  -> BYE
        29.500  -> BYE
        33.500  -> BYE
        74.000  quiet
    "#]],
    );
}

#[test]
fn r01_an_answer_that_crosses_the_cancel_is_hung_up() {
    check(
        "0.1 180; 5.11 200; 5.12 200 CANCEL; 5.2 200 BYE",
        expect![[r#"
        00.000  -> INVITE
        00.100  <- 180 INVITE
        00.100  == rings
        05.100  -> CANCEL
        05.110  <- 200 INVITE
        05.110  -> ACK
        05.110  -> BYE
        05.110  == answered_in_race 200 by callee
        05.120  <- 200 CANCEL
        05.200  <- 200 BYE
        77.200  quiet
    "#]],
    );
}

#[test]
fn r05_an_answer_after_everything_was_forgotten_is_hung_up() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let ringing = world.response(Method::Invite, 180, "a", "");
    let answer = world.response(Method::Invite, 200, "a", "");
    world.receive(&ringing);
    world.run_until(world.start + Duration::from_secs(80));
    assert!(world.gateway.is_quiet());
    world.trace.clear();
    world.receive(&answer);
    world.receive(&answer);
    world.receive_from("198.51.100.1:5060", &answer);
    expect![[r#"
        80.000  <- 200 INVITE
        80.000  -> ACK
        80.000  -> BYE
        80.000  <- 200 INVITE
        80.000  -> ACK
        80.000  <- 200 INVITE
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn r05_s04_a_late_answer_whose_to_cannot_be_read_is_hung_up() {
    for to in ["To: \"x <sip:x@h>;tag=a\r\n", ""] {
        let mut world = World::new(&["192.0.2.1:5060"]);
        world.place();
        let answer = String::from_utf8(world.response(Method::Invite, 200, "a", "")).unwrap();
        let whole = answer.lines().find(|line| line.starts_with("To")).unwrap().to_owned() + "\r\n";
        world.run_until(world.start + Duration::from_secs(80));
        world.trace.clear();
        world.receive(answer.replace(&whole, to).as_bytes());
        assert_eq!(world.trace.matches("-> ACK").count(), 1, "{}", world.trace);
        assert_eq!(world.trace.matches("-> BYE").count(), 1, "{}", world.trace);
    }
}

#[test]
fn r05_p29_a_late_answer_from_elsewhere_is_hung_up_if_answers_may_come_from_there() {
    for is_strict in [true, false] {
        let mut world =
            World::with(&["192.0.2.1:5060"], |profile| profile.strict_source = is_strict);
        world.place();
        let answer = world.response(Method::Invite, 200, "a", "");
        world.run_until(world.start + Duration::from_secs(80));
        world.trace.clear();
        world.receive_from("198.51.100.1:5060", &answer);
        let hung_up = world.trace.contains("-> ACK") && world.trace.contains("-> BYE");
        assert_eq!(hung_up, !is_strict, "{}", world.trace);
        let to = world.sent.last().unwrap().0.to_string();
        assert_eq!(to == "198.51.100.1:5060", !is_strict, "{to}");
        // Not of the IP version that the trunk, and so our socket for it, has.
        world.trace.clear();
        world.receive_from("[2001:db8::1]:5060", &answer);
        assert!(!world.trace.contains("->"), "{}", world.trace);
    }
}

#[test]
fn r05_an_answer_after_the_call_ended_and_before_its_cancel_is_forgotten_is_hung_up() {
    // The call is given up at 37.1; its CANCEL, answered late, is remembered until 41.
    check(
        "0.1 180; 36 200 CANCEL; 38 200; 38.1 200 BYE",
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
        36.000  <- 200 CANCEL
        37.100  == completed by us
        38.000  <- 200 INVITE
        38.000  -> ACK
        38.000  -> BYE
        38.100  <- 200 BYE
        110.100  quiet
    "#]],
    );
}

#[test]
fn r11_a_bye_that_crosses_ours_gets_a_200() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let answer = world.response(Method::Invite, 200, "a", "");
    world.receive(&answer);
    let ours = String::from_utf8(world.newest(Method::Bye)).unwrap();
    let field = |name: &str| {
        let line = ours.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(": ").unwrap().1.to_owned()
    };
    let (from, to, call_id) = (field("From"), field("To"), field("Call-ID"));
    let theirs = |call_id: &str| {
        format!(
            "BYE sip:ringproof@192.0.2.9:5070 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n\
             From: {to}\r\nTo: {from}\r\nCall-ID: {call_id}\r\nCSeq: 9 BYE\r\n\
             Content-Length: 0\r\n\r\n"
        )
    };
    world.trace.clear();
    world.receive(theirs(&call_id).as_bytes());
    world.receive(theirs("somebody-else").as_bytes());
    expect![[r#"
        00.000  <- BYE
        00.000  -> 200 BYE
        00.000  <- BYE
        00.000  -> 481 BYE
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn s04_a_2xx_after_the_487_of_a_proxy_is_hung_up_once() {
    check(
        "0.1 180; 5.15 200 CANCEL; 5.2 487 INVITE p; 5.3 200 INVITE b; 5.8 200 INVITE b; 6 200 BYE",
        expect![[r#"
            00.000  -> INVITE
            00.100  <- 180 INVITE
            00.100  == rings
            05.100  -> CANCEL
            05.150  <- 200 CANCEL
            05.200  <- 487 INVITE
            05.200  -> ACK
            05.200  == completed 487 by us
            05.300  <- 200 INVITE
            05.300  -> ACK
            05.300  -> BYE
            05.800  -> BYE
            05.800  <- 200 INVITE
            05.800  -> ACK
            06.000  <- 200 BYE
            78.000  quiet
        "#]],
    );
}

#[test]
fn s04_a_2xx_after_a_503_of_a_proxy_is_hung_up_while_the_next_trunk_rings() {
    let mut world = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.place();
    let first = world.newest(Method::Invite);
    world.receive(&response_to(&first, 503, "p", ""));
    world.receive(&response_to(&first, 200, "b", ""));
    expect![[r#"
        00.000  -> INVITE
        00.000  <- 503 INVITE
        00.000  -> ACK
        00.000  -> INVITE
        00.000  <- 200 INVITE
        00.000  -> ACK
        00.000  -> BYE
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn p27_an_answer_is_hung_up_at_once_and_tried_on_no_other_trunk() {
    for script in ["0.1 100; 1 200", "0.1 100; 0.5 180; 1 200", "0.1 183; 0.9 200"] {
        let trace = World::new(&["192.0.2.1:5060", "192.0.2.2:5060"]).run(script);
        assert_eq!(trace.matches("-> INVITE").count(), 1, "{trace}");
        let at = script.rsplit(' ').nth(1).unwrap().parse::<f64>().unwrap();
        assert!(trace.contains(&format!("{at:06.3}  -> BYE")), "{trace}");
    }
}

#[test]
fn p22_how_long_each_answered_phone_was_connected_is_counted() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    // The BYE of `b` is answered, repeatedly, that of `a` never.
    world.run("0.1 180; 3 200 INVITE a; 3.1 200 INVITE b; 3.2 200 BYE; 3.3 200 BYE");
    let count = |how| world.tally.farewells(how);
    assert_eq!((count(Farewell::Confirmed), count(Farewell::Unanswered)), (1, 1));
    assert_eq!(world.tally.answered_micros(), 32_000_000 + 100_000);
    // One that comes after everything was forgotten counts as well.
    let invite = world.newest(Method::Invite);
    world.receive(&response_to(&invite, 200, "c", ""));
    let bye = world.newest(Method::Bye);
    world.receive(&response_to(&bye, 481, "c", ""));
    assert_eq!(world.tally.farewells(Farewell::Confirmed), 2);
}

#[test]
fn s04_an_answer_that_comes_again_after_its_leg_was_forgotten_gets_no_second_bye() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let refusal = world.response(Method::Invite, 486, "a", "");
    world.receive(&refusal);
    let answer = world.response(Method::Invite, 200, "b", "Contact: <sip:x@192.0.2.1>");
    // Timer D is nearly over.
    world.run_until(world.start + Duration::from_millis(31_500));
    world.receive(&answer);
    let bye = world.newest(Method::Bye);
    world.receive(&response_to(&bye, 200, "b", ""));
    world.run_until(world.start + Duration::from_millis(32_500));
    world.receive(&answer);
    assert_eq!(world.trace.matches("-> BYE").count(), 1, "{}", world.trace);
    assert_eq!(world.trace.matches("-> ACK").count(), 3, "{}", world.trace);
}

#[test]
fn r05_more_late_answers_than_are_remembered_cost_a_second_bye_and_no_more() {
    let mut world = World::of_size(1_000, |_| {});
    world.place();
    let invite = world.newest(Method::Invite);
    world.run_until(world.start + Duration::from_secs(100));
    let answer = |world: &mut World, nth: usize| {
        let before = world.tally.sent(SipKind::Bye);
        world.receive(&response_to(&invite, 200, &format!("tag{nth}"), ""));
        world.tally.sent(SipKind::Bye) - before
    };
    let remembered = 256;
    assert_eq!((0..=remembered).map(|nth| answer(&mut world, nth)).sum::<u64>(), 257);
    let state = world.gateway.describe(world.now);
    assert!(state.tables.contains(&("late answers", remembered, remembered)), "{state:?}");
    assert_eq!(answer(&mut world, 1), 0, "remembered");
    assert_eq!(answer(&mut world, 0), 1, "the oldest made room");
}
