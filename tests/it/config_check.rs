//! `ringproof config check`: what it says of files that are missing, wrong, or good and odd.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::world::{Place, Plan, World, binary, eventually, text};

#[test]
fn a_missing_file_is_missing_and_on_no_line() {
    let place = Place::new();
    let said = run(&place, "config check --config nowhere.toml");
    assert_eq!(said.status.code(), Some(64));
    let words = "nowhere.toml: the file is missing, must be a text file that the daemon may read\n";
    assert_eq!(text(&said.stdout), words);
    let told = json(&run(&place, "config check nowhere.toml --json"));
    assert_eq!(told["problems"][0]["file"], "nowhere.toml");
    assert_eq!(told["problems"][0]["line"], Value::Null);
    assert_eq!(told["problems"][0]["key"], Value::Null);
}

#[test]
fn a_program_gets_each_problem_in_its_parts() {
    let place = Place::new();
    let mut plan = Plan::new("127.0.0.1:5060".parse().unwrap());
    plan.verify = "atempts = 3".to_owned();
    plan.write(&place.0);
    let told = json(&run(&place, "config check --json"));
    let problem = &told["problems"][0];
    assert_eq!(told["problems"].as_array().unwrap().len(), 1, "{told}");
    let parts = ["file", "key", "found", "accepted", "message"].map(|part| problem[part].as_str());
    let expected = [
        "ringproof.toml",
        "verify.atempts",
        "an unknown key",
        "`attempts`, if that was meant",
        "`verify.atempts` is an unknown key, must be `attempts`, if that was meant",
    ];
    assert_eq!(parts, expected.map(Some));
    let lines = std::fs::read_to_string(place.0.join("ringproof.toml")).unwrap();
    let line = lines.lines().position(|line| line.starts_with("atempts")).unwrap() + 1;
    assert_eq!(problem["line"], line);
}

#[test]
fn more_connections_than_files_is_a_warning_with_both_figures() {
    let place = Place::new();
    let mut plan = Plan::new("127.0.0.1:5060".parse().unwrap());
    plan.control = "connections_max = 1000".to_owned();
    plan.write(&place.0);
    let enough = text(&limited(&place, 1028, "config check").stdout);
    assert!(!enough.contains("connections_max"), "{enough}");
    let told = limited(&place, 1027, "config check");
    assert_eq!(told.status.code(), Some(0), "a warning is no problem");
    let warning = "warning: `control.connections_max` allows 1000 connections, but a process may have \
                   1027 files open here (`ulimit -Hn`) and the gateway needs up to 28 for itself: connections \
                   beyond 999 will wait\n";
    assert!(text(&told.stdout).contains(warning), "{}", text(&told.stdout));
    let hash = "0".repeat(64);
    plan.control += &format!(
        "\nlisten = \"127.0.0.1:0\"\n[[control.key]]\nname = \"app\"\nsha256 = \"{hash}\"\nrights = [\"read\"]"
    );
    plan.write(&place.0);
    let both = text(&limited(&place, 2027, "config check").stdout);
    assert!(both.contains("allows 2000 connections"), "each listener has its own: {both}");
    let told = json(&limited(&place, 1027, "config check --json"));
    assert_eq!(told["problems"].as_array().unwrap().len(), 0, "{told}");
    let message = told["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("may have 1027 files"), "{told}");
}

#[test]
fn a_journal_in_a_folder_that_is_missing_is_a_problem() {
    let place = Place::new();
    Plan::new("127.0.0.1:5060".parse().unwrap()).write(&place.0);
    assert!(!text(&run(&place, "config check").stdout).contains("journal"));
    let main = place.0.join("ringproof.toml");
    let config = std::fs::read_to_string(&main).unwrap();
    let config = config.replace("path = \"journal\"", "path = \"nowhere/journal\"");
    std::fs::write(&main, config).unwrap();
    let told = run(&place, "config check");
    assert_eq!(told.status.code(), Some(64));
    let problem = "`journal.path` is \"nowhere/journal\", in a folder that does not exist: \
                   `serve` will not start\n";
    assert_eq!(text(&told.stdout), problem);
    assert!(!place.0.join("nowhere").exists(), "it makes nothing");
    let said = run(&place, "serve");
    assert_eq!(said.status.code(), Some(64));
    assert_eq!(text(&said.stderr), format!("error: {problem}"));
    assert!(!place.0.join("ringproof.sock").exists(), "nothing was bound");
}

#[test]
fn a_journal_and_secrets_that_others_may_read_are_warned_of_here_and_at_the_start() {
    let place = Place::new();
    let mut plan = Plan::new(crate::raw::closed());
    plan.missed = "[[webhook]]\nname = \"shop\"\nurl = \"https://example.com/\"\nsecret_file = \"shop.secret\""
        .to_owned();
    plan.write(&place.0);
    let secret = place.0.join("shop.secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    mode(&secret, 0o600);
    let mut world = World::start_in(place, &plan);
    world.kill();
    let log = world.log();
    assert!(!log.contains("may be read by others") && !log.contains("hardly meant"), "{log}");
    for name in ["journal", "shop.secret"] {
        let path = world.place.0.join(name);
        for (open, is_warned) in [(0o640, true), (0o604, true), (0o600, false)] {
            mode(&path, open);
            let told = run(&world.place, "config check");
            assert_eq!(told.status.code(), Some(0), "a warning is no problem");
            let told = text(&told.stdout);
            let mut warnings = told.lines().filter(|it| it.contains("may be read by others than"));
            let says = warnings.any(|warning| warning.contains(name));
            assert_eq!(says, is_warned, "{name} {open:o}: {told}");
        }
        mode(&path, 0o644);
    }
    world.spawn_again();
    let told = eventually("it warns of both", || {
        let log = world.log();
        (log.contains("may be read by others") && log.contains("hardly meant")).then_some(log)
    });
    assert!(told.contains("journal.path") && !told.contains("MfKQ9"), "{told}");
}

#[test]
fn the_numbers_that_people_ring_are_counted_and_warned_of() {
    let place = Place::new();
    let mut plan = Plan::new("127.0.0.1:5060".parse().unwrap());
    plan.verify += "\n[[did]]\nnumber = \"+468123456[00-41]\"\nring = \"2s\"";
    plan.write(&place.0);
    let told = text(&run(&place, "config check").stdout);
    assert!(told.starts_with("the configuration is good: 1 trunk, 1 pool, 42 DIDs\n"), "{told}");
    assert!(told.contains(": `did.ring` of \"+468123456[00-41]\" is \"2s\" where "), "{told}");
    plan.verify += "\n[[did]]\nnumber = \"+46876500123\"";
    plan.write(&place.0);
    let told = json(&run(&place, "config check --json"));
    assert_eq!(told["problems"][0]["key"], "did.number");
    let found = "\"+46876500123\", which pool \"default\" calls from";
    assert_eq!(told["problems"][0]["found"], found);
}

fn run(place: &Place, line: &str) -> Output {
    let arguments = line.split(' ');
    Command::new(binary()).args(arguments).current_dir(&place.0).output().unwrap()
}

/// The same, where so many files may be open.
fn limited(place: &Place, files: u32, line: &str) -> Output {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("ulimit -n {files}; exec \"$@\"")).arg("sh").arg(binary());
    shell.args(line.split(' ')).current_dir(&place.0).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}
