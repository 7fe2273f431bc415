//! Datagrams that must change nothing, and are counted.

use super::world::{World, response_to};
use crate::entropy::{Entropy, Stream};
use crate::gateway::Input;
use crate::gateway::settings::Peer;
use crate::sip::{Message, Method};
use crate::tally::DropReason;
use crate::trunk::testing;

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
fn p28_our_via_is_ours_however_it_is_spelt() {
    let cases = [
        ("192.0.2.9:5060", "192.0.2.9:5060", true),
        ("192.0.2.9:5060", "192.0.2.9", true),
        ("192.0.2.9:5060", "192.0.2.9 : 5060", true),
        ("192.0.2.9:5060", "192.0.2.9:5061", false),
        ("192.0.2.9:5060", "192.0.2.8:5060", false),
        ("192.0.2.9:5060", "gateway.example:5060", false),
        ("192.0.2.9:5070", "192.0.2.9", false),
        ("[2001:db8::9]:5060", "[2001:DB8:0:0:0:0:0:9]", true),
        ("[2001:db8::9]:5070", "[2001:db8:0::0009]:5070", true),
        ("[2001:db8::9]:5070", "[2001:db8::90]:5070", false),
    ];
    for (local, written, expected) in cases {
        let profile = testing::profile("192.0.2.1:5060");
        let peer = Peer::new(profile, local.parse().unwrap(), None).unwrap();
        let text = format!("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {written};branch=z9hG4bK1\r\n\r\n");
        let via = Message::parse(text.as_bytes()).unwrap().via().unwrap();
        assert_eq!(peer.is_named_by(&via), expected, "{written} for {local}");
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
fn x03_a_million_guesses_change_none_of_a_thousand_calls() {
    let mut world = World::crowd();
    assert_eq!((world.gateway.calls(), world.sent.len()), (1_000, 1_000));
    let invites: Vec<_> = world.sent.iter().map(|(_, invite)| invite.clone()).collect();
    // What is not guessed is right: a guesser has seen one message of each call but for the parts
    // that are random.
    let mut forged = vec![];
    for invite in &invites {
        for (code, method) in [(200, "INVITE"), (486, "INVITE"), (200, "BYE"), (200, "CANCEL")] {
            let text = String::from_utf8(response_to(invite, code, "a", "")).unwrap();
            forged.push(text.replace("1 INVITE", &format!("1 {method}")).into_bytes());
        }
        let invite = String::from_utf8(invite.clone()).unwrap();
        for method in ["BYE", "CANCEL"] {
            forged.push(invite.replace("INVITE", method).into_bytes());
        }
    }
    let mut dice = Entropy::seeded(3).stream();
    let from = "192.0.2.1:5060".parse().unwrap();
    for round in 0..1_000_000 {
        let payload = &mut forged[round % 6_000];
        for key in [&b"branch=z9hG4bK"[..], b"Call-ID: ", b";tag="] {
            guess(payload, key, &mut dice);
        }
        world.gateway.handle(Input::Datagram { from, payload }, world.now);
        // A request that names no call of ours is answered, and that is all.
        while let Some((_, answer)) = world.gateway.poll_transmit() {
            assert!(answer.starts_with(b"SIP/2.0 481 "), "{}", String::from_utf8_lossy(answer));
        }
    }
    world.handle(Input::Timeout);
    assert_eq!((world.gateway.calls(), world.sent.len()), (1_000, 1_000));
    assert!(!world.trace.contains("=="), "nobody was told of anything");
    assert_eq!(world.tally.dropped(DropReason::UnknownBranch), 666_668);
}

/// Replaces the random digits after `key` by others, as many as there are.
fn guess(payload: &mut [u8], key: &[u8], dice: &mut Stream) {
    let Some(at) = memchr::memmem::find(payload, key) else { return };
    let digits = payload[at + key.len()..].iter_mut().take_while(|octet| octet.is_ascii_hexdigit());
    digits.for_each(|octet| *octet = b"0123456789abcdef"[dice.below(16) as usize]);
}

#[test]
fn garbage_and_keep_alives_are_not_answered() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    let from = "192.0.2.1:5060".parse().unwrap();
    for payload in [&b"\r\n\r\n"[..], b"", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01\x00\x00!", b"\x80"]
    {
        world.handle(Input::Datagram { from, payload });
    }
    assert!(world.sent.is_empty());
    assert_eq!(world.tally.dropped(DropReason::Malformed), 3);
}

#[test]
fn x07_strangers_get_no_answer_and_the_trunk_gets_the_right_one() {
    let cases = [
        ("OPTIONS", "", "200"),
        ("INVITE", "", "486"),
        ("INVITE", ";tag=2", "481"),
        ("BYE", "", "481"),
        ("CANCEL", "", "481"),
        ("REGISTER", "", "405"),
        ("SUBSCRIBE", "", "405"),
        ("MESSAGE", "", "405"),
        ("FOO", "", "405"),
    ];
    for (method, tag, expected) in cases {
        let mut world = World::new(&["192.0.2.1:5060"]);
        // As long as what is really sent: nothing gets an answer that is longer than itself.
        let agent = "A switch of some trunk that tells what it can do";
        let text = format!(
            "{method} sip:x@192.0.2.9 SIP/2.0\r\nUser-Agent: {agent}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x@192.0.2.9>{tag}\r\nCall-ID: c\r\n\
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
