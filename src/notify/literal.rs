//! Hosts that are addresses, in any form that a resolver may read as one: what inet_aton takes, and the
//! URL standard with it.

use std::net::IpAddr;

/// The address that a host is: `127.0.0.1`, `127.1`, `0x7f000001`, `017700000001`, `2130706433`, `::1`.
/// In small letters, without brackets.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    let parts: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let octets = first.iter().map(|part| u8::try_from(*part).ok()).collect::<Option<Vec<_>>>()?;
    // The last one fills what the others leave.
    let left = 4_usize.checked_sub(octets.len()).filter(|left| *left > 0)?;
    let last = last.to_be_bytes();
    let (above, filling) = last.split_at(4 - left);
    let is_fitting = above.iter().all(|octet| *octet == 0);
    let bits: [u8; 4] = [&octets, filling].concat().try_into().ok()?;
    is_fitting.then(|| bits.into())
}

/// Decimal, octal or hexadecimal, as C has it.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        (None, _) => (text, 10),
    };
    // It would take a sign.
    let is_plain = digits.bytes().all(|octet| octet.is_ascii_alphanumeric());
    u32::from_str_radix(digits, radix).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w05_an_address_is_known_in_every_form() {
        for (host, address) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("127.1", Some("127.0.0.1")),
            ("10.1.258", Some("10.1.1.2")),
            ("2130706433", Some("127.0.0.1")),
            ("0x7f000001", Some("127.0.0.1")),
            ("0x7f.1", Some("127.0.0.1")),
            ("017700000001", Some("127.0.0.1")),
            ("012.0.0.1", Some("10.0.0.1")),
            ("0", Some("0.0.0.0")),
            ("::ffff:10.0.0.1", Some("::ffff:10.0.0.1")),
            ("256.1", None),
            ("1.2.3.4.5", None),
            ("10.1.65536", None),
            ("4294967296", None),
            ("+1", None),
            ("127.", None),
            ("10.example", None),
            ("example.com", None),
        ] {
            assert_eq!(literal(host), address.map(|text| text.parse().unwrap()), "{host}");
        }
    }
}
