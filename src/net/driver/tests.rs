use std::collections::VecDeque;
use std::net::UdpSocket;
use std::sync::mpsc::{Sender, channel};

use super::*;
use crate::net::bind;
use crate::time::Wake;

#[test]
fn p33_what_a_failure_makes_the_core_send_leaves_at_once() {
    let (core, told) = Scripted::new();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let local = bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap();
    let running = spawn("test", core, vec![local], 8).unwrap();
    // No socket of that family: the first datagram cannot leave, the core then sends the second.
    let first = "[::1]:9".parse().unwrap();
    running.remote.send(Say { first, then: peer.local_addr().unwrap() }).unwrap();
    let mut buffer = [0; 16];
    let length = peer.recv(&mut buffer).expect("the second datagram leaves without a timer");
    assert_eq!(&buffer[..length], b"second");
    assert_eq!(told.recv_timeout(PATIENCE), Ok(first));
    running.remote.send(Say { first, then: first }).unwrap();
    running.join();
}

#[test]
fn p33_a_closed_port_is_told_with_the_datagram_that_found_it() {
    let (core, told) = Scripted::new();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let local = bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap();
    let running = spawn("test", core, vec![local], 8).unwrap();
    let then = peer.local_addr().unwrap();
    running.remote.send(Say { first: closed, then }).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(closed));
    let mut buffer = [0; 16];
    let length = peer.recv(&mut buffer).expect("the second datagram leaves");
    assert_eq!(&buffer[..length], b"second");
    running.remote.send(Say { first: closed, then: closed }).unwrap();
    running.join();
}

#[test]
fn a_core_that_does_not_keep_up_says_so() {
    let (commands, inbox) = sync_channel(2);
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKER).unwrap();
    let bell = Arc::new(Bell { waker, is_rung: AtomicBool::new(false) });
    let seats = Arc::new(Seats::new(2));
    let remote = Remote { commands, seats: Arc::clone(&seats), bell };
    let reserved = remote.reserve().unwrap();
    assert_eq!(remote.send(1), Ok(()));
    assert_eq!(remote.send(2), Err(Busy::Full), "a place that is reserved is nobody else's");
    assert_eq!(remote.reserve().err(), Some(Busy::Full));
    assert_eq!(reserved.send(3), Ok(()), "and is there when it is wanted");
    drop(inbox);
    seats.close();
    assert_eq!(remote.send(4), Err(Busy::Stopped));
}

#[test]
fn d12_what_can_wait_leaves_half_of_the_queue_to_starts() {
    for (places, taken) in [(1, 1), (4, 2), (5, 3)] {
        let (commands, _inbox) = sync_channel(places);
        let poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), WAKER).unwrap();
        let bell = Arc::new(Bell { waker, is_rung: AtomicBool::new(false) });
        let remote = Remote { commands, seats: Arc::new(Seats::new(places)), bell };
        let offer = |nth: &usize| remote.offer_behind(*nth).map_err(|not_sent| not_sent.why);
        assert_eq!((0..places).map_while(|nth| offer(&nth).ok()).count(), taken);
        assert_eq!(offer(&0), Err(Busy::Full));
        let reserved: Vec<_> = (taken..places).map(|_| remote.reserve().unwrap()).collect();
        assert_eq!(remote.reserve().err(), Some(Busy::Full));
        drop(reserved);
    }
}

#[test]
fn r02_a_datagram_that_is_there_when_a_timer_is_due_comes_first() {
    let local = bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    // Over loopback it is in the socket's buffer when this returns.
    peer.send_to(b"486", local.local).unwrap();
    let (told, heard) = sync_channel(2);
    #[expect(clippy::disallowed_methods, reason = "a deadline that has come when the loop begins")]
    let due = Some(Instant::now());
    let running = spawn("test", Racing { told, due, has_heard: false }, vec![local], 1).unwrap();
    let words = [(); 2].map(|()| heard.recv_timeout(PATIENCE).unwrap());
    assert_eq!(words, ["datagram", "timer"]);
    running.join();
}

