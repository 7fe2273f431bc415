//! How a caller is shown: which header fields of its INVITE hold its number, and in which form.
//!
//! P-Asserted-Identity of RFC 3325, Privacy of RFC 3323, Diversion of RFC 5806.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::super::number::Number;
use crate::number::{E164, plan};

/// How a caller is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Identity {
    /// From is `anonymous@anonymous.invalid`, and the network's P-Asserted-Identity is to be kept to
    /// itself: `Privacy: id`.
    Anonymous,
    /// `00` and the country code.
    DoubleZero,
    /// The call was diverted by another phone.
    Forwarded,
    /// `+` and the country code, in From and in P-Asserted-Identity.
    #[default]
    International,
    /// As it is dialled at home, in From and in P-Asserted-Identity.
    National,
    /// Two P-Asserted-Identity values that are two phones.
    TwoIdentities,
}

/// Every identity as it is typed, and what it is. The first is the default.
pub const IDENTITIES: [(&str, &str, Identity); 6] = [
    ("international", "`+46…` in From and P-Asserted-Identity", Identity::International),
    ("national", "`070…` in both, as it is dialled at home", Identity::National),
    ("double-zero", "`0046…` in both", Identity::DoubleZero),
    ("anonymous", "From is anonymous, Privacy is id", Identity::Anonymous),
    ("two-identities", "two values of P-Asserted-Identity, two phones", Identity::TwoIdentities),
    ("forwarded", "a Diversion: another phone was called first", Identity::Forwarded),
];

/// Why a number cannot be shown as it should.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum IdentityError {
    /// Nobody knows how it is dialled at home.
    #[error("no numbering plan has the caller's number, so it has no national form")]
    NoNationalForm,
}

/// A caller's number as its INVITE shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shown {
    identity: Identity,
    number: Number,
    /// The phone beside it: its last digit is another.
    other: Number,
}

impl Shown {
    pub(super) fn new(from: E164, identity: Identity) -> Result<Self, IdentityError> {
        let plus = Number::from(from);
        let digits = plus.phone();
        let read = |text: String| Number::read(text.as_bytes()).unwrap_or(plus);
        let number = match identity {
            Identity::DoubleZero => read(format!("00{}", digits.as_str())),
            Identity::National => read(plan::national(from).ok_or(IdentityError::NoNationalForm)?),
            Identity::Anonymous
            | Identity::Forwarded
            | Identity::International
            | Identity::TwoIdentities => plus,
        };
        let (head, last) = plus.as_str().split_at(plus.as_str().len() - 1);
        let next = last.parse::<u8>().map_or(0, |digit| (digit + 1) % 10);
        Ok(Self { identity, number, other: read(format!("{head}{next}")) })
    }

    /// From without its tag.
    pub(super) fn from(&self, local: SocketAddr) -> String {
        match self.identity {
            Identity::Anonymous => "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned(),
            Identity::DoubleZero
            | Identity::Forwarded
            | Identity::International
            | Identity::National
            | Identity::TwoIdentities => self.address(self.number, local),
        }
    }

    /// The header lines that say who calls, each with its line end.
    pub(super) fn lines(&self, local: SocketAddr) -> String {
        let own = self.address(self.number, local);
        let more = match self.identity {
            Identity::Anonymous => "Privacy: id\r\n".to_owned(),
            Identity::DoubleZero | Identity::International | Identity::National => String::new(),
            Identity::Forwarded => {
                let other = self.address(self.other, local);
                format!("Diversion: {other};reason=unconditional\r\n")
            }
            // RFC 3325 §9.1 allows two values: one of `sip` and one of `tel`.
            Identity::TwoIdentities => {
                return format!("P-Asserted-Identity: {own}, <tel:{}>\r\n", self.other);
            }
        };
        format!("P-Asserted-Identity: {own}\r\n{more}")
    }

    fn address(&self, number: Number, local: SocketAddr) -> String {
        format!("<sip:{number}@{}>", host(local.ip()))
    }
}

/// An address as the host of a URI.
pub(super) fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Why a text is no identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no such identity, must be one of {}", Names)]
pub struct UnknownIdentity;

impl FromStr for Identity {
    type Err = UnknownIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let row = IDENTITIES.iter().find(|(name, ..)| *name == text);
        row.map(|(.., identity)| *identity).ok_or(UnknownIdentity)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = IDENTITIES.iter().find(|(.., identity)| identity == self);
        f.write_str(row.map_or("", |(name, ..)| name))
    }
}

/// The names of all identities, for the message of an error.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = IDENTITIES.map(|(name, ..)| name);
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn q16_q17_q18_each_identity_is_written_as_networks_write_it() {
        let from = E164::parse("+46701234569").unwrap();
        let mut written = String::new();
        for (name, _, identity) in IDENTITIES {
            let shown = Shown::new(from, identity).unwrap();
            let local = "192.0.2.1:5070".parse().unwrap();
            written += &format!("{name}\nFrom: {}\n{}", shown.from(local), shown.lines(local));
        }
        expect![[r#"
            international
            From: <sip:+46701234569@192.0.2.1>
            P-Asserted-Identity: <sip:+46701234569@192.0.2.1>
            national
            From: <sip:0701234569@192.0.2.1>
            P-Asserted-Identity: <sip:0701234569@192.0.2.1>
            double-zero
            From: <sip:0046701234569@192.0.2.1>
            P-Asserted-Identity: <sip:0046701234569@192.0.2.1>
            anonymous
            From: "Anonymous" <sip:anonymous@anonymous.invalid>
            P-Asserted-Identity: <sip:+46701234569@192.0.2.1>
            Privacy: id
            two-identities
            From: <sip:+46701234569@192.0.2.1>
            P-Asserted-Identity: <sip:+46701234569@192.0.2.1>, <tel:+46701234560>
            forwarded
            From: <sip:+46701234569@192.0.2.1>
            P-Asserted-Identity: <sip:+46701234569@192.0.2.1>
            Diversion: <sip:+46701234560@192.0.2.1>;reason=unconditional
        "#]]
        .assert_eq(&written.replace('\r', ""));
    }

    #[test]
    fn every_identity_is_read_as_it_is_written() {
        for (name, _, identity) in IDENTITIES {
            assert_eq!(name.parse(), Ok(identity));
            assert_eq!(identity.to_string(), name);
        }
        assert_eq!(IDENTITIES[0].2, Identity::default());
        let names = "hidden".parse::<Identity>().unwrap_err().to_string();
        assert!(names.contains("must be one of international, national, "), "{names}");
    }

    #[test]
    fn a_number_of_no_plan_has_no_national_form() {
        let from = E164::parse("+99912345678").unwrap();
        assert_eq!(Shown::new(from, Identity::National), Err(IdentityError::NoNationalForm));
        let ipv6 = Shown::new(from, Identity::DoubleZero).unwrap();
        assert_eq!(ipv6.from("[::1]:5060".parse().unwrap()), "<sip:0099912345678@[::1]>");
    }
}
