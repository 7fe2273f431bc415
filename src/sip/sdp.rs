//! The offer of a flash call: well-formed and inert. RFC 3264, RFC 8866, RFC 4733.
//!
//! No port is opened for it: the call is over before anybody may send media. What it says is what
//! an ordinary caller says, because trunks and their session border controllers refuse what looks
//! odd (an offer without audio, `a=inactive`, port 0 or 0.0.0.0 is often answered with 488 or
//! treated as a call on hold):
//!
//! * **Port 9, discard.** It is well-formed, and early media that a peer sends at once arrives
//!   nowhere: on any other port it could reach a socket that somebody else has opened meanwhile.
//! * **`sendrecv`**, G.711 in both laws and telephone-event: what every telephone network accepts
//!   without transcoding.
//!
//! Deliberately absent: reading SDP. An answer, however absurd, is never looked at.

use std::net::IpAddr;

use super::write;

/// Appends the offer of a session with the id `session` (RFC 8866 §5.2: unique with the address).
pub fn write_offer(address: IpAddr, session: u64, out: &mut Vec<u8>) {
    let address_type: &[u8] = if address.is_ipv4() { b"IN IP4 " } else { b"IN IP6 " };
    out.extend_from_slice(b"v=0\r\no=- ");
    write::decimal(out, session);
    out.extend_from_slice(b" 1 ");
    out.extend_from_slice(address_type);
    write::address(out, address);
    out.extend_from_slice(b"\r\ns=-\r\nc=");
    out.extend_from_slice(address_type);
    write::address(out, address);
    out.extend_from_slice(MEDIA);
}

const MEDIA: &[u8] = b"\r\n\
    t=0 0\r\n\
    m=audio 9 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\n\
    a=ptime:20\r\n\
    a=sendrecv\r\n";

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use expect_test::expect;

    use super::*;

    #[test]
    fn p32_the_offer_is_well_formed_and_inert() {
        let mut out = Vec::new();
        write_offer(Ipv4Addr::new(192, 0, 2, 1).into(), 42, &mut out);
        expect![[r#"
            v=0
            o=- 42 1 IN IP4 192.0.2.1
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
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap().replace("\r\n", "\n"));
    }

    #[test]
    fn an_ipv6_address_is_said_to_be_one() {
        let mut out = Vec::new();
        write_offer(Ipv6Addr::LOCALHOST.into(), u64::MAX, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with(
            "v=0\r\no=- 18446744073709551615 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\n"
        ));
    }
}
