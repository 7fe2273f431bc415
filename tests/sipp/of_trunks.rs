//! Each row of `sipp-scenarios/expected.tsv` is a trunk that behaves badly in one way: a pool, a trunk
//! and a SIPp of its own.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::daemon::{Daemon, text};
use crate::peer::{self, Peer};
use crate::rows::{self, Found, Row};
use crate::trunks;
use crate::workers::{self, CALL_LASTS_AT_MOST, free_ports};

/// Runs the rows whose name holds `wanted`, and gives what went wrong; `None` when there is no
/// such row.
pub(crate) fn failures(wanted: &str) -> Option<Vec<String>> {
    let rows: Vec<Row> = rows::read().into_iter().filter(|row| row.name.contains(wanted)).collect();
    let first = rows.first()?;
    let place = std::env::temp_dir().join(format!("ringproof-sipp-{}", std::process::id()));
    let ports = free_ports(rows.len() + 1);
    trunks::configure(&place, &rows, &ports);
    let mut daemon = Daemon::start(&place);

    // Numbers of different blocks, so that no limit for a block concerns them.
    let call =
        |at: usize, row: &Row| run(row, ports[at], &daemon, &place, &format!("+46701{at:02}1234"));
    let mut failures = workers::run_all(&rows, |row| &row.name, call);
    let again = run(first, ports[0], &daemon, &place, "+46701991234");
    failures.extend(again.err().map(|why| format!("once more, after all others: {why}")));
    failures.extend(daemon.stop().err());

    match failures.is_empty() {
        true => fs::remove_dir_all(&place).expect("what was written can be removed"),
        false => failures.push(format!(
            "
logs: {}",
            place.display()
        )),
    }
    Some(failures)
}

/// Makes the call of one row.
///
/// # Errors
///
/// Says what was found, what was expected, and what SIPp had to say.
fn run(row: &Row, port: u16, daemon: &Daemon, place: &Path, phone: &str) -> Result<(), String> {
    let of_row = |why| format!("\n{}: {why}", row.name);
    let scenario = peer::scenario(&row.scenario, &row.keys);
    let mut peer = Peer::answer((&row.name, &scenario), port, place).map_err(of_row)?;
    let request = serde_json::json!({ "to": phone, "method": "flash_call", "pool": row.name });
    let id = text(&daemon.verify(&request).map_err(of_row)?, "/id");
    let mut until = Instant::now() + CALL_LASTS_AT_MOST;
    let found = loop {
        match trunks::found(daemon, &id) {
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
        trunks::ladder(daemon, &id),
    ))
}
