//! Who is let in.

#![expect(clippy::disallowed_methods, reason = "any instant will do")]

use std::net::Ipv6Addr;

use super::*;

#[test]
fn h06_the_unix_socket_needs_no_key_and_tcp_does() {
    let (keys, now) = (keys(), Instant::now());
    let ask = |peer, header: Option<&str>| {
        keys.identify(peer, header.map(str::as_bytes), now).map(|caller| caller.name().to_string())
    };
    assert_eq!(ask(Peer::Socket, None), Ok("socket".to_owned()));
    assert_eq!(ask(PEER, Some("Bearer right")), Ok("key shop".to_owned()));
    assert_eq!(ask(PEER, Some("bearer  right ")), Ok("key shop".to_owned()));
    assert_eq!(ask(PEER, None), Err(Stranger::NoToken));
    for wrong in ["", "Bearer", "Bearer ", "Basic right", "Bearer Right", "right"] {
        assert_eq!(ask(PEER, Some(wrong)), Err(Stranger::WrongToken), "{wrong}");
    }
}

#[test]
fn h06_wrong_tokens_are_limited_for_each_address_and_right_ones_are_not() {
    let (keys, now) = (keys(), Instant::now());
    let wrong = Some(b"Bearer wrong".as_slice());
    let mut refused = 0;
    for n in 0..100_000 {
        let token = format!("Bearer wrong{n}");
        let result = keys.identify(PEER, Some(token.as_bytes()), now);
        refused += usize::from(matches!(result, Err(Stranger::TooMany { .. })));
        if n % 100 == 0 {
            assert!(keys.identify(PEER, Some(b"Bearer right"), now).is_ok(), "after {n}");
        }
    }
    assert_eq!(refused, 100_000 - 10);
    // 100 µs for each, which an hour of such a flood does not notice.
    assert!(now.elapsed() < Duration::from_secs(10), "{:?}", now.elapsed());
    let elsewhere = Peer::Tcp(IpAddr::V6(Ipv6Addr::LOCALHOST));
    assert!(matches!(keys.identify(elsewhere, wrong, now), Err(Stranger::WrongToken)));
}

#[test]
fn one_ipv6_host_is_one_address() {
    let (wrong, now) = (WrongTokens::new(3, &Entropy::seeded(1), Instant::now()), Instant::now());
    let admitted = (0..100_u128)
        .filter(|host| wrong.admit(IpAddr::V6(Ipv6Addr::from_bits(host + (7 << 64))), now).is_ok())
        .count();
    assert_eq!(admitted, 3);
}

#[test]
fn a_key_may_do_what_its_rights_say() {
    let keys = keys();
    let caller = keys.identify(PEER, Some(b"Bearer right"), Instant::now()).unwrap();
    assert!(caller.may(&[Right::Verify]) && caller.may(&[Right::Read, Right::Verify]));
    assert!(!caller.may(&[Right::Read]) && !caller.may(&[Right::Admin]));
    let admin = keys.identify(PEER, Some(b"Bearer root"), Instant::now()).unwrap();
    assert!([Right::Admin, Right::Read, Right::Verify].into_iter().all(|r| admin.may(&[r])));
}

#[test]
fn a_key_starts_as_many_calls_as_it_may() {
    let (keys, now) = (keys(), Instant::now());
    let caller = keys.identify(PEER, Some(b"Bearer right"), now).unwrap();
    let admitted = (0..10).filter(|_| caller.admit_call(now).is_ok()).count();
    assert_eq!(admitted, 2);
    assert_eq!(caller.admit_call(now), Err(Duration::from_millis(500)));
}

fn keys() -> Keys {
    let key = |name: &str, token, right, starts_per_second| KeySettings {
        name: name.into(),
        token: TokenHash::of(token),
        rights: vec![right],
        starts_per_second,
    };
    let keys =
        [key("shop", "right", Right::Verify, Some(2)), key("ops", "root", Right::Admin, None)];
    Keys::new(&keys, 10, &Entropy::seeded(1), Instant::now())
}

const PEER: Peer = Peer::Tcp(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
