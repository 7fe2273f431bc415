//! Where the gateway is spoken to: `sip.listen`, `control.listen` and its keys.

use expect_test::{Expect, expect};

use super::{MAIN, MINIMAL, PROFILE, TRUNK, check, load_texts};

#[test]
fn local_addresses_must_be_fit_to_be_sent_to_a_trunk() {
    for (text, expected) in [
        (
            "[\"udp:0.0.0.0:5070\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "udp:0.0.0.0:5070" (that is any address), must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
        (
            "[\"tls:192.0.2.1:5061\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "tls:192.0.2.1:5061" (TCP and TLS are not supported yet, only `udp:`), must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
        (
            "[\"udp:[fe80::1%2]:5060\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "udp:[fe80::1%2]:5060" (a link-local address means nothing to the other side), must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
        (
            "[\"udp:[::ffff:192.0.2.1]:5060\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "udp:[::ffff:192.0.2.1]:5060" (that is an IPv4 address in IPv6 clothes), must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
        (
            "[\"udp:224.0.0.1:5060\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "udp:224.0.0.1:5060" (that is more than one machine), must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
        (
            "[\"sip.example.net\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "sip.example.net" (names are not looked up, only addresses), must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
        (
            "[\"127.0.0.1\"]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is "127.0.0.1", must be a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk"#
            ]],
        ),
    ] {
        check_listen(text, expected);
    }
}

#[test]
fn there_is_one_local_address_of_each_ip_version_with_room_for_the_shards() {
    for (text, expected) in [
        (
            "[\"udp:127.0.0.1:5070\", \"udp:127.0.0.1:5070\"]",
            expect![
                "ringproof.toml:5: `sip.listen` is udp:127.0.0.1:5070 for the second time, must be one address of each IP version"
            ],
        ),
        (
            "[\"udp:127.0.0.1:5070\", \"udp:127.0.0.2:5070\"]",
            expect![
                "ringproof.toml:5: `sip.listen` is udp:127.0.0.2:5070 beside udp:127.0.0.1:5070, must be one address of each IP version"
            ],
        ),
        (
            "[\"udp:127.0.0.1:65535\"]\nshards = 2",
            expect![
                "ringproof.toml:5: `sip.listen` is udp:127.0.0.1:65535, too high for 2 shards, must be a port with room above it: shard n uses the port plus n"
            ],
        ),
        (
            "[]",
            expect![[
                r#"ringproof.toml:5: `sip.listen` is empty, must be a list such as ["udp:127.0.0.1:5070"]"#
            ]],
        ),
    ] {
        check_listen(text, expected);
    }
}

/// With `sip.listen` as given, and the rest of its line.
#[track_caller]
fn check_listen(text: &str, expected: Expect) {
    let main = MINIMAL.replace("[\"udp:127.0.0.1:5070\"]", text);
    check(&[(MAIN, &main), (PROFILE, TRUNK)], expected);
}

#[test]
fn a_socket_path_that_could_not_be_bound_is_refused() {
    let socket = |bytes: usize| {
        MINIMAL.replace("\"ringproof.sock\"", &format!("\"/{}\"", "s".repeat(bytes - 1)))
    };
    check(&[(MAIN, &socket(103)), (PROFILE, TRUNK)], expect!["accepted"]);
    let refused = load_texts(&[(MAIN, &socket(104)), (PROFILE, TRUNK)]).unwrap_err().to_string();
    assert!(refused.ends_with("must be a path of 1 to 103 bytes"), "{refused}");
}

#[test]
fn h06_tcp_needs_a_key() {
    let listen =
        |keys: &str| MINIMAL.replace("[sip]", &format!("listen = \"127.0.0.1:8580\"\n{keys}[sip]"));
    check(
        &[(MAIN, &listen("")), (PROFILE, TRUNK)],
        expect![
            "ringproof.toml:4: `control.listen` is without any key, must be with at least one `[[control.key]]` (`ringproof key new NAME` makes one)"
        ],
    );
    let hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
    let keys =
        format!("[[control.key]]\nname = \"app\"\nsha256 = \"{hash}\"\nrights = [\"verify\"]\n");
    check(&[(MAIN, &listen(&keys)), (PROFILE, TRUNK)], expect!["accepted"]);
    check(
        &[(MAIN, &listen(&keys.repeat(2))), (PROFILE, TRUNK)],
        expect![[
            r#"ringproof.toml:10: `control.key.name` is "app" for the second time, must be a name of its own"#
        ]],
    );
    let twins = format!("{keys}{}", keys.replace("app", "shop"));
    check(
        &[(MAIN, &listen(&twins)), (PROFILE, TRUNK)],
        expect![[
            r#"ringproof.toml:10: `control.key.name` is the same secret as "app", must be a key of its own"#
        ]],
    );
}

#[test]
fn h09_a_key_written_in_the_clear_is_not_repeated() {
    let main = format!(
        "{MINIMAL}[[control.key]]\nname = \"app\"\nsha256 = \"correct horse battery staple\"\n\
         rights = [\"root\"]\n"
    );
    check(
        &[(MAIN, &main), (PROFILE, TRUNK)],
        expect![[r#"
            ringproof.toml:12: `control.key.sha256` is a string that is not repeated here, must be the SHA-256 of the key, 64 hexadecimal digits, as `ringproof key new NAME` prints it
            ringproof.toml:13: `control.key.rights` is "root", must be "admin", "read" or "verify""#]],
    );
}
