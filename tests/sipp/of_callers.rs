//! Each row of `sipp-scenarios/expected-callers.tsv` is a call to one of the daemon's numbers that goes,
//! or goes wrong, in one way: a DID, a phone, a pending verification and a SIPp of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use crate::callers::{self, Person, Row, Seen};
use crate::daemon::{Daemon, text};
use crate::peer::{self, Peer};
use crate::workers::{self, CALL_LASTS_AT_MOST, free_ports};

/// Runs the rows whose name holds `wanted`, and gives what went wrong; `None` when there is no
/// such row.
pub(crate) fn failures(wanted: &str) -> Option<Vec<String>> {
    let rows: Vec<Row> =
        callers::read().into_iter().filter(|row| row.name.contains(wanted)).collect();
    let first = rows.first()?;
    let place = std::env::temp_dir().join(format!("ringproof-callers-{}", std::process::id()));
    let address = SocketAddr::from(([127, 0, 0, 1], free_ports(1)[0]));
    callers::configure(&place, &rows, address);
    let mut daemon = Daemon::start(&place);
    let mut watch = daemon.watch(&place.join(EVENTS));

    let call = |at: usize, row: &Row| run(row, Person::of_row(at), address, &daemon, &place);
    let mut failures = workers::run_all(&rows, |row| &row.name, call);
    let again = run(first, Person { did: 0, phone: 99 }, address, &daemon, &place);
    failures.extend(again.err().map(|why| format!("once more, after all others: {why}")));
    failures.extend(daemon.stop().err());
    watch.wait().expect("it ends with the daemon");

    match failures.is_empty() {
        true => fs::remove_dir_all(&place).expect("what was written can be removed"),
        false => failures.push(format!("\nlogs: {}", place.display())),
    }
    Some(failures)
}

/// Makes the call of one row.
///
/// # Errors
///
/// Says what was found, what was expected, and what SIPp had to say.
fn run(
    row: &Row,
    person: Person,
    to: SocketAddr,
    daemon: &Daemon,
    place: &Path,
) -> Result<(), String> {
    let of_row = |why| format!("\n{}: {why}", row.name);
    let (phone, did) = (person.phone(), person.did());
    let request = serde_json::json!({ "to": phone, "method": "missed_call", "did": did });
    let id = text(&daemon.verify(&request).map_err(of_row)?, "/id");
    let scenario = peer::scenario(&row.scenario, &person.fill_in(&row.keys));
    let peer = Peer::call((&row.name, &scenario), to, place);
    let verdict = peer.verdict(Instant::now() + CALL_LASTS_AT_MOST);
    let found = Seen::look(daemon, &place.join(EVENTS), &id, &did);
    if found == row.expected && verdict.is_ok() {
        return Ok(());
    }
    Err(format!(
        "\n{}: {}\n  expected {}\n  found    {found}",
        row.name,
        verdict.err().unwrap_or_else(|| "SIPp saw what it expected".to_owned()),
        row.expected,
    ))
}

const EVENTS: &str = "events.json";
