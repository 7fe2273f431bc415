//! The texts of requests to a trunk, with holes for what makes each call its own. RFC 3261 §8.1.1.
//!
//! Holes are named in [`super::messages`]. No header field is here that a flash call does not need.

use std::net::{IpAddr, SocketAddr};

use super::profile::{CallerIdHeader, Privacy, Profile};
use crate::sip::ALLOW;

/// The lines that INVITE, CANCEL and ACK share.
pub(super) struct Lines {
    /// Host and port of the Request-URI, and those of From and To.
    hosts: [String; 3],
    uri: String,
    via: String,
    from: String,
    to: String,
}

impl Lines {
    /// Those of calls to `profile` from `local`.
    pub(super) fn new(profile: &Profile, local: SocketAddr) -> Self {
        // RFC 3261 §19.1.1: a URI has no port in To and From, and the Request-URI needs none when it
        // is the default.
        let trunk_host = host(profile.domain.as_deref(), profile.address.ip());
        let port = match profile.address.port() {
            _ if profile.domain.is_some() => String::new(),
            DEFAULT_PORT => String::new(),
            port => format!(":{port}"),
        };
        let from_host = host(profile.from_domain.as_deref(), local.ip());
        // RFC 3261 §25.1 has no `#` in the user part of a URI.
        let prefix = profile.dialled.tech_prefix.replace('#', "%23");
        let phone = if profile.dialled.user_phone { ";user=phone" } else { "" };
        Self {
            hosts: [format!("{trunk_host}{port}"), from_host.clone(), trunk_host.clone()],
            uri: format!("sip:{prefix}{{dialled}}@{trunk_host}{port}{phone}"),
            via: format!(
                "Via: SIP/2.0/UDP {local};rport;branch={{branch}}\r\nMax-Forwards: 70\r\n"
            ),
            from: format!("From: <sip:{{caller}}@{from_host}>;tag={{from_tag}}\r\n"),
            to: format!("To: <sip:{prefix}{{dialled}}@{trunk_host}{phone}>"),
        }
    }

    /// The start line and the header fields that every request has, in one order.
    fn head(&self, method: &str, to_tag: &str) -> String {
        let Self { uri, via, from, to, .. } = self;
        format!(
            "{method} {uri} SIP/2.0\r\n{via}{from}{to}{to_tag}\r\n\
             Call-ID: {{call_id}}\r\nCSeq: {{cseq}} {method}\r\n"
        )
    }

    /// The text of an INVITE.
    pub(super) fn invite(
        &self,
        profile: &Profile,
        local: SocketAddr,
        with_user_agent: bool,
    ) -> String {
        let mut text = self.head("INVITE", "");
        // A user part, because some border controllers refuse a Contact without one.
        text += &format!("Contact: <sip:{{caller}}@{local}>\r\nExpires: {{expires}}\r\n");
        text += &identity(profile, &host(profile.from_domain.as_deref(), local.ip()));
        text += &format!("Allow: {ALLOW}\r\n");
        if with_user_agent {
            text += "User-Agent: {user_agent}\r\n";
        }
        text + "Content-Type: application/sdp\r\nContent-Length: {content_length}\r\n\r\n{offer}"
    }

    /// The text of the CANCEL.
    ///
    /// RFC 3326 §2 allows Reason in any CANCEL and asks for it where the phone behaves by it: a
    /// forked call that was "completed elsewhere" leaves no missed call. Cause 16 says that the
    /// caller hung up, which is what switches make a missed call of.
    pub(super) fn cancel(&self) -> String {
        self.head("CANCEL", "") + "Reason: Q.850;cause=16\r\nContent-Length: 0\r\n\r\n"
    }

    /// The text of an OPTIONS to the trunk itself, RFC 3261 §11.1: nobody's number is in it.
    pub(super) fn options(&self, local: SocketAddr) -> String {
        let [uri_host, from_host, to_host] = &self.hosts;
        format!(
            "OPTIONS sip:{uri_host} SIP/2.0\r\n{via}\
             From: <sip:options@{from_host}>;tag={{from_tag}}\r\nTo: <sip:{to_host}>\r\n\
             Call-ID: {{call_id}}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:options@{local}>\r\n\
             Accept: application/sdp\r\nContent-Length: 0\r\n\r\n",
            via = self.via
        )
    }

    /// The text of the ACK: To is the response's, tag and all.
    pub(super) fn ack(&self) -> String {
        self.head("ACK", "{to_tag}") + "Content-Length: 0\r\n\r\n"
    }
}

/// The header fields that say who calls, beside From.
fn identity(profile: &Profile, host: &str) -> String {
    let asserted = match (profile.caller_id.header, profile.privacy) {
        (CallerIdHeader::From, _) => String::new(),
        (CallerIdHeader::PAssertedIdentity, _) => {
            format!("P-Asserted-Identity: <sip:{{caller}}@{host}>\r\n")
        }
        (CallerIdHeader::RemotePartyId, privacy) => {
            let privacy = if privacy == Some(Privacy::Id) { "full" } else { "off" };
            format!(
                "Remote-Party-ID: <sip:{{caller}}@{host}>;party=calling;screen=yes;\
                 privacy={privacy}\r\n"
            )
        }
    };
    match profile.privacy {
        Some(Privacy::Id) => asserted + "Privacy: id\r\n",
        Some(Privacy::Waived) => asserted + "Privacy: none\r\n",
        None => asserted,
    }
}

/// The host of a URI.
fn host(domain: Option<&str>, address: IpAddr) -> String {
    match (domain, address) {
        (Some(domain), _) => domain.to_owned(),
        (None, IpAddr::V4(address)) => address.to_string(),
        (None, IpAddr::V6(address)) => format!("[{address}]"),
    }
}

const DEFAULT_PORT: u16 = 5060;
