//! Writes responses to a request: RFC 3261 §8.2.6, the top Via of §18.2.1 and RFC 3581 §4.
//!
//! What the request says is copied as it is written, folds included. Nothing is allocated once
//! `out` has grown.

use std::net::SocketAddr;

use super::host::Host;
use super::write::{self, header};
use super::{Class, HeaderError, Message, Method, Name, Rport, Status, Via};

/// A response to be written.
#[derive(Clone, Copy, Debug)]
pub struct Response<'r> {
    /// Its status.
    pub status: Status,
    /// The phrase; [`Status::phrase`] when `None`. Must not hold line ends.
    pub phrase: Option<&'r [u8]>,
    /// The tag to give To when the request has none there. Required in all but 100 (§8.2.6.2).
    pub to_tag: Option<&'r [u8]>,
    /// Where the request came from: written to the top Via as `received` and `rport`.
    pub source: Option<SocketAddr>,
    /// Header lines of its own: name and value. Must not hold line ends.
    pub headers: &'r [(&'r str, &'r [u8])],
    /// The body; its Content-Type is one of `headers`.
    pub body: &'r [u8],
}

/// Why a request cannot be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unanswerable {
    /// An ACK is never answered (RFC 3261 §17).
    #[error("an ACK has no response")]
    Ack,
    /// It is a response itself.
    #[error("a response has no response")]
    Response,
    /// Its Via values cannot be read: nobody would know what the response belongs to.
    #[error("the top Via: {0}")]
    Via(HeaderError),
}

impl<'r> Response<'r> {
    /// A response without tag, headers and body.
    pub fn new(status: Status) -> Self {
        Self { status, phrase: None, to_tag: None, source: None, headers: &[], body: b"" }
    }

    /// Appends the status line alone. With what [`write`](Self::write) appends after it for one refusal
    /// of a request, the line of another is a refusal as well: nothing else tells them apart.
    pub fn write_status_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0 ");
        write::decimal(out, self.status.code().into());
        out.push(b' ');
        out.extend_from_slice(self.phrase.unwrap_or(self.status.phrase().as_bytes()));
        out.extend_from_slice(b"\r\n");
    }

    /// Appends the response to `request` to `out`.
    ///
    /// Record-Route is copied where the response makes a dialog (RFC 3261 §12.1.1), Timestamp into
    /// a 100 (§8.2.6.1). Headers that the request lacks are left out, so that a request can be
    /// refused for lacking them.
    ///
    /// # Errors
    ///
    /// When there is nobody to answer. `out` is as it was.
    pub fn write(&self, request: &Message<'_>, out: &mut Vec<u8>) -> Result<(), Unanswerable> {
        match request.method() {
            None => return Err(Unanswerable::Response),
            Some(Method::Ack) => return Err(Unanswerable::Ack),
            Some(_) => {}
        }
        let top = request.via().map_err(Unanswerable::Via)?;
        self.write_status_line(out);
        self.write_top_via(top, out);
        for via in request.values(Name::Via).skip(1) {
            header(out, "Via", via);
        }
        if self.makes_dialog(request) {
            write::lines(request, Name::RecordRoute, out);
        }
        write::first(request, Name::From, out);
        self.write_to(request, out);
        write::first(request, Name::CallId, out);
        write::first(request, Name::CSeq, out);
        if self.status == Status::TRYING {
            write::first(request, Name::Timestamp, out);
        }
        for (name, value) in self.headers {
            header(out, name, value);
        }
        write::body(out, self.body);
        Ok(())
    }

    /// RFC 3581 §4: an `rport` without value gets the source port, and `received` is then added
    /// "even if it is identical to the value of the sent-by component". Otherwise `received` is
    /// added when the host is another (RFC 3261 §18.2.1). What the sender wrote in either goes.
    fn write_top_via(&self, via: Via<'_>, out: &mut Vec<u8>) {
        let Some(source) = self.source else { return header(out, "Via", via.text) };
        let wants_port = via.rport.is_some();
        out.extend_from_slice(b"Via: ");
        out.extend_from_slice(via.before_parameters());
        for param in via.params().map_while(Result::ok) {
            if !param.is("received") && !param.is("rport") {
                out.push(b';');
                out.extend_from_slice(param.name);
                if let Some(value) = param.value {
                    out.push(b'=');
                    out.extend_from_slice(value);
                }
            }
        }
        if wants_port || via.host != Host::Address(source.ip().to_canonical()) {
            out.extend_from_slice(b";received=");
            write::address(out, source.ip().to_canonical());
        }
        if wants_port {
            out.extend_from_slice(b";rport=");
            write::decimal(out, source.port().into());
        }
        out.extend_from_slice(b"\r\n");
    }

    fn write_to(&self, request: &Message<'_>, out: &mut Vec<u8>) {
        let Some(to) = request.first(Name::To) else { return };
        out.extend_from_slice(b"To: ");
        out.extend_from_slice(to);
        let lacks_tag = request.to().is_ok_and(|to| to.tag().is_none());
        if let Some(tag) = self.to_tag.filter(|_| lacks_tag) {
            out.extend_from_slice(b";tag=");
            out.extend_from_slice(tag);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn makes_dialog(&self, request: &Message<'_>) -> bool {
        let is_good = match self.status.class() {
            Class::Provisional => self.status != Status::TRYING,
            Class::Success => true,
            Class::Redirection | Class::ClientError | Class::ServerError | Class::GlobalFailure => {
                false
            }
        };
        is_good && request.method() == Some(Method::Invite)
    }
}

/// Where a response goes on an unreliable transport: RFC 3261 §18.2.2, RFC 3581 §4.
///
/// `source` is where the request came from. With `rport` that is the answer; else the port is that
/// of sent-by, 5060 by default. `maddr` is ignored: it would send our answers wherever a stranger
/// likes.
pub fn destination(via: &Via<'_>, source: SocketAddr) -> SocketAddr {
    match via.rport {
        Some(Rport::Wanted | Rport::Port(_)) => source,
        None => SocketAddr::new(source.ip(), via.port.unwrap_or(DEFAULT_PORT)),
    }
}

/// RFC 3261 §19.1.2, for UDP and TCP.
pub const DEFAULT_PORT: u16 = 5060;

#[cfg(test)]
mod tests;
