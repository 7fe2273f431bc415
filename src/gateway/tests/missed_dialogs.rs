//! Requests from a trunk that begin no call.

use super::missed_world::{AT_ONCE, CALLER, DID, TRUNK, ack, invite, ringable, sent_since};
use crate::sip::{Message, Method};
use crate::tally::{DropReason, Shed};

/// What a trunk gets for one request: the first line and the extra header, if there is one.
#[track_caller]
fn answer(request: &str, expected: &str) {
    let mut world = ringable(&[TRUNK], 64);
    world.receive(request.as_bytes());
    let sent = sent_since(&world, 0);
    let last = sent.last().map_or("", String::as_str);
    let is_extra = |line: &&str| {
        ["Allow:", "Unsupported:", "Accept:"].iter().any(|name| line.starts_with(name))
    };
    let lines = last.lines().take(1).chain(last.lines().filter(is_extra));
    assert_eq!(lines.collect::<Vec<_>>().join(" | "), expected, "{request}");
}

fn request(method: &str, tag: &str) -> String {
    let invite = invite(DID, CALLER, "a").replace("INVITE", method);
    let agent = "a switch that has very much to say of itself, and of what it can do";
    invite.replace("switch", agent).replace("@192.0.2.9>\r\n", &format!("@192.0.2.9>{tag}\r\n"))
}

const ALLOW: &str = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS";

