use expect_test::{Expect, expect};

use super::*;

/// What the typed readers make of a message.
fn show(datagram: &[u8]) -> String {
    let message = match Message::parse(datagram) {
        Ok(message) => message,
        Err(error) => return format!("malformed: {error}\n"),
    };
    let text = |octets: &[u8]| octets.escape_ascii().to_string();
    let address = |address: Result<NameAddr<'_>, HeaderError>| match address {
        Ok(it) => format!("{} <{}> tag {:?}", text(it.display), text(it.uri), it.tag().map(text)),
        Err(error) => format!("error: {error}"),
    };
    let vias: String = message.vias().fold(String::new(), |vias, via| match via {
        Ok(via) => {
            let (branch, transport) = (via.branch.map(text), text(via.transport));
            format!("{vias}via {transport} {} {branch:?} {:?}\n", text(via.sent_by), via.rport)
        }
        Err(error) => format!("{vias}via error: {error}\n"),
    });
    let cseq = message.cseq().map(|it| format!("{} {}", it.number, text(it.method_text)));
    format!(
        "{message:?}\n{vias}from {}\nto {}\ncall-id {:?}\ncseq {cseq:?}\ncontact {:?}\n",
        address(message.from()),
        address(message.to()),
        message.call_id().map(text),
        message.contact().map(|contact| contact.map(|contact| text(contact.uri))),
    )
}

fn check(message: &str, expected: Expect) {
    expected.assert_eq(&show(message.replace('\n', "\r\n").as_bytes()));
}

