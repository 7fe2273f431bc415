//! What the trunk writes: responses from the bytes of their request, and a BYE of its own.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use super::super::number::Number;
use crate::sip::response::{self, Response};
use crate::sip::{Class, Host, Message, Name, NameAddr, Status, Uri, sdp};
use crate::transaction::branch::{BranchText, write_hex};

/// A tag as text.
pub(super) fn tag_text(tag: u64) -> [u8; 16] {
    let mut text = [0; 16];
    write_hex(tag, &mut text);
    text
}

/// Appends the response `status` to the INVITE of a call to `phone`.
pub(super) fn write_call_response(
    invite: &[u8],
    source: SocketAddr,
    (local, phone): (SocketAddr, Number),
    status: Status,
    tag: u64,
    out: &mut Vec<u8>,
) {
    // It was read when it came.
    let Ok(message) = Message::parse(invite) else { return };
    let to_tag = tag_text(tag);
    // A number and an address: on the stack they would need as much care as is saved.
    let elsewhere = if status.class() == Class::Redirection { "0" } else { "" };
    let contact = format!("<sip:{phone}{elsewhere}@{local}>");
    let contact = ("Contact", contact.as_bytes());
    let mut body = vec![];
    let media = ("Content-Type", &b"application/sdp"[..]);
    let cause;
    let headers: &[(&str, &[u8])] = match (status, status.class()) {
        (Status::TRYING, _) => &[],
        (Status::SESSION_PROGRESS, _) | (_, Class::Success) => {
            sdp::write_offer(local.ip(), tag >> 1, &mut body);
            &[contact, media]
        }
        (_, Class::Provisional | Class::Redirection) => &[contact],
        (_, Class::ClientError | Class::GlobalFailure | Class::ServerError) => {
            cause = q850_cause(status);
            cause.as_slice()
        }
    };
    let to_tag = (status != Status::TRYING).then_some(&to_tag[..]);
    let answer =
        Response { to_tag, source: Some(source), headers, body: &body, ..Response::new(status) };
    // A request with an unreadable Via was refused when it came.
    let _ = answer.write(&message, out);
}

/// Where responses to `invite` go.
pub(super) fn reply_address(invite: &[u8], source: SocketAddr) -> SocketAddr {
    let via = Message::parse(invite).ok().and_then(|message| message.via().ok());
    via.map_or(source, |via| response::destination(&via, source))
}

/// Appends the BYE with which the phone that was called leaves: From and To change places, the
/// route set is the Record-Route of the INVITE in its order (RFC 3261 §12.1.1).
///
/// Deliberately absent: strict routers, which nobody puts before a lab.
pub(super) fn write_bye(
    invite: &[u8],
    local: SocketAddr,
    tag: u64,
    branch: &BranchText,
    out: &mut Vec<u8>,
) {
    let Ok(message) = Message::parse(invite) else { return };
    let (Ok(from), Ok(call_id)) = (message.from(), message.call_id()) else { return };
    let target = message.contact().ok().flatten().map_or(from.uri, |contact| contact.uri);
    line(out, &[b"BYE ", target, b" SIP/2.0"]);
    // Writing to a Vec cannot fail.
    let _ = write!(out, "Via: SIP/2.0/UDP {local};rport;branch=");
    line(out, &[branch]);
    line(out, &[b"Max-Forwards: 70"]);
    for route in message.record_routes() {
        line(out, &[b"Route: ", route]);
    }
    let to = message.header(Name::To).next().unwrap_or_default();
    line(out, &[b"From: ", to, b";tag=", &tag_text(tag)]);
    line(out, &[b"To: ", message.header(Name::From).next().unwrap_or_default()]);
    line(out, &[b"Call-ID: ", call_id]);
    line(out, &[b"CSeq: 1 BYE"]);
    line(out, &[b"Content-Length: 0"]);
    line(out, &[]);
}

/// Where a request of ours to the caller goes: the first route or the Contact, when it is an
/// address; the source of the INVITE otherwise.
pub(super) fn next_hop(invite: &[u8], source: SocketAddr) -> SocketAddr {
    let address = || {
        let message = Message::parse(invite).ok()?;
        let route = message.record_routes().next().and_then(|route| NameAddr::parse(route).ok());
        let target = route.or(message.contact().ok()?)?;
        let uri = Uri::parse(target.uri).ok()?;
        let Host::Address(address) = uri.host? else { return None };
        (address.is_ipv4() == source.is_ipv4() && !is_any(address))
            .then(|| SocketAddr::new(address, uri.port.unwrap_or(response::DEFAULT_PORT)))
    };
    address().unwrap_or(source)
}

fn is_any(address: IpAddr) -> bool {
    address.is_unspecified() || address.is_multicast()
}

fn line(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.extend_from_slice(b"\r\n");
}

/// The reason that telephone networks give beside the status (RFC 3398 §8.2.6.1, RFC 6432).
fn q850_cause(status: Status) -> Option<(&'static str, &'static [u8])> {
    let cause: &[u8] = match status.code() {
        403 | 603 => b"Q.850;cause=21",
        404 => b"Q.850;cause=1",
        480 => b"Q.850;cause=20",
        484 => b"Q.850;cause=28",
        486 => b"Q.850;cause=17",
        503 => b"Q.850;cause=34",
        _ => return None,
    };
    Some(("Reason", cause))
}
