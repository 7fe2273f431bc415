//! Rows of a table, several at a time.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Longer than any scenario.
pub(crate) const CALL_LASTS_AT_MOST: Duration = Duration::from_secs(40);

/// Rows at a time: enough to be quick, few enough for SIPp to keep its time on two cores.
const AT_ONCE: usize = 8;

/// Runs every row, prints how it went, and gives what went wrong.
pub(crate) fn run_all<R: Sync>(
    rows: &[R],
    name: impl Fn(&R) -> &str + Sync,
    run: impl Fn(usize, &R) -> Result<(), String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failures = vec![];
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = rows.get(at) else { return failures };
            let result = run(at, row);
            println!("{} {}", if result.is_ok() { "ok  " } else { "FAIL" }, name(row));
            failures.extend(result.err());
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect()
    })
}

/// Ports of this machine that nobody uses now.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<UdpSocket> = (0..count)
        .map(|_| UdpSocket::bind("127.0.0.1:0").expect("the system has a free port"))
        .collect();
    sockets.iter().map(|socket| socket.local_addr().expect("it is bound").port()).collect()
}
