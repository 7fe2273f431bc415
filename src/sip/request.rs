//! Requests within the dialog that a 2xx to our INVITE made: RFC 3261 §12.2.1.1, §13.2.2.4.
//!
//! The rare path of a flash call: somebody picked up. What the 2xx lacks is replaced by what it
//! has, because a call that is not ended costs money. Nothing is allocated but by `out`.

use super::host::Host;
use super::write::{self, header};
use super::{HeaderError, Message, Method, Name, NameAddr, Start, Uri};

/// The dialog that a 2xx made, as its caller sees it.
#[derive(Clone, Copy, Debug)]
pub struct Dialog<'a> {
    /// From, To and Call-ID as they are written.
    from: &'a [u8],
    to: &'a [u8],
    call_id: &'a [u8],
    invite_cseq: u32,
    /// The peer: Contact's URI, else that of To.
    target: &'a [u8],
    /// Record-Route in reverse: the proxies from here to there.
    routes: [&'a [u8]; ROUTES_MAX],
    routes_length: usize,
}

/// What the caller knows of its own INVITE, for a 2xx that does not repeat it in a readable form.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Its From, tag and all, as it is written.
    pub from: &'a [u8],
    /// Its To, as it is written.
    pub to: &'a [u8],
    /// Its Call-ID.
    pub call_id: &'a [u8],
    /// Its CSeq number.
    pub cseq: u32,
    /// Its Request-URI.
    pub uri: &'a [u8],
}

/// Whom a request of the dialog is sent to. Resolving it is up to the sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NextHop<'a> {
    /// The host.
    pub host: Host<'a>,
    /// The port; the transport's default when `None`.
    pub port: Option<u16>,
    /// The `transport` parameter.
    pub transport: Option<&'a [u8]>,
}

/// What is new in a request: everything else is the dialog's.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'s> {
    /// `UDP`, `TCP` or `TLS`.
    pub transport: &'s str,
    /// Host and port for the responses.
    pub sent_by: &'s [u8],
    /// A branch of its own: ACK for a 2xx and BYE are transactions of their own (§13.2.2.4).
    pub branch: &'s [u8],
}

impl<'a> Own<'a> {
    /// What `invite`, a request of ours, says of itself; `None` when it is no request.
    pub fn of(invite: &Message<'a>) -> Option<Self> {
        let Start::Request(line) = invite.start() else { return None };
        Some(Self {
            from: invite.first(Name::From)?,
            to: invite.first(Name::To)?,
            call_id: invite.call_id().ok()?,
            cseq: invite.cseq().ok()?.number,
            uri: line.uri,
        })
    }
}

impl<'a> Dialog<'a> {
    /// The dialog that `response`, a 2xx to our INVITE, made.
    ///
    /// Missing To tag, missing or unreadable Contact: it is made all the same (a peer of RFC 2543
    /// has no tag; without Contact the URI of To is the best there is).
    ///
    /// # Errors
    ///
    /// When From, To, Call-ID or CSeq cannot be used, or there are more than `ROUTES_MAX` routes.
    pub fn of_2xx(response: &Message<'a>) -> Result<Self, HeaderError> {
        response.from()?;
        let call_id = response.call_id()?;
        let to = response.to()?;
        let invite_cseq = response.cseq()?.number;
        let contact = response.contact().ok().flatten();
        let target = contact.and_then(dialable).unwrap_or(to.uri);
        let mut routes = [&b""[..]; ROUTES_MAX];
        let mut routes_length = 0;
        // What is no address cannot be a route; the others still lead somewhere.
        for route in response.record_routes().filter(|route| NameAddr::parse(route).is_ok()) {
            *routes.get_mut(routes_length).ok_or(HeaderError::TooMany)? = route;
            routes_length += 1;
        }
        routes[..routes_length].reverse();
        let [from, to] = [Name::From, Name::To].map(|name| response.first(name));
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        Ok(Self { from, to, call_id, invite_cseq, target, routes, routes_length })
    }

