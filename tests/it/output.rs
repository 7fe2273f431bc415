//! What is printed, to whom, and what happens when nobody reads: `demo`, `handset` and its `dial`, and
//! every command in front of a pipe that has been closed.

use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ringproof::lab::Ending;
use serde_json::{Value, json};

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
    let missed = &told["missed_call"];
    assert_eq!(
        (&missed["verified"], &missed["phone"]["refused_with"]),
        (&json!(true), &json!(486))
    );
    let evidence = &missed["verification"]["missed_call"]["matched_call"];
    assert_eq!(
        (&missed["call"]["id"], &missed["trace"]["call"]),
        (&evidence["id"], &evidence["id"])
    );
    assert!(missed["ack_to_event_ms"].as_f64().unwrap() < 1_000.0, "{missed}");
    let wire = missed["trace"]["messages"].as_array().unwrap();
    let wire = wire.iter().map(|message| match message["status"].as_u64() {
        None => message["method"].as_str().unwrap().to_owned(),
        Some(status) => status.to_string(),
    });
    assert_eq!(wire.collect::<Vec<_>>(), ["INVITE", "100", "180", "486", "ACK"]);
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

#[test]
fn a_call_that_went_as_told_ends_well_and_another_does_not() {
    let lab = Lab::new();
    let dial = |phone: &str, more: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["handset", "dial", "+46876500123", phone, "--json"]);
        command.args(["--to", &lab.address.to_string()]).args(more).stdin(Stdio::null());
        let output = command.output().unwrap();
        let lines: Vec<Value> = text(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect();
        (output.status.code(), lines, text(&output.stderr).to_owned())
    };
    // Two calls, refused with 480 each.
    let (code, lines, notes) = dial("+46701234503", &["--times", "2", "--shows", "national"]);
    assert_eq!(code, Some(0), "{notes}");
    let ended: Vec<_> = lines.iter().filter(|line| line["event"] == "ended").collect();
    assert_eq!(ended.len(), 2, "{lines:?}");
    assert!(ended.iter().all(|line| line["status"] == 480 && line["ack"] == "right"), "{ended:?}");
    assert!(
        notes.starts_with(&format!("rings udp:{} from udp:127.0.0.1:", lab.address)),
        "{notes}"
    );
    assert!(notes.ends_with("2 calls, 2 as told; no violations\n"), "{notes}");
    // Hung up while it rings, from another address.
    let (code, lines, notes) =
        dial("+46701234567", &["--then", "hangs-up:20ms", "--bind", "127.0.0.2"]);
    assert_eq!(code, Some(0), "{notes}");
    assert!(lines.iter().any(|line| line["status"] == 487), "{lines:?}");
    // The trunk is in trouble; it answers.
    let (code, _, notes) = dial("+46701234518", &[]);
    assert_eq!((code, notes.ends_with("1 call, 0 as told; no violations\n")), (Some(1), true));
    let (code, lines, _) = dial("+46701234510", &[]);
    assert_eq!(code, Some(1));
    assert!(lines.iter().any(|line| line["event"] == "violation"), "{lines:?}");
}

#[test]
fn a_caller_whom_nobody_can_hear_says_so_at_once() {
    let mut command = Command::new(binary());
    command.args(["handset", "dial", "+46876500123", "+46701234503"]);
    let output = command.args(["--to", &raw::closed().to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("nobody listens there"), "{}", text(&output.stdout));
    let mut command = Command::new(binary());
    let arguments = ["handset", "dial", "+99912345678", "+46701234503", "--shows", "national"];
    let output = command.args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no numbering plan has"), "{}", text(&output.stderr));
}

#[test]
fn a_caller_names_an_address_that_answers_can_come_to() {
    let dial = |bind: &str| {
        let mut command = Command::new(binary());
        command.args(["handset", "dial", "+46876500123", "+46701234503", "--bind", bind]);
        let output = command.args(["--to", &raw::closed().to_string()]).output().unwrap();
        (output.status.code(), text(&output.stderr).to_owned())
    };
    let (code, notes) = dial("0.0.0.0");
    assert!(notes.contains(" from udp:127.0.0.1:"), "{notes}");
    assert_eq!(code, Some(1), "nobody listens there");
    let (code, notes) = dial("::1");
    assert!(notes.contains("sends from ::1, must be of the same IP version as"), "{notes}");
    assert_eq!(code, Some(2));
}

#[test]
fn a_caller_that_is_stopped_hangs_up_first() {
    let mut lab = Lab::new();
    let mut command = Command::new(binary());
    command.args(["handset", "dial", "+46876500123", "+46701234567", "--to"]);
    command.arg(lab.address.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("rings") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended before it rang");
    }
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(lab.stopped("+46701234567").ending, Ending::Missed);
    assert_eq!(child.wait().unwrap().code(), Some(130));
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
