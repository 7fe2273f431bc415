//! A daemon that is killed, and one whose disk is full.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ringproof::store::clock::Reading;
use ringproof::store::record::Idempotency;
use ringproof::store::{Batch, Hidden, Kind, Opened, Settings};
use serde_json::{Value, json};

use crate::http::Reply;
use crate::lab::{Lab, code, wrong};
use crate::raw::{self, Request};
use crate::world::{Plan, World, eventually};

const PHONE: &str = "+46701740650";
const OTHER: &str = "+46701740651";

/// With a SIP port that is the same after a restart.
fn plan(lab: &Lab) -> Plan {
    let mut plan = Plan::new(lab.address);
    plan.sip = format!("listen = [\"udp:{}\"]", raw::closed());
    plan
}

/// A trunk that rings for 20 s.
fn patient(lab: &Lab) -> Plan {
    let mut plan = plan(lab);
    plan.trunks[0].2 = "ring = \"20s\"".to_owned();
    plan
}

/// A phone that rings. What was answered to its start, and who calls it.
fn ringing(lab: &mut Lab) -> (World, Value, String) {
    let world = World::start(&patient(lab));
    let started = world.verify(PHONE);
    let caller = lab.rings(PHONE);
    (world, started, caller)
}

fn id(started: &Value) -> String {
    started["id"].as_str().unwrap().to_owned()
}

#[test]
fn d03_what_rang_is_hung_up_and_its_code_still_counts() {
    let mut lab = Lab::new();
    let (mut world, started, caller) = ringing(&mut lab);
    let mut events = world.client.events("/v1/events?after=oldest");
    // That it rings is on disk once it is told.
    events.to("call.ringing");
    let killed = Instant::now();
    world.kill_and_start();
    lab.stopped(PHONE);
    // Long before its 20 s; how soon is measured (docs/benchmarks.md).
    assert!(killed.elapsed() < Duration::from_secs(10), "it rang on for {:?}", killed.elapsed());
    let found = world.get(&id(&started));
    assert_eq!(found["status"], "pending");
    assert_eq!(found["flash_call"]["call"]["outcome"], "restarted");
    let checked = world.check(&id(&started), code(&caller)).json();
    assert_eq!(
        (&checked["status"], &checked["reason"]),
        (&json!("verified"), &json!("code_matched"))
    );
    assert_eq!(lab.violations(), Vec::<String>::new());
    world.stop();
}

#[test]
fn d03_a_stop_says_at_once_that_it_waits_for_calls_of_the_process_before() {
    let mut lab = Lab::new();
    let (mut world, _, _) = ringing(&mut lab);
    world.kill();
    // Nobody will ever answer the CANCEL.
    lab.close();
    world.spawn_again();
    world.await_ready();
    world.signal(Signal::SIGTERM);
    eventually("it says what it waits for", || {
        let words = "is waited for calls=0 left_behind=1 byes=0 at_most=32.25s";
        world.log().contains(words).then_some(())
    });
    world.signal(Signal::SIGTERM);
    assert_eq!(world.exits(Duration::from_secs(5)).code(), Some(1));
    assert!(world.log().contains("by a second signal calls=0 left_behind=1"), "{}", world.log());
}

/// The trunk heard the ACK, and not the BYE.
#[test]
fn d03_a_phone_that_was_answered_is_hung_up_by_the_next_process() {
    let trunk = raw::socket("127.0.0.1:0");
    let next = |method: &str| loop {
        let request = Request::receive(&trunk);
        if request.text.starts_with(method) {
            return request;
        }
    };
    let mut plan = Plan::new(trunk.local_addr().unwrap());
    plan.sip = format!("listen = [\"udp:{}\"]", raw::closed());
    let mut world = World::start(&plan);
    let started = world.verify(PHONE);
    let invite = next("INVITE ");
    trunk.send_to(invite.response("200 OK").as_bytes(), invite.from).unwrap();
    let bye = next("BYE ");
    // What it was is on disk once its end is shown.
    world.call_ended(&id(&started));
    world.kill();
    world.spawn_again();
    let again = next("BYE ");
    assert_eq!((again.from, again.header("To:")), (bye.from, bye.header("To:")));
    // It is sent before the journal is read, by whoever does not listen, and after.
    trunk.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    eventually("the BYE is heard", || {
        if let Some(request) = Request::poll(&trunk) {
            trunk.send_to(request.response("200 OK").as_bytes(), request.from).unwrap();
        }
        world.log().contains("is over").then_some(())
    });
    assert_eq!(world.get(&id(&started))["flash_call"]["call"]["outcome"], "answered_suspect");
    world.kill_and_start();
    assert!(!world.log().contains("hung up what may be up"), "{}", world.log());
    world.stop();
}

