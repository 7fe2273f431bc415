//! Many threads at once, for real: whoever is first, there is one end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use super::world::{PHONE, World, code, request, world, wrong_code};
use crate::outcome::Outcome;
use crate::verify::snapshot::Status;
use crate::verify::{Evidence, Order, Verify};

/// Runs `act` in `count` threads that begin together; returns how many said yes.
fn together(count: usize, act: impl Fn(usize) -> bool + Sync) -> usize {
    let barrier = Barrier::new(count);
    let yes = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..count {
            let (barrier, yes, act) = (&barrier, &yes, &act);
            scope.spawn(move || {
                barrier.wait();
                yes.fetch_add(usize::from(act(thread)), Ordering::Relaxed);
            });
        }
    });
    yes.into_inner()
}

fn pending() -> (World, Order) {
    let world = world(|_| {});
    let order = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&order, Outcome::Completed, 5.0);
    world.heard();
    (world, order)
}

/// How many times each word was said.
fn tally(heard: &str) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for line in heard.lines() {
        let word = line.split(',').next().unwrap_or(line);
        *tally.entry(word).or_default() += 1;
    }
    tally
}

/// What the event says is what webhooks say, and what is looked up is what `GET` says.
#[test]
fn r08_the_right_code_at_the_moment_of_expiry_ends_it_once_and_everybody_is_told_the_same() {
    let mut verified = 0;
    for round in 0..300 {
        let (world, order) = pending();
        let (id, code) = (order.verification, code(&order));
        let is_right = AtomicUsize::new(0);
        together(2, |thread| {
            if (thread + round) % 2 == 0 {
                let _ = world.verify.on_timeout(id, world.at(300.0));
            } else if world.verify.check(id, Evidence::Code(&code), world.at(299.999)).is_ok() {
                is_right.store(1, Ordering::Relaxed);
            }
            true
        });
        let (found, heard) = (world.look(id).unwrap(), world.heard());
        let end = match is_right.into_inner() {
            1 => "ended: verified code_matched",
            _ => "ended: expired deadline",
        };
        assert_eq!(tally(&heard), BTreeMap::from([(end, 1)]), "{heard}");
        assert!(end.contains(found.status.as_str()), "{found:?}");
        verified += usize::from(found.status == Status::Verified);
    }
    assert!(verified > 0, "the code is first at times");
}

#[test]
fn r07_of_a_hundred_clients_with_the_right_code_one_succeeds() {
    for _ in 0..20 {
        let (world, order) = pending();
        let code = code(&order);
        let (verify, at) = (&world.verify, world.at(6.0));
        let succeeded =
            together(100, |_| verify.check(order.verification, Evidence::Code(&code), at).is_ok());
        assert_eq!(succeeded, 1);
        assert_eq!(tally(&world.heard()), BTreeMap::from([("ended: verified code_matched", 1)]));
    }
}

#[test]
fn r07_of_a_hundred_clients_with_wrong_codes_three_are_counted() {
    for _ in 0..20 {
        let (world, order) = pending();
        let (verify, at) = (&world.verify, world.at(6.0));
        let compared = together(100, |thread| {
            let code = wrong_code(&order, thread as u32);
            verify.check(order.verification, Evidence::Code(&code), at).is_ok()
        });
        assert_eq!(compared, 3);
        let expected = BTreeMap::from([
            ("wrong code: pending -", 2),
            ("wrong code: failed too_many_attempts", 1),
            ("ended: failed too_many_attempts", 1),
        ]);
        assert_eq!(tally(&world.heard()), expected);
    }
}

#[test]
fn r06_r08_cancel_expiry_the_right_code_and_a_dead_trunk_end_it_once() {
    for round in 0..100 {
        let world = world(|_| {});
        let order = world.start(PHONE, 0.0).unwrap().order;
        let code = code(&order);
        let id = order.verification;
        let acts: [&(dyn Fn() + Sync); 4] = [
            &|| drop(world.verify.cancel(id, world.at(299.9))),
            &|| assert!(world.verify.on_timeout(id, world.at(300.0)).is_some()),
            &|| drop(world.check_code(id, &code, 299.9)),
            &|| world.hang_up(&order, Outcome::TrunkFailure, 299.9),
        ];
        together(4, |thread| {
            acts[(thread + round) % 4]();
            true
        });
        let snapshot = world.look(id).unwrap();
        let heard = world.heard();
        let ends: Vec<&str> = heard.lines().filter(|line| line.starts_with("ended")).collect();
        assert_eq!(ends.len(), 1, "{heard}");
        assert!(ends[0].starts_with(&format!("ended: {}", snapshot.status.as_str())), "{heard}");
        let census = world.verify.census();
        assert_eq!((census.pending.size, census.ended.size), (0, 1));
    }
}

