//! Datagrams that must change nothing, and are counted.

use super::world::World;
use crate::entropy::Entropy;
use crate::sip::Method;
use crate::tally::DropReason;

#[test]
fn p28_p29_a_response_that_is_not_quite_ours_is_dropped() {
    let cases: [(&str, &str, &str, DropReason); 6] = [
        ("branch=z9hG4bK0", "branch=z9hG4bK1", "192.0.2.1:5060", DropReason::UnknownBranch),
        ("UDP 192.0.2.9:5070", "UDP 192.0.2.9:5071", "192.0.2.1:5060", DropReason::ForeignVia),
        (
            "From:",
            "Via: SIP/2.0/UDP a;branch=z9hG4bKa\r\nFrom:",
            "192.0.2.1:5060",
            DropReason::ForeignVia,
        ),
        ("1 INVITE", "2 INVITE", "192.0.2.1:5060", DropReason::WrongCseq),
        ("Call-ID: ", "Call-ID: 0", "192.0.2.1:5060", DropReason::WrongCallId),
        ("", "", "198.51.100.1:5060", DropReason::ForeignSource),
    ];
    for (find, replace, from, reason) in cases {
        let mut world = World::new(&["192.0.2.1:5060"]);
        world.place();
        let text = String::from_utf8(world.response(Method::Invite, 180, "a", "")).unwrap();
        let forged = text.replacen(find, replace, 1);
        world.receive_from(from, forged.as_bytes());
        assert_eq!(world.tally.dropped(reason), 1, "{find} -> {replace}");
        assert!(!world.trace.contains("rings"), "{forged}");
        world.receive(text.as_bytes());
        assert!(world.trace.contains("rings"), "the real one still counts");
    }
}

#[test]
fn p28_a_response_that_names_another_method_is_dropped() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let text = String::from_utf8(world.response(Method::Invite, 200, "a", "")).unwrap();
    world.receive(text.replace("1 INVITE", "1 BYE").as_bytes());
    world.receive(text.replace("1 INVITE", "1 CANCEL").as_bytes());
    assert_eq!(world.sent.len(), 1, "{}", world.trace);
}

#[test]
fn a_response_of_ours_counts_whatever_else_it_says() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let text = String::from_utf8(world.response(Method::Invite, 180, "a", "")).unwrap();
    let odd = "Date: yesterday\r\nRetry-After: 99999999999\r\nContact: <<>\r\n: ?\r\nFrom:";
    world.receive(text.replacen("From:", odd, 1).as_bytes());
    assert!(world.trace.contains("rings"), "{}", world.trace);
}

#[test]
fn x3_a_hundred_thousand_guesses_change_nothing() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let text = String::from_utf8(world.response(Method::Invite, 486, "a", "")).unwrap();
    let place = text.find("branch=z9hG4bK").unwrap() + 14 + 16;
    let mut dice = Entropy::seeded(3).stream();
    for _ in 0..100_000 {
        let mut forged = text.clone();
        forged.replace_range(place..place + 16, &format!("{:016x}", dice.u64()));
        let from = "192.0.2.1:5060".parse().unwrap();
        world.handle(crate::gateway::Input::Datagram { from, payload: forged.as_bytes() });
    }
    assert_eq!(world.sent.len(), 1);
    assert_eq!(world.tally.dropped(DropReason::UnknownBranch), 100_000);
}

#[test]
fn garbage_and_keep_alives_are_not_answered() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    let from = "192.0.2.1:5060".parse().unwrap();
    for payload in [&b"\r\n\r\n"[..], b"", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01\x00\x00!", b"\x80"]
    {
        world.handle(crate::gateway::Input::Datagram { from, payload });
    }
    assert!(world.sent.is_empty());
    assert_eq!(world.tally.dropped(DropReason::Malformed), 3);
}

#[test]
fn x7_strangers_get_no_answer_and_the_trunk_gets_the_right_one() {
    let cases = [
        ("OPTIONS", "200"),
        ("INVITE", "404"),
        ("BYE", "481"),
        ("CANCEL", "481"),
        ("REGISTER", "405"),
        ("SUBSCRIBE", "405"),
        ("MESSAGE", "405"),
        ("FOO", "405"),
    ];
    for (method, expected) in cases {
        let mut world = World::new(&["192.0.2.1:5060"]);
        let text = format!(
            "{method} sip:x@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x@192.0.2.9>\r\nCall-ID: c\r\n\
             CSeq: 1 {method}\r\nContact: <sip:a@b>\r\nContent-Length: 0\r\n\r\n"
        );
        world.receive_from("198.51.100.1:5060", text.as_bytes());
        assert!(world.sent.is_empty(), "{method} from a stranger");
        assert_eq!(world.tally.dropped(DropReason::ForeignSource), 1);
        world.receive(text.as_bytes());
        let answer = String::from_utf8(world.sent.last().unwrap().1.clone()).unwrap();
        assert!(answer.starts_with(&format!("SIP/2.0 {expected}")), "{method}: {answer}");
        assert!(!answer.contains("Server:"), "{answer}");
    }
}
