//! The driver with a core that only notes what happens: ICMP errors, commands, two IP versions.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ringproof::ladder::Undelivered;
use ringproof::net::{self, Busy, Core, Lost, Running, Socket};
use ringproof::time::Wake;

use crate::raw;
use crate::world::PATIENCE;

/// What a core was told.
#[derive(Debug, Eq, PartialEq)]
enum Told {
    Command(u32),
    Datagram(SocketAddr, Vec<u8>),
    SendFailed(SocketAddr, Vec<u8>, Undelivered),
    Timeout,
}

enum Wish {
    Note(u32),
    Send(SocketAddr, &'static [u8]),
    Stall(Receiver<()>),
    Stop,
    WakeIn(Duration),
}

struct Notes {
    told: SyncSender<Told>,
    outbox: Vec<(SocketAddr, &'static [u8])>,
    wake: Option<Instant>,
    is_done: bool,
}

impl Core for Notes {
    type Command = Wish;

    fn on_command(&mut self, command: Wish, now: Instant) {
        match command {
            Wish::Note(number) => self.told.send(Told::Command(number)).unwrap(),
            Wish::Send(to, payload) => self.outbox.push((to, payload)),
            Wish::Stall(until) => drop(until.recv()),
            Wish::Stop => self.is_done = true,
            Wish::WakeIn(delay) => self.wake = Some(now + delay),
        }
    }

    fn on_bell(&mut self, _: Instant) {}

    fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], _: Instant) {
        self.told.send(Told::Datagram(from, payload.to_vec())).unwrap();
    }

    fn on_send_failed(&mut self, Lost { to, payload, why }: Lost<'_>, _: Instant) {
        self.told.send(Told::SendFailed(to, payload.to_vec(), why)).unwrap();
    }

    fn on_send_shed(&mut self) {}

    fn on_timeout(&mut self, now: Instant) {
        assert!(self.wake.take().is_some_and(|wake| wake <= now), "never early");
        self.told.send(Told::Timeout).unwrap();
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, &[u8])> {
        self.outbox.pop()
    }

    fn next_wake(&self) -> Option<Wake> {
        self.wake.map(|at| Wake { at, why: "a test" })
    }

    fn on_idle(&mut self) {}

    fn is_done(&self) -> bool {
        self.is_done
    }
}

#[test]
fn p33_a_closed_port_is_reported_with_the_datagram_that_found_it() {
    for local in ["127.0.0.1:0", "[::1]:0"] {
        let (running, told) = run(vec![bind(local)]);
        let closed = raw::socket(local).local_addr().unwrap();
        for payload in [b"first".as_slice(), b"second"] {
            running.remote.send(Wish::Send(closed, payload)).unwrap();
            assert_eq!(
                next(&told),
                Told::SendFailed(closed, payload.to_vec(), Undelivered::Refused)
            );
        }
        stop(running);
    }
}

#[test]
fn an_error_of_one_peer_does_not_keep_datagrams_from_another() {
    let (running, told) = run(vec![bind("127.0.0.1:0")]);
    let closed = raw::closed();
    let peer = raw::socket("127.0.0.1:0");
    let address = peer.local_addr().unwrap();
    for _ in 0..100 {
        running.remote.send(Wish::Send(closed, b"lost")).unwrap();
        running.remote.send(Wish::Send(address, b"found")).unwrap();
    }
    let mut buffer = [0; 16];
    for _ in 0..100 {
        let (length, _) = peer.recv_from(&mut buffer).expect("each one arrives");
        assert_eq!(&buffer[..length], b"found");
    }
    // The kernel limits ICMP, so not every loss need be reported.
    assert_eq!(next(&told), Told::SendFailed(closed, b"lost".to_vec(), Undelivered::Refused));
    stop(running);
}

#[test]
fn two_ip_versions_have_a_socket_each() {
    let sockets = vec![bind("127.0.0.1:0"), bind("[::1]:0")];
    let locals = [sockets[0].local, sockets[1].local];
    let (running, told) = run(sockets);
    for (peer, local) in ["127.0.0.1:0", "[::1]:0"].map(raw::socket).into_iter().zip(locals) {
        let address = peer.local_addr().unwrap();
        peer.send_to(b"hello", local).unwrap();
        assert_eq!(next(&told), Told::Datagram(address, b"hello".to_vec()));
        running.remote.send(Wish::Send(address, b"and back")).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(peer.recv_from(&mut buffer).unwrap(), (8, local));
    }
    stop(running);
    let (running, told) = run(vec![bind("127.0.0.1:0")]);
    let unreachable = "[::1]:5060".parse().unwrap();
    running.remote.send(Wish::Send(unreachable, b"lost")).unwrap();
    assert_eq!(next(&told), Told::SendFailed(unreachable, b"lost".to_vec(), Undelivered::NoRoute));
    stop(running);
}

#[test]
fn a_core_that_sleeps_is_woken_by_commands_and_by_its_clock() {
    let (running, told) = run(vec![bind("127.0.0.1:0")]);
    for number in 0..1_000 {
        running.remote.send(Wish::Note(number)).unwrap();
        assert_eq!(next(&told), Told::Command(number));
    }
    let start = Instant::now();
    running.remote.send(Wish::WakeIn(Duration::from_millis(50))).unwrap();
    assert_eq!(next(&told), Told::Timeout);
    assert!(start.elapsed() >= Duration::from_millis(50));
    stop(running);
}

#[test]
fn commands_have_a_bound_and_every_one_that_was_taken_is_carried_out() {
    let (running, told) = run(vec![bind("127.0.0.1:0")]);
    let (release, until) = sync_channel(1);
    running.remote.send(Wish::Stall(until)).unwrap();
    let mut taken = 0;
    let refused = loop {
        assert!(taken < 10 * COMMANDS_MAX, "it has no bound");
        match running.remote.send(Wish::Note(taken)) {
            Ok(()) => taken += 1,
            Err(busy) => break busy,
        }
    };
    assert_eq!(refused, Busy::Full);
    release.send(()).unwrap();
    for number in 0..taken {
        assert_eq!(next(&told), Told::Command(number));
    }
    let remote = running.remote.clone();
    stop(running);
    assert_eq!(remote.send(Wish::Stop), Err(Busy::Stopped));
}

fn bind(address: &str) -> Socket {
    net::bind(address.parse().unwrap(), 1 << 16).expect("the system has a free port")
}

fn run(sockets: Vec<Socket>) -> (Running<Wish>, Receiver<Told>) {
    let (told, hears) = sync_channel(100_000);
    let core = Notes { told, outbox: vec![], wake: None, is_done: false };
    (net::spawn("notes", core, sockets, COMMANDS_MAX as usize).expect("a thread"), hears)
}

fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).expect("the core is told something")
}

fn stop(running: Running<Wish>) {
    running.remote.send(Wish::Stop).unwrap();
    running.join();
}

const COMMANDS_MAX: u32 = 300;
