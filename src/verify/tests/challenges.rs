//! Calling back who rang.

use expect_test::expect;

use super::missed_world::{Ring, confirmed, missed_world, waits};
use super::world::{PHONE, World, code, stands, wrong_code};
use crate::evidence::Assurance;
use crate::outcome::Outcome;
use crate::verify::id::VerificationId;
use crate::verify::snapshot::Status;
use crate::verify::{CallAgainError, CheckError, Order, Report, ReportError, Saw, Settled, Task};

/// A verification whose call has come, at second 1.
fn rung(world: &World) -> VerificationId {
    let id = world.waiting(confirmed(0), 0.0).unwrap().snapshot.id;
    let due = Settled::Challenge { verification: id, at: world.at(4.0) };
    assert_eq!(world.rings(Ring::default(), 1.0), due);
    id
}

fn challenge(world: &World, id: VerificationId, seconds: f64) -> Option<Order> {
    let order = world.verify.challenge(id, 0, world.at(seconds))?;
    world.verify.confirm(&order);
    Some(order)
}

#[test]
fn a_caller_is_called_back_and_verified_by_the_code() {
    let world = missed_world(|_| {});
    let id = rung(&world);
    let found = world.look(id).unwrap();
    assert_eq!((found.assurance(), found.codes), (Some(Assurance::ReturnRouted), None));
    let order = challenge(&world, id, 4.0).unwrap();
    assert_eq!((order.wake_at, order.verification), (None, id));
    world.ring(&order, 5.0);
    world.hang_up(&order, Outcome::Completed, 10.0);
    world.check_code(id, &wrong_code(&order, 0), 11.0).unwrap();
    let verified = world.check_code(id, &code(&order), 12.0).unwrap();
    assert_eq!(verified.assurance(), Some(Assurance::ChallengeConfirmed));
    expect![[r#"
        created: pending -, 3 attempts and 3 calls left, 0 placed
        missed call: matched
        call placed
        call ringing
        call ended: completed
        wrong code: pending -, 2 attempts and 2 calls left, 1 placed
        ended: verified code_matched, 2 attempts and 2 calls left, 1 placed"#]]
    .assert_eq(&world.heard());
    assert_eq!(world.verify.pools(world.at(12.0))[0].cooling, 1);
}

#[test]
fn before_it_has_rung_there_is_no_code_and_no_call() {
    let world = missed_world(|_| {});
    for wanted in [confirmed(0), waits()] {
        let id = world.waiting(wanted, 0.0).unwrap().snapshot.id;
        assert!(matches!(world.check_code(id, "12345", 1.0), Err(CheckError::NotCalled)));
        let again = world.verify.call_again(id, world.at(1.0));
        assert!(matches!(again, Err(CallAgainError::NotCalled)));
        let report = Report { saw: Saw::NoCall, caller_id: None };
        assert_eq!(world.verify.report(id, report), Err(ReportError::NotCalled));
        assert!(world.verify.challenge(id, 0, world.at(1.0)).is_none());
    }
}

#[test]
fn every_caller_is_called_back_where_the_configuration_demands_it() {
    let world = missed_world(|it| it.missed_calls.min_assurance = Assurance::ChallengeConfirmed);
    let begun = world.waiting(waits(), 0.0).unwrap().snapshot;
    assert!(begun.missed_call.as_ref().unwrap().is_confirmed);
    let did = world.verify.dids().iter().position(|did| did.waiting == 1).unwrap();
    let settled = world.rings(Ring { did: did as u16, ..Ring::default() }, 1.0);
    assert!(matches!(settled, Settled::Challenge { .. }));
}

#[test]
fn a_second_missed_call_brings_no_second_call() {
    let world = missed_world(|_| {});
    let id = rung(&world);
    world.heard();
    assert_eq!(world.rings(Ring::default(), 2.0), Settled::Nothing);
    assert_eq!(world.heard(), "missed call: repeated");
    assert!(challenge(&world, id, 4.0).is_some());
    assert_eq!(world.rings(Ring::default(), 5.0), Settled::Nothing);
    assert!(challenge(&world, id, 5.0).is_none());
    let found = world.look(id).unwrap().missed_call.unwrap().matched.unwrap();
    assert_eq!(found.received, world.at(1.0));
    assert_eq!(world.verify.census().recent.size, 0);
}

#[test]
fn a_further_call_rings_again_within_the_calls_allowed() {
    let world = missed_world(|_| {});
    let id = rung(&world);
    for second in [4.0, 20.0, 40.0] {
        let order = match challenge(&world, id, second) {
            Some(order) => order,
            None => world.verify.call_again(id, world.at(second)).unwrap(),
        };
        world.hang_up(&order, Outcome::Completed, second + 5.0);
    }
    let refused = world.verify.call_again(id, world.at(60.0));
    assert!(matches!(refused, Err(CallAgainError::NoCallsLeft)));
    let found = world.look(id).unwrap();
    assert_eq!(stands(&found), "pending -, 3 attempts and 0 calls left, 3 placed");
}

#[test]
fn a_call_back_that_does_not_reach_the_phone_fails_it() {
    let world = missed_world(|_| {});
    let id = rung(&world);
    let order = challenge(&world, id, 4.0).unwrap();
    world.hang_up(&order, Outcome::Unreachable, 6.0);
    let found = world.look(id).unwrap();
    assert_eq!(stands(&found), "failed unreachable, 3 attempts and 2 calls left, 1 placed");
}

#[test]
fn without_a_code_left_for_the_phone_it_fails() {
    let world = missed_world(|it| {
        it.limits.phone.clear();
        it.max_guess_odds = 0.003;
    });
    let flash = world.start(PHONE, 0.0).unwrap();
    world.hang_up(&flash.order, Outcome::Completed, 0.5);
    let id = rung(&world);
    assert!(challenge(&world, id, 4.0).is_none());
    let found = world.look(id).unwrap();
    assert_eq!(stands(&found), "failed rejected_by_policy, 3 attempts and 3 calls left, 0 placed");
}

#[test]
fn a_phone_that_is_locked_for_wrong_codes_is_not_called_back() {
    let world = missed_world(|it| it.limits.wrong_codes_lock = 1);
    let flash = world.start(PHONE, 0.0).unwrap();
    let id = rung(&world);
    world.hang_up(&flash.order, Outcome::Completed, 2.0);
    world.check_code(flash.snapshot.id, &wrong_code(&flash.order, 0), 3.0).unwrap();
    assert!(challenge(&world, id, 4.0).is_none());
    assert_eq!(world.look(id).unwrap().status, Status::Failed);
    let refused = world.waiting(confirmed(1), 5.0).unwrap_err();
    assert!(refused.to_string().starts_with("too many wrong codes"), "{refused}");
    assert!(world.waiting(super::missed_world::wait(1), 5.0).is_ok(), "it needs no code");
}

#[test]
fn a_phone_that_is_being_called_is_called_back_when_the_client_asks() {
    let world = missed_world(|_| {});
    let flash = world.start(PHONE, 0.0).unwrap();
    let id = rung(&world);
    assert!(challenge(&world, id, 4.0).is_none());
    assert_eq!(world.look(id).unwrap().status, Status::Pending);
    world.hang_up(&flash.order, Outcome::Completed, 6.0);
    let order = world.verify.call_again(id, world.at(7.0)).unwrap();
    world.hang_up(&order, Outcome::Completed, 12.0);
    assert_eq!(world.check_code(id, &code(&order), 13.0).unwrap().status, Status::Verified);
}

#[test]
fn cancel_hangs_the_call_back_up_at_the_shard_that_placed_it() {
    let world = missed_world(|settings| settings.shards = 4);
    let id = world.waiting(confirmed(0), 0.0).unwrap().snapshot.id;
    world.rings(Ring::default(), 1.0);
    let shard = (0..4).find(|shard| u128::from(*shard) != id.0 % 4).unwrap();
    let order = world.verify.challenge(id, shard, world.at(4.0)).unwrap();
    assert_eq!(order.shard, shard);
    let canceled = world.verify.cancel(id, world.at(5.0)).unwrap();
    let (call, at) = canceled.call.unwrap();
    assert_eq!((call.id, at), (order.call.id, shard));
}

#[test]
fn a_call_back_that_no_shard_could_take_is_placed_when_the_client_asks() {
    let world = missed_world(|_| {});
    let id = rung(&world);
    let order = world.verify.challenge(id, 0, world.at(4.0)).unwrap();
    world.verify.undo(&order, world.at(4.0));
    let found = world.look(id).unwrap();
    assert_eq!(stands(&found), "pending -, 3 attempts and 3 calls left, 0 placed");
    assert!(matches!(world.check_code(id, "12345", 4.0), Err(CheckError::NotCalled)));
    let order = world.verify.call_again(id, world.at(5.0)).unwrap();
    assert_eq!(world.verify.cancel(id, world.at(6.0)).unwrap().call.unwrap().0.id, order.call.id);
}

#[test]
fn a_call_that_came_first_is_followed_by_the_call_back_at_once() {
    let world = missed_world(|_| {});
    world.rings(Ring::default(), 0.0);
    let begun = world.waiting(confirmed(0), 60.0).unwrap();
    assert_eq!(stands(&begun.snapshot), "pending -, 3 attempts and 2 calls left, 1 placed");
    let Task::Call(order) = begun.task else { panic!("it is called") };
    assert_eq!(order.wake_at, Some(world.at(360.0)));
    world.hang_up(&order, Outcome::Completed, 65.0);
    assert_eq!(
        world.check_code(begun.snapshot.id, &code(&order), 66.0).unwrap().assurance(),
        Some(Assurance::ChallengeConfirmed)
    );
    expect![[r#"
        missed call: remembered
        created: pending -, 3 attempts and 3 calls left, 0 placed
        call placed
        call ended: completed
        ended: verified code_matched, 3 attempts and 2 calls left, 1 placed"#]]
    .assert_eq(&world.heard());
}

#[test]
fn a_phone_that_has_just_rung_is_called_back_a_moment_later() {
    let world = missed_world(|_| {});
    world.rings(Ring::default(), 0.0);
    let begun = world.waiting(confirmed(0), 1.0).unwrap();
    let Task::Watch(watch) = begun.task else { panic!("it has not hung up") };
    assert_eq!(watch.challenge_at, Some(world.at(3.0)));
    assert!(challenge(&world, begun.snapshot.id, 3.0).is_some());
}

#[test]
fn a_start_with_a_call_back_that_no_shard_could_take_gives_the_missed_call_back() {
    let world = missed_world(|_| {});
    world.rings(Ring::default(), 0.0);
    world.heard();
    let order = world.begin_waiting(confirmed(0), 60.0).unwrap().task.call().unwrap();
    world.verify.undo(&order, world.at(60.0));
    assert!(world.look(order.verification).is_none());
    assert_eq!(world.heard(), "");
    let census = world.verify.census();
    assert_eq!((census.pending.size, census.calls.size, census.waiting.size), (0, 0, 0));
    assert_eq!(census.recent.size, 1);
    assert_eq!(world.verify.pools(world.at(60.0))[0].leased, 0);
    assert!(world.begin_waiting(confirmed(0), 61.0).unwrap().task.call().is_some());
}
