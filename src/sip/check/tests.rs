use super::*;
use crate::sip::PARAMETERS_MAX;

/// A request that is accepted, with `change` applied to its text.
fn check(change: impl FnOnce(String) -> String, expected: &str) {
    let text = "INVITE sip:+4670@h SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\n\
                From: <sip:a@h>;tag=f\nTo: <sip:+4670@h>\nCall-ID: c@h\nCSeq: 1 INVITE\n\
                Content-Type: application/sdp\n\nv=0\n";
    let text = change(text.to_owned()).replace('\n', "\r\n");
    let found = match Message::parse(text.as_bytes()).unwrap().check() {
        Ok(()) => "accepted".to_owned(),
        Err(refusal) => format!("{} {refusal}", refusal.status()),
    };
    assert_eq!(found, expected, "{text}");
}

fn replaced(from: &'static str, to: &'static str) -> impl FnOnce(String) -> String {
    move |text| text.replace(from, to)
}

fn with(line: &str) -> impl FnOnce(String) -> String + use<'_> {
    move |text| text.replacen("\nFrom:", &format!("\n{line}\nFrom:"), 1)
}

#[test]
fn a_request_that_needs_nothing_special_is_accepted() {
    check(|text| text, "accepted");
    check(with("Supported: 100rel, timer\nX-Unknown: ;;,,\nDate: nonsense"), "accepted");
    check(replaced("sip:+4670@h SIP", "tel:+4670 SIP"), "accepted");
    check(replaced("SIP/2.0\nVia", "sip/2.0\nVia"), "accepted");
}

#[test]
fn an_unknown_method_is_405_and_not_a_parse_error() {
    let refused = "405 the method is none of INVITE, ACK, CANCEL, BYE, OPTIONS";
    check(replaced("INVITE", "NEWMETHOD"), refused);
    check(replaced("INVITE", "REGISTER"), refused);
    // Case matters in a method.
    check(replaced("INVITE", "invite"), refused);
}

#[test]
fn q11_an_extension_that_is_required_is_refused_but_not_in_cancel_and_ack() {
    let refused = "420 an extension is required, none is supported";
    check(with("Require: 100rel"), refused);
    check(|text| with("Require: 100rel")(text.replace("INVITE", "BYE")), refused);
    check(|text| with("Require: 100rel")(text.replace("INVITE", "CANCEL")), "accepted");
    check(|text| with("Require: 100rel")(text.replace("INVITE", "ACK")), "accepted");
    check(with("Proxy-Require: x"), "accepted");
}

#[test]
fn a_body_that_cannot_be_read_is_refused_in_an_invite_unless_it_is_optional() {
    let refused = "415 the body is not application/sdp without encoding";
    check(replaced("application/sdp", "text/plain"), refused);
    check(replaced("application/sdp", "APPLICATION / SDP ; charset=\"x\""), "accepted");
    check(with("Content-Encoding: gzip"), refused);
    check(with("e: Identity"), "accepted");
    let optional = "Content-Disposition: session;handling=optional\nContent-Encoding: gzip";
    check(with(optional), "accepted");
    check(
        |text| text.replace("INVITE", "BYE").replace("application/sdp", "text/plain"),
        "accepted",
    );
    check(|text| text.replace("application/sdp", "x/y").replace("v=0\n", ""), "accepted");
}

#[test]
fn what_is_missing_or_repeated_is_named() {
    check(replaced("Call-ID: c@h\n", ""), "400 Call-ID: missing");
    check(replaced("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\n", ""), "400 Via: missing");
    check(with("t: <sip:x@h>"), "400 To: repeated, at most one is allowed");
    check(with("c: application/sdp"), "400 Content-Type: repeated, at most one is allowed");
}

#[test]
fn numbers_stay_in_their_range() {
    check(replaced("CSeq: 1", "CSeq: 2147483647"), "accepted");
    check(replaced("CSeq: 1", "CSeq: 2147483648"), "400 CSeq: not a number in its range");
    check(with("Max-Forwards: 0"), "accepted");
    check(with("Max-Forwards: 256"), "400 Max-Forwards: not a number in its range");
    check(with("Expires: 4294967296"), "400 Expires: not a number in its range");
    check(replaced("192.0.2.1;", "192.0.2.1:65536;"), "400 Via: not a number in its range");
}

#[test]
fn a_parameter_that_counts_may_not_be_given_twice() {
    check(replaced("tag=f", "tag=f;TAG=g"), "400 From: a parameter is given twice");
    check(replaced("branch=z9hG4bKa", "branch=x;branch=y"), "400 Via: a parameter is given twice");
}

#[test]
fn z05_too_many_values_or_parameters_are_refused() {
    let refused = "400 Via: too many parameters or values";
    check(with(&["Via: SIP/2.0/UDP h"; 200].join("\n")), refused);
    check(with(&format!("Via: {}", ["SIP/2.0/UDP h"; 200].join(","))), refused);
    check(with(&["Via: SIP/2.0/UDP h"; VALUES_MAX - 1].join("\n")), "accepted");
    let refused = "400 Contact: too many parameters or values";
    check(with(&format!("m: <sip:c@h>{}", ";p".repeat(PARAMETERS_MAX + 1))), refused);
    check(with(&format!("m: <sip:c@h{}>", ";p".repeat(PARAMETERS_MAX + 1))), refused);
    check(with(&format!("m: {}", ["<sip:c@h>"; 100].join(","))), refused);
}

#[test]
fn the_answer_carries_what_the_status_demands() {
    let text = "INVITE sip:h SIP/2.0\r\nRequire: a, b\r\n\r\n";
    let request = Message::parse(text.as_bytes()).unwrap();
    let header = |refusal: Refusal| refusal.header(&request);
    assert_eq!(header(Refusal::Option), Some(("Unsupported", &b"a, b"[..])));
    assert_eq!(header(Refusal::MediaType), Some(("Accept", &b"application/sdp"[..])));
    assert_eq!(header(Refusal::Method).unwrap().0, "Allow");
    assert_eq!(header(Refusal::BodyLength), None);
}

#[test]
fn p28_a_response_with_more_than_one_via_is_not_for_us() {
    let text = "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nFrom: <sip:a@h>\r\n\
                To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
    let check = Message::parse(text.as_bytes()).unwrap().check();
    assert_eq!(check, Err(Refusal::Vias { count: 2 }));
}
