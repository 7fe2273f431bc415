//! Rules that the compiler cannot check. A failure prints `file:line: what is wrong`.
//!
//! The tables below are the architecture as code: to change the architecture, change them, and
//! `docs/ARCHITECTURE.md` with them. Each checker is a function of text and is shown to fail on bad
//! text (the tests of its own module).

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/tree.rs"]
mod tree;

use rooms::{Room, Rules};
use source::Source;

/// Level 0: everybody may use these, and they may use each other.
const GROUND: &[&str] =
    &["delivery", "entropy", "evidence", "ladder", "number", "outcome", "tally", "time"];

/// Who may import whom, bottom first: what a room may use besides [`GROUND`] and itself.
const ROOMS: &[Room] = &[
    Room { name: "entropy", uses: &[] },
    Room { name: "ladder", uses: &[] },
    Room { name: "number", uses: &[] },
    Room { name: "evidence", uses: &[] },
    Room { name: "delivery", uses: &[] },
    Room { name: "outcome", uses: &[] },
    Room { name: "tally", uses: &[] },
    Room { name: "time", uses: &[] },
    Room { name: "sip", uses: &[] },
    Room { name: "transaction", uses: &["sip"] },
    Room { name: "call", uses: &["sip", "transaction"] },
    Room { name: "trunk", uses: &["sip"] },
    Room { name: "verify", uses: &[] },
    Room { name: "gateway", uses: &["call", "sip", "transaction", "trunk", "verify"] },
    Room { name: "net", uses: &["gateway", "sip"] },
    Room { name: "control", uses: &["verify"] },
    Room { name: "store", uses: &["verify"] },
    Room { name: "notify", uses: &["verify"] },
    Room { name: "observe", uses: &["gateway", "verify"] },
    Room { name: "lab", uses: &["net", "sip", "transaction"] },
    Room { name: "config", uses: UPPER.split_at(12).0 },
    Room { name: "cli", uses: UPPER.split_at(13).0 },
    Room { name: "app", uses: UPPER.split_at(14).0 },
    Room { name: "main", uses: &UPPER },
];

/// Every room above the ground, bottom first; the top level uses what is below it.
const UPPER: [&str; 15] = [
    "sip",
    "transaction",
    "call",
    "trunk",
    "verify",
    "gateway",
    "net",
    "control",
    "store",
    "notify",
    "observe",
    "lab",
    "config",
    "cli",
    "app",
];

/// Words that only some rooms may write: crates of the edges, and the standard library's I/O.
/// Test code may use them, except tokio.
const WORDS: &[(&str, &[&str])] = &[
    ("axum", &["control"]),
    ("getrandom", &["entropy"]),
    ("mio", &["lab", "net"]),
    ("prometheus", &["observe"]),
    ("rand_chacha", &["entropy"]),
    ("rand_core", &["entropy"]),
    ("redb", &["store"]),
    ("rustls", &["notify"]),
    ("socket2", &["control", "lab", "net"]),
    ("std::fs", &["app", "cli", "config", "control", "lab", "main", "observe", "store"]),
    ("std::net::TcpListener", &["app", "control", "lab"]),
    ("std::net::TcpStream", &["app", "cli", "control", "lab"]),
    ("std::net::UdpSocket", &["lab", "net"]),
    ("std::process", &["app", "cli", "main"]),
    ("std::thread", &["app", "cli", "control", "lab", "net", "observe", "store"]),
    ("tokio", &["app", "cli", "control", "lab", "main", "notify", "store"]),
];

/// Where a full number may be taken out of its mask, and how often: the wire, the replies to the
/// client who gave it, and nothing else.
const REVEALS: &[(&str, usize)] = &[
    ("src/control/view.rs", 1),
    ("src/lab/number.rs", 1),
    ("src/number.rs", 1),
    ("src/number/plan.rs", 3),
    ("src/trunk/format.rs", 1),
    ("src/verify/policy.rs", 1),
];

#[test]
fn rooms_look_only_down() {
    let rules = Rules { ground: GROUND, rooms: ROOMS, words: WORDS };
    fail_with(sources().iter().flat_map(|source| rules.check(source)).collect());
}

#[test]
fn every_room_is_built_of_rooms_below_it() {
    fail_with(rooms::upward(ROOMS));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    fail_with(sources().iter().flat_map(source::shape).collect());
}

#[test]
fn test_cases_have_two_digits() {
    fail_with(sources().iter().flat_map(source::case_numbers).collect());
}

#[test]
fn numbers_leave_their_mask_only_where_listed() {
    fail_with(source::reveals(&sources(), REVEALS));
}

#[test]
fn documents_tell_the_truth_about_the_tree() {
    let documents = tree::read(|path| path.ends_with(".md"));
    let makefile = tree::read(|path| path == "Makefile");
    let targets = documents::targets(&makefile[0].1);
    let mut errors = documents::decisions(&documents);
    for (path, text) in &documents {
        errors.extend(documents::links(path, text, tree::exists));
        errors.extend(documents::commands(path, text, &targets));
    }
    fail_with(errors);
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let places = tree::private_places();
    let files = tree::read(|_| true);
    fail_with(files.iter().flat_map(|(path, text)| tree::machine(path, text, &places)).collect());
}

/// All of `src` and `tests`.
fn sources() -> Vec<Source> {
    let files = tree::read(|path| {
        path.ends_with(".rs") && (path.starts_with("src/") || path.starts_with("tests/"))
    });
    assert!(files.len() > 5, "the walk found only {} Rust files", files.len());
    files.iter().map(|(path, text)| Source::read(path, text)).collect()
}

fn fail_with(mut errors: Vec<String>) {
    errors.sort();
    assert!(errors.is_empty(), "\n{}\n", errors.join("\n"));
}