#[test]
fn d04_a_ring_is_heard_without_a_command_and_after_those_that_wait() {
    let local = bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap();
    let (told, heard) = sync_channel(8);
    let running = spawn("test", Listening { told, is_done: false }, vec![local], 1).unwrap();
    running.remote.ring();
    assert_eq!(heard.recv_timeout(PATIENCE), Ok("bell"));
    running.remote.send(()).unwrap();
    let words = [(); 2].map(|()| heard.recv_timeout(PATIENCE).unwrap());
    assert_eq!(words, ["command", "bell"]);
    running.join();
}

/// Tells what it hears; a command ends it.
struct Listening {
    told: SyncSender<&'static str>,
    is_done: bool,
}

impl Core for Listening {
    type Command = ();

    fn on_command(&mut self, (): (), _: Instant) {
        self.is_done = true;
        self.told.send("command").unwrap();
    }

    fn on_bell(&mut self, _: Instant) {
        self.told.send("bell").unwrap();
    }

    fn on_datagram(&mut self, _: SocketAddr, _: &[u8], _: Instant) {}

    fn on_send_failed(&mut self, _: Lost<'_>, _: Instant) {}

    fn on_send_shed(&mut self) {}

    fn on_timeout(&mut self, _: Instant) {}

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        None
    }

    fn next_wake(&self) -> Option<Wake> {
        None
    }

    fn on_idle(&mut self) {}

    fn is_done(&self) -> bool {
        self.is_done
    }
}

/// Tells what came first: its datagram, or its timer.
struct Racing {
    told: SyncSender<&'static str>,
    due: Option<Instant>,
    has_heard: bool,
}

impl Core for Racing {
    type Command = ();

    fn on_command(&mut self, (): (), _: Instant) {}

    fn on_bell(&mut self, _: Instant) {}

    fn on_datagram(&mut self, _: SocketAddr, _: &[u8], _: Instant) {
        self.has_heard = true;
        self.told.send("datagram").unwrap();
    }

    fn on_send_failed(&mut self, _: Lost<'_>, _: Instant) {}

    fn on_send_shed(&mut self) {}

    fn on_timeout(&mut self, _: Instant) {
        self.due = None;
        self.told.send("timer").unwrap();
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        None
    }

    fn next_wake(&self) -> Option<Wake> {
        self.due.map(|at| Wake { at, why: "ring time" })
    }

    fn on_idle(&mut self) {}

    fn is_done(&self) -> bool {
        self.has_heard && self.due.is_none()
    }
}

/// Sends `first` somewhere, and when that fails `second` elsewhere. Equal addresses end it.
struct Scripted {
    out: VecDeque<(SocketAddr, &'static [u8])>,
    then: Option<SocketAddr>,
    told: Sender<SocketAddr>,
    is_done: bool,
}

struct Say {
    first: SocketAddr,
    then: SocketAddr,
}

impl Scripted {
    fn new() -> (Self, Receiver<SocketAddr>) {
        #[expect(clippy::disallowed_methods, reason = "two lines of a test")]
        let (told, heard) = channel();
        (Self { out: VecDeque::new(), then: None, told, is_done: false }, heard)
    }
}

impl Core for Scripted {
    type Command = Say;

    fn on_command(&mut self, Say { first, then }: Say, _: Instant) {
        self.is_done = first == then;
        if !self.is_done {
            self.out.push_back((first, b"first"));
            self.then = Some(then);
        }
    }

    fn on_bell(&mut self, _: Instant) {}

    fn on_datagram(&mut self, _: SocketAddr, _: &[u8], _: Instant) {}

    fn on_send_failed(&mut self, Lost { to, payload, .. }: Lost<'_>, _: Instant) {
        assert_eq!(payload, b"first");
        self.told.send(to).unwrap();
        if let Some(then) = self.then.take() {
            self.out.push_back((then, b"second"));
        }
    }

    fn on_send_shed(&mut self) {}

    fn on_timeout(&mut self, _: Instant) {}

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.out.pop_front()
    }

    fn next_wake(&self) -> Option<Wake> {
        None
    }

    fn on_idle(&mut self) {}

    fn is_done(&self) -> bool {
        self.is_done
    }
}

/// Far longer than anything here takes; nothing waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);