#[test]
fn listeners_hear_in_order_although_the_shard_may_be_faster_than_the_confirmation() {
    for round in 0..500 {
        let world = world(|_| {});
        let order = world.verify.start(request(PHONE), world.at(0.0)).unwrap().task.call().unwrap();
        let acts: [&(dyn Fn() + Sync); 3] = [
            &|| world.verify.confirm(&order),
            &|| {
                world.ring(&order, 1.0);
                world.hang_up(&order, Outcome::Completed, 6.0);
            },
            &|| drop(world.verify.cancel(order.verification, world.at(3.0))),
        ];
        together(3, |thread| {
            acts[(thread + round) % 3]();
            true
        });
        let heard = world.heard();
        let words: Vec<&str> =
            heard.lines().map(|line| line.split(':').next().unwrap_or(line)).collect();
        assert_eq!(words[..2], ["created", "call placed"], "{heard}");
        let call: Vec<&&str> = words.iter().filter(|word| word.starts_with("call ")).collect();
        assert_eq!(call, [&"call placed", &"call ringing", &"call ended"], "{heard}");
        assert_eq!((words.len(), tally(&heard)["ended: canceled canceled_by_client"]), (5, 1));
    }
}

#[test]
fn nobody_is_shown_a_pending_verification_whose_call_did_not_reach_the_phone() {
    for _ in 0..200 {
        let world = world(|_| {});
        let order = world.start(PHONE, 0.0).unwrap().order;
        together(4, |thread| {
            if thread == 0 {
                world.hang_up(&order, Outcome::Unreachable, 1.0);
                return true;
            }
            loop {
                let found = world.look(order.verification).unwrap();
                let is_over = found.latest.ending.is_some();
                assert_eq!(is_over, found.status == Status::Failed, "{found:?}");
                if is_over {
                    return true;
                }
            }
        });
        let expected = BTreeMap::from([
            ("created: pending -", 1),
            ("call placed", 1),
            ("call ended: unreachable", 1),
            ("ended: failed unreachable", 1),
        ]);
        assert_eq!(tally(&world.heard()), expected);
    }
}

#[test]
fn an_order_that_is_taken_back_while_its_verification_ends_is_heard_of_whole_or_not_at_all() {
    let mut whole = 0;
    for round in 0..500 {
        let world = world(|_| {});
        let order = world.verify.start(request(PHONE), world.at(0.0)).unwrap().task.call().unwrap();
        let acts: [&(dyn Fn() + Sync); 2] = [&|| world.verify.undo(&order, world.at(0.0)), &|| {
            drop(world.verify.cancel(order.verification, world.at(0.0)))
        }];
        together(2, |thread| {
            acts[(thread + round) % 2]();
            true
        });
        let heard = world.heard();
        let (created, ended) = (heard.contains("created"), heard.contains("\nended: canceled"));
        let (placed, over) =
            (heard.contains("call placed"), heard.contains("call ended: withdrawn"));
        assert!(created == ended && ended == placed && placed == over, "{heard}");
        assert!(heard.is_empty() || heard.lines().count() == 4, "{heard}");
        whole += usize::from(created);
    }
    assert!((1..=500).contains(&whole), "the race was never lost");
}

#[test]
fn of_a_hundred_starts_for_one_phone_one_is_pending() {
    let world = world(|_| {});
    let (verify, at) = (&world.verify, world.at(0.0));
    let started = together(100, |_| verify.start(request(PHONE), at).is_ok());
    assert_eq!(started, 1);
    let census = verify.census();
    assert_eq!((census.pending.size, census.phones.size, census.prefixes.size), (1, 1, 1));
    // What was refused was not counted for the block of phones either.
    for phone in 0..19 {
        assert!(world.start(&format!("+467012300{phone:02}"), 0.0).is_ok());
    }
}

