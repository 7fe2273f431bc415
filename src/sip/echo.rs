//! Requests that repeat an INVITE: its CANCEL (RFC 3261 §9.1) and the ACK of its failure (§17.1.1.3),
//! made of its own octets. For a sender that has nothing but these; who still knows the call renders
//! them from a template.
//!
//! Invariant: Request-URI, Via with its branch, Route, From, Call-ID and the number of CSeq are the
//! INVITE's, octet for octet.

use super::write::{self, header};
use super::{Message, Method, Name, Start};

/// Appends the CANCEL of `invite`. Says whether that is a request that can be cancelled.
///
/// The Reason is the one of every CANCEL of ours (RFC 3326 §2): the caller hung up.
pub fn write_cancel(invite: &Message<'_>, out: &mut Vec<u8>) -> bool {
    let to = invite.first(Name::To);
    write(Method::Cancel, invite, to, b"Reason: Q.850;cause=16\r\n", out)
}

/// Appends the ACK of `response`, a failure of `invite`: To is the response's, tag and all, and the
/// INVITE's where the response has none. Says whether `invite` is a request.
pub fn write_ack(invite: &Message<'_>, response: &Message<'_>, out: &mut Vec<u8>) -> bool {
    let to = response.first(Name::To).filter(|to| !to.is_empty());
    write(Method::Ack, invite, to.or_else(|| invite.first(Name::To)), b"", out)
}

fn write(
    method: Method,
    invite: &Message<'_>,
    to: Option<&[u8]>,
    lines: &[u8],
    out: &mut Vec<u8>,
) -> bool {
    let (Start::Request(line), Ok(cseq), Some(via)) =
        (invite.start(), invite.cseq(), invite.values(Name::Via).next())
    else {
        return false;
    };
    let method = method.as_str().as_bytes();
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(line.uri);
    out.extend_from_slice(b" SIP/2.0\r\n");
    // §9.1 and §17.1.1.3: "a single Via header field", the topmost.
    header(out, "Via", via);
    out.extend_from_slice(b"Max-Forwards: 70\r\n");
    write::lines(invite, Name::Route, out);
    write::first(invite, Name::From, out);
    header(out, "To", to.unwrap_or_default());
    write::first(invite, Name::CallId, out);
    out.extend_from_slice(b"CSeq: ");
    write::decimal(out, cseq.number.into());
    out.push(b' ');
    out.extend_from_slice(method);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(lines);
    write::body(out, b"");
    true
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const INVITE: &str = "INVITE sip:b@192.0.2.1;user=phone SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n\
        Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>\r\nf: \"A\" <sip:a@h>;tag=f\r\n\
        Route: <sip:p3.example.net;lr>\r\nTo: <sip:b@192.0.2.1>\r\nCall-ID: c\r\n\
        CSeq: 7 INVITE\r\nContact: <sip:a@192.0.2.9>\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn d03_the_cancel_and_the_ack_repeat_what_the_invite_said() {
        let invite = Message::parse(INVITE.as_bytes()).unwrap();
        let response = "SIP/2.0 487 Request Terminated\r\nVia: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKa\r\n\
            From: <sip:a@h>;tag=f\r\nTo: <sip:b@192.0.2.1>;tag=t\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\r\n";
        let mut out = vec![];
        assert!(write_cancel(&invite, &mut out));
        let cancel = out.len();
        let response = Message::parse(response.as_bytes()).unwrap();
        assert!(write_ack(&invite, &response, &mut out));
        for request in [&out[..cancel], &out[cancel..]] {
            assert_eq!(Message::parse(request).unwrap().check(), Ok(()));
        }
        assert!(!write_cancel(&response, &mut vec![]));
        expect![[r#"
            CANCEL sip:b@192.0.2.1;user=phone SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bKa
            Max-Forwards: 70
            Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>
            Route: <sip:p3.example.net;lr>
            From: "A" <sip:a@h>;tag=f
            To: <sip:b@192.0.2.1>
            Call-ID: c
            CSeq: 7 CANCEL
            Reason: Q.850;cause=16
            Content-Length: 0

            ACK sip:b@192.0.2.1;user=phone SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bKa
            Max-Forwards: 70
            Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>
            Route: <sip:p3.example.net;lr>
            From: "A" <sip:a@h>;tag=f
            To: <sip:b@192.0.2.1>;tag=t
            Call-ID: c
            CSeq: 7 ACK
            Content-Length: 0

        "#]]
        .assert_eq(&String::from_utf8(out).unwrap().replace("\r\n", "\n"));
    }
}