    /// The dialog of a 2xx of which [`of_2xx`](Self::of_2xx) makes none: it must be ended all the
    /// same. What names it is our own, but for To, whose octets are repeated as they came: the tag is
    /// in them, whatever else is wrong. It has no route set, because a part of one leads nowhere.
    pub fn salvage(response: &Message<'a>, own: &Own<'a>) -> Self {
        let contact = response.contact().ok().flatten().and_then(dialable);
        let to_uri = response.to().ok().map(|to| to.uri);
        Self {
            from: own.from,
            to: response.first(Name::To).filter(|to| !to.is_empty()).unwrap_or(own.to),
            call_id: own.call_id,
            invite_cseq: own.cseq,
            target: contact.or(to_uri).unwrap_or(own.uri),
            routes: [b""; ROUTES_MAX],
            routes_length: 0,
        }
    }

    /// The Request-URI of requests in this dialog.
    pub fn request_uri(&self) -> &'a [u8] {
        self.strict_router().unwrap_or(self.target)
    }

    /// Where requests go: the first route, else the target. `None` when that names no host (a tel
    /// URI, an unreadable one): then the source of the 2xx is the best guess.
    pub fn next_hop(&self) -> Option<NextHop<'a>> {
        let first_route = self.routes().first().and_then(|route| NameAddr::parse(route).ok());
        let uri = Uri::parse(first_route.map_or(self.target, |route| route.uri)).ok()?;
        let transport = uri.param("transport");
        Some(NextHop { host: uri.host?, port: uri.port, transport })
    }

    /// Appends the ACK of the 2xx. The same for each retransmission, but for the branch.
    pub fn write_ack(&self, sender: &Sender<'_>, out: &mut Vec<u8>) {
        self.write(Method::Ack, self.invite_cseq, sender, out);
    }

    /// Appends the BYE that ends the dialog: the first request in it, so CSeq is one more.
    pub fn write_bye(&self, sender: &Sender<'_>, out: &mut Vec<u8>) {
        self.write(Method::Bye, self.invite_cseq + 1, sender, out);
    }

    fn write(&self, method: Method, cseq: u32, sender: &Sender<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.request_uri());
        out.extend_from_slice(b" SIP/2.0\r\nVia: SIP/2.0/");
        out.extend_from_slice(sender.transport.as_bytes());
        out.push(b' ');
        out.extend_from_slice(sender.sent_by);
        out.extend_from_slice(b";rport;branch=");
        out.extend_from_slice(sender.branch);
        out.extend_from_slice(b"\r\nMax-Forwards: 70\r\n");
        self.write_routes(out);
        header(out, "From", self.from);
        header(out, "To", self.to);
        header(out, "Call-ID", self.call_id);
        out.extend_from_slice(b"CSeq: ");
        write::decimal(out, cseq.into());
        out.push(b' ');
        out.extend_from_slice(method.as_str().as_bytes());
        out.extend_from_slice(b"\r\n");
        write::body(out, b"");
    }

    /// §12.2.1.1: behind a strict router "the UAC MUST then place the remote target URI into the
    /// Route header field as the last value", and the router itself is the Request-URI.
    fn write_routes(&self, out: &mut Vec<u8>) {
        let is_strict = self.strict_router().is_some();
        for route in &self.routes()[usize::from(is_strict)..] {
            header(out, "Route", route);
        }
        if is_strict {
            out.extend_from_slice(b"Route: <");
            out.extend_from_slice(self.target);
            out.extend_from_slice(b">\r\n");
        }
    }

    fn routes(&self) -> &[&'a [u8]] {
        &self.routes[..self.routes_length]
    }

    /// The URI of the first route if it has no `lr` parameter.
    fn strict_router(&self) -> Option<&'a [u8]> {
        let route = NameAddr::parse(self.routes().first()?).ok()?;
        let is_strict = route.parsed_uri().is_ok_and(|uri| uri.param("lr").is_none());
        dialable(route).filter(|_| is_strict)
    }
}

/// The URI of `address` if it names a host, as it may stand in a Request-URI: without headers
/// (RFC 3261 §19.1.1, table 1).
fn dialable(address: NameAddr<'_>) -> Option<&[u8]> {
    let uri = address.parsed_uri().ok().filter(|uri| uri.host.is_some())?;
    let headers = if uri.headers.is_empty() { 0 } else { uri.headers.len() + 1 };
    Some(&address.uri[..address.uri.len() - headers])
}

/// Most Record-Route values of a 2xx. RFC 3261 has no limit; Max-Forwards starts at 70.
pub const ROUTES_MAX: usize = 70;

#[cfg(test)]
mod tests;
