//! Numbers as they are dialled and shown: digits of any plan, as the URI has them.
//!
//! Not `E164`: a trunk is dialled with prefixes and in national form, and a phone shows what it was
//! given. Invariant: `Debug` masks; `Display` is for the phone's own screen.

use std::fmt;

use crate::number::E164;
use crate::sip::uri::unescaped;
use crate::sip::{Message, Name, NameAddr, Uri};

/// A dialled or shown number: an optional plus, digits, `*` and `#`; without visual separators.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Number {
    bytes: [u8; LENGTH_MAX],
    length: u8,
}

impl Number {
    /// Reads the user part of a URI; `None` when it is no number or longer than 24 characters.
    pub fn read(user: &[u8]) -> Option<Self> {
        let mut number = Self { bytes: [0; LENGTH_MAX], length: 0 };
        for octet in unescaped(user) {
            match octet {
                b'-' | b'.' | b'(' | b')' => {}
                b'0'..=b'9' | b'*' | b'#' => number.push(octet)?,
                b'+' if number.length == 0 => number.push(octet)?,
                _ => return None,
            }
        }
        number.as_str().contains(|c: char| c.is_ascii_digit()).then_some(number)
    }

    /// The number as it is shown.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever stored.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// The same phone however it is dialled internationally: without `+` or `00`.
    pub fn phone(self) -> Self {
        let text = self.as_str();
        let bare = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
        Self::read(bare.as_bytes()).unwrap_or(self)
    }

    /// The last `count` digits: what the person types who was called by this number.
    pub fn last_digits(&self, count: usize) -> &str {
        let text = self.as_str();
        &text[text.len().saturating_sub(count)..]
    }

    fn push(&mut self, octet: u8) -> Option<()> {
        *self.bytes.get_mut(usize::from(self.length))? = octet;
        self.length += 1;
        Some(())
    }
}

impl From<E164> for Number {
    /// With its plus.
    fn from(number: E164) -> Self {
        let mut plus = Self { bytes: [0; LENGTH_MAX], length: 0 };
        let digits = number.reveal();
        for octet in b"+".iter().chain(digits.as_str().as_bytes()) {
            // 15 digits fit.
            let _ = plus.push(*octet);
        }
        plus
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", self.last_digits(2))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The phone that a request is for: the number in its Request-URI.
pub(super) fn dialled(uri: &[u8]) -> Option<Number> {
    Uri::parse(uri).ok()?.phone().and_then(Number::read).map(Number::phone)
}

/// The number that a phone shows for this INVITE: P-Asserted-Identity, Remote-Party-ID or From,
/// unless the caller wants it hidden (RFC 3323, RFC 3325).
pub(super) fn shown(invite: &Message<'_>) -> Option<Number> {
    let mut wishes = invite.header(Name::Privacy).flat_map(|line| line.split(|&c| c == b';'));
    if wishes.any(|wish| !wish.trim_ascii().eq_ignore_ascii_case(b"none")) {
        return None;
    }
    let named =
        |name| invite.values(name).find_map(|value| number_of(NameAddr::parse(value).ok()?));
    named(Name::PAssertedIdentity)
        .or_else(|| named(Name::RemotePartyId))
        .or_else(|| number_of(invite.from().ok()?))
}

fn number_of(address: NameAddr<'_>) -> Option<Number> {
    address.parsed_uri().ok()?.phone().and_then(Number::read)
}

const LENGTH_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_without_its_decoration() {
        let read = |text: &str| Number::read(text.as_bytes()).map(|number| number.to_string());
        assert_eq!(read("+46-70.123(45)67").as_deref(), Some("+46701234567"));
        assert_eq!(read("%2B46701234567").as_deref(), Some("+46701234567"));
        assert_eq!(read("*31#0701234567").as_deref(), Some("*31#0701234567"));
        for text in ["", "+", "anonymous", "46+70", "4670;x", &"1".repeat(25)] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn one_phone_has_one_name_however_it_is_dialled() {
        let phone = |uri: &str| dialled(uri.as_bytes()).unwrap();
        assert_eq!(phone("sip:+46701234567@a.example"), phone("tel:0046701234567"));
        assert_eq!(
            phone("sip:46701234567;tgrp=x@a.example"),
            phone("sip:%2b46701234567@b.example")
        );
        assert_eq!(format!("{:?}", phone("tel:+46701234567")), "…67");
        assert_eq!(phone("tel:+46701234567").last_digits(5), "34567");
    }

    #[test]
    fn the_phone_shows_whom_the_trunk_vouches_for_unless_it_is_hidden() {
        let on_screen = |headers: &str| {
            let text = format!(
                "INVITE sip:1@a SIP/2.0\r\nFrom: <sip:+111@a>;tag=x\r\n{headers}Content-Length: 0\r\n\r\n"
            );
            shown(&Message::parse(text.as_bytes()).unwrap()).map(|number| number.to_string())
        };
        assert_eq!(on_screen("").as_deref(), Some("+111"));
        assert_eq!(on_screen("P-Asserted-Identity: <tel:+222>\r\n").as_deref(), Some("+222"));
        assert_eq!(
            on_screen("Remote-Party-ID: <sip:333@a>;party=calling\r\n").as_deref(),
            Some("333")
        );
        assert_eq!(on_screen("Privacy: none\r\n").as_deref(), Some("+111"));
        assert_eq!(on_screen("P-Asserted-Identity: <tel:+222>\r\nPrivacy: critical; id\r\n"), None);
    }
}
