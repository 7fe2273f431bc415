//! The real binary against SIPp: each row of `sipp-scenarios/expected.tsv` is a trunk that behaves
//! badly in one way. SIPp checks every message that it gets; the control API says what the gateway
//! made of it; both must be as the row says.
//!
//! One daemon serves all rows, each with a pool, a trunk and a SIPp of its own, several at a time.
//! At the end it must still carry a normal call, and stop when it is asked to.
//! `SCENARIO=word` runs only the rows whose name holds the word; `RINGPROOF=path` tests that binary.

#![expect(clippy::disallowed_methods, reason = "a test of the whole waits for other processes")]
#![expect(clippy::print_stdout, reason = "the table of results is read by people")]

#[path = "sipp/daemon.rs"]
mod daemon;
#[path = "sipp/peer.rs"]
mod peer;
#[path = "sipp/rows.rs"]
mod rows;

use std::net::UdpSocket;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use daemon::Daemon;
use peer::Peer;
use rows::{Found, Row};

/// Calls at a time: enough to be quick, few enough for SIPp to keep its time on two cores.
const AT_ONCE: usize = 8;
/// Longer than any scenario.
const CALL_LASTS_AT_MOST: Duration = Duration::from_secs(40);

#[test]
fn every_behaviour_of_a_trunk_gives_its_outcome() {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let rows: Vec<Row> =
        rows::read().into_iter().filter(|row| row.name.contains(&wanted)).collect();
    assert!(!rows.is_empty(), "no row of expected.tsv has `{wanted}` in its name");
    let place = std::env::temp_dir().join(format!("ringproof-sipp-{}", std::process::id()));
    let ports = free_ports(rows.len() + 1);
    let mut daemon = Daemon::start(&place, &rows, &ports);

    let next = AtomicUsize::new(0);
    let mut failures: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| scope.spawn(|| run_some(&next, &rows, &ports, &daemon, &place)))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect()
    });
    let again = run(&rows[0], ports[0], &daemon, &place, "+46701991234");
    failures.extend(again.err().map(|why| format!("once more, after all others: {why}")));
    failures.extend(daemon.stop().err());

    assert!(failures.is_empty(), "{}\nlogs: {}\n", failures.join("\n"), place.display());
    fs::remove_dir_all(&place).expect("what was written can be removed");
}

/// Takes rows until there are none left.
fn run_some(
    next: &AtomicUsize,
    rows: &[Row],
    ports: &[u16],
    daemon: &Daemon,
    place: &Path,
) -> Vec<String> {
    let mut failures = vec![];
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(row) = rows.get(at) else { return failures };
        // Numbers of different blocks, so that no limit for a block concerns them.
        let result = run(row, ports[at], daemon, place, &format!("+46701{at:02}1234"));
        println!("{} {}", if result.is_ok() { "ok  " } else { "FAIL" }, row.name);
        failures.extend(result.err());
    }
}

/// Makes the call of one row.
///
/// # Errors
///
/// Says what was found, what was expected, and what SIPp had to say.
fn run(row: &Row, port: u16, daemon: &Daemon, place: &Path, phone: &str) -> Result<(), String> {
    let of_row = |why| format!("\n{}: {why}", row.name);
    let mut peer = Peer::start(row, port, place).map_err(of_row)?;
    let id = daemon.verify(phone, &row.name).map_err(of_row)?;
    let mut until = Instant::now() + CALL_LASTS_AT_MOST;
    let found = loop {
        match daemon.found(&id) {
            Some(found) => break found,
            None if Instant::now() > until => break Found::NOTHING,
            None => thread::sleep(Duration::from_millis(50)),
        }
        if peer.has_failed() {
            // What is left of the call is of interest, its last time-out is not.
            until = until.min(Instant::now() + Duration::from_secs(1));
        }
    };
    let verdict = peer.verdict(Instant::now() + CALL_LASTS_AT_MOST);
    if found == row.expected && verdict.is_ok() {
        return Ok(());
    }
    Err(format!(
        "\n{}: {}\n  expected {}\n  found    {found}\n{}",
        row.name,
        verdict.err().unwrap_or_else(|| "SIPp saw what it expected".to_owned()),
        row.expected,
        daemon.ladder(&id),
    ))
}

/// Ports of this machine that nobody uses now.
fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<UdpSocket> = (0..count)
        .map(|_| UdpSocket::bind("127.0.0.1:0").expect("the system has a free port"))
        .collect();
    sockets.iter().map(|socket| socket.local_addr().expect("it is bound").port()).collect()
}
