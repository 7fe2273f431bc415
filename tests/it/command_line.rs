//! The commands of the binary against a running daemon, as scripts use them: what they print, and
//! how they end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::lab::{Lab, code, wrong};
use crate::world::{Place, World, binary, eventually, text};

#[test]
fn a_script_verifies_a_phone() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let phone = "+46701740650";
    let mut watch = world
        .command(&["watch", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut watched = BufReader::new(watch.stdout.take().unwrap());
    eventually("somebody watches", || {
        let state = world.client.get("/debug/state").json();
        (state["control"]["readers"]["size"] == 1).then_some(())
    });

    let started = ok(&world.run(&["verify", phone, "--json", "--client-ref", "signup-1"]));
    let id = started["id"].as_str().unwrap();
    assert_eq!(started["client_ref"], "signup-1");
    let caller = lab.rings(phone);
    let refused = world.run(&["check", id, &wrong(code(&caller))]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(text(&refused.stderr), "wrong, 2 more may be tried\n");
    world.call_ended(id);
    let verified = world.run(&["check", id, &caller, "--json"]);
    assert_eq!(ok(&verified)["reason"], "caller_id_matched");
    let again = world.run(&["check", id, &caller]);
    assert_eq!(again.status.code(), Some(65), "{}", text(&again.stderr));

    let mut kinds = vec![];
    for line in watched.by_ref().lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).expect("a line is an envelope");
        kinds.push(event["type"].as_str().unwrap().to_owned());
        if kinds.last().unwrap() == "verification.verified" {
            break;
        }
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    watch.kill().unwrap();
    watch.wait().unwrap();

    let ladder = text(&world.run(&["trace", id]).stdout);
    let marks = ["INVITE", "180", "CANCEL", "200", "487", "ACK"];
    let places: Vec<_> = marks.iter().map(|mark| ladder.find(mark)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{ladder}");
    let traced = ok(&world.run(&["trace", id, "--json"]));
    assert_eq!(traced["messages"].as_array().unwrap().len(), 7, "{traced}");
    let call = traced["call"].as_str().unwrap();
    assert_eq!(text(&world.run(&["trace", call]).stdout), ladder);
    world.stop();
}

#[test]
fn w07_messages_to_webhooks_are_asked_for_where_there_are_none() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    let listed = world.run(&["webhook", "list", "--json", "--state", "dead"]);
    assert_eq!(ok(&listed)["deliveries"], Value::Array(vec![]));
    let unknown = world.run(&["webhook", "retry", "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P"]);
    assert_eq!(unknown.status.code(), Some(65), "{}", text(&unknown.stderr));
    world.stop();
}

#[test]
fn a_person_types_the_code_that_the_phone_shows() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let phone = "+46701740650";
    // Only somebody at a terminal is asked for the code: `script` (util-linux) gives one.
    let line = format!("'{}' verify {phone} --wait", binary().display());
    let mut waits = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(&world.place.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script can be started");
    let caller = lab.rings(phone);
    let mut keyboard = waits.stdin.take().unwrap();
    writeln!(keyboard, "{}\n{}", wrong(code(&caller)), code(&caller)).unwrap();
    let output = waits.wait_with_output().unwrap();
    drop(keyboard);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for words in ["has started", "`cancel`): ", "wrong, 2 more", "verified (code matched)"] {
        assert!(said.contains(words), "no `{words}` in {said}");
    }

    // Nobody types: the end of the verification ends the wait. This phone does not exist.
    let failed = world.run(&["verify", "+46701740704", "--wait", "--json", "--expires-in", "30"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    let failed: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(failed["reason"], "number_unallocated");
    world.stop();
}

#[test]
fn a_pipe_rings_a_busy_phone_again_and_gives_up() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    let mut waits = world.command(&["verify", "+46701740601", "--wait", "--json"]);
    waits.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut waits = waits.spawn().unwrap();
    // Typed ahead: a line is taken when it can be meant.
    waits.stdin.take().unwrap().write_all(b"call\ncancel\n").unwrap();
    let output = waits.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("the phone is in another call").count(), 2, "{said}");
    assert_eq!(said.matches("waiting for the code, one line").count(), 2, "{said}");
    assert!(said.contains("ringing again, from another number"), "{said}");
    let canceled: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&canceled["status"], &canceled["calls_left"]), (&"canceled".into(), &1.into()));
    world.stop();
}

