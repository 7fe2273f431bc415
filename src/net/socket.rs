//! UDP sockets as a gateway needs them: a large receive buffer, and ICMP errors that can be read.

use std::io;
use std::net::SocketAddr;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Type};

/// A bound, non-blocking UDP socket.
#[derive(Debug)]
pub struct Socket {
    pub(super) udp: mio::net::UdpSocket,
    /// Its address.
    pub local: SocketAddr,
    /// The receive buffer that the kernel granted, in bytes.
    pub receive_buffer_bytes: usize,
}

impl Socket {
    /// Sends one datagram, before a thread has the socket.
    ///
    /// # Errors
    ///
    /// What the kernel said.
    pub fn send_to(&self, payload: &[u8], to: SocketAddr) -> io::Result<()> {
        self.udp.send_to(payload, to).map(drop)
    }
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot receive SIP on udp:{address}: {source}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the kernel said.
    pub source: io::Error,
}

/// Binds `address`, with a receive buffer of `receive_buffer_bytes` if the kernel grants it: a burst
/// must fit while the thread is busy or preempted.
///
/// # Errors
///
/// What the kernel said, with the address.
pub fn bind(address: SocketAddr, receive_buffer_bytes: usize) -> Result<Socket, BindError> {
    open(address, receive_buffer_bytes).map_err(|source| BindError { address, source })
}

fn open(address: SocketAddr, receive_buffer_bytes: usize) -> io::Result<Socket> {
    let socket =
        socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // The forced size needs a privilege that a daemon may lack; the plain one is capped by
    // net.core.rmem_max.
    if setsockopt(&socket, sockopt::RcvBufForce, &receive_buffer_bytes).is_err() {
        socket.set_recv_buffer_size(receive_buffer_bytes)?;
    }
    match address {
        SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
        SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    let receive_buffer_bytes = socket.recv_buffer_size()?;
    let udp = mio::net::UdpSocket::from_std(socket.into());
    let local = udp.local_addr()?;
    Ok(Socket { udp, local, receive_buffer_bytes })
}
