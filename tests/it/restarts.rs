//! A daemon that is killed with a thousand phones ringing, and one that is killed again and again.

use ringproof::lab::{Ending, Event};
use serde_json::json;

use crate::lab::Lab;
use crate::raw;
use crate::world::{Plan, World, eventually};

#[test]
fn d03_of_a_thousand_phones_that_ring_none_is_left_ringing_or_off_the_hook() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.sip = format!("listen = [\"udp:{}\"]", raw::closed());
    plan.trunks[0].2 = "ring = \"20s\"\ncalls_per_second = 10000\nin_flight_max = 10000".to_owned();
    let mut world = World::start(&plan);
    let mut kept = world.client.keep();
    for n in 0..CALLS {
        // The phones of some people pick up when the CANCEL comes.
        let suffix = if n % 10 == 7 { "11" } else { "50" };
        let body = json!({ "to": format!("+46701{n:04}{suffix}") });
        let reply = kept.post("/v1/verifications", &body);
        assert_eq!(reply.status, 201, "{}", reply.body);
    }
    eventually("every phone rings", || {
        (lab.count(|event| matches!(event, Event::Rang { .. })) == CALLS).then_some(())
    });
    let picked_up =
        |event: &Event| matches!(event, Event::Stopped(entry) if entry.ending == Ending::Answered);
    world.kill();
    // On a slow machine the first have been hung up as planned.
    let before = lab.count(picked_up);
    world.spawn_again();
    world.await_ready();
    eventually("every phone is quiet", || {
        (lab.count(|event| matches!(event, Event::Stopped(_))) == CALLS).then_some(())
    });
    let answered = lab.count(picked_up);
    assert_eq!(answered, CALLS / 10);
    assert_eq!(lab.count(|event| matches!(event, Event::Rang { .. })), CALLS, "nobody twice");
    eventually("each that picked up has been told BYE", || {
        let byes = world.scrape().sum("ringproof_answered_total", &["bye=\"confirmed\""]);
        (byes >= (answered - before) as f64).then_some(())
    });
    let recovered = |world: &World, what: &str| {
        world.scrape().sum("ringproof_recovered", &[&format!("what=\"{what}\"")]) as usize
    };
    // None of them is there for the next process.
    // A word of each, though most trunks said theirs before the gateway could listen.
    eventually("nothing more can come of them", || {
        let ended = world.log().matches("before this one is over").count();
        (ended == recovered(&world, "calls")).then_some(())
    });
    assert_eq!(lab.violations(), [""; 0]);
    // When this end is on disk, so is all that was told before it: the deletion of the records.
    let last = world.verify("+46701740650")["id"].as_str().unwrap().to_owned();
    assert_eq!(world.client.delete(&format!("/v1/verifications/{last}")).status, 200);
    world.call_ended(&last);
    world.kill_and_start();
    assert_eq!(recovered(&world, "calls"), 0);
    // That a phone rang may not have been on disk: then its verification has failed.
    assert_eq!(recovered(&world, "pending") + recovered(&world, "ended"), CALLS + 1);
    world.stop();
}

#[test]
fn d11_counters_leases_and_budgets_do_not_drift_over_restarts() {
    let mut lab = Lab::new();
    let mut plan = Plan::new(lab.address);
    plan.sip = format!("listen = [\"udp:{}\"]", raw::closed());
    plan.trunks[0].2 = "ring = \"20s\"\ncalls_per_second = 10000\nin_flight_max = 10000".to_owned();
    plan.verify = format!("starts_per_phone = [\"{RESTARTS} in 1h\"]\nstarts_per_prefix = []");
    let mut world = World::start(&plan);
    for round in 1..=RESTARTS {
        // One that goes on, and one of a phone that counts against its budget each time.
        let rings = world.verify(&format!("+46701{round:04}50"));
        lab.rings(&format!("+46701{round:04}50"));
        let id = rings["id"].as_str().unwrap().to_owned();
        eventually("that it rings is on disk", || {
            (world.get(&id)["flash_call"]["call"]["state"] == "ringing").then_some(())
        });
        let given_up = world.verify(BUDGET);
        let path = format!("/v1/verifications/{}", given_up["id"].as_str().unwrap());
        assert_eq!(world.client.delete(&path).status, 200);
        world.kill_and_start();
        let count = |family: &str| world.scrape().sum(family, &[]) as usize;
        assert_eq!(count("ringproof_verifications_pending"), round);
        assert_eq!(count("ringproof_verifications_ended"), round);
        eventually("no lease is held for a call that is over", || {
            (count("ringproof_pool_leased") == 0).then_some(())
        });
        assert_eq!(count("ringproof_pool_cooling"), 2 * round);
    }
    let refused = world.try_verify(BUDGET);
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    let listed = world.client.get("/v1/verifications?status=pending&limit=100").json();
    let pending = listed["verifications"].as_array().unwrap();
    assert_eq!(pending.len(), RESTARTS);
    for one in pending {
        let path = format!("/v1/verifications/{}", one["id"].as_str().unwrap());
        assert_eq!(world.client.delete(&path).status, 200);
    }
    world.kill_and_start();
    let count = |family: &str| world.scrape().sum(family, &[]) as usize;
    assert_eq!(count("ringproof_verifications_pending"), 0);
    assert_eq!(count("ringproof_verifications_ended"), 2 * RESTARTS);
    assert_eq!(count("ringproof_pool_cooling"), 2 * RESTARTS);
    // Of a call whose INVITE may not have left, the CANCEL is for nothing.
    let wrong = lab.violations().into_iter().filter(|it| !it.contains("CancelUnknown"));
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
    world.stop();
}

const CALLS: usize = 1_000;
const RESTARTS: usize = 20;
const BUDGET: &str = "+46701740650";
