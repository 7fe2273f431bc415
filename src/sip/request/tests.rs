use expect_test::{Expect, expect};

use super::*;

const SENDER: Sender<'_> =
    Sender { transport: "UDP", sent_by: b"192.0.2.1:5070", branch: b"z9hG4bKnew" };

/// A 2xx with `lines` among its headers.
fn answered(lines: &str) -> Vec<u8> {
    let text = format!(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa\nFrom: <sip:a@h>;tag=f\n\
         Call-ID: c\nCSeq: 7 INVITE\n{lines}\n"
    );
    text.replace('\n', "\r\n").into_bytes()
}

fn next_hop(dialog: &Dialog<'_>) -> String {
    match dialog.next_hop() {
        Some(NextHop { host, port: Some(port), .. }) => format!("{host}:{port}"),
        Some(NextHop { host, port: None, .. }) => host.to_string(),
        None => "nobody".to_owned(),
    }
}

/// The routing part of the ACK, and whom it goes to.
fn check(lines: &str, expected: Expect) {
    let octets = answered(lines);
    let response = Message::parse(&octets).unwrap();
    let dialog = Dialog::of_2xx(&response).unwrap();
    let mut out = Vec::new();
    dialog.write_ack(&SENDER, &mut out);
    let ack = Message::parse(&out).unwrap();
    assert_eq!(ack.check(), Ok(()));
    let text = String::from_utf8(out.clone()).unwrap();
    let routing = text.lines().filter(|line| line.starts_with("ACK ") || line.starts_with("Route"));
    let routing: String = routing.map(|line| format!("{line}\n")).collect();
    expected.assert_eq(&format!("{routing}to {}\n", next_hop(&dialog)));
}

