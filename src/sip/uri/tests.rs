use super::*;

fn show(text: &str) -> String {
    let uri = match Uri::parse(text.as_bytes()) {
        Ok(uri) => uri,
        Err(error) => return format!("error: {error}"),
    };
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let host = uri.host.map(|host| match host {
        Host::Address(address) => address.to_string(),
        Host::Name(name) => text(name),
    });
    let user = uri.user.map(text);
    format!("{:?} {user:?} {host:?} {:?} {:?}", uri.scheme, uri.port, text(uri.parameters))
}

fn check(uri: &str, expected: &str) {
    assert_eq!(show(uri), expected, "{uri}");
}

#[test]
fn the_user_part_reaches_to_the_only_at_sign() {
    check(
        "sip:user;par=u%40x@example.com",
        r#"Sip Some("user;par=u%40x") Some("example.com") None """#,
    );
    check("sip:a?b@h", r#"Sip Some("a?b") Some("h") None """#);
    check(
        "sips:%73ips%3Auser@h:5061;lr",
        r#"Sips Some("%73ips%3Auser") Some("h") Some(5061) ";lr""#,
    );
    check("SIP:h", r#"Sip None Some("h") None """#);
    check(
        "sip:a@b@h",
        "error: the host is no name, no ipv4 address and no ipv6 address in brackets",
    );
    check("sip:@h", "error: the user part is empty or holds a character that must be escaped");
}

#[test]
fn an_ipv6_host_needs_its_brackets() {
    check("sip:[2001:db8::10]:5070", r#"Sip None Some("2001:db8::10") Some(5070) """#);
    check("sip:[2001:db8::10:5070]", r#"Sip None Some("2001:db8::10:5070") None """#);
    check(
        "sip:2001:db8::10",
        "error: the host is no name, no ipv4 address and no ipv6 address in brackets",
    );
}

#[test]
fn tel_holds_a_number_and_parameters() {
    check("tel:+46-70-123", r#"Tel Some("+46-70-123") None None """#);
    check("tel:7042;phone-context=+46", r#"Tel Some("7042") None None ";phone-context=+46""#);
    check("tel:+", "error: the number of a tel uri is missing or holds other characters");
    check("tel:x", "error: the number of a tel uri is missing or holds other characters");
}

#[test]
fn an_unknown_scheme_is_opaque() {
    check("nobodyKnowsThisScheme:totallyopaque", r#"Unknown None None None """#);
    check("user@example.com", "error: no scheme");
    check("", "error: no scheme");
}

#[test]
fn what_is_not_in_the_grammar_is_refused() {
    check("sip:a b@h", "error: a character that no uri may hold");
    check("<sip:a@h>", "error: a character that no uri may hold");
    check("sip:a%4@h", "error: an escape that is not % and two hexadecimal digits");
    check("sip:a@h:65536", "error: the port is no number up to 65535");
    check("sip:a@h:", "error: the port is no number up to 65535");
    check("sip:a@h;;lr", "error: a parameter is not name or name=value");
    check("sip:a@h;=x", "error: a parameter is not name or name=value");
    check("sip:a@h?", "error: headers after a question mark, which may not be here");
}

#[test]
fn escapes_are_undone_and_an_escaped_nul_ends_nothing() {
    let undone = |text: &str| unescaped(text.as_bytes()).collect::<Vec<_>>();
    assert_eq!(undone("%75se%72"), b"user");
    assert_eq!(undone("%2B4670"), b"+4670");
    assert_eq!(undone("null-%00-null"), b"null-\0-null");
    assert_eq!(undone("%4"), b"%4");
}

#[test]
fn a_number_ends_where_the_users_own_parameters_begin() {
    let phone = |text: &'static str| Uri::parse(text.as_bytes()).unwrap().phone();
    assert_eq!(phone("sip:+4670;tgrp=x@h"), Some(&b"+4670"[..]));
    assert_eq!(phone("tel:7042;phone-context=+46"), Some(&b"7042"[..]));
    assert_eq!(phone("sip:h"), None);
}

#[test]
fn z05_five_thousand_parameters_are_too_many() {
    let uri = format!("sip:a@h{}", ";p=v".repeat(5_000));
    assert_eq!(Uri::parse(uri.as_bytes()), Err(UriError::TooMany));
    let uri = format!("sip:a@h{}", ";p=v".repeat(PARAMETERS_MAX));
    assert!(Uri::parse(uri.as_bytes()).is_ok());
}
