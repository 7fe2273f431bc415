use expect_test::{Expect, expect};

use super::super::profile::{CallerIdHeader, NationalPlan, Privacy};
use super::super::testing;
use super::*;
use crate::sip::{Message, Method};

const V4: &str = "192.0.2.1:5070";
const V6: &str = "[2001:db8::1]:5070";

#[test]
fn p31_p32_a_plain_invite() {
    check(
        &testing::profile("192.0.2.10:5060"),
        V4,
        expect![[r#"
        INVITE sip:+46701234567@192.0.2.10 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
        Max-Forwards: 70
        From: <sip:+46876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:+46701234567@192.0.2.10>
        Call-ID: 000000000000000000000000deadbeef
        CSeq: 1 INVITE
        Contact: <sip:+46876500123@192.0.2.1:5070>
        Expires: 25
        Allow: INVITE, ACK, CANCEL, BYE, OPTIONS
        Content-Type: application/sdp
        Content-Length: 210

        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9 RTP/AVP 8 0 101
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=sendrecv
    "#]],
    );
}

#[test]
fn p31_digits_without_plus_behind_a_tech_prefix() {
    let mut profile = testing::profile("192.0.2.10:5080");
    profile.dialled.format = NumberFormat::E164;
    profile.dialled.tech_prefix = "9931#".into();
    profile.caller_id.format = NumberFormat::E164;
    check_head(
        &profile,
        V4,
        expect![[r#"
        INVITE sip:9931%2346701234567@192.0.2.10:5080 SIP/2.0
        From: <sip:46876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:9931%2346701234567@192.0.2.10>
        Contact: <sip:46876500123@192.0.2.1:5070>
    "#]],
    );
}

#[test]
fn p31_international_prefixes() {
    let mut profile = testing::profile("192.0.2.10:5060");
    profile.dialled.format = NumberFormat::InternationalPrefix("00".into());
    profile.caller_id.format = NumberFormat::InternationalPrefix("00".into());
    check_head(
        &profile,
        V4,
        expect![[r#"
        INVITE sip:0046701234567@192.0.2.10 SIP/2.0
        From: <sip:0046876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:0046701234567@192.0.2.10>
        Contact: <sip:0046876500123@192.0.2.1:5070>
    "#]],
    );
    profile.dialled.format = NumberFormat::InternationalPrefix("011".into());
    profile.caller_id.format = NumberFormat::InternationalPrefix("011".into());
    check_head(
        &profile,
        V4,
        expect![[r#"
        INVITE sip:01146701234567@192.0.2.10 SIP/2.0
        From: <sip:01146876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:01146701234567@192.0.2.10>
        Contact: <sip:01146876500123@192.0.2.1:5070>
    "#]],
    );
}

#[test]
fn p31_national_numbers() {
    let mut profile = testing::profile("192.0.2.10:5060");
    let plan = NationalPlan {
        country_code: "46".into(),
        national_prefix: "0".into(),
        international_prefix: "00".into(),
    };
    profile.dialled.format = NumberFormat::National(plan.clone());
    profile.caller_id.format = NumberFormat::National(plan);
    check_head(
        &profile,
        V4,
        expect![[r#"
        INVITE sip:0701234567@192.0.2.10 SIP/2.0
        From: <sip:0876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:0701234567@192.0.2.10>
        Contact: <sip:0876500123@192.0.2.1:5070>
    "#]],
    );
}

#[test]
fn p31_user_phone_and_domains() {
    let mut profile = testing::profile("192.0.2.10:5080");
    profile.dialled.user_phone = true;
    profile.domain = Some("sip.example.net".into());
    profile.from_domain = Some("customer.example".into());
    check_head(
        &profile,
        V4,
        expect![[r#"
        INVITE sip:+46701234567@sip.example.net;user=phone SIP/2.0
        From: <sip:+46876500123@customer.example>;tag=000000000000cafe
        To: <sip:+46701234567@sip.example.net;user=phone>
        Contact: <sip:+46876500123@192.0.2.1:5070>
    "#]],
    );
}

#[test]
fn p31_identities_and_privacy() {
    let mut profile = testing::profile("192.0.2.10:5060");
    profile.caller_id.header = CallerIdHeader::PAssertedIdentity;
    check_identity(
        &profile,
        expect![[r#"
        P-Asserted-Identity: <sip:+46876500123@192.0.2.1>
    "#]],
    );
    profile.privacy = Some(Privacy::Id);
    check_identity(
        &profile,
        expect![[r#"
        P-Asserted-Identity: <sip:+46876500123@192.0.2.1>
        Privacy: id
    "#]],
    );
    profile.caller_id.header = CallerIdHeader::RemotePartyId;
    check_identity(
        &profile,
        expect![[r#"
        Remote-Party-ID: <sip:+46876500123@192.0.2.1>;party=calling;screen=yes;privacy=full
        Privacy: id
    "#]],
    );
    profile.privacy = Some(Privacy::Waived);
    check_identity(
        &profile,
        expect![[r#"
        Remote-Party-ID: <sip:+46876500123@192.0.2.1>;party=calling;screen=yes;privacy=off
        Privacy: none
    "#]],
    );
    profile.caller_id.header = CallerIdHeader::From;
    check_identity(
        &profile,
        expect![[r#"
        Privacy: none
    "#]],
    );
}

#[test]
fn p31_t13_ipv6_on_both_sides() {
    check(
        &testing::profile("[2001:db8::10]:5080"),
        V6,
        expect![[r#"
        INVITE sip:+46701234567@[2001:db8::10]:5080 SIP/2.0
        Via: SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
        Max-Forwards: 70
        From: <sip:+46876500123@[2001:db8::1]>;tag=000000000000cafe
        To: <sip:+46701234567@[2001:db8::10]>
        Call-ID: 000000000000000000000000deadbeef
        CSeq: 1 INVITE
        Contact: <sip:+46876500123@[2001:db8::1]:5070>
        Expires: 25
        Allow: INVITE, ACK, CANCEL, BYE, OPTIONS
        Content-Type: application/sdp
        Content-Length: 214

        v=0
        o=- 7 1 IN IP6 2001:db8::1
        s=-
        c=IN IP6 2001:db8::1
        t=0 0
        m=audio 9 RTP/AVP 8 0 101
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=sendrecv
    "#]],
    );
}

#[test]
fn x07_no_user_agent_unless_it_is_configured() {
    let profile = testing::profile("192.0.2.10:5060");
    assert!(!invite(&profile, V4, None).contains("User-Agent"));
    let shown = invite(&profile, V4, Some("{curly} 1.0"));
    assert!(shown.contains("\r\nUser-Agent: {curly} 1.0\r\n"), "{shown}");
}

#[test]
fn p01_cancel_and_ack_repeat_what_the_rfc_wants_equal() {
    let profile = testing::profile("192.0.2.10:5060");
    let messages = Messages::new(&profile, V4.parse().unwrap(), None).unwrap();
    let mut out = Vec::new();
    messages.write_cancel(&leg(), &mut out);
    expect![[r#"
        CANCEL sip:+46701234567@192.0.2.10 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
        Max-Forwards: 70
        From: <sip:+46876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:+46701234567@192.0.2.10>
        Call-ID: 000000000000000000000000deadbeef
        CSeq: 1 CANCEL
        Reason: Q.850;cause=16
        Content-Length: 0

    "#]]
    .assert_eq(&show(&out));
    out.clear();
    messages.write_ack(&leg(), Some(b"as7d"), &mut out);
    expect![[r#"
        ACK sip:+46701234567@192.0.2.10 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
        Max-Forwards: 70
        From: <sip:+46876500123@192.0.2.1>;tag=000000000000cafe
        To: <sip:+46701234567@192.0.2.10>;tag=as7d
        Call-ID: 000000000000000000000000deadbeef
        CSeq: 1 ACK
        Content-Length: 0

    "#]]
    .assert_eq(&show(&out));
    out.clear();
    messages.write_ack(&leg(), None, &mut out);
    assert!(show(&out).contains("\nTo: <sip:+46701234567@192.0.2.10>\n"));
}

#[test]
fn every_request_is_read_as_it_was_meant() {
    for (address, local) in [("192.0.2.10:5060", V4), ("[2001:db8::10]:5080", V6)] {
        let messages = Messages::new(&testing::profile(address), local.parse().unwrap(), None);
        let messages = messages.unwrap();
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        messages.write_invite(&leg(), &mut all[0]);
        messages.write_cancel(&leg(), &mut all[1]);
        messages.write_ack(&leg(), Some(b"as7d"), &mut all[2]);
        for (bytes, method) in all.iter().zip([Method::Invite, Method::Cancel, Method::Ack]) {
            let message = Message::parse(bytes).unwrap();
            assert_eq!(message.check(), Ok(()), "{}", show(bytes));
            assert_eq!(message.cseq().unwrap().method, method);
            assert_eq!(message.via_count(), 1);
            assert_eq!(message.via().unwrap().branch, Some(&leg().branch[..]));
            assert_eq!(message.from().unwrap().tag(), Some(&b"000000000000cafe"[..]));
        }
    }
}

#[test]
fn p30_a_profile_whose_invite_would_need_tcp_is_refused() {
    let mut profile = testing::profile("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    let local = "[2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:65535".parse().unwrap();
    profile.caller_id.header = CallerIdHeader::RemotePartyId;
    profile.privacy = Some(Privacy::Id);
    profile.dialled.user_phone = true;
    let agent: Arc<str> = "x".repeat(64).into();
    let messages = Messages::new(&profile, local, Some(agent.clone())).unwrap();
    expect!["1148"].assert_eq(&messages.invite_bytes_max().to_string());
    profile.domain = Some("d".repeat(253).into());
    let error = Messages::new(&profile, local, Some(agent)).unwrap_err();
    expect!["its longest INVITE has 1568 bytes, at most 1300 fit into a datagram"]
        .assert_eq(&error.to_string());
}

#[test]
fn expires_covers_the_longest_wait_and_the_ring() {
    let mut profile = testing::profile("192.0.2.10:5060");
    profile.no_ringing_after = Duration::from_millis(20_500);
    assert!(invite(&profile, V4, None).contains("\r\nExpires: 26\r\n"));
    // A 180 after a guess starts the ring time again.
    profile.assume_ringing_after = Some(Duration::from_secs(15));
    assert!(invite(&profile, V4, None).contains("\r\nExpires: 31\r\n"));
}

/// The whole INVITE.
#[track_caller]
fn check(profile: &Profile, local: &str, expected: Expect) {
    expected.assert_eq(&show(invite(profile, local, None).as_bytes()));
}

/// The lines in which numbers and hosts stand.
#[track_caller]
fn check_head(profile: &Profile, local: &str, expected: Expect) {
    let shown = show(invite(profile, local, None).as_bytes());
    let starts = ["INVITE", "From", "To", "Contact"];
    let lines = shown.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
    expected.assert_eq(&lines.map(|line| format!("{line}\n")).collect::<String>());
}

/// The lines that say who calls.
#[track_caller]
fn check_identity(profile: &Profile, expected: Expect) {
    let shown = show(invite(profile, V4, None).as_bytes());
    let starts = ["P-Asserted", "Remote-Party", "Privacy"];
    let lines = shown.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
    expected.assert_eq(&lines.map(|line| format!("{line}\n")).collect::<String>());
}

fn invite(profile: &Profile, local: &str, user_agent: Option<&str>) -> String {
    let local = local.parse().unwrap();
    let messages = Messages::new(profile, local, user_agent.map(Into::into)).unwrap();
    let mut out = Vec::new();
    messages.write_invite(&leg(), &mut out);
    String::from_utf8(out).unwrap()
}

/// Exact but for the line ends, of which each must be CRLF.
fn show(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    text.replace("\r\n", "\n")
}

fn leg() -> Leg {
    Leg {
        to: E164::parse("+46701234567").unwrap(),
        caller_id: E164::parse("+46876500123").unwrap(),
        call_id: 0xdead_beef,
        from_tag: 0xcafe,
        branch: *b"z9hG4bK0000000100000002aaaaaaaabbbbbbbb",
        session: 7,
        cseq: 1,
        ring: Duration::from_secs(5),
    }
}

#[test]
fn f11_an_options_names_the_trunk_and_nobody_else() {
    for (address, local) in [("192.0.2.10:5080", V4), ("[2001:db8::9]:5060", V6)] {
        let mut profile = testing::profile(address);
        let ping = Ping { call_id: 0xdead_beef, from_tag: 0xcafe, branch: leg().branch };
        let options = |profile: &Profile| {
            let local = local.parse().unwrap();
            let mut out = vec![];
            Messages::new(profile, local, None).unwrap().write_options(&ping, &mut out);
            let message = Message::parse(&out).unwrap();
            assert_eq!((message.method(), message.check()), (Some(Method::Options), Ok(())));
            String::from_utf8(out).unwrap().replace("\r\n", "\n")
        };
        let plain = options(&profile);
        profile.domain = Some("sip.example.net".into());
        profile.from_domain = Some("customer.example".into());
        let named = options(&profile);
        match local {
            V4 => expect![[r#"
                OPTIONS sip:192.0.2.10:5080 SIP/2.0
                Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
                Max-Forwards: 70
                From: <sip:options@192.0.2.1>;tag=000000000000cafe
                To: <sip:192.0.2.10>
                Call-ID: 000000000000000000000000deadbeef
                CSeq: 1 OPTIONS
                Contact: <sip:options@192.0.2.1:5070>
                Accept: application/sdp
                Content-Length: 0

                OPTIONS sip:sip.example.net SIP/2.0
                Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
                Max-Forwards: 70
                From: <sip:options@customer.example>;tag=000000000000cafe
                To: <sip:sip.example.net>
                Call-ID: 000000000000000000000000deadbeef
                CSeq: 1 OPTIONS
                Contact: <sip:options@192.0.2.1:5070>
                Accept: application/sdp
                Content-Length: 0

            "#]].assert_eq(&(plain + &named)),
            _ => expect![[r#"
                OPTIONS sip:[2001:db8::9] SIP/2.0
                Via: SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bK0000000100000002aaaaaaaabbbbbbbb
                Max-Forwards: 70
                From: <sip:options@[2001:db8::1]>;tag=000000000000cafe
                To: <sip:[2001:db8::9]>
                Call-ID: 000000000000000000000000deadbeef
                CSeq: 1 OPTIONS
                Contact: <sip:options@[2001:db8::1]:5070>
                Accept: application/sdp
                Content-Length: 0

            "#]].assert_eq(&plain),
        }
    }
}
