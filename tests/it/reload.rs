//! SIGHUP: other trunks for a daemon that works (R12).

use std::fs;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::lab::Lab;
use crate::world::{FAST, Plan, World, eventually};

const FIRST: &str = "+46701740650";
const SECOND: &str = "+46701740651";

/// Writes another configuration, asks for a reload, and waits for the word about it.
fn reload(world: &World, plan: &Plan, word: &str) {
    plan.write(&world.place.0);
    let before = world.log().matches(word).count();
    world.signal(Signal::SIGHUP);
    eventually(word, || (world.log().matches(word).count() > before).then_some(()));
}

#[test]
fn r12_a_call_rings_on_at_the_trunk_that_a_reload_takes_away() {
    let (mut old, mut new) = (Lab::new(), Lab::new());
    let mut plan = Plan::new(old.address);
    plan.trunks[0] = ("old", old.address, SLOW.to_owned());
    let world = World::start(&plan);
    let id = world.verify(FIRST)["id"].as_str().unwrap().to_owned();
    old.rings(FIRST);
    plan.trunks = vec![("new", new.address, FAST.to_owned())];
    reload(&world, &plan, "the trunks were reloaded");
    let names = |world: &World| {
        let trunks = world.client.get("/v1/trunks").json();
        trunks["trunks"].as_array().unwrap().iter().map(|trunk| trunk["name"].clone()).collect()
    };
    let listed: Vec<_> = names(&world);
    assert_eq!(listed, ["new"]);
    assert_eq!(world.get(&id)["flash_call"]["call"]["state"], "ringing");
    let next = world.verify(SECOND)["id"].as_str().unwrap().to_owned();
    new.rings(SECOND);
    for (id, trunk) in [(&id, "old"), (&next, "new")] {
        let call = &world.call_ended(id)["flash_call"]["call"];
        assert_eq!((&call["trunk"], &call["outcome"]), (&json!(trunk), &json!("completed")));
    }
    assert_eq!((old.violations(), new.violations()), (vec![], vec![]));
    let scrape = world.scrape();
    for trunk in ["old", "new"] {
        let labels = [format!("trunk=\"{trunk}\""), "outcome=\"completed\"".to_owned()];
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        assert_eq!(scrape.sum("ringproof_calls_total", &labels), 1.0, "{trunk}");
    }
    world.stop();
}

#[test]
fn r12_a_wrong_configuration_changes_nothing_and_says_what_is_wrong() {
    let mut lab = Lab::new();
    let plan = Plan::new(lab.address);
    let world = World::start(&plan);
    let path = world.place.0.join("lab.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("ring = \"1s\"", "ring = \"1h\"")).unwrap();
    world.signal(Signal::SIGHUP);
    eventually("it says so", || world.log().contains("not reloaded").then_some(()));
    let log = world.log();
    let line = log.lines().find(|line| line.contains("not reloaded")).unwrap();
    assert!(line.contains("lab.toml:") && line.contains("key=\"ring\""), "{line}");
    let id = world.verify(FIRST)["id"].as_str().unwrap().to_owned();
    lab.rings(FIRST);
    assert_eq!(world.call_ended(&id)["flash_call"]["call"]["outcome"], "completed");
    world.stop();
}

#[test]
fn a_reload_says_which_changes_wait_for_a_restart() {
    let lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    let world = World::start(&plan);
    plan.verify += "\nattempts = 2";
    plan.missed = "[[did]]\nnumber = \"+46812345678\"\n[missed_calls]\nring = \"1s\"".to_owned();
    plan.numbers = "+46876500[000-998]";
    reload(&world, &plan, "after a restart");
    let log = world.log();
    let line = log.lines().find(|line| line.contains("after a restart")).unwrap();
    assert!(line.contains("[[did]], [missed_calls], [[pool]], [verify]"), "{line}");
    let attempts = &world.verify(FIRST)["attempts_left"];
    assert_eq!(attempts, &json!(3), "what waits has no effect yet");
    world.stop();
}

#[test]
fn h09_a_reload_that_finds_a_number_wrong_does_not_log_it() {
    let lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    let world = World::start(&plan);
    plan.verify += "\n[[did]]\nnumber = \"+46876500123\"";
    reload(&world, &plan, "not reloaded");
    let log = world.log();
    let line = log.lines().find(|line| line.contains("not reloaded")).unwrap();
    assert!(line.contains("key=\"did.number\"") && !log.contains("6500123"), "{log}");
    world.stop();
}

/// Long enough for a reload in the middle.
const SLOW: &str = "ring = \"4s\"\ncalls_per_second = 10000\nin_flight_max = 10000";
