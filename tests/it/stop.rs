//! How a daemon ends.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use nix::libc::O_NONBLOCK;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use ringproof::lab::{Event, Rule};

use crate::http::Client;
use crate::lab::Lab;
use crate::world::{Plan, World, eventually};

#[test]
fn r13_a_thousand_calls_that_ring_are_hung_up() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.trunks[0].2 = "ring = \"20s\"\ncalls_per_second = 10000\nin_flight_max = 10000".to_owned();
    let mut world = World::start(&plan);
    let mut kept = world.client.keep();
    for n in 0..CALLS {
        let body = serde_json::json!({ "to": format!("+46701{n:04}50") });
        let reply = kept.post("/v1/verifications", &body);
        assert_eq!(reply.status, 201, "{}", reply.body);
    }
    eventually("every phone rings", || {
        (lab.count(|event| matches!(event, Event::Rang { .. })) == CALLS).then_some(())
    });
    let stopping = Instant::now();
    world.signal(Signal::SIGTERM);
    // Whoever asks now is told so, or finds nobody when all has ended.
    let mut asked = CALLS;
    let refused = eventually("no new calls", || match ask(&world.client, &mut asked) {
        Some((201, _)) => None,
        other => Some(other),
    });
    assert!(matches!(refused.as_ref(), None | Some((503, _))), "{refused:?}");
    let status = world.exits(Duration::from_secs(33));
    assert_eq!(status.code(), Some(0), "{}", world.log());
    assert!(stopping.elapsed() < Duration::from_secs(10), "each phone answers its CANCEL");
    assert!(!world.place.0.join("ringproof.sock").exists());
    let missed = |event: &Event| matches!(event, Event::Stopped(entry) if entry.rang_for < LONG);
    eventually("every phone is quiet", || (lab.count(missed) >= CALLS).then_some(()));
    assert_eq!(lab.violations(), [""; 0]);
    let log = world.log();
    for words in ["stopping: no new calls", "every call has ended", " stopped\n"] {
        assert!(log.contains(words), "no `{words}` in {log}");
    }
}

#[test]
fn r13_a_stop_waits_for_a_call_and_a_second_signal_does_not() {
    // This phone confirms the CANCEL and then says nothing: 32 s would pass.
    let mut lab = Lab::with("127.0.0.1:0", |settings| {
        settings.rules = vec!["=cancel-without-final".parse::<Rule>().unwrap()];
    });
    let mut world = World::new(lab.address);
    let id = world.verify("+46701740650")["id"].as_str().unwrap().to_owned();
    lab.rings("+46701740650");
    world.signal(Signal::SIGTERM);
    eventually("it is stopping", || (world.client.get("/readyz").status == 503).then_some(()));
    let refused = world.try_verify("+46701740651");
    assert_eq!(refused.problem(), (503, "overloaded".to_owned()));
    assert_eq!(world.get(&id)["status"], "pending", "a client can watch the end");
    assert!(world.child.try_wait().unwrap().is_none());
    let insisting = Instant::now();
    world.signal(Signal::SIGTERM);
    let status = world.exits(Duration::from_secs(5));
    assert_eq!(status.code(), Some(1), "a call may be up");
    assert!(insisting.elapsed() < Duration::from_secs(2), "{:?}", insisting.elapsed());
    let log = world.log();
    for words in [
        "is waited for calls=1 left_behind=0 byes=0 at_most=32.25s",
        "second signal calls=1 left_behind=0",
        "stopped while 1 call, 0 of the process before it and 0 without an answer to their BYE may be up",
    ] {
        assert!(log.contains(words), "no `{words}` in {log}");
    }
    assert!(!world.place.0.join("ringproof.sock").exists());
}

