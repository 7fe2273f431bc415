use super::*;

/// What a Swedish trunk says with each of these headers. `{n}` is the caller in the forms below.
#[test]
fn q16_every_form_of_a_number_is_read_exactly_or_not_at_all() {
    let table = [
        ("sip:+46701234567@t.example", "+46701234567"),
        ("sips:+46701234567@t.example", "+46701234567"),
        ("sip:+46701234567;tgrp=x;trunk-context=y@t.example;user=phone", "+46701234567"),
        ("sip:%2B46701234567@t.example", "+46701234567"),
        ("sip:%2b%34%36701234567@t.example", "+46701234567"),
        ("sip:+46-70.123(45)67@t.example", "+46701234567"),
        ("sip:0046701234567@t.example", "+46701234567"),
        ("sip:004560123456@t.example", "+4560123456"),
        ("sip:0701234567@t.example", "+46701234567"),
        ("sip:0701234567;phone-context=+46@t.example", "+46701234567"),
        ("sip:701234567;phone-context=%2B46@t.example", "+46701234567"),
        ("tel:+46701234567", "+46701234567"),
        ("tel:+46-70-123-45-67;ext=5", "+46701234567"),
        ("tel:0701234567;phone-context=+46", "+46701234567"),
        ("tel:+4560123456;phone-context=+46", "+4560123456"),
        // Dialled where only somebody else knows what it means.
        ("tel:0701234567;phone-context=+47", "unreadable"),
        ("tel:7042;phone-context=example.com", "unreadable"),
        ("tel:911;phone-context=+1", "unreadable"),
        ("sip:0701234567@t.example;phone-context=+47", "unreadable"),
        ("sip:0701234567@t.example;user=phone;phone-context=+46", "+46701234567"),
        ("sip:46701234567@t.example", "+46701234567"),
        ("sip:112@t.example", "unreadable"),
        ("sip:00@t.example", "unreadable"),
        ("sip:@t.example", "unreadable"),
        ("sip:t.example", "unreadable"),
        ("sip:alice@t.example", "unreadable"),
        ("sip:+@t.example", "unreadable"),
        ("sip:++46701234567@t.example", "unreadable"),
        ("sip:46+701234567@t.example", "unreadable"),
        ("sip:+0701234567@t.example", "unreadable"),
        ("sip:+46701234567890123@t.example", "unreadable"),
        ("sip:1234567890123456789012345678901234567890@t.example", "unreadable"),
        ("sip:*31*0701234567@t.example", "unreadable"),
        ("sip:+4670123456%00@t.example", "unreadable"),
        ("http://t.example/+46701234567", "unreadable"),
        ("sip:anonymous@anonymous.invalid", "anonymous"),
        ("sip:+46701234567@anonymous.invalid", "anonymous"),
        ("sip:Restricted@t.example", "anonymous"),
    ];
    for (uri, expected) in table {
        assert_eq!(whom(&sweden(), &format!("From: <{uri}>;tag=a")), expected, "{uri}");
    }
}

#[test]
fn q16_digits_of_other_scripts_and_display_names_are_no_numbers() {
    let arabic = "sip:+%D9%A4%D9%A6701234567@t.example";
    let wide = "sip:+\u{ff14}\u{ff16}701234567@t.example";
    for uri in [arabic, wide] {
        assert_eq!(whom(&sweden(), &format!("From: <{uri}>;tag=a")), "unreadable", "{uri}");
    }
    let tricks = [
        "From: \"+46709999999\" <sip:+46701234567@t.example>;tag=a",
        "From: \"<sip:+46709999999@x>\" <sip:+46701234567@t.example>;tag=a",
        "From: \"\\\" <sip:+46709999999@x>\" <sip:+46701234567@t.example>;tag=a",
        "From: +46709999999 <sip:+46701234567@t.example>;tag=a",
    ];
    for header in tricks {
        assert_eq!(whom(&sweden(), header), "+46701234567", "{header}");
    }
}

#[test]
fn q16_bare_digits_are_what_the_profile_says() {
    let policy = |plan: Option<NationalPlan>, bare| CallerPolicy { plan, bare, ..sweden() };
    let from = |policy: &CallerPolicy, digits: &str| {
        whom(policy, &format!("From: <sip:{digits}@t.example>;tag=a"))
    };
    let abroad = policy(None, BareDigits::International);
    assert_eq!(from(&abroad, "46701234567"), "+46701234567");
    assert_eq!(from(&abroad, "0701234567"), "unreadable");
    assert_eq!(from(&abroad, "0046701234567"), "unreadable");
    let home = policy(sweden().plan, BareDigits::National);
    assert_eq!(from(&home, "701234567"), "+46701234567");
    assert_eq!(from(&home, "0701234567"), "+46701234567");
    assert_eq!(from(&home, "0046701234567"), "+46701234567");
    let america = policy(Some(plan("1", "1", "011")), BareDigits::National);
    for digits in ["4155550100", "14155550100", "01114155550100", "%2B14155550100"] {
        assert_eq!(from(&america, digits), "+14155550100", "{digits}");
    }
    assert_eq!(from(&america, "01146701234567"), "+46701234567");
    // Italy keeps its zero.
    let italy = policy(Some(plan("39", "", "00")), BareDigits::National);
    assert_eq!(from(&italy, "0612345678"), "+390612345678");
}

