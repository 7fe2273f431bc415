//! Calls and starts, expiry and withdrawal at the same moment, for real: whoever is first, nobody misses
//! the other, and there is one end.

use std::sync::Barrier;
use std::thread;

use super::missed_world::{Ring, confirmed, missed_world, wait, waits};
use super::world::PHONE;
use crate::number::E164;
use crate::verify::snapshot::{Reason, Status};
use crate::verify::{DidId, Settled, Task};

/// Runs each in a thread of its own; they begin together.
fn together(acts: &[&(dyn Fn() + Sync)]) {
    let barrier = Barrier::new(acts.len());
    thread::scope(|scope| {
        for act in acts {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                act();
            });
        }
    });
}

#[test]
fn a_start_and_a_call_at_the_same_moment_do_not_miss_each_other() {
    let world = missed_world(|settings| {
        settings.limits.phone.clear();
        settings.limits.prefix.clear();
    });
    for round in 0..3_000 {
        let phone = format!("+4670{round:07}");
        let call = Ring { caller: Ok(&phone), ..Ring::default() };
        together(&[&|| drop(world.waiting_for(&phone, wait(0), 1.0)), &|| {
            world.rings(call, 1.0);
        }]);
        let heard = world.heard();
        assert!(
            heard.ends_with(
                "ended: verified missed_call_matched, 0 attempts and 0 calls left, 0 placed"
            ),
            "{heard}"
        );
        let words: Vec<&str> = heard.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert!(words.contains(&"missed call") && words.contains(&"created"), "{heard}");
        assert_eq!(words.len(), 3, "{heard}");
    }
    let census = world.verify.census();
    assert_eq!((census.pending.size, census.waiting.size, census.recent.size), (0, 0, 0));
}

#[test]
fn one_call_settles_one_of_many_starts() {
    for _ in 0..200 {
        let world = missed_world(|settings| settings.limits.phone.clear());
        let start = || drop(world.waiting(waits(), 1.0));
        together(&[&start, &start, &start, &|| {
            world.rings(Ring::default(), 1.0);
        }]);
        let heard = world.heard();
        let count = |word: &str| heard.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(count("created"), 3, "{heard}");
        // It may have come to a number where none of the three came to wait.
        assert!(count("ended: verified") <= 1, "{heard}");
        let recent = world.verify.census().recent.size;
        assert_eq!(count("ended: verified") + recent, 1, "{heard}");
    }
}

#[test]
fn r08_r09_r10_calls_expiry_and_cancel_end_it_once() {
    for round in 0..300 {
        let world = missed_world(|_| {});
        let begun = world.waiting(wait(0), 0.0).unwrap();
        let id = begun.snapshot.id;
        let call = || {
            world.rings(Ring::default(), 299.9);
        };
        let acts: [&(dyn Fn() + Sync); 4] =
            [&call, &call, &|| drop(world.verify.cancel(id, world.at(299.9))), &|| {
                _ = world.verify.on_timeout(id, world.at(300.0))
            }];
        let turned: Vec<_> = (0..4).map(|place| acts[(place + round) % 4]).collect();
        together(&turned);
        let found = world.look(id).unwrap();
        let heard = world.heard();
        let ends: Vec<&str> = heard.lines().filter(|line| line.starts_with("ended")).collect();
        assert_eq!(ends.len(), 1, "{heard}");
        assert!(ends[0].starts_with(&format!("ended: {}", found.status.as_str())), "{heard}");
        let is_matched = found.missed_call.as_ref().unwrap().matched.is_some();
        assert_eq!(is_matched, found.status == Status::Verified);
        assert_eq!(is_matched, heard.contains("missed call: matched"), "{heard}");
        assert_eq!(is_matched, found.reason == Some(Reason::MissedCallMatched));
        let calls = heard.lines().filter(|line| line.starts_with("missed call")).count();
        assert_eq!(calls, 2, "both are told of: {heard}");
        assert!(!world.verify.awaits(DidId(0), E164::parse(PHONE).unwrap()));
        let census = world.verify.census();
        assert_eq!((census.pending.size, census.waiting.size, census.ended.size), (0, 0, 1));
    }
}

#[test]
fn listeners_hear_of_the_call_before_the_call_back_and_the_end() {
    for _ in 0..300 {
        let world = missed_world(|_| {});
        let id = world.waiting(confirmed(0), 0.0).unwrap().snapshot.id;
        together(&[
            &|| {
                world.rings(Ring::default(), 1.0);
            },
            &|| {
                while world.verify.call_again(id, world.at(1.0)).is_err() {
                    std::hint::spin_loop();
                }
                drop(world.verify.cancel(id, world.at(1.0)));
            },
        ]);
        let heard = world.heard();
        let words: Vec<&str> = heard.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(words, ["created", "missed call", "call placed", "ended"], "{heard}");
    }
}

#[test]
fn of_two_challenges_one_is_placed() {
    for _ in 0..300 {
        let world = missed_world(|_| {});
        let id = world.waiting(confirmed(0), 0.0).unwrap().snapshot.id;
        world.rings(Ring::default(), 1.0);
        let challenge = || drop(world.verify.challenge(id, 0, world.at(4.0)));
        together(&[&challenge, &challenge, &|| drop(world.verify.call_again(id, world.at(4.0)))]);
        let found = world.look(id).unwrap();
        assert_eq!((found.calls.len(), found.status), (1, Status::Pending));
        assert_eq!(world.verify.pools(world.at(4.0))[0].leased, 1);
    }
}

#[test]
fn a_start_that_is_taken_back_while_its_call_comes_is_heard_of_whole_or_not_at_all() {
    let mut whole = 0;
    for round in 0..500 {
        let world = missed_world(|_| {});
        let confirm = round % 2 == 0;
        let wanted = if confirm { confirmed(0) } else { wait(0) };
        let Task::Watch(watch) = world.begin_waiting(wanted, 0.0).unwrap().task else {
            panic!("nothing is called")
        };
        together(&[&|| _ = world.verify.undo_watch(&watch, world.at(1.0)), &|| {
            let settled = world.rings(Ring::default(), 1.0);
            assert!(!matches!(settled, Settled::Verified(_)) || !confirm);
        }]);
        let heard = world.heard();
        let count = |word: &str| heard.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!((count("created"), count("missed call")), (count("ended"), 1), "{heard}");
        assert_eq!(count("ended"), count("missed call: matched"), "{heard}");
        whole += count("ended");
        let census = world.verify.census();
        assert_eq!((census.pending.size, census.waiting.size), (0, 0));
    }
    assert!((1..=500).contains(&whole), "the race was never lost");
}
