//! Datagrams that a test writes itself: a trunk by hand, strangers, floods.

use std::net::{SocketAddr, UdpSocket};

use crate::world::PATIENCE;

/// A socket on this address of the loopback.
pub(crate) fn socket(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).expect("the system has a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    socket
}

/// Sends a datagram from a port of its own.
pub(crate) fn send(to: SocketAddr, payload: &[u8]) {
    socket("127.0.0.1:0").send_to(payload, to).expect("it can be sent");
}

/// An address where nobody listens. The port may be given to somebody else, but not soon: the
/// system goes round.
pub(crate) fn closed() -> SocketAddr {
    socket("127.0.0.1:0").local_addr().expect("it is bound")
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) text: String,
    pub(crate) from: SocketAddr,
}

impl Request {
    /// The next one.
    pub(crate) fn receive(socket: &UdpSocket) -> Self {
        Self::poll(socket).expect("a request comes")
    }

    /// The next one, if it comes while the socket waits.
    pub(crate) fn poll(socket: &UdpSocket) -> Option<Self> {
        let mut buffer = vec![0; 65_536];
        let (length, from) = socket.recv_from(&mut buffer).ok()?;
        Some(Self { text: String::from_utf8_lossy(&buffer[..length]).into_owned(), from })
    }

    /// The lines of this header, whole.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.text.lines();
        let line = lines.find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// A response to it with this status line.
    pub(crate) fn response(&self, status: &str) -> String {
        let headers = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(|name| self.header(name));
        let [via, from, to, call_id, cseq] = headers;
        format!(
            "SIP/2.0 {status}\r\n{via}\r\n{from}\r\n{to};tag=trunk\r\n{call_id}\r\n{cseq}\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }
}
