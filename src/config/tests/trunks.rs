//! Trunks: a profile, and what stands before it.

use expect_test::expect;

use super::{MAIN, MINIMAL, PROFILE, TRUNK, check, load_texts};

#[test]
fn an_override_stands_before_the_profile_and_is_blamed_at_its_own_place() {
    let main = format!(
        "{MINIMAL}[trunk.plain]\naddress = \"udp:192.0.2.7:5060\"\nring = \"25s\"\n\
         [trunk.plain.caller_id]\nformat = \"E164\"\n"
    );
    let trunk = format!("{TRUNK}ring = \"3s\"\nt1 = \"1us\"\n[caller_id]\nheader = \"pai\"\n");
    check(
        &[(MAIN, &main), (PROFILE, &trunk)],
        expect![[r#"
        ringproof.toml:12: `trunk.plain.ring` is "25s", must be a duration between "1s" and "20s"
        ringproof.toml:14: `trunk.plain.caller_id.format` is "E164", must be "e164", "international", "national" or "plus_e164"
        sip-profiles/plain-rfc3261.toml:4: `t1` is "1us", must be a duration between "50ms" and "2s"
        sip-profiles/plain-rfc3261.toml:6: `caller_id.header` is "pai", must be "from", "p_asserted_identity" or "remote_party_id""#]],
    );
    let main = format!("{MINIMAL}[trunk.plain]\nring = \"7s\"\nnumber.tech_prefix = \"99#\"\n");
    let trunk = format!("{TRUNK}ring = \"3s\"\n[number]\nformat = \"e164\"\n");
    let config = load_texts(&[(MAIN, &main), (PROFILE, &trunk)]).unwrap();
    expect![[r#"7s Dialled { format: E164, tech_prefix: "99#", user_phone: false }"#]]
        .assert_eq(&format!("{:?} {:?}", config.trunks[0].ring, config.trunks[0].dialled));
}

#[test]
fn what_contradicts_itself_in_a_trunk_is_refused() {
    let two = MINIMAL.replace("261.toml\"]", "261.toml\", \"b.toml\", \"c.toml\"]");
    let plain = format!("{TRUNK}privacy = \"id\"\nassume_ringing_after = \"30s\"\n");
    let second = "name = \"plain\"\naddress = \"udp:[2001:db8::1]:5060\"\n\
                  caller_id.format = \"national\"\nsources = []\n";
    let third = "name = \"loop\"\naddress = \"udp:127.0.0.1:5070\"\nsources = [\"192.0.2.1/24\"]\n";
    check(
        &[(MAIN, &two), (PROFILE, &plain), ("b.toml", second), ("c.toml", third)],
        expect![[r#"
            b.toml:1: `name` is "plain", which another profile has, must be a name of its own
            b.toml:2: `address` is udp:[2001:db8::1]:5060, an IPv6 address, must be reached from an IPv6 address in `sip.listen`
            b.toml:3: `caller_id.format` is "national" of no country, must be used with a `country`
            b.toml:4: `sources` is empty, must be absent, or a list of addresses
            c.toml:2: `address` is udp:127.0.0.1:5070, which is in `sip.listen`, must be the address of a peer
            c.toml:3: `sources` is "192.0.2.1/24" (its network is 192.0.2.0/24), must be an IP address or a range, such as "192.0.2.1" or "192.0.2.0/28"
            sip-profiles/plain-rfc3261.toml:3: `privacy` is "id", must be absent or "none" where `caller_id.header` is "from"
            sip-profiles/plain-rfc3261.toml:4: `assume_ringing_after` is "30s", must be less than `no_ringing_after`, which is "20s""#]],
    );
}

#[test]
fn a_name_is_not_overridden_and_an_unread_profile_may_have_any() {
    let main = format!("{MINIMAL}trunks = [\"late\"]\n[trunk.plain]\nname = \"plane\"\n");
    check(
        &[(MAIN, &main), (PROFILE, TRUNK)],
        expect![[r#"
        ringproof.toml:10: `pool.trunks` is "late", an unknown trunk, must be "plain"
        ringproof.toml:12: `trunk.plain.name` is overridden, must be in the trunk's own file alone"#]],
    );
    let main = main.replace("261.toml\"]", "261.toml\", \"late.toml\"]");
    let late = "name = 5\naddress = \"udp:192.0.2.1:5060\"\n";
    check(
        &[(MAIN, &main), (PROFILE, TRUNK), ("late.toml", late)],
        expect![[r#"
        ringproof.toml:12: `trunk.plain.name` is overridden, must be in the trunk's own file alone
        late.toml:1: `name` is 5, must be 1 to 32 characters of a-z, 0-9, `-` and `_`"#]],
    );
}

#[test]
fn p30_an_invite_that_would_need_tcp_is_a_problem_of_the_profile() {
    let domain = vec!["d".repeat(62); 4].join(".");
    let trunk = format!("{TRUNK}domain = \"{domain}\"\nfrom_domain = \"{domain}\"\n");
    check(
        &[(MAIN, MINIMAL), (PROFILE, &trunk)],
        expect![
            "sip-profiles/plain-rfc3261.toml:1: the file is no trunk that can be called (its longest INVITE has 1420 bytes, at most 1300 fit into a datagram), must be shorter in `domain`, `from_domain` or `sip.user_agent`"
        ],
    );
}

#[test]
fn a_trunk_is_not_called_what_metrics_call_no_trunk() {
    let trunk = TRUNK.replace("\"plain\"", "\"none\"");
    check(
        &[(MAIN, MINIMAL), (PROFILE, &trunk)],
        expect![[
            r#"sip-profiles/plain-rfc3261.toml:1: `name` is "none", must be another name: metrics say it of calls that no trunk was found for"#
        ]],
    );
}

#[test]
fn q16_whom_a_trunk_is_believed_is_a_list_of_headers() {
    let wrong = |lines: &str| format!("{TRUNK}[caller]\n{lines}\n");
    let twice = wrong("headers = [\"from\", \"pai\", \"from\"]\nbare = \"national\"");
    check(
        &[(MAIN, MINIMAL), (PROFILE, &twice)],
        expect![[r#"
        sip-profiles/plain-rfc3261.toml:4: `caller.headers` is "from" for the second time, must be named once
        sip-profiles/plain-rfc3261.toml:4: `caller.headers` is "pai", must be "from", "p_asserted_identity" or "remote_party_id"
        sip-profiles/plain-rfc3261.toml:5: `caller.bare` is "national" of no country, must be used with a `country`"#]],
    );
    let empty = wrong("headers = []\nbare = \"local\"\ncalled_in = \"from\"");
    check(
        &[(MAIN, MINIMAL), (PROFILE, &empty)],
        expect![[r#"
        sip-profiles/plain-rfc3261.toml:4: `caller.headers` is empty, must be absent, or a list of headers
        sip-profiles/plain-rfc3261.toml:5: `caller.bare` is "local", must be "international" or "national"
        sip-profiles/plain-rfc3261.toml:6: `caller.called_in` is "from", must be "request_uri" or "to""#]],
    );
    let main = format!("{MINIMAL}[trunk.plain]\ncaller.bare = \"national\"\ncountry = \"SE\"\n");
    let trunk = wrong("headers = [\"remote_party_id\", \"from\"]\ncalled_in = \"to\"");
    let config = load_texts(&[(MAIN, &main), (PROFILE, &trunk)]).unwrap();
    expect![[r#"
        CallerPolicy {
            headers: [
                RemotePartyId,
                From,
            ],
            plan: Some(
                NationalPlan {
                    country_code: "46",
                    national_prefix: "0",
                    international_prefix: "00",
                },
            ),
            bare: National,
            called: To,
            vias_max: 1,
        }
    "#]]
    .assert_debug_eq(&config.trunks[0].caller);
}

#[test]
fn missed_calls_of_a_trunk_have_a_limit() {
    let limited = |limit: &str| format!("{TRUNK}missed_calls_per_second = {limit}\n");
    check(
        &[(MAIN, MINIMAL), (PROFILE, &limited("0"))],
        expect![
            "sip-profiles/plain-rfc3261.toml:3: `missed_calls_per_second` is 0, must be a whole number between 1 and 100000"
        ],
    );
    let config = load_texts(&[(MAIN, MINIMAL), (PROFILE, &limited("7"))]).unwrap();
    assert_eq!(config.trunks[0].missed_calls_per_second, 7);
}

#[test]
fn x04_a_trunk_that_may_be_anywhere_is_a_warning() {
    let cautions = |sources: &str| {
        let trunk = format!("{TRUNK}sources = [{sources}]\n");
        let config = load_texts(&[(MAIN, MINIMAL), (PROFILE, &trunk)]).unwrap();
        config.cautions.iter().map(|it| format!("{it}\n")).collect::<String>()
    };
    assert_eq!(cautions("\"192.0.0.0/16\", \"2001:db8::/48\""), "");
    expect![[r#"
        sip-profiles/plain-rfc3261.toml:3: `sources` has 0.0.0.0/0: every host there can say who is calling, and prove it
        sip-profiles/plain-rfc3261.toml:3: `sources` has ::/0: every host there can say who is calling, and prove it
    "#]]
    .assert_eq(&cautions("\"0.0.0.0/0\", \"::/0\""));
}