/// A journal that is checked for minutes, or refused, keeps no phone ringing.
#[test]
fn d03_what_rang_is_hung_up_before_the_journal_is_read() {
    let mut lab = Lab::new();
    let (mut world, _, _) = ringing(&mut lab);
    world.kill();
    let journal = world.place.0.join("journal");
    fs::write(&journal, "no journal at all").unwrap();
    world.spawn_again();
    assert_eq!(world.exits(Duration::from_secs(10)).code(), Some(71), "{}", world.log());
    assert!(lab.stopped(PHONE).rang_for < Duration::from_secs(10));
    assert_eq!(lab.violations(), [""; 0]);
}

#[test]
fn h04_d01_replies_and_wrong_codes_are_known_after_a_kill() {
    let mut lab = Lab::new();
    let mut world = World::start(&plan(&lab));
    let client = world.client.with("Idempotency-Key", "signup-1");
    let started = client.post("/v1/verifications", &json!({ "to": PHONE }));
    assert_eq!(started.status, 201, "{}", started.body);
    let found = id(&started.json());
    let caller = lab.rings(PHONE);
    let guess = world.check(&found, &wrong(code(&caller))).json();
    assert_eq!(guess["attempts_left"], 2);
    lab.stopped(PHONE);
    world.kill_and_start();
    assert_eq!(world.get(&found)["attempts_left"], 2);
    let again = client.post("/v1/verifications", &json!({ "to": PHONE }));
    assert_eq!((again.status, &again.body), (201, &started.body));
    let other = client.post("/v1/verifications", &json!({ "to": OTHER }));
    assert_eq!(other.problem(), (422, "idempotency_mismatch".to_owned()));
    assert_eq!(world.check(&found, code(&caller)).json()["status"], "verified");
    world.kill_and_start();
    assert_eq!(world.get(&found)["reason"], "code_matched");
    world.stop();
}

/// A kill between a check and the commit of its reply leaves what stood before the check.
#[test]
fn h04_a_check_whose_reply_was_not_kept_counts_once() {
    let mut lab = Lab::new();
    let mut world = World::start(&plan(&lab));
    let started = world.verify(PHONE);
    let caller = lab.rings(PHONE);
    let path = format!("/v1/verifications/{}/check", id(&started));
    let guess = json!({ "code": wrong(code(&caller)) });
    let told = world.client.with("Idempotency-Key", "guess-1").post(&path, &guess).json();
    assert_eq!(told["attempts_left"], 2);
    world.kill();
    take_reply_back(&world.place.0.join("journal"), 3);
    world.start_again();
    let client = world.client.with("Idempotency-Key", "guess-1");
    let again = client.post(&path, &guess);
    assert_eq!((again.status, is_replayed(&again)), (200, false));
    assert_eq!(
        (&again.json()["status"], &again.json()["attempts_left"]),
        (&told["status"], &json!(2))
    );
    let kept = client.post(&path, &guess);
    assert_eq!((&kept.body, is_replayed(&kept)), (&again.body, true));
    assert_eq!(world.get(&id(&started))["attempts_left"], 2);
    world.stop();
}

fn is_replayed(reply: &Reply) -> bool {
    reply.head.contains("idempotent-replayed: true")
}

/// Makes of the only reply in a journal the note that stood in its place before.
fn take_reply_back(journal: &Path, attempts_left: u8) {
    let now = Reading::system();
    let opened = Opened::open(journal, Settings::default(), now).unwrap();
    let mut replies = vec![];
    opened.visit(Kind::Idempotency, |it| replies.extend(Idempotency::of(it))).unwrap();
    let [reply] = replies.try_into().unwrap();
    let (status, headers, body) = (0, vec![], Hidden([].into()));
    let noted = Idempotency { before: Some((attempts_left, 1)), status, headers, body, ..reply };
    let mut batch = Batch::new();
    batch.put(noted);
    opened.commit(batch, &now).unwrap();
}

#[test]
fn d03_a_wait_on_the_command_line_outlives_a_kill() {
    let mut lab = Lab::new();
    let mut world = World::start(&patient(&lab));
    let mut waits = world.command(&["verify", PHONE, "--wait", "--json"]);
    waits.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut waits = waits.spawn().unwrap();
    let mut said = BufReader::new(waits.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |words: &str| said.find(|line| line.contains(words)).expect(words);
    let caller = lab.rings(PHONE);
    until("waiting for the code");
    world.kill();
    until("waiting for the daemon until 20");
    // Whoever held the phone has seen the number.
    writeln!(waits.stdin.take().unwrap(), "{}", code(&caller)).unwrap();
    world.spawn_again();
    until("the daemon is back");
    let output = waits.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", world.log());
    let verified: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verified["reason"], "code_matched");
    world.stop();
}

