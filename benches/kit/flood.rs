//! INVITEs that all differ, from one address, at a rate; what comes back is counted and not read.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A flood that runs.
pub(crate) struct Flood {
    thread: JoinHandle<io::Result<Poured>>,
    is_over: Arc<AtomicBool>,
}

/// What a flood was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Poured {
    /// How long it lasted.
    pub(crate) lasted: Duration,
    /// INVITEs that were sent, and their bytes.
    pub(crate) sent: u64,
    pub(crate) bytes_sent: u64,
    /// Answers that came, and their bytes.
    pub(crate) got: u64,
    pub(crate) bytes_got: u64,
}

impl Flood {
    /// Pours `rate` INVITEs a second from `from` over `to`, until it is stopped.
    pub(crate) fn start(from: &str, to: SocketAddr, rate: u32) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind(from)?;
        socket.connect(to)?;
        socket.set_nonblocking(true)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_over);
        let thread = thread::spawn(move || pour(&socket, rate, &flag));
        Ok(Self { thread, is_over })
    }

    /// Stops it.
    pub(crate) fn stop(self) -> Result<Poured, Box<dyn Error>> {
        self.is_over.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_| "the flood panicked")??)
    }
}

fn pour(socket: &UdpSocket, rate: u32, is_over: &AtomicBool) -> io::Result<Poured> {
    let from = Instant::now();
    let (local, to) = (socket.local_addr()?, socket.peer_addr()?);
    let mut poured = Poured::default();
    let mut answer = [0; 2_048];
    while !is_over.load(Ordering::Relaxed) {
        let due = (from.elapsed().as_secs_f64() * f64::from(rate)) as u64;
        // Bursts of a millisecond's worth, and no catching up after a long sleep.
        let most = u64::from(rate / 200).max(1);
        for _ in 0..due.saturating_sub(poured.sent).min(most) {
            let invite = invite(poured.sent, local, to);
            // A full buffer of the kernel is a datagram that is lost on the way.
            if socket.send(invite.as_bytes()).is_ok() {
                poured.bytes_sent += invite.len() as u64;
            }
            poured.sent += 1;
        }
        while let Ok(length) = socket.recv(&mut answer) {
            poured.got += 1;
            poured.bytes_got += length as u64;
        }
        thread::sleep(Duration::from_micros(500));
    }
    poured.lasted = from.elapsed();
    Ok(poured)
}

/// The n-th: another branch, Call-ID, tag and caller, as a scanner's or an attacker's would be.
fn invite(n: u64, local: SocketAddr, to: SocketAddr) -> String {
    // Any odd factor: neighbours look unlike each other.
    let odd = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "INVITE sip:+46812340000@{to} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {local};branch=z9hG4bK{odd:016x};rport\r\n\
         Call-ID: {odd:016x}{n:08x}@{local}\r\nMax-Forwards: 70\r\n\
         From: <sip:+4673{:07}@{local}>;tag={odd:x}\r\nTo: <sip:+46812340000@{to}>\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:{local}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{SDP}",
        odd % 10_000_000,
        SDP.len(),
    )
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
                   m=audio 40000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n";
