//! What a caller writes: an INVITE, and from its bytes the ACK of a refusal and the CANCEL.

use std::io::Write;
use std::net::SocketAddr;

use super::identity::host;
use super::settings::Dial;
use crate::sip::{ALLOW, Message, Method, Name, Start, sdp};
use crate::transaction::branch::{BranchText, write_hex};

/// Octets that chance gave, as text.
pub(super) fn hex(value: u64) -> [u8; 16] {
    let mut text = [0; 16];
    write_hex(value, &mut text);
    text
}

/// What both INVITEs of a merged request share, and no other call has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thread {
    pub(super) call_id: [u64; 2],
    pub(super) from_tag: u64,
}

/// Appends an INVITE (RFC 3261 §13.2.1).
pub(super) fn write_invite(
    dial: &Dial,
    thread: Thread,
    (local, callee): (SocketAddr, SocketAddr),
    branch: &BranchText,
    out: &mut Vec<u8>,
) {
    let mut body = vec![];
    sdp::write_offer(local.ip(), thread.from_tag >> 1, &mut body);
    let to = dial.to;
    line(out, &[format!("INVITE sip:{to}@{callee} SIP/2.0").as_bytes()]);
    line(out, &[format!("Via: SIP/2.0/UDP {local};rport;branch=").as_bytes(), branch]);
    line(out, &[b"Max-Forwards: 70"]);
    line(out, &[b"From: ", dial.shown.from(local).as_bytes(), b";tag=", &hex(thread.from_tag)]);
    line(out, &[format!("To: <sip:{to}@{}>", host(callee.ip())).as_bytes()]);
    line(out, &[b"Call-ID: ", &thread.call_id.map(hex).concat()]);
    line(out, &[b"CSeq: 1 INVITE"]);
    line(out, &[format!("Contact: <sip:{local}>").as_bytes()]);
    out.extend_from_slice(dial.shown.lines(local).as_bytes());
    line(out, &[b"Allow: ", ALLOW.as_bytes()]);
    line(out, &[b"Content-Type: application/sdp"]);
    line(out, &[format!("Content-Length: {}", body.len()).as_bytes()]);
    line(out, &[]);
    out.extend_from_slice(&body);
}

/// Appends the CANCEL of `invite`: its Request-URI, Via, From, To, Call-ID and CSeq number
/// (RFC 3261 §9.1).
pub(super) fn write_cancel(invite: &[u8], out: &mut Vec<u8>) {
    write_beside(invite, Method::Cancel, None, out);
}

/// Appends the ACK of a refusal of `invite`, with this To (RFC 3261 §17.1.1.3).
pub(super) fn write_ack(invite: &[u8], to: &[u8], out: &mut Vec<u8>) {
    write_beside(invite, Method::Ack, Some(to), out);
}

/// To of `invite`, which has no tag.
pub(super) fn own_to(invite: &[u8]) -> &[u8] {
    let message = Message::parse(invite).ok();
    message.and_then(|message| message.header(Name::To).next()).unwrap_or_default()
}

/// A request of the INVITE's transaction, or of one with the same branch.
fn write_beside(invite: &[u8], method: Method, to: Option<&[u8]>, out: &mut Vec<u8>) {
    // We wrote it.
    let Ok(message) = Message::parse(invite) else { return };
    let (Start::Request(start), Ok(cseq)) = (message.start(), message.cseq()) else { return };
    let own = |name| message.header(name).next().unwrap_or_default();
    line(out, &[method.as_str().as_bytes(), b" ", start.uri, b" SIP/2.0"]);
    line(out, &[b"Via: ", own(Name::Via)]);
    line(out, &[b"Max-Forwards: 70"]);
    line(out, &[b"From: ", own(Name::From)]);
    line(out, &[b"To: ", to.unwrap_or(own(Name::To))]);
    line(out, &[b"Call-ID: ", own(Name::CallId)]);
    // Writing to a Vec cannot fail.
    let _ = write!(out, "CSeq: {} ", cseq.number);
    line(out, &[method.as_str().as_bytes()]);
    line(out, &[b"Content-Length: 0"]);
    line(out, &[]);
}

fn line(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.extend_from_slice(b"\r\n");
}