#[test]
fn of_a_hundred_wishes_for_a_further_call_one_is_placed() {
    for _ in 0..20 {
        let (world, order) = pending();
        let (verify, at) = (&world.verify, world.at(6.0));
        let placed = together(100, |_| verify.call_again(order.verification, at).is_ok());
        assert_eq!(placed, 1);
        assert_eq!(world.look(order.verification).unwrap().calls.len(), 2);
    }
}

#[test]
fn further_calls_that_begin_and_end_in_parallel_never_pass_the_limit() {
    for _ in 0..20 {
        let (world, order) = pending();
        let placed = together(8, |_| {
            let mut placed = 0;
            for _ in 0..20 {
                if let Ok(order) = world.verify.call_again(order.verification, world.at(6.0)) {
                    placed += 1;
                    world.verify.on_call_ended(&order.call);
                }
            }
            placed > 0
        });
        assert!((1..=2).contains(&placed));
        let snapshot = world.look(order.verification).unwrap();
        assert_eq!((snapshot.calls.len(), snapshot.calls_left), (3, 0));
    }
}

#[test]
fn when_everything_has_ended_the_tables_are_empty() {
    let world = world(|settings| settings.limits.prefix.clear());
    let run = |verify: &Arc<Verify>, thread: usize| {
        for nth in 0..200 {
            let phone = format!("+4670{:07}", thread * 200 + nth);
            let started = verify.start(request(&phone), world.at(0.0)).unwrap();
            let order = started.task.call().unwrap();
            verify.confirm(&order);
            match nth % 4 {
                0 => drop(world.check_code(order.verification, &code(&order), 1.0)),
                1 => drop(verify.cancel(order.verification, world.at(1.0))),
                2 => verify.undo(&order, world.at(1.0)),
                _ => {}
            }
            verify.on_call_ended(&order.call);
            verify.on_timeout(order.verification, world.at(300.0));
            assert_eq!(verify.on_timeout(order.verification, world.at(900.0)), None);
        }
        true
    };
    together(8, |thread| run(&world.verify, thread));
    let census = world.verify.census();
    assert_eq!((census.pending.size, census.ended.size, census.calls.size), (0, 0, 0));
    assert_eq!(world.verify.pools(world.at(900.0))[0].leased, 0);
    // Undone after it was confirmed, it has been heard of; each is heard to end all the same.
    let heard = world.heard();
    let count = |word: &str| heard.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((count("created"), count("call placed")), (1_600, 1_600));
    assert_eq!(count("call ended"), 1_600);
}

#[test]
fn r07_a07_the_lock_of_a_phone_holds_against_codes_that_come_together() {
    for _ in 0..100 {
        let world = world(|it| (it.attempts, it.max_guess_odds) = (5, 0.1));
        let order = world.start(PHONE, 0.0).unwrap().order;
        world.hang_up(&order, Outcome::Completed, 5.0);
        for nth in 0..4 {
            world.check_code(order.verification, &wrong_code(&order, nth), 6.0).unwrap();
        }
        world.verify.cancel(order.verification, world.at(6.0)).unwrap();
        let order = world.start(PHONE, 10.0).unwrap().order;
        world.hang_up(&order, Outcome::Completed, 15.0);
        world.heard();
        let (verify, at) = (&world.verify, world.at(16.0));
        let compared = together(8, |thread| {
            let code = wrong_code(&order, thread as u32);
            verify.check(order.verification, Evidence::Code(&code), at).is_ok()
        });
        assert_eq!(compared, 1, "the fifth wrong code locks the phone");
        let heard = world.heard();
        let said = tally(&heard);
        assert_eq!(said.get("ended: failed rejected_by_policy"), Some(&1), "{said:?}");
    }
}

#[test]
fn of_right_codes_that_come_together_with_the_last_guess_one_verifies() {
    for _ in 0..100 {
        let world = world(|it| it.limits.wrong_codes_lock = 1);
        let order = world.start(PHONE, 0.0).unwrap().order;
        world.hang_up(&order, Outcome::Completed, 5.0);
        let (verify, at, code) = (&world.verify, world.at(6.0), code(&order));
        let verified =
            together(8, |_| verify.check(order.verification, Evidence::Code(&code), at).is_ok());
        assert_eq!(verified, 1);
        assert_eq!(world.look(order.verification).unwrap().status, Status::Verified);
    }
}
