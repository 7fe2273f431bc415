//! How a daemon starts, and how it does not.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::lab::Lab;
use crate::raw;
use crate::world::{Place, Plan, World, pause, spawn};

#[test]
fn a_wrong_configuration_is_told_whole_and_touches_nothing() {
    let place = Place::new();
    let port = raw::closed().port();
    let mut plan = Plan::new("127.0.0.1:5060".parse().unwrap());
    plan.sip = format!("listen = [\"udp:127.0.0.1:{port}\"]\nshards = 0");
    plan.trunks[0].2 = "ring = \"25s\"".to_owned();
    plan.verify = "atempts = 3\nmax_guess_odds = 2".to_owned();
    plan.control = "body_max = \"1B\"".to_owned();
    let (code, said) = refused(&plan, &place);
    assert_eq!(code, Some(64), "{said}");
    let keys =
        ["sip.shards", "ring", "verify.atempts", "verify.max_guess_odds", "control.body_max"];
    for key in keys {
        assert_eq!(
            said.lines().filter(|line| line.contains(&format!("`{key}`"))).count(),
            1,
            "{said}"
        );
    }
    assert!(!place.0.join("ringproof.sock").exists());
    UdpSocket::bind(("127.0.0.1", port)).expect("the port is free");
}

#[test]
fn a09_a_pool_that_is_too_small_is_a_wrong_configuration() {
    let place = Place::new();
    let mut plan = Plan::new("127.0.0.1:5060".parse().unwrap());
    plan.numbers = "+4687650012[0-9]";
    let (code, said) = refused(&plan, &place);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("10 different codes, must be at least 600"), "{said}");
    assert!(!place.0.join("ringproof.sock").exists());
}

#[test]
fn h06_a_second_daemon_is_refused_and_a_stale_socket_replaced() {
    let lab = Lab::new();
    let mut world = World::new(lab.address);
    let socket = world.place.0.join("ringproof.sock");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);

    // The very same configuration: the same socket and, here, the same SIP port.
    let config = fs::read_to_string(world.place.0.join("ringproof.toml")).unwrap();
    let port = world.sip[0].port().to_string();
    let twin = world.place.0.join("twin");
    fs::create_dir(&twin).unwrap();
    let config = config
        .replace("udp:127.0.0.1:0", &format!("udp:127.0.0.1:{port}"))
        .replace("\"ringproof.sock\"", &format!("{socket:?}"))
        .replace("\"lab.toml\"", "\"../lab.toml\"");
    fs::write(twin.join("ringproof.toml"), config).unwrap();
    let mut second = spawn(&twin.join("ringproof.toml"), None);
    assert_eq!(ended(&mut second), Some(71));
    let said = fs::read_to_string(twin.join("log")).unwrap();
    assert!(said.contains("belongs to another daemon that is running"), "{said}");
    assert_eq!(world.client.get("/healthz").status, 200, "the first one goes on");

    world.child.kill().unwrap();
    world.child.wait().unwrap();
    assert!(socket.exists(), "nobody was there to remove it");
    world.child = spawn(&world.place.0.join("ringproof.toml"), None);
    crate::world::eventually("the next one serves", || {
        world.client.ask("GET", "/healthz", "").ok()
    });
    world.stop();
    assert!(!socket.exists());
}

#[test]
fn h06_a_socket_of_somebody_else_is_respected() {
    let place = Place::new();
    let socket = place.0.join("ringproof.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let (code, said) = refused(&Plan::new("127.0.0.1:5060".parse().unwrap()), &place);
    assert_eq!(code, Some(71), "{said}");
    assert!(said.contains("another daemon") && socket.exists(), "{said}");
}

#[test]
fn a_sip_port_in_use_is_named() {
    let place = Place::new();
    let taken = raw::socket("127.0.0.1:0");
    let address = taken.local_addr().unwrap();
    let mut plan = Plan::new("127.0.0.1:5060".parse().unwrap());
    plan.sip = format!("listen = [\"udp:{address}\"]");
    let (code, said) = refused(&plan, &place);
    assert_eq!(code, Some(71), "{said}");
    let words = format!("cannot receive SIP on udp:{address}: Address already in use");
    assert!(said.contains(&words), "{said}");
    assert!(!place.0.join("ringproof.sock").exists());
}

#[test]
fn h09_a_daemon_that_is_aborted_leaves_no_core_dump() {
    let lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.prelude = Some("ulimit -c unlimited 2>&-");
    let mut world = World::start(&plan);
    let limits = fs::read_to_string(format!("/proc/{}/limits", world.child.id())).unwrap();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let words: Vec<&str> = cores.split_whitespace().collect();
    assert!(words[4..6].iter().all(|most| ["0", "1"].contains(most)), "{cores}");
    world.signal(Signal::SIGABRT);
    let status = world.exits(Duration::from_secs(10));
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}

/// Exit code and last words of a daemon that does not start.
fn refused(plan: &Plan, place: &Place) -> (Option<i32>, String) {
    let config = plan.write(&place.0);
    let code = ended(&mut spawn(&config, None));
    (code, fs::read_to_string(place.0.join("log")).unwrap())
}

fn ended(child: &mut Child) -> Option<i32> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return status.code(),
            None if Instant::now() > until => {
                child.kill().unwrap();
                panic!("it runs");
            }
            None => pause(),
        }
    }
}