#[test]
fn q17_the_best_field_that_is_there_decides_alone() {
    let from = "From: <sip:+46701111111@t.example>;tag=a";
    let asserted = "P-Asserted-Identity: <sip:+46702222222@t.example>";
    check(&[from, asserted], "+46702222222 by PAssertedIdentity, disputed");
    check(&[from], "+46701111111 by From");
    check(
        &[from, "P-Asserted-Identity: <sip:+46701111111@t.example>"],
        "+46701111111 by PAssertedIdentity",
    );
    check(
        &[from, asserted, "P-Asserted-Identity: <tel:+46-70-222-22-22>"],
        "+46702222222 by PAssertedIdentity, disputed",
    );
    check(
        &[from, asserted, "P-Asserted-Identity: <tel:+46703333333>"],
        "disagreeing by PAssertedIdentity",
    );
    check(
        &[from, "P-Asserted-Identity: <sip:alice@t.example>, <tel:+46702222222>"],
        "+46702222222 by PAssertedIdentity, disputed",
    );
    check(
        &[from, "P-Asserted-Identity: <tel:+4670222222>, <tel:+4670222222>, <tel:+4670222222>"],
        "disagreeing by PAssertedIdentity",
    );
    // What cannot be used does not make the caller's own claim better.
    check(
        &[from, "P-Asserted-Identity: <sip:anonymous@anonymous.invalid>"],
        "anonymous by PAssertedIdentity",
    );
    check(&[from, "P-Asserted-Identity: <sip:alice@t.example>"], "unreadable by PAssertedIdentity");
    check(&[from, "P-Asserted-Identity: garbage"], "unreadable by PAssertedIdentity");
    let untrusted = CallerPolicy { headers: vec![IdentityHeader::From], ..sweden() };
    assert_eq!(
        show(untrusted.identify(&Message::parse(&invite(&[from, asserted])).unwrap())),
        "+46701111111 by From"
    );
}

#[test]
fn a_remote_party_counts_when_it_calls_and_was_screened() {
    let from = "From: <sip:+46701111111@t.example>;tag=a";
    let party =
        |parameters: &str| format!("Remote-Party-ID: <sip:+46702222222@t.example>{parameters}");
    check(&[from, &party(";party=calling;screen=yes")], "+46702222222 by RemotePartyId, disputed");
    check(&[from, &party(";screen=yes;privacy=off")], "+46702222222 by RemotePartyId, disputed");
    check(&[from, &party(";party=called;screen=yes")], "+46701111111 by From");
    check(&[from, &party(";party=calling;screen=no")], "unscreened by RemotePartyId");
    check(&[from, &party("")], "unscreened by RemotePartyId");
    check(&[from, &party(";party=calling;screen=yes;privacy=full")], "anonymous by RemotePartyId");
}

/// Two lines are what comes of a switch that adds its own to the one that its customer wrote.
#[test]
fn q17_remote_parties_that_disagree_are_nobody() {
    let party = |digits: &str, parameters: &str| {
        format!("Remote-Party-ID: <sip:+{digits}@t.example>;party={parameters}")
    };
    let victim = party("46702222222", "calling;screen=yes");
    let other = "disagreeing by RemotePartyId";
    check(&[&victim, &party("46703333333", "calling;screen=yes")], other);
    check(&[&victim, &party("46703333333", "calling;screen=no")], other);
    check(&[&victim, "Remote-Party-ID: garbage"], other);
    check(&[&victim, &victim], "+46702222222 by RemotePartyId");
    check(&[&victim, &party("46703333333", "called;screen=yes")], "+46702222222 by RemotePartyId");
}

#[test]
fn q16_who_wants_to_stay_unknown_does() {
    let from = "From: <sip:+46701111111@t.example>;tag=a";
    for privacy in ["id", "user", "header", "critical; id", "none;USER"] {
        check(&[from, &format!("Privacy: {privacy}")], "anonymous by From");
    }
    for privacy in ["none", "session", "history;critical"] {
        check(&[from, &format!("Privacy: {privacy}")], "+46701111111 by From");
    }
}

