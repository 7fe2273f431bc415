//! A datagram as the checks see it.

use std::fmt;

use ringproof::sip::{Message, Method, NameAddr, Uri};

/// What the checks need of a message.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The status of a response.
    pub(crate) status: Option<u16>,
    /// The method in CSeq, which is the request's own but for ACK.
    pub(crate) method: Method,
    pub(crate) branch: String,
    pub(crate) call_id: String,
    pub(crate) to_tag: String,
    /// The phone, as digits.
    pub(crate) to: u64,
    /// The caller ID, as digits.
    pub(crate) from: u64,
}

impl Seen {
    /// Reads what one of the two sides wrote. `None`: it is not well-formed.
    pub(crate) fn read(datagram: &[u8]) -> Option<Self> {
        let message = Message::parse(datagram).ok()?;
        let (from, to) = (message.from().ok()?, message.to().ok()?);
        Some(Self {
            status: message.status().map(|status| status.code()),
            method: message.method().or(message.cseq().ok().map(|cseq| cseq.method))?,
            branch: text(message.via().ok()?.branch?),
            call_id: text(message.call_id().ok()?),
            to_tag: text(to.tag().unwrap_or_default()),
            to: digits(to),
            from: digits(from),
        })
    }

    /// The dialog that a 2xx makes, and that its ACK and BYE name.
    pub(crate) fn dialog(&self) -> (String, String) {
        (self.call_id.clone(), self.to_tag.clone())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status {
            write!(f, "{status} ")?;
        }
        let branch = &self.branch[self.branch.len().min(7)..self.branch.len().min(23)];
        write!(f, "{} {} {branch}", self.method.as_str(), self.to)
    }
}

fn digits(address: NameAddr<'_>) -> u64 {
    let uri = Uri::parse(address.uri).ok();
    let user = uri.as_ref().and_then(Uri::phone).map(text).unwrap_or_default();
    user.trim_start_matches('+').trim_start_matches("00").parse().unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
