//! ICMP errors: the kernel keeps them in a queue of the socket (`IP_RECVERR`, ip(7)) together with
//! the datagram that caused them, so that a call to a dead trunk fails at once and not after 32 s.

use std::io::IoSliceMut;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg};

/// Takes every error from the queue of `socket`: where the datagram was sent, and what it was.
pub(super) fn drain(
    socket: &impl AsRawFd,
    buffer: &mut [u8],
    mut report: impl FnMut(SocketAddr, &[u8]),
) {
    for _ in 0..BATCH {
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        // The control message says which error; that there was one is enough.
        let Ok(message) = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, None, flags)
        else {
            return;
        };
        let (bytes, address) = (message.bytes, message.address.as_ref().and_then(to_std));
        if let Some(address) = address {
            report(address, &buffer[..bytes]);
        }
    }
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::from(*v4)));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6(SocketAddrV6::from(*v6))))
}

/// A storm of ICMP must not keep the loop from its datagrams.
const BATCH: usize = 256;