#[test]
fn q18_a_forwarded_call_is_flagged() {
    let from = "From: <sip:+46701111111@t.example>;tag=a";
    for header in [
        "Diversion: <sip:+46702222222@t.example>;reason=unconditional",
        "History-Info: <sip:+46702222222@t.example>;index=1, <sip:+46703333333@t.example>;index=1.1",
        "Identity: eyJ.eyJ.sig;info=<https://c.example/x.pem>;alg=ES256;ppt=div",
        "y: eyJ.eyJ.sig;info=<https://c.example/x.pem>;alg=ES256;PPT = \"div-o\"",
    ] {
        check(&[from, header], "+46701111111 by From, forwarded");
    }
    for header in [
        "History-Info: <sip:+46703333333@t.example>;index=1",
        "Identity: eyJ.eyJ.sig;info=<https://c.example/x.pem>;alg=ES256;ppt=shaken",
    ] {
        check(&[from, header], "+46701111111 by From");
    }
}

#[test]
fn the_number_that_was_rung_is_where_the_trunk_writes_it() {
    let called = |called, to: &str| {
        let invite = invite(&[to]);
        let policy = CallerPolicy { called, ..sweden() };
        let number = policy.called(&Message::parse(&invite).unwrap());
        number.map(|number| number.reveal().as_str().to_owned())
    };
    let national = "To: <sip:0812345670@g.example>";
    assert_eq!(called(CalledIn::RequestUri, national).as_deref(), Some("46812345678"));
    assert_eq!(called(CalledIn::To, national).as_deref(), Some("46812345670"));
    assert_eq!(called(CalledIn::To, "To: <sip:reception@g.example>"), None);
    assert_eq!(called(CalledIn::To, "Subject: none"), None);
}

#[test]
fn x04_a_call_that_came_by_more_proxies_than_the_trunk_has_is_flagged() {
    let is_relayed = |lines: &[&str]| {
        let invite = invite(lines);
        sweden().identify(&Message::parse(&invite).unwrap()).is_relayed
    };
    let via = |host: &str| format!("Via: SIP/2.0/UDP {host};branch=z9hG4bK1");
    assert!(!is_relayed(&[&via("p.example"), &via("q.example")]));
    assert!(is_relayed(&[&via("p.example"), &via("q.example"), &via("forger.example")]));
    let in_one_line = "v: SIP/2.0/UDP p.example, SIP/2.0/UDP q.example,SIP/2.0/UDP forger.example";
    assert!(is_relayed(&[in_one_line]));
}

#[test]
fn every_reason_has_its_own_word() {
    let words: std::collections::BTreeSet<_> = Unknown::ALL.map(Unknown::as_str).into();
    assert_eq!(words.len(), Unknown::ALL.len());
}

/// Trusts P-Asserted-Identity, then Remote-Party-ID, then From.
fn sweden() -> CallerPolicy {
    use IdentityHeader::{From, PAssertedIdentity, RemotePartyId};
    let headers = vec![PAssertedIdentity, RemotePartyId, From];
    CallerPolicy {
        headers,
        plan: Some(plan("46", "0", "00")),
        bare: BareDigits::International,
        called: CalledIn::RequestUri,
        vias_max: 2,
    }
}

fn plan(country_code: &str, national_prefix: &str, international_prefix: &str) -> NationalPlan {
    NationalPlan {
        country_code: country_code.into(),
        national_prefix: national_prefix.into(),
        international_prefix: international_prefix.into(),
    }
}

#[track_caller]
fn check(headers: &[&str], expected: &str) {
    let invite = invite(headers);
    assert_eq!(show(sweden().identify(&Message::parse(&invite).unwrap())), expected);
}

/// The number, or why there is none.
fn whom(policy: &CallerPolicy, header: &str) -> String {
    let invite = invite(&[header]);
    number(policy.identify(&Message::parse(&invite).unwrap()))
}

fn invite(headers: &[&str]) -> Vec<u8> {
    let start = "INVITE sip:+46812345678@g.example SIP/2.0\r\n";
    format!("{start}{}\r\nContent-Length: 0\r\n\r\n", headers.join("\r\n")).into_bytes()
}

fn number(caller: Caller) -> String {
    match caller.number {
        Ok(number) => format!("+{}", number.reveal().as_str()),
        Err(why) => why.as_str().to_owned(),
    }
}

fn show(caller: Caller) -> String {
    let mut text = number(caller);
    if let Some(header) = caller.header {
        text += &format!(" by {header:?}");
    }
    text += if caller.is_disputed { ", disputed" } else { "" };
    text + if caller.is_forwarded { ", forwarded" } else { "" }
}