#[test]
fn ctrl_c_ends_a_wait_for_a_daemon_that_is_away() {
    let lab = Lab::new();
    let mut world = World::start(&plan(&lab));
    let mut waits = world.command(&["verify", PHONE, "--wait"]);
    let mut waits = waits.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(waits.stderr.take().unwrap()).lines().map(Result::unwrap);
    said.find(|line| line.contains("has started")).unwrap();
    world.kill();
    said.find(|line| line.contains("waiting for the daemon until 20")).unwrap();
    kill(Pid::from_raw(i32::try_from(waits.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(waits.wait().unwrap().code(), Some(130));
    assert!(said.any(|line| line.contains("stays pending until 20")));
}

#[test]
fn events_are_numbered_on_after_a_kill_and_told_again() {
    let mut lab = Lab::new();
    let mut world = World::start(&plan(&lab));
    let mut events = world.client.events("/v1/events");
    let started = world.verify(PHONE);
    lab.rings(PHONE);
    let told = events.to("call.ended");
    world.kill_and_start();
    let cancel = world.client.delete(&format!("/v1/verifications/{}", id(&started)));
    assert_eq!(cancel.status, 200, "{}", cancel.body);
    let mut again = world.client.events(&format!("/v1/events?after={}", told[0].id));
    let again = again.to("verification.canceled");
    let ids: Vec<u64> = again.iter().map(|event| event.id).collect();
    let expected: Vec<u64> = (told[1].id..).take(ids.len()).collect();
    assert_eq!(ids, expected, "no gap, no repetition");
    let before: Vec<_> = told[1..].iter().map(|event| (event.id, &event.data)).collect();
    let same: Vec<_> =
        again.iter().map(|event| (event.id, &event.data)).take(before.len()).collect();
    assert_eq!(same, before);
    world.stop();
}

#[test]
fn d07_a_full_disk_refuses_starts_and_lets_calls_end_and_works_again_without_a_restart() {
    let mut lab = Lab::new();
    let plan = plan(&lab);
    let world = World::start(&plan);
    let mut events = world.client.events("/v1/events");
    let started = world.verify(PHONE);
    let caller = lab.rings(PHONE);
    limit(&world, Some(1));
    let refused = eventually("a start is refused", || {
        let reply = world.try_verify(OTHER);
        (reply.status == 503).then_some(reply)
    });
    assert_eq!(refused.problem().1, "store_unavailable");
    assert_eq!(world.client.get("/readyz").status, 503);
    assert_eq!(world.client.get("/healthz").status, 200);
    let guess = world.check(&id(&started), &wrong(code(&caller)));
    assert_eq!(guess.problem(), (503, "store_unavailable".to_owned()));
    // The call is hung up as planned.
    assert!(lab.stopped(PHONE).rang_for < Duration::from_secs(2));
    limit(&world, None);
    eventually("it is ready again", || (world.client.get("/readyz").status == 200).then_some(()));
    // No guess was counted, and what happened meanwhile is told.
    let checked = world.check(&id(&started), code(&caller)).json();
    assert_eq!((&checked["status"], &checked["attempts_left"]), (&json!("verified"), &json!(3)));
    let told = events.to("verification.verified");
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "call.ended").count(), 1, "{kinds:?}");
    assert!(told.windows(2).all(|pair| pair[0].id + 1 == pair[1].id), "{told:?}");
    world.stop();
}

#[test]
fn d07_a_stop_with_a_full_disk_ends_in_time_and_says_that_something_may_be_lost() {
    let mut lab = Lab::new();
    let plan = plan(&lab);
    let mut world = World::start(&plan);
    world.verify(PHONE);
    lab.rings(PHONE);
    limit(&world, Some(1));
    eventually("a start is refused", || (world.try_verify(OTHER).status == 503).then_some(()));
    world.signal(Signal::SIGTERM);
    assert_eq!(world.exits(Duration::from_secs(10)).code(), Some(71));
    // Whatever the disk says.
    assert!(lab.stopped(PHONE).rang_for < Duration::from_secs(2));
}

#[test]
fn a_daemon_whose_journal_was_deleted_says_so_and_does_not_end_well() {
    let lab = Lab::new();
    let mut world = World::start(&plan(&lab));
    fs::remove_file(world.place.0.join("journal")).unwrap();
    eventually("it says so", || world.log().contains("was moved or deleted").then_some(()));
    let refused = world.client.get("/readyz");
    assert_eq!(refused.problem(), (503, "not_ready".to_owned()));
    assert!(refused.body.contains("the journal was moved or deleted"), "{}", refused.body);
    assert_eq!(world.client.get("/v1/status").json()["readiness"], "store_gone");
    assert_eq!(world.scrape().sum("ringproof_journal_there", &[]), 0.0);
    world.signal(Signal::SIGTERM);
    assert_eq!(world.exits(Duration::from_secs(10)).code(), Some(71));
}

/// Lets no file of the daemon grow beyond so many bytes, its log included.
fn limit(world: &World, bytes: Option<u64>) {
    let bytes = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let (pid, limit) = (world.child.id().to_string(), format!("--fsize={bytes}:unlimited"));
    let done = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    assert!(done.expect("util-linux is there").success());
}
