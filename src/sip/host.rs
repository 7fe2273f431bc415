//! Hosts: `host = hostname / IPv4address / IPv6reference`, RFC 3261 §25.1 and RFC 5118.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::lex::{self, HOST, Reader};

/// The host of a URI or of a Via.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Host<'a> {
    /// An address, IPv6 written in brackets.
    Address(IpAddr),
    /// A name, not resolved.
    Name(&'a [u8]),
}

impl<'a> Host<'a> {
    /// Reads a host and gives it with its text.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<(Self, &'a [u8])> {
        let whole = reader.rest();
        if reader.eat(b'[') {
            let inner = reader.until(b']')?;
            let address = ipv6(inner)?;
            return Some((Self::Address(IpAddr::V6(address)), &whole[..inner.len() + 2]));
        }
        let text = reader.word(HOST)?;
        let host = match text.last() {
            // A name's last label begins with a letter, so this must be an address.
            Some(last) if last.is_ascii_digit() && is_numeric(text) => {
                Self::Address(IpAddr::V4(ipv4(text)?))
            }
            Some(_) | None => Self::Name(text),
        };
        Some((host, text))
    }
}

impl fmt::Display for Host<'_> {
    /// As in a URI: IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Name(name) => write!(f, "{}", name.escape_ascii()),
        }
    }
}

/// An address with or without brackets: RFC 5118 §4.5 wants both forms read in `received`.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let bare = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(text);
    ipv4(bare).map(IpAddr::V4).or_else(|| ipv6(bare).map(IpAddr::V6))
}

fn is_numeric(text: &[u8]) -> bool {
    text.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.')
}

fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// RFC 5118 §4.10: the grammar of RFC 3261 gives `2001:db8:::192.0.2.1`, and "an implementation
/// must tolerate both of the above constructs". Three colons are taken for two in that place only.
fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let Some(three) = text.windows(3).position(|window| window == b":::") else {
        return str::from_utf8(text).ok()?.parse().ok();
    };
    let mut repaired = [0; IPV6_TEXT_MAX];
    let (before, after) = (&text[..three], &text[three + 1..]);
    ipv4(after.get(2..)?)?;
    repaired.get_mut(..before.len())?.copy_from_slice(before);
    repaired.get_mut(before.len()..text.len() - 1)?.copy_from_slice(after);
    str::from_utf8(&repaired[..text.len() - 1]).ok()?.parse().ok()
}

/// Reads `[ COLON port ]` of a sent-by or a hostport.
pub(super) fn read_port(reader: &mut Reader<'_>) -> Result<Option<u16>, NotAPort> {
    if !reader.separator(b':') {
        return Ok(None);
    }
    reader.word(HOST).and_then(lex::port).map(Some).ok_or(NotAPort)
}

/// What follows the colon is no number up to 65,535.
#[derive(Debug)]
pub(super) struct NotAPort;

const IPV6_TEXT_MAX: usize = 45;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut reader = Reader::new(text.as_bytes());
        let read = match Host::read(&mut reader) {
            Some((Host::Address(address), _)) => format!("address {address}"),
            Some((Host::Name(name), _)) => format!("name {}", String::from_utf8_lossy(name)),
            None => "nothing".to_owned(),
        };
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn addresses_and_names_are_told_apart() {
        check("192.0.2.1:5060", "address 192.0.2.1");
        check("256.0.2.1", "nothing");
        check("a_b-c.example.com.;x", "name a_b-c.example.com.");
        check("4u.example", "name 4u.example");
        check("[2001:db8::10:5070]", "address 2001:db8::10:5070");
        check("[::ffff:192.0.2.10]:19823", "address ::ffff:192.0.2.10");
        check("[fe80::1%eth0]", "nothing");
        check("[2001:db8::1", "nothing");
        check("2001:db8::10", "nothing");
    }

    #[test]
    fn three_colons_are_tolerated_before_an_ipv4_tail_only() {
        check("[2001:db8:::192.0.2.1]", "address 2001:db8::c000:201");
        check("[2001:db8:::1]", "nothing");
        check("[2001::::192.0.2.1]", "nothing");
        let long = format!("[{}:::1.1.1.1]", "1".repeat(60));
        check(&long, "nothing");
    }
}
