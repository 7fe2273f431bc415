//! Which addresses may be connected to: those of the public Internet, unless the operator allows
//! others. Asked of the address that is connected, after the look-up, so that a name which answers
//! differently the second time gains nothing.
//!
//! Public is what the IANA special-purpose registries (RFC 6890) call globally reachable. An IPv6
//! address that stands for an IPv4 one (mapped, NAT64, 6to4) is judged by that one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What is allowed beside the public Internet.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Allowed {
    /// Nothing.
    #[default]
    Public,
    /// Every address of one machine: private, loopback and link-local ones, too.
    Everything,
    /// These ranges.
    Ranges(Vec<IpNet>),
}

impl Allowed {
    /// Whether `address` may be connected to.
    pub fn lets(&self, address: IpAddr) -> bool {
        // Nothing can listen there, and 0.0.0.0 is a second name of this machine.
        if address.is_unspecified() || address.is_multicast() || address == BROADCAST {
            return false;
        }
        is_public(address)
            || match self {
                Self::Everything => true,
                Self::Public => false,
                Self::Ranges(ranges) => {
                    let plain = address.to_canonical();
                    ranges.iter().any(|range| range.contains(&plain))
                }
            }
    }
}

/// Whether `address` is one of the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !within(&NOT_PUBLIC_V4, address.to_bits(), 32)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    if let Some(v4) = inner_v4(address) {
        return is_public_v4(v4);
    }
    // RFC 4291 §2.4: what is handed out as global unicast is 2000::/3; the rest is reserved.
    let is_global_unicast = bits >> 125 == 1;
    is_global_unicast && !within(&NOT_PUBLIC_V6, bits, 128)
}

/// The IPv4 address that an IPv6 one leads to.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    // RFC 4291 §2.5.5.2 (::ffff:0:0/96), RFC 6052 §2.1 (64:ff9b::/96), RFC 3056 §2 (2002::/16).
    match (bits >> 32, bits >> 112) {
        (0xffff, _) | (0x0064_ff9b_0000_0000_0000_0000, _) => {
            Some(Ipv4Addr::from_bits(bits as u32))
        }
        (_, 0x2002) => Some(Ipv4Addr::from_bits((bits >> 80) as u32)),
        _ => None,
    }
}

fn within<T>(ranges: &[(T, u32)], bits: T, width: u32) -> bool
where
    T: Copy + PartialEq + std::ops::Shr<u32, Output = T>,
{
    ranges.iter().any(|(network, length)| *network >> (width - length) == bits >> (width - length))
}

const BROADCAST: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

const NOT_PUBLIC_V4: [(u32, u32); 15] = [
    (0x0000_0000, 8),  // this network
    (0x0a00_0000, 8),  // private
    (0x6440_0000, 10), // shared by carriers (RFC 6598)
    (0x7f00_0000, 8),  // loopback
    (0xa9fe_0000, 16), // link-local, with the clouds' metadata
    (0xac10_0000, 12), // private
    (0xc000_0000, 24), // IETF protocol assignments
    (0xc000_0200, 24), // documentation
    (0xc058_6300, 24), // 6to4 relays, retired
    (0xc0a8_0000, 16), // private
    (0xc612_0000, 15), // benchmarks
    (0xc633_6400, 24), // documentation
    (0xcb00_7100, 24), // documentation
    (0xe000_0000, 4),  // multicast
    (0xf000_0000, 4),  // reserved, and broadcast
];

const NOT_PUBLIC_V6: [(u128, u32); 3] = [
    (0x2001_0000 << 96, 23), // IETF protocol assignments: Teredo, benchmarks, ORCHID
    (0x2001_0db8 << 96, 32), // documentation
    (0x3fff_0000 << 96, 20), // documentation
];
