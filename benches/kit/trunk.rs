//! A trunk on a thread of the benchmark, whose phones ring at once and until they are hung up: 100 and
//! 180 for an INVITE, 200 and 487 for its CANCEL. It hears who is called from where and tells the
//! crowd, which SIPp could not. It sends nothing again: what is lost shows as a call without an end.

use std::error::Error;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use ringproof::sip::response::Response;
use ringproof::sip::{Message, Method, Status};

use crate::crowd::Crowd;

/// A trunk that runs.
pub(crate) struct Trunk {
    thread: JoinHandle<io::Result<Counts>>,
    is_over: Arc<AtomicBool>,
}

/// What the trunk saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// INVITEs, CANCELs and ACKs that came again: the daemon sends again what seems lost.
    pub(crate) again: u64,
    /// Datagrams that are none of these, or of nobody in the crowd.
    pub(crate) strange: u64,
}

impl Trunk {
    /// Serves the calls of a crowd on a port of the loopback.
    pub(crate) fn start(port: u16, crowd: &Arc<Crowd>) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        setsockopt(&socket, sockopt::RcvBuf, &(8 << 20))?;
        // The kernel's time of each datagram: when it was on the wire, not when this thread woke.
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (flag, crowd) = (Arc::clone(&is_over), Arc::clone(crowd));
        let thread = thread::Builder::new().name("trunk".to_owned());
        let thread = thread.spawn(move || serve(&socket, &crowd, &flag))?;
        Ok(Self { thread, is_over })
    }

    /// Stops it.
    pub(crate) fn stop(self) -> Result<Counts, Box<dyn Error>> {
        self.is_over.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_| "the trunk panicked")??)
    }
}

fn serve(socket: &UdpSocket, crowd: &Crowd, is_over: &AtomicBool) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut datagram = [0; 2_048];
    while !is_over.load(Ordering::Relaxed) {
        let Some((length, from, at)) = receive(socket, &mut datagram)? else { continue };
        let Ok(request) = Message::parse(&datagram[..length]) else { continue };
        // What the kernel does not take shows as a call without an end.
        let answer = |status| drop(socket.send_to(&response(&request, status), from));
        let is_new = match phone(&request).zip(request.method()) {
            Some((phone, Method::Invite)) => {
                let is_new = crowd.on_invite(phone, caller(&request), at);
                answer(Status::TRYING);
                answer(Status::RINGING);
                is_new
            }
            Some((phone, Method::Cancel)) => {
                answer(Status::OK);
                // It repeats what the INVITE said, but for the method.
                let refusal = String::from_utf8(response(&request, Status::REQUEST_TERMINATED));
                let refusal = refusal.unwrap_or_default().replace(" CANCEL\r\n", " INVITE\r\n");
                let _ = socket.send_to(refusal.as_bytes(), from);
                crowd.on_cancel(phone)
            }
            Some((phone, Method::Ack)) => crowd.on_ack(phone),
            Some(_) | None => {
                answer(Status::OK);
                None
            }
        };
        match is_new {
            Some(is_new) => counts.again += u64::from(!is_new),
            None => counts.strange += u64::from(request.method() != Some(Method::Options)),
        }
    }
    Ok(counts)
}

fn response(request: &Message<'_>, status: Status) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024);
    let response = Response { to_tag: Some(b"phone"), ..Response::new(status) };
    // Nothing is written to who cannot be answered.
    let _ = response.write(request, &mut out);
    out
}

/// A datagram, from whom, and when it came, in microseconds since 1970. `None`: none came for a while.
fn receive(
    socket: &UdpSocket,
    datagram: &mut [u8],
) -> io::Result<Option<(usize, SocketAddr, u64)>> {
    let mut parts = [IoSliceMut::new(datagram)];
    let mut space = cmsg_space!(TimeSpec);
    let flags = MsgFlags::empty();
    let got = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags);
    let got = match got {
        Ok(got) => got,
        Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let at = got.cmsgs()?.find_map(|message| {
        if let ControlMessageOwned::ScmTimestampns(at) = message { Some(at) } else { None }
    });
    let at = at.and_then(|at| u64::try_from(at.tv_sec() * 1_000_000 + at.tv_nsec() / 1_000).ok());
    let from = got.address.map(|from| SocketAddr::from((from.ip(), from.port())));
    Ok(from.zip(at).map(|(from, at)| (got.bytes, from, at)))
}

/// The last seven digits of the number that is called.
fn phone(request: &Message<'_>) -> Option<u32> {
    digits(request.to().ok()?.uri, b"sip:+4670")
}

/// The last five digits of the number that calls: the code.
fn caller(invite: &Message<'_>) -> Option<u32> {
    digits(invite.from().ok()?.uri, b"sip:+468765")
}

/// The digits behind `prefix`.
fn digits(uri: &[u8], prefix: &[u8]) -> Option<u32> {
    let digits = uri.strip_prefix(prefix)?.split(|sign| !sign.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
