//! No descriptors left (H10): the API waits, SIP does not.

use std::time::Duration;

use crate::lab::{Lab, code};
use crate::world::{Plan, World, eventually};

#[test]
fn h10_calls_go_on_when_no_descriptors_are_left() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.prelude = Some("ulimit -n 64");
    plan.control = "head_timeout = \"3s\"".to_owned();
    plan.trunks[0].2 = "ring = \"2s\"".to_owned();
    let world = World::start(&plan);
    let phone = "+46701740650";
    let id = world.verify(phone)["id"].as_str().unwrap().to_owned();
    let caller = lab.rings(phone);
    // More connections than descriptors: some are accepted, the others wait in the system's queue.
    let crowd: Vec<_> =
        (0..100).map(|_| world.client.connect().expect("there is a queue")).collect();
    eventually("accepting is paused", || {
        world.log().contains("connections cannot be accepted").then_some(())
    });
    // The CANCEL leaves in time and the call ends well.
    let rang = lab.stopped(phone).rang_for;
    assert!(rang > Duration::from_millis(1_900) && rang < Duration::from_secs(3), "{rang:?}");
    drop(crowd);
    let verified = world.check(&id, code(&caller));
    assert_eq!(verified.json()["status"], "verified");
    assert_eq!(world.call_ended(&id)["flash_call"]["call"]["outcome"], "completed");
    assert_eq!(world.log().matches("connections cannot be accepted").count(), 1);
    let tries = world.scrape().sum("ringproof_shed_total", &["what=\"accept\""]);
    assert!((1.0..100.0).contains(&tries), "{tries} tries: it is a pause, not a loop");
    assert_eq!(lab.violations(), [""; 0]);
    world.stop();
}

#[test]
fn a_soft_limit_of_files_is_raised_to_the_hard_one() {
    let lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.prelude = Some("ulimit -Sn 100; ulimit -Hn 300");
    plan.verify += "\n[[pool]]\nname = \"second\"\nnumbers = [\"+46876500[300-999]\"]";
    let world = World::start(&plan);
    assert_eq!(world.scrape().sum("process_max_fds", &[]), 300.0);
    eventually("the start says what is unwise", || {
        let log = world.log();
        (log.contains("may have 300 files open") && log.contains("is hardly meant")).then_some(())
    });
    world.stop();
}
