//! The small change of writing: header lines, numbers, addresses. Appends, never allocates once the
//! buffer has grown.

use std::io::Write;
use std::net::IpAddr;

use super::{Message, Name};

/// `name: value`.
pub(super) fn header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// The first line of a header of `message`, if there is one.
pub(super) fn first(message: &Message<'_>, name: Name, out: &mut Vec<u8>) {
    if let Some(value) = message.first(name) {
        header(out, name.as_str(), value);
    }
}

/// Every line of a header of `message`.
pub(super) fn lines(message: &Message<'_>, name: Name, out: &mut Vec<u8>) {
    for value in message.header(name) {
        header(out, name.as_str(), value);
    }
}

/// Content-Length, the empty line and the body.
pub(super) fn body(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(b"Content-Length: ");
    decimal(out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// A number in decimal digits.
pub(super) fn decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; DIGITS_MAX];
    let mut at = DIGITS_MAX;
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// An address without brackets.
pub(super) fn address(out: &mut Vec<u8>, address: IpAddr) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{address}");
}

/// Digits of the largest `u64`.
const DIGITS_MAX: usize = 20;