/// A small response with `lines` among its headers.
fn with(lines: &str) -> Vec<u8> {
    let text = format!(
        "SIP/2.0 180 Ringing\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\nFrom: <sip:a@h>;tag=f\n\
         To: <sip:b@h>;tag=t\nCall-ID: c@h\nCSeq: 1 INVITE\n{lines}\n"
    );
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn the_180_of_a_flash_call_is_read() {
    check(
        "SIP/2.0 180 Ringing\nVia: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;rport=5070\n\
         From: \"Ringproof\" <sip:+4687650001@192.0.2.1>;tag=f1\nTo: <sip:+46701234567@192.0.2.9>;tag=t1\n\
         Call-ID: 0123@192.0.2.1\nCSeq: 1 INVITE\nContact: <sip:192.0.2.9:5060>\nContent-Length:  0\n\n",
        expect![[r#"
            Message { status: 180, octets: 272, body: 0 }
            via UDP 192.0.2.1:5070 Some("z9hG4bKabc") Some(Port(5070))
            from \"Ringproof\" <sip:+4687650001@192.0.2.1> tag Some("f1")
            to  <sip:+46701234567@192.0.2.9> tag Some("t1")
            call-id Ok("0123@192.0.2.1")
            cseq Ok("1 INVITE")
            contact Ok(Some("sip:192.0.2.9:5060"))
        "#]],
    );
}

#[test]
fn compact_names_folds_and_odd_white_space_are_read() {
    check(
        "INVITE tel:+4670 sip/2.0\nv: SIP / 2.0 /\n UDP [2001:db8::9:1] : 5060 ; branch = z9hG4bKa , SIP/2.0/TCP h;rport\n\
         TO\t :\n <sip:b@h>  ; tag = x\nf:sip:a@h;tag=f\ni : c\nCSeq: 0009\n\tINVITE\nm:\n \n <sip:c@h>\n\n",
        expect![[r#"
            Message { method: Invite, octets: 209, body: 0 }
            via UDP [2001:db8::9:1] : 5060 Some("z9hG4bKa") None
            via TCP h None Some(Wanted)
            from  <sip:a@h> tag Some("f")
            to  <sip:b@h> tag Some("x")
            call-id Ok("c")
            cseq Ok("9 INVITE")
            contact Ok(Some("sip:c@h"))
        "#]],
    );
}

#[test]
fn octets_that_are_no_utf8_cost_nothing() {
    let mut text = b"SIP/2.0 200 \xe5\xe4\r\n".to_vec();
    text.extend_from_slice(
        b"f: J\xf6rg <sip:a@h>;tag=1\r\nTo: \"\xff\xfe\" <sip:b@h>\r\nCSeq: 1 INVITE\r\n\r\n",
    );
    expect![[r#"
        Message { status: 200, octets: 79, body: 0 }
        from J\xf6rg <sip:a@h> tag Some("1")
        to \"\xff\xfe\" <sip:b@h> tag None
        call-id Err(Missing)
        cseq Ok("1 INVITE")
        contact Ok(None)
    "#]]
    .assert_eq(&show(&text));
}

#[test]
fn duplicates_of_single_headers_are_refused() {
    let text = with("from: <sip:x@h>;tag=y\nl: 0\n");
    let message = Message::parse(&text).unwrap();
    assert_eq!(message.from().unwrap_err(), HeaderError::Repeated);
    assert_eq!(message.to().unwrap().tag(), Some(&b"t"[..]));
}

#[test]
fn two_content_lengths_make_a_response_unreadable() {
    let parse = |lines| Message::parse(&with(lines)).map(drop);
    assert_eq!(parse("l: 0\nContent-Length: 0\n"), Err(Malformed::BodyLength));
    assert_eq!(parse("l: 1\n"), Err(Malformed::BodyLength));
    assert_eq!(parse("l: -0\n"), Err(Malformed::BodyLength));
    assert_eq!(parse("l: 0x0\n"), Err(Malformed::BodyLength));
    assert_eq!(parse("l: 4294967296\n"), Err(Malformed::BodyLength));
    assert_eq!(parse("l: 18446744073709551616\n"), Err(Malformed::BodyLength));
    assert_eq!(parse("l:\t000 \n"), Ok(()));
    assert_eq!(parse("no header\nl: 1\n"), Err(Malformed::BodyLength));
}

#[test]
fn without_content_length_the_body_is_the_rest_of_the_datagram() {
    let mut text = with("");
    text.extend_from_slice(b"v=0\r\n");
    assert_eq!(Message::parse(&text).unwrap().body(), b"v=0\r\n");
    let mut text = with("Content-Length: 3\n");
    text.extend_from_slice(b"v=0\r\n");
    assert_eq!(Message::parse(&text).unwrap().body(), b"v=0");
}

#[test]
fn what_is_no_message_is_told_apart() {
    let parse = |text: &[u8]| Message::parse(text).unwrap_err();
    assert_eq!(parse(b""), Malformed::Empty);
    assert_eq!(parse(b"\r\n\r\n"), Malformed::Empty);
    assert_eq!(parse(b"\0"), Malformed::NoBlankLine);
    assert_eq!(parse(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Malformed::StartLine);
    assert_eq!(parse(b"SIP/3.0 200 OK\r\n\r\n"), Malformed::Version);
    assert_eq!(parse(b"SIP/2.0 700 No\r\n\r\n"), Malformed::Status);
    assert_eq!(parse(b"SIP/2.0 0200 OK\r\n\r\n"), Malformed::Status);
    assert_eq!(parse(b"SIP/2.0 200 OK\r\nTo: <sip:b@h>\r\n"), Malformed::NoBlankLine);
    assert_eq!(parse(b"SIP/2.0 200 OK\nTo: <sip:b@h>\n\n"), Malformed::LineEnd);
    assert_eq!(parse(b"SIP/2.0 200 OK\r\nTo: <sip:b\r@h>\r\n\r\n"), Malformed::LineEnd);
    let long = vec![b'x'; MESSAGE_BYTES_MAX + 1];
    assert_eq!(parse(&long), Malformed::TooLong { length: MESSAGE_BYTES_MAX + 1 });
}

#[test]
fn line_ends_before_the_start_line_are_skipped() {
    let text = [b"\r\n\r\n".to_vec(), with("")].concat();
    assert!(Message::parse(&text).is_ok());
}

#[test]
fn x05_a_smuggled_header_is_no_header_and_a_request_with_it_is_refused() {
    for name in ["P-Asserted-Identity\x0b", "P-Asserted-Identity\0", "P-Asserted-Identity\n "] {
        let text = with(&format!("{name}: <sip:x@h>\n"));
        let message = Message::parse(&text).unwrap();
        assert_eq!(message.header(Name::PAssertedIdentity).count(), 0, "{name:?}");
        assert_eq!(message.check(), Err(Refusal::HeaderLine), "{name:?}");
        assert_eq!(message.cseq().unwrap().number, 1, "{name:?}");
    }
    for name in ["P-Asserted-Identity \t ", "p-aSSERTED-iDENTITY"] {
        let text = with(&format!("{name}: <sip:x@h>\n"));
        let message = Message::parse(&text).unwrap();
        assert_eq!(message.header(Name::PAssertedIdentity).count(), 1, "{name:?}");
    }
}

#[test]
fn every_line_of_a_repeated_header_is_found() {
    let text = with(
        "Record-Route: <sip:a>, <sip:b>\nX: y\nrecord-route:\n \n <sip:c>\nS: hi\nSubject: ho\n",
    );
    let message = Message::parse(&text).unwrap();
    let routes: Vec<_> = message.record_routes().map(String::from_utf8_lossy).collect();
    assert_eq!(routes, ["<sip:a>", "<sip:b>", "<sip:c>"]);
    assert_eq!(message.headers().count(), 10);
}

#[test]
fn an_empty_first_line_does_not_hide_the_second() {
    let text = with("Contact:\nContact: <sip:c>\n");
    let message = Message::parse(&text).unwrap();
    assert_eq!(message.header(Name::Contact).collect::<Vec<_>>(), [&b""[..], b"<sip:c>"]);
}

#[test]
fn a_reason_is_read_for_its_q850_cause() {
    let cause = |lines| Message::parse(&with(lines)).unwrap().q850_cause();
    assert_eq!(cause("Reason: Q.850;cause=16;text=\"a, b\"\n"), Some(16));
    assert_eq!(cause("Reason: SIP;cause=200, q.850 ; cause = 1\n"), Some(1));
    assert_eq!(cause("Reason: SIP;cause=200\nReason: Q.850;cause=22\n"), Some(22));
    assert_eq!(cause("Reason: Q.850;cause=128\n"), None);
    assert_eq!(cause("Reason: Q.850\n"), None);
    assert_eq!(cause(""), None);
}

#[test]
fn p16_retry_after_is_a_number_or_nothing() {
    let seconds = |lines| Message::parse(&with(lines)).unwrap().retry_after();
    assert_eq!(seconds("Retry-After: 5\n"), Ok(Some(5)));
    assert_eq!(seconds("Retry-After: 120 (in a meeting);duration=3600\n"), Ok(Some(120)));
    assert_eq!(seconds("Retry-After: 100000000000000000000\n"), Err(HeaderError::Number));
    assert_eq!(seconds("Retry-After: -1\n"), Err(HeaderError::Number));
    assert_eq!(seconds("Retry-After: abc\n"), Err(HeaderError::Number));
    assert_eq!(seconds(""), Ok(None));
}

#[test]
fn z05_two_thousand_headers_are_too_many() {
    let lines = "X: y\n".repeat(2_000);
    assert_eq!(Message::parse(&with(&lines)).map(drop), Err(Malformed::TooManyHeaders));
    let most = "X: y\n".repeat(HEADER_LINES_MAX - 5);
    assert!(Message::parse(&with(&most)).is_ok());
}

#[test]
fn z05_the_headers_of_a_request_beyond_the_limit_are_not_looked_at() {
    let lines = "X: y\n".repeat(HEADER_LINES_MAX);
    let text = format!("INVITE sip:b@h SIP/2.0\nVia: SIP/2.0/UDP h\n{lines}To: <sip:b@h>\n\n");
    let text = text.replace('\n', "\r\n");
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.check(), Err(Refusal::TooManyHeaders));
    assert!(message.via().is_ok());
    assert_eq!(message.to().unwrap_err(), HeaderError::Missing);
    assert_eq!(message.headers().count(), HEADER_LINES_MAX);
}

#[test]
fn z05_five_thousand_folds_and_a_quoted_string_of_30_kb_are_one_value_each() {
    let folded = format!("P: a{}\n", "\n b".repeat(5_000));
    let text = with(&folded);
    let message = Message::parse(&text).unwrap();
    let value = message.headers().find(|(name, _)| *name == b"P").map(|(_, value)| value.len());
    assert_eq!(value, Some(1 + 5_000 * 4));
    let quoted = format!("Contact: \"{}\" <sip:c@h>\n", "\\\"x".repeat(10_000));
    let text = with(&quoted);
    let contact = Message::parse(&text).unwrap().contact().unwrap().unwrap();
    assert_eq!(contact.display.len(), 30_002);
}

#[test]
fn tel_uris_are_read_in_from_and_to() {
    let text = "INVITE tel:+4670 SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bKa\r\n\
                From: <tel:+4687650042>;tag=f\r\nTo: tel:7042;tag=t\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.check(), Ok(()));
    let phone = message.from().unwrap().parsed_uri().unwrap().phone();
    assert_eq!(phone, Some(&b"+4687650042"[..]));
    // Without angle brackets the parameters are those of the header (RFC 3261 §20.10).
    assert_eq!(message.to().unwrap().uri, b"tel:7042");
    assert_eq!(message.to().unwrap().tag(), Some(&b"t"[..]));
}

#[test]
fn t10_the_largest_datagram_is_read_whole() {
    let mut text = with("");
    text.resize(MESSAGE_BYTES_MAX, b'x');
    let head = with("").len();
    assert_eq!(Message::parse(&text).unwrap().body().len(), MESSAGE_BYTES_MAX - head);
}

#[test]
fn a_header_at_the_very_end_of_the_largest_message_is_found() {
    let filler = format!("X: {}\n", "y".repeat(MESSAGE_BYTES_MAX - with("").len() - 5 - 18));
    let text = with(&(filler + "Retry-After: 777\n"));
    assert_eq!(text.len(), MESSAGE_BYTES_MAX);
    assert_eq!(Message::parse(&text).unwrap().retry_after(), Ok(Some(777)));
}
