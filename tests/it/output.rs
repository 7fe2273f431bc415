//! What is printed, to whom, and what happens when nobody reads: `demo`, `handset`, and every command
//! in front of a pipe that has been closed.

use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::lab::Lab;
use crate::raw;
use crate::world::{Place, World, binary, eventually, text};

#[test]
fn the_demo_tells_programs_what_happened_in_one_document() {
    let place = Place::new();
    let output = demo(&place, &["--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(told["verified"], true);
    assert_eq!(told["verification"]["status"], "verified");
    assert_eq!(told["phone"]["log"], "missed");
    assert_eq!(told["call"]["outcome"], "completed");
    assert_eq!(told["trace"]["messages"][0]["method"], "INVITE");
    let moment = |name: &str| told["timings"][name].as_u64().expect(name);
    let moments = ["placed_ms", "invited_ms", "ringing_ms", "hung_up_ms", "ended_ms"].map(moment);
    assert!(moments.is_sorted() && moments[0] == 0, "{moments:?}");
    let rang = moments[3] - moments[2];
    assert!((2_900..4_000).contains(&rang), "{rang}");
    assert_eq!(fs::read_dir(&place.0).unwrap().count(), 0, "nothing stays behind");
}

#[test]
fn the_demo_leaves_nothing_behind_when_it_is_stopped() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let place = Place::new();
        let mut child = demo(&place, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("ringing") {
            line.clear();
            assert!(told.read_line(&mut line).unwrap() > 0, "it ended before it rang");
        }
        assert_eq!(fs::read_dir(&place.0).unwrap().count(), 1);
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert_eq!(fs::read_dir(&place.0).unwrap().count(), 0, "{signal}");
    }
}

#[test]
fn a_reader_that_has_gone_ends_every_command_quietly() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    let commands = [
        "help",
        "config check",
        "config check --json",
        "key new app",
        "completions bash",
        "status",
        "pools",
        "trunks",
        "verify +46701740650",
        "demo",
        "demo --json",
    ];
    for line in commands {
        let arguments: Vec<_> = line.split(' ').collect();
        let output = world.command(&arguments).stdout(gone()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        let said = text(&output.stderr);
        assert!(!said.contains("error") && !said.contains("panicked"), "{line}: {said}");
    }
    world.stop();
}

#[test]
fn a_full_disk_ends_every_command_with_its_own_code() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    let commands = [
        "help",
        "--version",
        "config check",
        "config check --json",
        "key new app",
        "completions bash",
        "status",
        "status --json",
        "pools",
        "trunks",
        "verify +46701740650",
        "demo",
        "demo --json",
    ];
    for line in commands {
        let arguments: Vec<_> = line.split(' ').collect();
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = world.command(&arguments).stdout(full).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(71), "{line}: {said}");
        assert!(said.contains("error: No space left on device"), "{line}: {said}");
    }
    world.stop();
}

#[test]
fn a_handset_whose_reader_has_gone_ends_quietly() {
    let address: SocketAddr = raw::closed();
    let place = Place::new();
    let mut handset = Command::new(binary());
    handset.args(["handset", "--listen", &address.to_string()]).current_dir(&place.0);
    let mut handset = handset.stdout(gone()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(handset.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("listens on"), "{line}");
    let world = World::new(address);
    world.verify("+46701740650");
    let status = eventually("the handset ends", || handset.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

/// A demonstration whose temporary files are in `place`.
fn demo(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("demo").args(arguments).env("TMPDIR", &place.0).stdin(Stdio::null());
    command
}

/// The writing end of a pipe that nobody reads.
fn gone() -> Stdio {
    let (reader, writer) = pipe().expect("the system gives a pipe");
    drop(reader);
    writer.into()
}
