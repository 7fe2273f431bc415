//! People who ring us: what settles, what does not, and what is said.

use std::time::Duration;

use expect_test::expect;

use super::missed_world::{DIDS, Ring, calls, missed_world, wait, waits};
use super::world::{PHONE, stands};
use crate::evidence::{Assurance, Unknown};
use crate::number::E164;
use crate::outcome::Outcome;
use crate::verify::snapshot::{Method, Status};
use crate::verify::{Awaited, DidId, Fate, Filter, Settled, StartError, Task};

#[test]
fn a_call_verifies_who_is_waited_for() {
    let world = missed_world(|_| {});
    let begun = world.waiting(wait(0), 1.0).unwrap();
    assert!(matches!(begun.task, Task::Watch(watch) if watch.wake_at == world.at(301.0)));
    assert!(world.verify.awaits(DidId(0), E164::parse(PHONE).unwrap()));
    assert_eq!(world.rings(Ring::default(), 5.0), Settled::Verified(begun.snapshot.id));
    assert!(!world.verify.awaits(DidId(0), E164::parse(PHONE).unwrap()));
    let found = world.look(begun.snapshot.id).unwrap();
    assert_eq!(
        (found.method(), found.assurance()),
        (Method::MissedCall, Some(Assurance::ReturnRouted))
    );
    let call = found.missed_call.unwrap().matched.unwrap();
    assert_eq!((call.fate, call.trunk), (Fate::Matched(found.id), 3));
    expect![[r#"
        created: pending -, 0 attempts and 0 calls left, 0 placed
        missed call: matched
        ended: verified missed_call_matched, 0 attempts and 0 calls left, 0 placed"#]]
    .assert_eq(&world.heard());
    let census = world.verify.census();
    assert_eq!((census.waiting.size, census.recent.size, census.pending.size), (0, 0, 0));
}

#[test]
fn q19_only_exactly_this_number_matches() {
    let world = missed_world(|settings| settings.missed_calls.recent_max = 100);
    let begun = world.waiting(wait(0), 0.0).unwrap();
    // The same last nine digits in another country; one digit more; one less.
    for caller in ["+47701234567", "+467012345670", "+4670123456"] {
        assert_eq!(
            world.rings(Ring { caller: Ok(caller), ..Ring::default() }, 1.0),
            Settled::Nothing
        );
    }
    assert_eq!(world.look(begun.snapshot.id).unwrap().status, Status::Pending);
}

#[test]
fn q20_of_two_pendings_of_one_caller_a_call_settles_the_one_at_its_did() {
    let world = missed_world(|_| {});
    let first = world.waiting(wait(0), 0.0).unwrap().snapshot.id;
    let second = world.waiting(wait(1), 0.0).unwrap().snapshot.id;
    assert_eq!(world.rings(Ring { did: 1, ..Ring::default() }, 1.0), Settled::Verified(second));
    assert_eq!(world.look(first).unwrap().status, Status::Pending);
    assert_eq!(world.rings(Ring::default(), 2.0), Settled::Verified(first));
}

#[test]
fn what_is_not_proven_settles_nothing() {
    let world = missed_world(|_| {});
    let begun = world.waiting(wait(0), 0.0).unwrap();
    world.heard();
    let calls = [
        Ring { assurance: Assurance::None, ..Ring::default() },
        Ring { caller: Err(Unknown::Anonymous), ..Ring::default() },
        Ring { is_forwarded: true, ..Ring::default() },
    ];
    for call in calls {
        assert_eq!(world.rings(call, 1.0), Settled::Nothing);
    }
    expect![[r#"
        missed call: unproven
        missed call: unknown_caller
        missed call: forwarded"#]]
    .assert_eq(&world.heard());
    assert_eq!(world.look(begun.snapshot.id).unwrap().status, Status::Pending);
    assert_eq!(world.verify.census().recent.size, 0, "nor are they remembered");
}

#[test]
fn a_forwarded_call_counts_where_that_is_accepted() {
    let world = missed_world(|settings| settings.missed_calls.are_forwarded_accepted = true);
    let begun = world.waiting(wait(0), 0.0).unwrap();
    let call = Ring { is_forwarded: true, ..Ring::default() };
    assert_eq!(world.rings(call, 1.0), Settled::Verified(begun.snapshot.id));
}

#[test]
fn r10_of_two_calls_for_one_pending_one_matches_and_the_event_lists_it() {
    let world = missed_world(|_| {});
    let begun = world.waiting(wait(0), 0.0).unwrap();
    let spoofed = Ring { assurance: Assurance::None, ..Ring::default() };
    assert_eq!(world.rings(spoofed, 1.0), Settled::Nothing);
    assert_eq!(world.rings(Ring::default(), 1.1), Settled::Verified(begun.snapshot.id));
    let found = world.look(begun.snapshot.id).unwrap();
    let evidence = found.missed_call.unwrap().matched.unwrap();
    assert_eq!(evidence.received, world.at(1.1));
    assert_eq!(evidence.assurance, Assurance::ReturnRouted);
}

#[test]
fn forgers_cannot_fill_the_stream_of_events() {
    let world = missed_world(|_| {});
    let spoofed = Ring { assurance: Assurance::None, ..Ring::default() };
    for _ in 0..1_000 {
        world.rings(spoofed, 1.0);
    }
    world.rings(Ring::default(), 1.0);
    let heard = world.heard();
    assert_eq!(heard.lines().filter(|line| line.ends_with("unproven")).count(), 10);
    assert!(heard.ends_with("missed call: remembered"), "{heard}");
    assert_eq!(world.verify.census().untold, 990);
}

#[test]
fn a_call_that_came_first_verifies_at_the_start() {
    let world = missed_world(|_| {});
    assert_eq!(world.rings(Ring { did: 2, ..Ring::default() }, 0.0), Settled::Nothing);
    assert_eq!(world.verify.census().recent.size, 1);
    let begun = world.waiting(waits(), 100.0).unwrap().snapshot;
    assert_eq!(
        stands(&begun),
        "verified missed_call_matched, 0 attempts and 0 calls left, 0 placed"
    );
    let missed = begun.missed_call.unwrap();
    let call = missed.matched.unwrap();
    assert!(call.received_at < begun.created_at);
    assert_eq!((missed.did, call.did), (E164::parse(DIDS[2]).unwrap(), missed.did));
    expect![[r#"
        missed call: remembered
        created: pending -, 0 attempts and 0 calls left, 0 placed
        ended: verified missed_call_matched, 0 attempts and 0 calls left, 0 placed"#]]
    .assert_eq(&world.heard());
    // It is used: the next verification waits.
    let next = world.waiting(waits(), 101.0).unwrap().snapshot;
    assert_eq!((next.status, world.verify.census().recent.size), (Status::Pending, 0));
}

#[test]
fn a_call_that_came_first_counts_for_its_did_and_its_time() {
    let named = |did| Awaited { did: Some(E164::parse(DIDS[did]).unwrap()), ..Awaited::default() };
    let within = |seconds| Awaited { recent_within: Some(Duration::from_secs(seconds)), ..waits() };
    let check = |wanted, second: f64, expected| {
        let world = missed_world(|_| {});
        world.rings(Ring::default(), 0.0);
        let begun = world.waiting(wanted, second).unwrap();
        assert_eq!(begun.snapshot.status, expected, "at {second}");
    };
    check(named(0), 599.9, Status::Verified);
    check(named(1), 1.0, Status::Pending);
    check(waits(), 600.0, Status::Pending);
    check(within(10), 9.9, Status::Verified);
    check(within(10), 10.0, Status::Pending);
    check(within(0), 0.0, Status::Pending);
    let world = missed_world(|_| {});
    let refused = world.waiting(within(601), 0.0).unwrap_err();
    assert_eq!(refused.to_string(), "calls of the last 601 s, must be at most 600 s");
    let world = missed_world(|settings| settings.missed_calls.recent_window = Duration::ZERO);
    let refused = world.waiting(within(5), 0.0).unwrap_err();
    assert_eq!(refused.to_string(), "calls of the last 5 s, must be at most 0 s");
}

#[test]
fn a_call_that_rings_already_at_the_start_came_before_it() {
    let at_once = || Awaited { recent_within: Some(Duration::ZERO), ..wait(0) };
    let world = missed_world(|_| {});
    let strict = world.waiting(at_once(), 5.0).unwrap().snapshot.id;
    assert_eq!(world.rings_on(Ring::default(), 4.9, 10.0), Settled::Nothing);
    assert_eq!(world.look(strict).unwrap().status, Status::Pending);
    assert_eq!(world.rings_on(Ring::default(), 5.0, 12.0), Settled::Verified(strict));
    let lenient = world.waiting(wait(1), 20.0).unwrap().snapshot.id;
    let call = Ring { did: 1, ..Ring::default() };
    assert_eq!(world.rings_on(call, 19.0, 24.0), Settled::Verified(lenient));
}

#[test]
fn without_a_window_nothing_is_remembered() {
    let world = missed_world(|it| it.missed_calls.recent_window = Duration::ZERO);
    world.rings(Ring::default(), 0.0);
    assert_eq!(world.heard(), "missed call: unmatched");
    assert_eq!(world.waiting(waits(), 0.0).unwrap().snapshot.status, Status::Pending);
}

#[test]
fn what_is_remembered_can_be_asked_for() {
    let world = missed_world(|_| {});
    world.rings(Ring::default(), 0.0);
    world.rings(Ring { did: 1, ..Ring::default() }, 20.0);
    world.rings(Ring::default(), 30.0);
    let (caller, first) = (E164::parse(PHONE).unwrap(), E164::parse(DIDS[0]).unwrap());
    let found = |did, within, second| {
        let within = Option::map(within, Duration::from_secs);
        let found = world.verify.missed_calls(caller, did, within, world.at(second));
        found.iter().map(|call| (call.did == first, call.received)).collect::<Vec<_>>()
    };
    let (latest, other) = ((true, world.at(30.0)), (false, world.at(20.0)));
    assert_eq!(found(None, None, 40.0), [latest, other], "of each DID the latest");
    assert_eq!(found(Some(first), None, 40.0), [latest]);
    assert_eq!(found(None, Some(15), 40.0), [latest]);
    assert_eq!(found(None, None, 629.9), [latest]);
    assert_eq!(found(None, None, 630.0), []);
}

#[test]
fn what_is_remembered_is_bounded_and_expires() {
    let world = missed_world(|settings| settings.missed_calls.recent_max = 3);
    for nth in 0..5 {
        let caller = format!("+4670000000{nth}");
        world.rings(Ring { caller: Ok(&caller), ..Ring::default() }, 0.0);
    }
    let recent = world.verify.census().recent;
    assert_eq!((recent.size, recent.limit, recent.shed), (3, 3, 2));
    world.verify.sweep(world.at(599.0));
    assert_eq!(world.verify.census().recent.size, 3);
    world.verify.sweep(world.at(600.0));
    assert_eq!(world.verify.census().recent.size, 0);
    assert_eq!(world.verify.census().recent.shed, 2);
}

#[test]
fn one_caller_does_not_fill_the_memory_of_others() {
    let world = missed_world(|_| {});
    for second in 0..1_000 {
        world.rings(Ring { did: second % 4, ..Ring::default() }, f64::from(second) / 10.0);
    }
    assert_eq!(world.verify.census().recent.size, 4);
}

#[test]
fn dids_are_drawn_from_those_that_are_free_for_the_phone() {
    let world = missed_world(|it| it.limits.phone.clear());
    let mut drawn: Vec<_> = (0..4)
        .map(|_| world.waiting(waits(), 0.0).unwrap().snapshot.missed_call.unwrap().did)
        .collect();
    drawn.sort_unstable();
    assert_eq!(drawn, DIDS.map(|did| E164::parse(did).unwrap()));
    let refused = world.waiting(waits(), 1.0).unwrap_err();
    assert!(matches!(refused, StartError::NoFreeDid { .. }), "{refused}");
    // They are free for others, and when one has expired.
    let other = "+46701234568";
    assert!(world.waiting_for(other, waits(), 1.0).is_ok());
    assert!(world.waiting(waits(), 300.0).is_ok());
}

#[test]
fn every_did_is_drawn_as_often() {
    let world = missed_world(|it| it.limits.prefix.clear());
    for nth in 0..1_000 {
        world.waiting_for(&format!("+4670{nth:07}"), waits(), 0.0).unwrap();
    }
    let waiting: Vec<usize> = world.verify.dids().iter().map(|did| did.waiting).collect();
    assert_eq!(waiting.iter().sum::<usize>(), 1_000);
    assert!(waiting.iter().all(|count| (180..330).contains(count)), "{waiting:?}");
}

#[test]
fn a_named_did_that_is_taken_names_the_live_verification() {
    let world = missed_world(|_| {});
    let id = world.waiting(wait(0), 0.0).unwrap().snapshot.id;
    assert_eq!(world.waiting(wait(0), 1.0).unwrap_err(), StartError::AlreadyPending { id });
    let unknown = Awaited { did: E164::parse("+46700000000").ok(), ..waits() };
    assert_eq!(world.waiting(unknown, 1.0).unwrap_err(), StartError::UnknownDid);
    assert!(world.waiting(wait(0), 300.0).is_ok(), "the first one has expired");
}

#[test]
fn starts_count_for_the_limits_of_phones_and_blocks_and_take_no_code() {
    let world = missed_world(|_| {});
    for did in 0..3 {
        world.waiting(wait(did), 0.0).unwrap();
    }
    let refused = world.waiting(wait(3), 1.0).unwrap_err();
    assert_eq!(refused.to_string(), "too many verifications of this phone, retry in 599 s");
    let pool = &world.verify.pools(world.at(1.0))[0];
    assert_eq!((pool.leased, pool.cooling), (0, 0));
    for nth in 0..17 {
        world.waiting_for(&format!("+467012340{nth:02}"), waits(), 1.0).unwrap();
    }
    let refused = world.waiting_for("+46701239999", waits(), 1.0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "too many verifications of phones with these first digits, retry in 599 s"
    );
    assert!(world.waiting_for("+46701240000", waits(), 1.0).is_ok());
}

#[test]
fn a_flash_call_and_missed_calls_of_one_phone_do_not_collide() {
    let world = missed_world(|_| {});
    let flash = world.start(PHONE, 0.0).unwrap();
    let waiting = world.waiting(wait(0), 0.0).unwrap();
    assert_eq!(world.rings(Ring::default(), 1.0), Settled::Verified(waiting.snapshot.id));
    world.hang_up(&flash.order, Outcome::Completed, 5.0);
    let verified = world.check_code(flash.snapshot.id, &super::world::code(&flash.order), 6.0);
    assert_eq!(verified.unwrap().status, Status::Verified);
    assert_eq!(world.verify.census().pending.size, 0);
}

#[test]
fn our_own_dids_are_never_verified() {
    let world = missed_world(|_| {});
    for result in [world.start(DIDS[0], 0.0).err(), world.waiting_for(DIDS[1], waits(), 0.0).err()]
    {
        assert_eq!(result.unwrap().to_string(), "this number is one of the gateway's own");
    }
}

#[test]
fn what_is_not_configured_is_refused() {
    let world = missed_world(|settings| settings.dids.clear());
    assert_eq!(world.waiting(waits(), 0.0).unwrap_err(), StartError::NoDid);
    let world = missed_world(|settings| settings.pools.clear());
    assert_eq!(world.start(PHONE, 0.0).unwrap_err(), StartError::NoPool);
    let confirm = Awaited { confirm: Some(Default::default()), ..waits() };
    assert_eq!(world.waiting(confirm, 0.0).unwrap_err(), StartError::NoPoolToConfirm);
    assert!(world.waiting(waits(), 0.0).is_ok());
}

#[test]
fn an_expired_or_canceled_one_is_not_settled() {
    let world = missed_world(|_| {});
    let first = world.waiting(wait(0), 0.0).unwrap().snapshot.id;
    let second = world.waiting(wait(1), 0.0).unwrap().snapshot.id;
    world.verify.cancel(second, world.at(1.0)).unwrap();
    assert_eq!(world.rings(Ring::default(), 300.0), Settled::Nothing);
    assert_eq!(world.rings(Ring { did: 1, ..Ring::default() }, 2.0), Settled::Nothing);
    assert_eq!(world.look(first).unwrap().status, Status::Expired);
    let found = world.look(second).unwrap();
    assert_eq!(found.status, Status::Canceled);
    assert!(found.missed_call.unwrap().matched.is_none());
    assert_eq!(world.verify.census().recent.size, 2, "for whoever starts next");
}

#[test]
fn a_start_that_no_shard_could_keep_leaves_no_trace() {
    let world = missed_world(|_| {});
    world.rings(Ring::default(), 0.0);
    world.heard();
    for second in 1..30 {
        let wanted = Awaited { recent_within: Some(Duration::ZERO), ..wait(0) };
        let Task::Watch(watch) = world.begin_waiting(wanted, f64::from(second)).unwrap().task
        else {
            panic!("nothing is called");
        };
        assert!(world.verify.undo_watch(&watch, world.at(f64::from(second))));
        assert!(world.look(watch.verification).is_none());
    }
    assert_eq!(world.heard(), "");
    let census = world.verify.census();
    assert_eq!((census.pending.size, census.ended.size, census.waiting.size), (0, 0, 0));
    assert_eq!(world.verify.dids()[0].waiting, 0);
}

#[test]
fn a_start_that_was_settled_at_once_is_not_taken_back() {
    let world = missed_world(|_| {});
    world.rings(Ring::default(), 0.0);
    let begun = world.begin_waiting(waits(), 1.0).unwrap();
    let Task::Watch(watch) = begun.task else { panic!("nothing is called") };
    assert!(!world.verify.undo_watch(&watch, world.at(1.0)));
    assert_eq!(world.look(begun.snapshot.id).unwrap().status, Status::Verified);
}

#[test]
fn a_start_that_may_yet_be_taken_back_is_in_no_list() {
    let world = missed_world(|_| {});
    let begun = world.begin_waiting(wait(0), 0.0).unwrap();
    let listed = || world.list(Filter::default()).items.len();
    assert_eq!(listed(), 0);
    world.verify.announce(&begun.task);
    assert_eq!(listed(), 1);
}

#[test]
fn lists_can_be_asked_for_one_method() {
    let world = missed_world(|_| {});
    world.start(PHONE, 0.0).unwrap();
    world.waiting(wait(0), 0.0).unwrap();
    for method in Method::ALL {
        let page = world.list(Filter { method: Some(method), ..Filter::default() });
        assert_eq!(page.items.iter().map(|it| it.method()).collect::<Vec<_>>(), [method]);
    }
}

#[test]
fn when_it_is_forgotten_nothing_is_left() {
    let world = missed_world(|_| {});
    let id = world.waiting(wait(0), 0.0).unwrap().snapshot.id;
    assert_eq!(world.verify.on_timeout(id, world.at(300.0)), Some(world.at(900.0)));
    assert_eq!(world.verify.on_timeout(id, world.at(900.0)), None);
    assert!(world.look(id).is_none());
    assert!(calls(&world).is_empty());
}