#[test]
fn p27_ack_and_bye_of_an_answered_call() {
    let octets = answered("To: <sip:b@h>;tag=t\nContact: <sip:b@192.0.2.9:5062;transport=udp>\n");
    let response = Message::parse(&octets).unwrap();
    let dialog = Dialog::of_2xx(&response).unwrap();
    let mut out = Vec::new();
    dialog.write_ack(&SENDER, &mut out);
    dialog.write_bye(&SENDER, &mut out);
    expect![[r#"
        ACK sip:b@192.0.2.9:5062;transport=udp SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKnew
        Max-Forwards: 70
        From: <sip:a@h>;tag=f
        To: <sip:b@h>;tag=t
        Call-ID: c
        CSeq: 7 ACK
        Content-Length: 0

        BYE sip:b@192.0.2.9:5062;transport=udp SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKnew
        Max-Forwards: 70
        From: <sip:a@h>;tag=f
        To: <sip:b@h>;tag=t
        Call-ID: c
        CSeq: 8 BYE
        Content-Length: 0

    "#]]
    .assert_eq(&String::from_utf8(out).unwrap().replace("\r\n", "\n"));
}

#[test]
fn p24_the_route_set_is_record_route_in_reverse() {
    check(
        "To: <sip:b@h>;tag=t\nContact: <sip:b@192.0.2.9>\nRecord-Route: <sip:p1;lr>, \"P2\" <sip:p2:5062;lr>;x=y\nRecord-Route: <sip:p3;LR=on>\n",
        expect![[r#"
            ACK sip:b@192.0.2.9 SIP/2.0
            Route: <sip:p3;LR=on>
            Route: "P2" <sip:p2:5062;lr>;x=y
            Route: <sip:p1;lr>
            to p3
        "#]],
    );
}

#[test]
fn p24_a_strict_router_takes_the_place_of_the_target() {
    check(
        "To: <sip:b@h>;tag=t\nContact: <sip:b@192.0.2.9>\nRecord-Route: <sip:p1;lr>\nRecord-Route: <sip:p2?x=y>\n",
        expect![[r#"
            ACK sip:p2 SIP/2.0
            Route: <sip:p1;lr>
            Route: <sip:b@192.0.2.9>
            to p2
        "#]],
    );
}

#[test]
fn p24_thirty_record_routes_are_followed() {
    let routes: String = (0..30).map(|at| format!("Record-Route: <sip:p{at};lr>\n")).collect();
    let octets = answered(&format!("To: <sip:b@h>;tag=t\nContact: <sip:b@c>\n{routes}"));
    let response = Message::parse(&octets).unwrap();
    let mut out = Vec::new();
    Dialog::of_2xx(&response).unwrap().write_bye(&SENDER, &mut out);
    let bye = Message::parse(&out).unwrap();
    let mut routes = bye.values(Name::Route);
    assert_eq!(routes.next(), Some(&b"<sip:p29;lr>"[..]));
    assert_eq!(routes.last(), Some(&b"<sip:p0;lr>"[..]));
    assert_eq!(bye.check(), Ok(()));
}

#[test]
fn more_routes_than_a_message_can_have_passed_are_refused() {
    let routes = format!("Record-Route: {}\n", ["<sip:p;lr>"; ROUTES_MAX + 1].join(","));
    let octets = answered(&format!("To: <sip:b@h>;tag=t\n{routes}"));
    let response = Message::parse(&octets).unwrap();
    assert_eq!(Dialog::of_2xx(&response).map(drop), Err(HeaderError::TooMany));
}

#[test]
fn p23_p24_without_contact_and_to_tag_the_uri_of_to_is_the_target() {
    check(
        "To: <sip:b@192.0.2.9>\n",
        expect![[r#"
            ACK sip:b@192.0.2.9 SIP/2.0
            to 192.0.2.9
        "#]],
    );
    check(
        "To: <tel:+4670>;tag=t\n",
        expect![[r#"
            ACK tel:+4670 SIP/2.0
            to nobody
        "#]],
    );
    check(
        "To: <sip:b@h>;tag=t\nContact: \"x <sip:b@c>\n",
        expect![[r#"
            ACK sip:b@h SIP/2.0
            to h
        "#]],
    );
    check(
        "To: <sip:b@h>;tag=t\nContact: <http://c/>\n",
        expect![[r#"
            ACK sip:b@h SIP/2.0
            to h
        "#]],
    );
    check(
        "To: <sip:b@h>;tag=t\nContact: <sip:b@c?Route=%3Csip:x%3E>\n",
        expect![[r#"
            ACK sip:b@c SIP/2.0
            to c
        "#]],
    );
}

#[test]
fn p24_a_contact_of_a_third_address_is_followed() {
    check(
        "To: <sip:b@h>;tag=t\nm: <sip:b@[2001:db8::3]:5090>\n",
        expect![[r#"
            ACK sip:b@[2001:db8::3]:5090 SIP/2.0
            to [2001:db8::3]:5090
        "#]],
    );
}

#[test]
fn an_unreadable_route_does_not_keep_the_call_alive() {
    check(
        "To: <sip:b@h>;tag=t\nContact: <sip:b@c>\nRecord-Route: nonsense\n",
        expect![[r#"
        ACK sip:b@c SIP/2.0
        to c
    "#]],
    );
}

#[test]
fn p23_a_2xx_without_a_usable_name_is_ended_by_our_own() {
    let own = Own {
        from: b"<sip:a@h>;tag=f",
        to: b"<sip:b@h>",
        call_id: b"c",
        cseq: 7,
        uri: b"sip:b@192.0.2.9",
    };
    let check = |lines: &str, expected: Expect| {
        let octets = answered(lines);
        let response = Message::parse(&octets).unwrap();
        assert!(Dialog::of_2xx(&response).is_err());
        let mut out = Vec::new();
        Dialog::salvage(&response, &own).write_bye(&SENDER, &mut out);
        let text = String::from_utf8(out).unwrap();
        let told = ["BYE ", "Route", "From", "To", "Call-ID", "CSeq"];
        let lines = text.lines().filter(|line| told.iter().any(|word| line.starts_with(word)));
        expected.assert_eq(&lines.map(|line| format!("{line}\n")).collect::<String>());
    };
    check(
        "To: \"b <sip:b@h>;tag=t\n",
        expect![[r#"
            BYE sip:b@192.0.2.9 SIP/2.0
            From: <sip:a@h>;tag=f
            To: "b <sip:b@h>;tag=t
            Call-ID: c
            CSeq: 8 BYE
        "#]],
    );
    check(
        "Contact: <sip:b@192.0.2.7>\n",
        expect![[r#"
            BYE sip:b@192.0.2.7 SIP/2.0
            From: <sip:a@h>;tag=f
            To: <sip:b@h>
            Call-ID: c
            CSeq: 8 BYE
        "#]],
    );
    let routes = "Record-Route: <sip:p;lr>\n".repeat(ROUTES_MAX + 1);
    check(
        &format!("To: <sip:b@h>;tag=t\nContact: <sip:b@192.0.2.7>\n{routes}"),
        expect![[r#"
            BYE sip:b@192.0.2.7 SIP/2.0
            From: <sip:a@h>;tag=f
            To: <sip:b@h>;tag=t
            Call-ID: c
            CSeq: 8 BYE
        "#]],
    );
}
