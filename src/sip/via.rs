//! Via: RFC 3261 §20.42, `rport` of RFC 3581, IPv6 of RFC 5118.

use std::net::IpAddr;

use super::host::{self, Host};
use super::lex::{self, Reader, TOKEN};
use super::{HeaderError, params};

/// One value of Via.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, or whatever it says: unknown transports are read (RFC 4475 §3.1.1.10).
    pub transport: &'a [u8],
    /// Who sent the request and wants the response.
    pub host: Host<'a>,
    /// Host and port as they are written, for matching (RFC 3261 §17.2.3) without resolving.
    pub sent_by: &'a [u8],
    /// The port of sent-by; `None` stands for the transport's default.
    pub port: Option<u16>,
    /// The transaction's id; a peer of RFC 2543 may have none.
    pub branch: Option<&'a [u8]>,
    /// Where the request came from, when that is not the host (RFC 3261 §18.2.1).
    pub received: Option<IpAddr>,
    /// RFC 3581.
    pub rport: Option<Rport>,
    /// The parameters as they are written, from the first semicolon.
    parameters: &'a [u8],
    /// The whole value as it is written.
    pub text: &'a [u8],
}

/// What `rport` says: RFC 3581.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rport {
    /// Without a value: "send the response to the port that I sent from".
    Wanted,
    /// The port that the request came from.
    Port(u16),
}

impl<'a> Via<'a> {
    /// Reads one value.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader::new(text);
        // sent-protocol: "SIP / 2.0 / UDP" with any white space; the grammar allows any tokens.
        reader.word(TOKEN).filter(|_| reader.separator(b'/')).ok_or(HeaderError::Syntax)?;
        reader.word(TOKEN).filter(|_| reader.separator(b'/')).ok_or(HeaderError::Syntax)?;
        let transport = reader.word(TOKEN).ok_or(HeaderError::Syntax)?;
        reader.word(lex::LWS).ok_or(HeaderError::Syntax)?;
        let from_host = reader.rest();
        let (host, _) = Host::read(&mut reader).ok_or(HeaderError::Syntax)?;
        let port = host::read_port(&mut reader).map_err(|_| HeaderError::Number)?;
        let parameters = reader.rest();
        let sent_by = &from_host[..from_host.len() - parameters.len()];
        let (branch, received, rport) = (None, None, None);
        let via =
            Self { transport, host, sent_by, port, branch, received, rport, parameters, text };
        via.with_parameters()
    }

    fn with_parameters(mut self) -> Result<Self, HeaderError> {
        for param in params::Params::new(self.parameters) {
            let param = param?;
            if param.is("branch") {
                params::once(&mut self.branch, param.value.ok_or(HeaderError::Syntax)?)?;
            } else if param.is("received") {
                let address = param.value.and_then(host::address).ok_or(HeaderError::Syntax)?;
                params::once(&mut self.received, address)?;
            } else if param.is("rport") {
                let port = param.value.map(|digits| lex::port(digits).ok_or(HeaderError::Number));
                let rport = port.transpose()?.map_or(Rport::Wanted, Rport::Port);
                params::once(&mut self.rport, rport)?;
            }
        }
        Ok(self)
    }

    /// Whether the branch is of RFC 3261: the cookie, and something after it. Otherwise requests
    /// are matched as RFC 2543 did (RFC 3261 §17.2.3; RFC 4475 §3.2.1 for the bare cookie).
    pub fn has_unique_branch(&self) -> bool {
        let branch = self.branch.filter(|branch| branch.len() > COOKIE.len());
        branch.is_some_and(|branch| branch[..COOKIE.len()].eq_ignore_ascii_case(COOKIE))
    }

    /// The value of the parameter `name`; empty for one without a value.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        params::find(self.parameters, name)
    }

    /// The parameters, in their order.
    pub fn params(&self) -> params::Params<'a> {
        params::Params::new(self.parameters)
    }

    /// The value up to its parameters, as it is written.
    pub(super) fn before_parameters(&self) -> &'a [u8] {
        &self.text[..self.text.len() - self.parameters.len()]
    }
}

/// RFC 3261 §8.1.1.7.
pub(super) const COOKIE: &[u8] = b"z9hG4bK";

#[cfg(test)]
mod tests {
    use super::*;

    fn via(parameters: &'static str) -> Result<Via<'static>, HeaderError> {
        Via::parse(format!("SIP/2.0/UDP h{parameters}").leak().as_bytes())
    }

    #[test]
    fn a_branch_of_the_bare_cookie_is_not_unique() {
        let is_unique = |parameters| via(parameters).unwrap().has_unique_branch();
        assert!(is_unique(";branch=z9hG4bKa"));
        assert!(!is_unique(";branch=z9hG4bK"));
        assert!(!is_unique(";branch=390skdjuw"));
        assert!(!is_unique(""));
    }

    #[test]
    fn rport_and_received_are_read_in_every_form() {
        let read = |parameters| via(parameters).map(|via| (via.rport, via.received));
        assert_eq!(read(";rport"), Ok((Some(Rport::Wanted), None)));
        assert_eq!(read(";RPort = 5070"), Ok((Some(Rport::Port(5070)), None)));
        assert_eq!(read(";rport=x"), Err(HeaderError::Number));
        let address = "2001:db8::9:255".parse().ok();
        assert_eq!(read(";received=2001:db8::9:255"), Ok((None, address)));
        assert_eq!(read(";received=[2001:db8::9:255];x"), Ok((None, address)));
        assert_eq!(read(";received=h"), Err(HeaderError::Syntax));
    }

    #[test]
    fn what_is_no_via_is_refused() {
        for text in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0 h",
            "SIP/2.0/UDP h x",
            "SIP/2.0/UDP [::1",
            "SIP/2.0/UDP h:",
        ] {
            assert!(Via::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
