//! The real binary against SIPp, as the trunk that it calls and as the caller of its numbers. SIPp checks
//! every message that it gets; the control API says what the gateway made of it; both must be as the
//! row of the table says.
//!
//! One daemon serves all rows of a table, several at a time, one table after the other: both at once
//! would be too much for SIPp to keep its time. At the end it must still carry a normal
//! call, and stop when it is asked to. `SCENARIO=word` runs only the rows whose name holds the word;
//! `RINGPROOF=path` tests that binary.

#![expect(clippy::disallowed_methods, reason = "a test of the whole waits for other processes")]
#![expect(clippy::print_stdout, reason = "the table of results is read by people")]

#[path = "sipp/callers.rs"]
mod callers;
#[path = "sipp/daemon.rs"]
mod daemon;
#[path = "sipp/of_callers.rs"]
mod of_callers;
#[path = "sipp/of_trunks.rs"]
mod of_trunks;
#[path = "sipp/peer.rs"]
mod peer;
#[path = "sipp/rows.rs"]
mod rows;
#[path = "sipp/trunks.rs"]
mod trunks;
#[path = "sipp/workers.rs"]
mod workers;

#[test]
fn every_behaviour_of_a_trunk_and_of_a_caller_gives_its_result() {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let tables = [of_trunks::failures(&wanted), of_callers::failures(&wanted)];
    assert!(tables.iter().any(Option::is_some), "no row has `{wanted}` in its name");
    let failures = tables.into_iter().flatten().flatten().collect::<Vec<_>>();
    assert!(failures.is_empty(), "{}\n", failures.join("\n"));
}
