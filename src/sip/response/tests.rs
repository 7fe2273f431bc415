use std::net::Ipv6Addr;

use expect_test::{Expect, expect};

use super::*;

const INVITE: &str = "INVITE sip:b@h SIP/2.0\nVia: SIP/2.0/UDP a.example:5070 ;rport;x=\"1\";branch=z9hG4bKa, SIP/2.0/TCP p\n\
    v: SIP/2.0/UDP q;received=192.0.2.7\nRecord-Route: <sip:p;lr>\nRecord-Route: <sip:q;lr>\n\
    f: <sip:a@h>;tag=f\nTo:\n <sip:b@h>\ni: c@h\nTimestamp: 54\nCSeq: 0007 INVITE\n\n";

fn check(request: &str, response: &Response<'_>, expected: Expect) {
    let request = request.replace('\n', "\r\n");
    let mut out = Vec::new();
    let request = Message::parse(request.as_bytes()).unwrap();
    let written = match response.write(&request, &mut out) {
        Ok(()) => String::from_utf8(out.clone()).unwrap().replace("\r\n", "\n"),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&written);
}

fn source() -> Option<SocketAddr> {
    Some(SocketAddr::from(([192, 0, 2, 1], 40_000)))
}

#[test]
fn a_180_makes_an_early_dialog_and_copies_record_route() {
    let headers: [(&str, &[u8]); 1] = [("Contact", b"<sip:b@192.0.2.9>")];
    let response = Response {
        to_tag: Some(b"t1"),
        source: source(),
        headers: &headers,
        ..Response::new(Status::RINGING)
    };
    check(
        INVITE,
        &response,
        expect![[r#"
        SIP/2.0 180 Ringing
        Via: SIP/2.0/UDP a.example:5070;x="1";branch=z9hG4bKa;received=192.0.2.1;rport=40000
        Via: SIP/2.0/TCP p
        Via: SIP/2.0/UDP q;received=192.0.2.7
        Record-Route: <sip:p;lr>
        Record-Route: <sip:q;lr>
        From: <sip:a@h>;tag=f
        To: <sip:b@h>;tag=t1
        Call-ID: c@h
        CSeq: 0007 INVITE
        Contact: <sip:b@192.0.2.9>
        Content-Length: 0

    "#]],
    );
}

#[test]
fn a_100_has_no_tag_and_brings_the_timestamp_back() {
    check(
        INVITE,
        &Response { source: source(), ..Response::new(Status::TRYING) },
        expect![[r#"
        SIP/2.0 100 Trying
        Via: SIP/2.0/UDP a.example:5070;x="1";branch=z9hG4bKa;received=192.0.2.1;rport=40000
        Via: SIP/2.0/TCP p
        Via: SIP/2.0/UDP q;received=192.0.2.7
        From: <sip:a@h>;tag=f
        To: <sip:b@h>
        Call-ID: c@h
        CSeq: 0007 INVITE
        Timestamp: 54
        Content-Length: 0

    "#]],
    );
}

#[test]
fn a_failure_carries_its_reason_but_no_record_route() {
    let headers: [(&str, &[u8]); 1] = [("Reason", b"Q.850;cause=17")];
    let busy = Status::new(486).unwrap();
    let response = Response { to_tag: Some(b"t1"), headers: &headers, ..Response::new(busy) };
    check(
        INVITE,
        &response,
        expect![[r#"
        SIP/2.0 486 Busy Here
        Via: SIP/2.0/UDP a.example:5070 ;rport;x="1";branch=z9hG4bKa
        Via: SIP/2.0/TCP p
        Via: SIP/2.0/UDP q;received=192.0.2.7
        From: <sip:a@h>;tag=f
        To: <sip:b@h>;tag=t1
        Call-ID: c@h
        CSeq: 0007 INVITE
        Reason: Q.850;cause=17
        Content-Length: 0

    "#]],
    );
}

#[test]
fn a_200_carries_a_body_and_its_length() {
    let headers: [(&str, &[u8]); 1] = [("Content-Type", b"application/sdp")];
    let response = Response {
        to_tag: Some(b"t1"),
        phrase: Some("Ja".as_bytes()),
        headers: &headers,
        body: b"v=0\r\n",
        ..Response::new(Status::OK)
    };
    check(
        "BYE sip:b@h SIP/2.0\nVia: SIP/2.0/UDP h\nTo: <sip:b@h>;tag=own\nRecord-Route: <sip:p>\n\n",
        &response,
        expect![[r#"
        SIP/2.0 200 Ja
        Via: SIP/2.0/UDP h
        To: <sip:b@h>;tag=own
        Content-Type: application/sdp
        Content-Length: 5

        v=0
    "#]],
    );
}

#[test]
fn what_the_sender_wrote_as_received_is_not_believed() {
    let request =
        "OPTIONS sip:h SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;received=10.0.0.1;RPORT=1;branch=x\n\n";
    let response = Response { source: source(), ..Response::new(Status::OK) };
    check(
        request,
        &response,
        expect![[r#"
        SIP/2.0 200 OK
        Via: SIP/2.0/UDP 192.0.2.1;branch=x;received=192.0.2.1;rport=40000
        Content-Length: 0

    "#]],
    );
    let request =
        "OPTIONS sip:h SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;received=10.0.0.1;branch=x\n\n";
    check(
        request,
        &response,
        expect![[r#"
        SIP/2.0 200 OK
        Via: SIP/2.0/UDP 192.0.2.1;branch=x
        Content-Length: 0

    "#]],
    );
}

#[test]
fn an_ipv6_source_is_written_without_brackets() {
    let source = Some(SocketAddr::from((Ipv6Addr::LOCALHOST, 5060)));
    let response = Response { source, ..Response::new(Status::OK) };
    check(
        "OPTIONS sip:h SIP/2.0\nVia: SIP/2.0/UDP [::1];rport\n\n",
        &response,
        expect![[r#"
        SIP/2.0 200 OK
        Via: SIP/2.0/UDP [::1];received=::1;rport=5060
        Content-Length: 0

    "#]],
    );
}

#[test]
fn who_cannot_be_answered_is_not() {
    let response = Response::new(Status::OK);
    check(
        "ACK sip:h SIP/2.0\nVia: SIP/2.0/UDP h\n\n",
        &response,
        expect![[r#"
        an ACK has no response
    "#]],
    );
    check(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP h\n\n",
        &response,
        expect![[r#"
        a response has no response
    "#]],
    );
    check(
        "OPTIONS sip:h SIP/2.0\n\n",
        &response,
        expect![[r#"
        the top Via: missing
    "#]],
    );
    check(
        "OPTIONS sip:h SIP/2.0\nVia: SIP/2.0/UDP h;;\n\n",
        &response,
        expect![[r#"
        the top Via: not of the form that RFC 3261 gives it
    "#]],
    );
}

#[test]
fn q01_a_487_carries_the_vias_of_the_invite_and_the_200_those_of_the_cancel() {
    let vias = |request: &str| {
        let mut out = Vec::new();
        let request = request.replace('\n', "\r\n");
        let request = Message::parse(request.as_bytes()).unwrap();
        Response::new(Status::OK).write(&request, &mut out).unwrap();
        Message::parse(&out).unwrap().via_count()
    };
    assert_eq!(vias(INVITE), 3);
    assert_eq!(vias("CANCEL sip:b@h SIP/2.0\nVia: SIP/2.0/UDP p\n\n"), 1);
}

#[test]
fn t12_a_response_goes_where_rport_or_sent_by_says() {
    let goes = |via: &'static str| {
        destination(&Via::parse(via.as_bytes()).unwrap(), source().unwrap()).to_string()
    };
    assert_eq!(goes("SIP/2.0/UDP h:5070;rport"), "192.0.2.1:40000");
    assert_eq!(goes("SIP/2.0/UDP h:5070"), "192.0.2.1:5070");
    assert_eq!(goes("SIP/2.0/UDP h"), "192.0.2.1:5060");
    assert_eq!(goes("SIP/2.0/UDP h;maddr=10.0.0.1"), "192.0.2.1:5060");
}