/// As after a kill; see `killed.rs`.
#[test]
fn r13_a_client_hears_of_a_stop_that_its_call_is_off() {
    let mut lab = Lab::with("127.0.0.1:0", |settings| {
        settings.rules = vec!["=rings-late:30s".parse::<Rule>().unwrap()];
    });
    let mut world = World::new(lab.address);
    let mut events = world.client.events("/v1/events");
    let id = world.verify("+46701740650")["id"].as_str().unwrap().to_owned();
    eventually("its INVITE has left", || {
        let call = &world.get(&id)["flash_call"]["call"]["id"];
        let call = world.client.get(&format!("/v1/calls/{}", call.as_str().unwrap())).json();
        call["invited_at"].is_string().then_some(())
    });
    world.signal(Signal::SIGTERM);
    let told = events.to("verification.failed");
    let [.., ended, failed] = &told[..] else { panic!("{told:?}") };
    let why = (&ended.data["data"]["outcome"], &failed.data["data"]["reason"]);
    assert_eq!(why, (&"restarted".into(), &"restarted".into()), "{told:?}");
    eventually("the call is gone", || {
        (lab.count(|event| matches!(event, Event::Gone { .. })) == 1).then_some(())
    });
    assert_eq!(world.exits(Duration::from_secs(10)).code(), Some(0));
    world.start_again();
    let found = world.get(&id);
    assert_eq!(
        (&found["status"], &found["reason"]),
        (&"failed".into(), &"restarted".into()),
        "{found}"
    );
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

/// As long as this one's disk lets it wait: for ever.
#[test]
fn r13_a_signal_ends_a_start_that_still_reads() {
    let lab = Lab::new();
    let mut world = World::new(lab.address);
    world.kill();
    let calls = world.place.0.join("journal.calls");
    fs::remove_file(&calls).unwrap();
    mkfifo(&calls, Mode::S_IRWXU).unwrap();
    world.spawn_again();
    // There is no other end before the daemon reads.
    let end = || OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&calls).ok();
    let end = eventually("the daemon reads", end);
    let stopping = Instant::now();
    world.signal(Signal::SIGTERM);
    let status = world.exits(Duration::from_secs(10));
    assert!(stopping.elapsed() < Duration::from_secs(5), "it waited for its disk");
    assert!(status.success() && world.log().contains("before it was ready"), "{}", world.log());
    drop(end);
}

#[test]
fn a_stop_ends_streams_and_idle_connections() {
    let lab = Lab::new();
    let mut world = World::new(lab.address);
    let mut events = world.client.events("/v1/events");
    let mut idle = world.client.keep();
    let body = serde_json::json!({ "to": "no number" });
    assert_eq!(idle.post("/v1/verifications", &body).status, 400);
    let silent = world.client.connect().unwrap();
    let stopping = Instant::now();
    world.signal(Signal::SIGTERM);
    assert_eq!(world.exits(Duration::from_secs(10)).code(), Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(2), "{:?}", stopping.elapsed());
    assert!(events.has_ended());
    drop(silent);
}

#[test]
fn r13_a_request_that_is_never_finished_delays_a_stop_by_seconds_and_a_second_signal_not_at_all() {
    let lab = Lab::new();
    let half = b"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
    for (signals, most) in [(1, Duration::from_secs(7)), (2, Duration::from_secs(2))] {
        let mut world = World::new(lab.address);
        let mut open = world.client.connect().unwrap();
        open.write_all(half).unwrap();
        // Who came before has been accepted when this is answered.
        assert_eq!(world.client.get("/healthz").status, 200);
        let stopping = Instant::now();
        world.signal(Signal::SIGTERM);
        eventually("it is stopping", || world.log().contains("stopping: ").then_some(()));
        if signals == 2 {
            world.signal(Signal::SIGTERM);
        }
        assert_eq!(world.exits(Duration::from_secs(20)).code(), Some(0));
        assert!(stopping.elapsed() < most, "{:?} after {signals}", stopping.elapsed());
    }
}

/// Starts a verification of a phone that was not called before.
fn ask(client: &Client, asked: &mut usize) -> Option<(u16, String)> {
    *asked += 1;
    let body = format!("{{\"to\":\"+46701{asked:04}50\"}}");
    let reply = client.ask("POST", "/v1/verifications", &body).ok()?;
    Some((reply.status, reply.body))
}

const CALLS: usize = 1_000;
const LONG: Duration = Duration::from_secs(15);
