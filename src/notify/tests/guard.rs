//! Which addresses are the public internet, and which hosts callbacks may go to.

use std::fmt::Write as _;
use std::net::IpAddr;

use expect_test::expect;

use super::super::{Allowed, Callbacks, HostPattern, UrlError, is_public};
use super::world::reach;

#[test]
fn w05_only_the_public_internet_is_let_through() {
    for address in "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 \
        127.255.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.170 192.0.2.1 \
        192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 \
        239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 \
        ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe \
        64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 \
        2002:7f00:1:: 2002:a00:1::1 3fff::1 4000::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 \
        fec0::1 ff02::1"
        .split_whitespace()
    {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
    for address in
        "1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 \
        192.0.1.1 198.17.255.255 198.20.0.1 223.255.255.255 2001:200::1 2606:4700::1111 \
        2a00:1450::1 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1"
            .split_whitespace()
    {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn w05_an_operator_allows_ranges_or_everything_that_can_listen() {
    let lets = |allowed: &Allowed, address: &str| allowed.lets(address.parse::<IpAddr>().unwrap());
    let ranges = Allowed::Ranges(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    for (address, public, some, all) in [
        ("1.1.1.1", true, true, true),
        ("10.1.2.3", false, true, true),
        ("::ffff:10.1.2.3", false, true, true),
        ("fd00::1", false, true, true),
        ("10.2.0.1", false, false, true),
        ("127.0.0.1", false, false, true),
        ("0.0.0.0", false, false, false),
        ("::", false, false, false),
        ("224.0.0.1", false, false, false),
        ("ff02::1", false, false, false),
        ("255.255.255.255", false, false, false),
    ] {
        assert_eq!(lets(&Allowed::Public, address), public, "{address}");
        assert_eq!(lets(&ranges, address), some, "{address}");
        assert_eq!(lets(&Allowed::Everything, address), all, "{address}");
    }
}

#[test]
fn w05_an_address_that_is_not_public_is_refused_before_anybody_connects() {
    let mut callbacks = Callbacks { hosts: vec![], reach: reach() };
    callbacks.reach.allowed = Allowed::Public;
    let inside = [
        "https://10.0.0.1/x",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://127.1/",
        "https://2130706433/",
        "https://0X7F.1/",
        "https://0177.0.0.1./",
    ];
    for url in inside {
        assert_eq!(callbacks.check(url), Err(UrlError::NotPublic), "{url}");
    }
    for url in ["https://1.1.1.1/", "https://[2606:4700::1111]/", "https://localhost/"] {
        assert_eq!(callbacks.check(url), Ok(()), "{url}");
    }
    callbacks.reach.allowed = Allowed::Everything;
    assert!(inside.into_iter().all(|url| callbacks.check(url) == Ok(())));
}

#[test]
fn w05_who_gives_a_wrong_url_hears_what_was_found_and_what_is_accepted() {
    let mut callbacks = Callbacks { hosts: vec![], reach: reach() };
    let mut said = String::new();
    for allow_http in [false, true] {
        callbacks.reach.allow_http = allow_http;
        for url in ["", "ftp://a/", "http://a/", "https://a:0/", "https://a:99999/", "https://a/ü"]
        {
            let error =
                callbacks.check(url).map_or_else(|error| error.to_string(), |()| "ok".into());
            writeln!(said, "{url}: {error}").unwrap();
        }
    }
    expect![[r#"
        : it is empty, must be a URL such as `https://host/path`
        ftp://a/: its scheme is `ftp`, must be `https`
        http://a/: its scheme is `http`, must be `https` here
        https://a:0/: its port is `0`, must be between 1 and 65535, or left out with its colon
        https://a:99999/: its port is `99999`, must be between 1 and 65535, or left out with its colon
        https://a/ü: it holds 'ü', must be plain ASCII: in a host's name as `xn--…`, elsewhere as `%` and two digits for each octet
        : it is empty, must be a URL such as `https://host/path`
        ftp://a/: its scheme is `ftp`, must be `https` or `http`
        http://a/: ok
        https://a:0/: its port is `0`, must be between 1 and 65535, or left out with its colon
        https://a:99999/: its port is `99999`, must be between 1 and 65535, or left out with its colon
        https://a/ü: it holds 'ü', must be plain ASCII: in a host's name as `xn--…`, elsewhere as `%` and two digits for each octet
    "#]]
    .assert_eq(&said);
}

#[test]
fn w05_callbacks_go_to_the_hosts_that_are_listed() {
    let mut callbacks = Callbacks { hosts: vec![], reach: reach() };
    callbacks.reach.allow_http = false;
    assert_eq!(callbacks.check("https://anybody.example/"), Ok(()));
    assert_eq!(callbacks.check("http://anybody.example/"), Err(UrlError::Plain));
    callbacks.hosts = ["hooks.example.com", "*.Example.net"]
        .map(|text| HostPattern::parse(text).unwrap())
        .to_vec();
    assert_eq!(callbacks.check("https://HOOKS.example.com.:8443/a"), Ok(()));
    assert_eq!(callbacks.check("https://a.b.example.net/"), Ok(()));
    for url in [
        "https://example.net/",
        "https://xhooks.example.com/",
        "https://badexample.net/",
        "https://[::1]/",
    ] {
        assert_eq!(callbacks.check(url), Err(UrlError::Host), "{url}");
    }
    for text in ["", "*", "*.", "a/b", "a b", "https://a", "a:443", "*.*.a b", "user@a"] {
        assert_eq!(HostPattern::parse(text), None, "{text}");
    }
}