#[test]
fn a_wait_without_input_goes_on_until_the_code_is_checked_elsewhere() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let phone = "+46701740650";
    let mut waits = world.command(&["verify", phone, "--wait"]);
    waits.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut waits = waits.spawn().unwrap();
    let mut said = BufReader::new(waits.stderr.take().unwrap()).lines();
    let first = said.next().unwrap().unwrap();
    let id = first.split(' ').next().unwrap();
    let caller = lab.rings(phone);
    let words = format!("for `ringproof check {id} CODE` from elsewhere");
    let told = said.map(Result::unwrap).find(|line| line.contains("input has ended"));
    let told = told.expect("it says what it waits for");
    assert!(told.contains("waiting on until 20") && told.ends_with(&words), "{told}");
    ok(&world.run(&["check", id, code(&caller), "--json"]));
    assert_eq!(waits.wait().unwrap().code(), Some(0));
    world.stop();
}

#[test]
fn ctrl_c_ends_the_wait_and_not_the_verification() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let phone = "+46701740650";
    let mut waits = world.command(&["verify", phone, "--wait"]);
    let mut waits = waits.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(waits.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let id = line.split(' ').next().unwrap().to_owned();
    lab.rings(phone);
    kill(Pid::from_raw(i32::try_from(waits.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(waits.wait().unwrap().code(), Some(130));
    said.read_to_string(&mut line).unwrap();
    assert!(line.contains(&format!("{id} stays pending until 20")), "{line}");
    assert!(line.contains(&format!("`ringproof cancel {id}` gives up")), "{line}");

    // The words that it printed are commands.
    world.call_ended(&id);
    let again = ok(&world.run(&["call", &id, "--json"]));
    assert_eq!((&again["status"], &again["calls_left"]), (&"pending".into(), &1.into()));
    lab.rings(phone);
    assert_eq!(ok(&world.run(&["cancel", &id, "--json"]))["status"], "canceled");
    lab.stopped(phone);
    let refused = world.run(&["cancel", &id]);
    assert_eq!(refused.status.code(), Some(65));
    assert_eq!(text(&refused.stderr), "error: this verification has ended: canceled\n");
    world.stop();
}

#[test]
fn a_script_reads_the_state_of_the_gateway() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    let status = ok(&world.run(&["status", "--json"]));
    let mut own = world.client.get("/v1/status").json();
    // A second may have begun meanwhile.
    own["uptime_seconds"] = status["uptime_seconds"].clone();
    assert_eq!((&status, &status["readiness"]), (&own, &"ready".into()));
    let pools = ok(&world.run(&["pools", "--json"]));
    assert_eq!(pools["pools"][0]["name"], "default");
    let trunks = ok(&world.run(&["trunks", "--json"]));
    assert_eq!(
        (&trunks["trunks"][0]["name"], &trunks["trunks"][0]["up"]),
        (&"lab".into(), &true.into())
    );
    for (command, word) in [("status", "ready"), ("pools", "default"), ("trunks", "lab")] {
        let output = world.run(&[command]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(word), "{command}: {}", text(&output.stdout));
    }
    let check = text(&world.run(&["config", "check"]).stdout);
    let good = "the configuration is good: 1 trunk, 1 pool, 0 DIDs\nwarning: ";
    assert!(check.starts_with(good), "{check}");
    world.stop();
}

#[test]
fn a_script_learns_from_the_exit_code_what_to_do_next() {
    let lab = Lab::new();
    let mut world = World::new(lab.address);
    let code = |world: &World, arguments: &[&str]| world.run(arguments).status.code();
    let unknown = "ver_00000000000000000000000000";
    assert_eq!(code(&world, &["verify"]), Some(2));
    assert_eq!(code(&world, &["check", "nothing", "12345"]), Some(2));
    assert_eq!(code(&world, &["verify", "0701740650"]), Some(65), "not in E.164 form");
    assert_eq!(code(&world, &["verify", "+15005550006"]), Some(65), "not a country of the pool");
    assert_eq!(code(&world, &["verify", "+46701740650", "--pool", "none"]), Some(65));
    assert_eq!(code(&world, &["check", unknown, "12345"]), Some(65));
    assert_eq!(code(&world, &["trace", unknown]), Some(65));
    world.child.kill().unwrap();
    world.child.wait().unwrap();
    for command in ["status", "pools", "trunks", "watch"] {
        assert_eq!(code(&world, &[command]), Some(69), "{command}: the socket is stale");
    }
    let place = Place::new();
    let missing = Command::new(binary())
        .args(["status", "--socket", "nowhere.sock"])
        .current_dir(&place.0)
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(69), "{}", text(&missing.stderr));
}

/// What a command printed that succeeded.
fn ok(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON was asked for")
}
