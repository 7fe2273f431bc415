//! ICMP errors: the kernel keeps them in a queue of the socket (`IP_RECVERR`, ip(7)) together with
//! the datagram that caused them, so that a call to a dead trunk fails at once and not after 32 s.

use std::io::{Error, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

use super::Lost;
use crate::ladder::Undelivered;

/// Takes every error from the queue of `socket`.
pub(super) fn drain(socket: &impl AsRawFd, buffer: &mut [u8], mut report: impl FnMut(Lost<'_>)) {
    let mut control = vec![0; CONTROL_BYTES];
    for _ in 0..BATCH {
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let fd = socket.as_raw_fd();
        let Ok(message) = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut control), flags)
        else {
            return;
        };
        let code = message.cmsgs().into_iter().flatten().find_map(|message| code_of(&message));
        let (bytes, address) = (message.bytes, message.address.as_ref().and_then(to_std));
        let errno = code.and_then(|code| i32::try_from(code).ok()).map(Errno::from_raw);
        if let Some(to) = address {
            let why = errno.map_or(Undelivered::Unsent, of_errno);
            report(Lost { to, payload: &buffer[..bytes], why });
        }
    }
}

/// The errno in a control message, if it is that of an error.
#[expect(clippy::wildcard_enum_match_arm, reason = "two of twenty kinds are errors")]
fn code_of(message: &ControlMessageOwned) -> Option<u32> {
    match message {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            Some(error.ee_errno)
        }
        _ => None,
    }
}

/// What an error of a call to the system means.
pub(super) fn why(error: &Error) -> Undelivered {
    error.raw_os_error().map_or(Undelivered::Unsent, |code| of_errno(Errno::from_raw(code)))
}

/// ip(7) and icmp(7): the kernel turns ICMP codes into these.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most of a hundred codes say nothing of the way"
)]
fn of_errno(errno: Errno) -> Undelivered {
    match errno {
        Errno::EACCES | Errno::EPERM => Undelivered::Denied,
        Errno::EHOSTDOWN | Errno::EHOSTUNREACH => Undelivered::HostUnreachable,
        Errno::ENETDOWN | Errno::ENETUNREACH => Undelivered::NoRoute,
        Errno::ECONNREFUSED => Undelivered::Refused,
        Errno::EMSGSIZE => Undelivered::TooLong,
        _ => Undelivered::Unsent,
    }
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::from(*v4)));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6(SocketAddrV6::from(*v6))))
}

/// A storm of ICMP must not keep the loop from its datagrams.
const BATCH: usize = 256;
/// A `sock_extended_err` with the address that reported it, and its header.
const CONTROL_BYTES: usize = 128;
