//! Addresses as the configuration writes them: `udp:192.0.2.1:5060`, `udp:[2001:db8::1]:5060`.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::kind::{Kind, Refusal};

/// Where SIP is spoken here. Port 0 lets the system choose.
pub(super) fn local() -> Kind<SocketAddr> {
    let accepted = "a concrete UDP address of this machine, such as \"udp:192.0.2.1:5060\", \
                    because it is sent to the trunk";
    Kind::text(accepted, |text| usable(udp(text)?))
}

/// Where a peer speaks SIP.
pub(super) fn peer() -> Kind<SocketAddr> {
    Kind::text("the UDP address of a peer, such as \"udp:192.0.2.1:5060\"", |text| {
        match usable(udp(text)?)? {
            address if address.port() == 0 => Err(because("it has no port")),
            address => Ok(address),
        }
    })
}

/// Where HTTP is spoken here.
pub(super) fn tcp() -> Kind<SocketAddr> {
    Kind::text("an address and port, such as \"127.0.0.1:8580\"", |text| {
        text.parse().map_err(|_| Refusal::Unlike)
    })
}

/// An address, or a range of them.
pub(super) fn range() -> Kind<IpNet> {
    let accepted = "an IP address or a range, such as \"192.0.2.1\" or \"192.0.2.0/28\"";
    Kind::text(accepted, |text| {
        let one = text.parse::<IpAddr>().map(IpNet::from).ok();
        let range = one.or_else(|| text.parse().ok()).ok_or(Refusal::Unlike)?;
        match range.trunc() == range {
            true => Ok(range),
            false => Err(because(&format!("its network is {}", range.trunc()))),
        }
    })
}

fn udp(text: &str) -> Result<SocketAddr, Refusal> {
    let address = match text.split_once(':') {
        Some(("tcp" | "tls", _)) => {
            return Err(because("TCP and TLS are not supported yet, only `udp:`"));
        }
        Some(("udp", address)) => address,
        Some(_) | None => text,
    };
    address.parse().map_err(|_| match address.starts_with(|letter: char| letter.is_alphabetic()) {
        true => because("names are not looked up, only addresses"),
        false => Refusal::Unlike,
    })
}

/// An address that one packet can be sent from and another one to.
fn usable(address: SocketAddr) -> Result<SocketAddr, Refusal> {
    let ip = address.ip();
    if ip.is_unspecified() {
        return Err(because("that is any address"));
    }
    if ip.is_multicast() || ip == IpAddr::from([255; 4]) {
        return Err(because("that is more than one machine"));
    }
    if let SocketAddr::V6(v6) = address {
        if v6.ip().to_ipv4_mapped().is_some() {
            return Err(because("that is an IPv4 address in IPv6 clothes"));
        }
        // RFC 3261 §25.1 has no place for a zone in a Via or a URI.
        if v6.scope_id() != 0 || v6.ip().is_unicast_link_local() {
            return Err(because("a link-local address means nothing to the other side"));
        }
    }
    Ok(address)
}

fn because(why: &str) -> Refusal {
    Refusal::Because(why.to_owned())
}