#[test]
fn q11_what_an_invite_may_lack_and_what_it_may_not() {
    let invite = |from: &str, to: &str| invite(AT_ONCE, CALLER, "a").replace(from, to);
    answer(&invite("", ""), "SIP/2.0 486 Busy Here");
    answer(&invite("Max-Forwards: 0\r\n", ""), "SIP/2.0 486 Busy Here");
    answer(&invite("Contact: <sip:+46701740705@192.0.2.1>\r\n", ""), "SIP/2.0 400 Bad Request");
    answer(
        &invite("Contact: <sip:+46701740705@192.0.2.1>", "Contact: *"),
        "SIP/2.0 400 Bad Request",
    );
    let required = "Require: 100rel, x\r\nTo:";
    answer(&invite("To:", required), "SIP/2.0 420 Bad Extension | Unsupported: 100rel, x");
    let body = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi";
    let odd = invite("Content-Length: 0\r\n\r\n", body);
    answer(&odd, "SIP/2.0 415 Unsupported Media Type | Accept: application/sdp");
    answer(&invite("7 INVITE", "7 BYE"), "SIP/2.0 400 Bad Request");
    answer(&invite("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), "SIP/2.0 505 Version Not Supported");
    let long = "x".repeat(5_000);
    answer(&invite("To:", &format!("Subject: {long}\r\nTo:")), "SIP/2.0 486 Busy Here");
    answer(&invite("To: ", &format!("To: \"{long}\" ")), "SIP/2.0 513 Message Too Large");
}

#[test]
fn q12_what_needs_a_dialog_is_refused_and_a_bare_ack_is_not_answered() {
    for method in ["BYE", "INFO", "INVITE", "PRACK", "UPDATE"] {
        let expected = "SIP/2.0 481 Call/Transaction Does Not Exist";
        answer(&request(method, ";tag=0123456789abcdef"), expected);
    }
    answer(&ack(&invite(DID, CALLER, "a"), ""), "");
    answer(&ack(&invite(DID, CALLER, "a"), "0123456789abcdef"), "");
}

#[test]
fn q13_what_is_not_served_is_refused_with_what_is() {
    for method in ["MESSAGE", "NOTIFY", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "FOO"] {
        let expected = format!("SIP/2.0 405 Method Not Allowed | {ALLOW}");
        answer(&request(method, ""), &expected);
    }
}

#[test]
fn q13_an_invite_that_would_replace_a_call_is_a_call_like_any_other() {
    // RFC 3261 §8.2.2: "the server MUST ignore" a header field that it does not understand, unless it is
    // required.
    let invite = invite(AT_ONCE, CALLER, "b");
    let replaces = "Replaces: a@192.0.2.1;to-tag=1;from-tag=fa\r\nTo:";
    answer(&invite.replace("To:", replaces), "SIP/2.0 486 Busy Here");
    let required = format!("Require: replaces\r\n{replaces}");
    let expected = "SIP/2.0 420 Bad Extension | Unsupported: replaces";
    answer(&invite.replace("To:", &required), expected);
}

#[test]
fn q14_an_options_is_answered_and_a_short_one_in_short() {
    answer(&request("OPTIONS", ""), &format!("SIP/2.0 200 OK | {ALLOW}"));
    let short = "OPTIONS sip:192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:192.0.2.9>\r\n\
                 Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    answer(short, "SIP/2.0 200 OK");
}

#[test]
fn x06_a_scan_of_users_finds_none() {
    let heard = |method: &str, user: &str| {
        let mut world = ringable(&[TRUNK], 64);
        let request = request(method, "").replace(DID, user);
        world.receive(request.as_bytes());
        let sent = sent_since(&world, 0).concat();
        // But for the tag, which no scanner can read anything out of.
        let at = sent.rfind(";tag=").unwrap() + 5;
        format!("{}{}", &sent[..at], &sent[at + 16..]).replace(user, "USER")
    };
    for method in ["INVITE", "OPTIONS", "REGISTER"] {
        for user in ["1000", "admin", "+46876509999", "sipvicious"] {
            assert_eq!(heard(method, user), heard(method, DID), "{method} {user}");
        }
    }
}

#[test]
fn f06_requests_about_nothing_are_answered_so_often_and_no_more() {
    let mut world = ringable(&[TRUNK], 64);
    for round in 0..10_000 {
        let stray = invite(DID, CALLER, &round.to_string()).replace("INVITE", "CANCEL");
        world.receive(stray.as_bytes());
    }
    assert_eq!(world.sent.len(), 200);
    assert_eq!(world.tally.shed(Shed::StrayAnswer), 9_800);
    assert_eq!(world.gateway.servers.occupancy().0, 0);
    world.now += std::time::Duration::from_secs(1);
    world.receive(request("BYE", "").as_bytes());
    assert_eq!(world.sent.len(), 201);
}

#[test]
fn f07_no_answer_without_state_is_longer_than_its_request() {
    let methods = ["BYE", "CANCEL", "FOO", "INVITE", "OPTIONS", "REGISTER", "UPDATE"];
    let vias = ["a", "a;rport", "192.0.2.1:5060;rport;branch=z9hG4bKa", "[2001:db8::1];branch=z"];
    let extras = ["", "Require: a\r\n", "Contact: *\r\n", "a b\r\n", "Max-Forwards: x\r\n"];
    let mut silent = 0;
    for method in methods {
        for via in vias {
            for extra in extras {
                let mut world = ringable(&[TRUNK], 64);
                let text = format!(
                    "{method} sip:a SIP/2.0\r\nv: SIP/2.0/UDP {via}\r\nf: <sip:a>;tag=1\r\n\
                     t: <sip:b>\r\ni: c\r\nCSeq: 1 {method}\r\n{extra}\r\n"
                );
                world.receive(text.as_bytes());
                let sent = sent_since(&world, 0);
                assert!(sent.len() <= 1 && world.gateway.servers.occupancy().0 == 0, "{text}");
                assert!(sent.iter().all(|answer| answer.len() <= text.len()), "{text}\n{sent:?}");
                silent += world.tally.dropped(DropReason::Amplifying);
            }
        }
    }
    assert!(silent > 0, "some of these are too short");
}

#[test]
fn f05_f01_strangers_and_answers_to_nothing_are_not_even_read() {
    let mut world = ringable(&[TRUNK], 64);
    let noise = |start: &str| format!("{start}\r\nnothing that could be read");
    let (stranger, invite) = ("198.51.100.1:5060", noise("INVITE sip:a SIP/2.0"));
    let mut drop = |from: &str, text: &str| {
        let (from, payload) = (from.parse().unwrap(), text.as_bytes());
        world.handle(crate::gateway::Input::Datagram { from, payload });
    };
    drop(stranger, &invite);
    drop(TRUNK, &invite);
    drop(stranger, &noise("SIP/2.0 200 OK\r\nVia: z9hG4bK0123456789abcdef0123456789abcdef"));
    drop(TRUNK, &noise("SIP/2.0 487 Request Terminated\r\nVia: z9hG4bKz9hG4bKz9hG4bK"));
    assert_eq!(world.tally.dropped(DropReason::ForeignSource), 1);
    assert_eq!(world.tally.dropped(DropReason::Malformed), 1, "the trunk's request alone");
    assert_eq!(world.tally.dropped(DropReason::UnknownBranch), 2);
    assert!(world.sent.is_empty());
    // What holds a branch of ours is read, in capitals too: an answer to the call that was placed.
    world.place();
    let ringing = String::from_utf8(world.response(Method::Invite, 180, "a", "")).unwrap();
    assert!(Message::parse(ringing.as_bytes()).is_ok());
    world.receive(ringing.replace("z9hG4bK", "Z9HG4BK").as_bytes());
    assert!(world.trace.contains("rings"), "{}", world.trace);
}
