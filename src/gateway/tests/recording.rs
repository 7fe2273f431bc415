//! No INVITE before its record is safe.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;

use super::clerk::Clerk;
use super::world::{World, crowd, line, order, response_to};
use crate::gateway::inflight::NotRecorded;
use crate::gateway::reload::Reload;
use crate::gateway::{Command, Input};
use crate::sip::Method;
use crate::trunk::Profile;

const TRUNK: &str = "192.0.2.1:5060";
const MS: Duration = Duration::from_millis(1);

fn recorded() -> (Clerk, World) {
    Clerk::of(World::new(&[TRUNK]))
}

fn later(world: &mut World, milliseconds: u32) {
    world.run_until(world.now + MS * milliseconds);
}

#[test]
fn d04_the_invite_leaves_when_its_record_is_safe_and_the_clocks_begin_then() {
    let (mut clerk, mut world) = recorded();
    world.place();
    later(&mut world, 700);
    assert_eq!(world.order.call.moments().invited, None);
    assert_eq!(world.gateway.describe(world.now).calls[0].state, "recording");
    assert_eq!(world.gateway.calls(), 1);
    clerk.answer(Ok(()), &mut world);
    assert_eq!(world.order.call.moments().invited, Some(MS * 700));
    later(&mut world, 600);
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive(&ringing);
    later(&mut world, 5_000);
    let taken = world.response(Method::Cancel, 200, "a", "");
    world.receive(&taken);
    let end = world.response(Method::Invite, 487, "a", "");
    assert_eq!(clerk.forgotten, []);
    world.receive(&end);
    clerk.listen();
    assert_eq!(clerk.forgotten, [world.order.call.id]);
    world.run_until(world.now + Duration::from_secs(72));
    clerk.listen();
    assert_eq!(clerk.forgotten, [world.order.call.id], "once");
    assert!(world.gateway.is_quiet());
    expect![[r#"
        00.700  <- recorded
        00.700  -> INVITE
        01.200  -> INVITE
        01.300  <- 180 INVITE
        01.300  == rings
        06.300  -> CANCEL
        06.300  <- 200 CANCEL
        06.300  <- 487 INVITE
        06.300  -> ACK
        06.300  == completed 487 by us
    "#]]
    .assert_eq(&world.trace);
}

#[test]
fn d04_the_record_holds_the_invite_that_leaves() {
    let (mut clerk, mut world) = recorded();
    world.place();
    clerk.answer(Ok(()), &mut world);
    let record = &clerk.records[0];
    assert_eq!(*record.invite, *world.newest(Method::Invite));
    assert_eq!((record.call, record.verification), (world.order.call.id, world.order.verification));
    assert_eq!(record.remote.to_string(), TRUNK);
    assert_eq!((&*record.trunk, record.local.to_string().as_str()), (TRUNK, "192.0.2.9:5070"));
    assert_eq!(record.invited, world.start);
    let names = record.names().unwrap();
    assert!(names.branch.starts_with(b"z9hG4bK") && names.cseq == 1);
    assert!(!format!("{record:?}").contains("46701740605"));
}

#[test]
fn d04_a_record_that_is_refused_ends_the_call_and_nothing_leaves() {
    let (mut clerk, mut world) = Clerk::of(World::new(&[TRUNK, "192.0.2.2:5060"]));
    world.place();
    clerk.answer(Err(NotRecorded), &mut world);
    assert_eq!((world.gateway.calls(), &*clerk.forgotten), (0, &[world.order.call.id][..]));
    world.run_until(world.now + Duration::from_secs(72));
    expect![[r#"
        00.000  <- not recorded
        00.000  == not_recorded by us
        00.000  == failed store_unavailable
    "#]]
    .assert_eq(&world.trace);
    assert!(world.gateway.is_quiet());
    assert_eq!(world.gateway.describe(world.now).lines[0].0, 0, "its leave is given back");
}

#[test]
fn d04_a_record_that_is_lost_is_a_refusal() {
    let (mut clerk, mut world) = recorded();
    world.place();
    clerk.lose();
    // Rung by nobody: the deadline of the call finds out.
    later(&mut world, 1_999);
    assert_eq!(world.trace, "");
    later(&mut world, 2);
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "not_recorded");
    assert_eq!(world.sent.len(), 0);
}

#[test]
fn d04_an_answer_that_comes_too_late_sends_nothing() {
    let (mut clerk, mut world) = recorded();
    world.place();
    later(&mut world, 2_001);
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "not_recorded");
    clerk.answer(Ok(()), &mut world);
    later(&mut world, 72_000);
    assert_eq!(world.sent.len(), 0, "{}", world.trace);
    assert_eq!(clerk.forgotten, [world.order.call.id]);
}

#[test]
fn d04_what_ends_a_call_that_is_being_recorded_ends_it_at_once() {
    for how in ["hang up", "drain"] {
        let (mut clerk, mut world) = recorded();
        world.place();
        let call = world.order.call.id;
        world.handle(Input::Command(match how {
            "hang up" => Command::HangUp(call),
            _ => Command::Drain,
        }));
        let ended = if how == "drain" { "restarted" } else { "withdrawn" };
        assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), ended, "{how}");
        assert_eq!((world.gateway.calls(), world.gateway.describe(world.now).lines[0].0), (0, 0));
        clerk.listen();
        assert_eq!(clerk.forgotten, [call], "{how}");
        assert_eq!(world.gateway.is_drained(), how == "drain");
        clerk.answer(Ok(()), &mut world);
        later(&mut world, 72_000);
        assert_eq!(world.sent.len(), 0, "{how}: {}", world.trace);
        assert_eq!(clerk.forgotten, [call], "{how}");
    }
}

#[test]
fn d04_a_verification_that_expires_meanwhile_withdraws_its_call_at_once() {
    let (mut clerk, mut world) = recorded();
    // Placed a second before its verification expires.
    world.verify.confirm(&world.order);
    let expires = world.order.wake_at.unwrap();
    world.run_until(expires - Duration::from_secs(1));
    let order = world.order.clone();
    world.handle(Input::Command(Command::Place(order)));
    assert_eq!(clerk.open(), 1);
    world.run_until(expires + MS * 5);
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "withdrawn", "{}", world.trace);
    clerk.answer(Ok(()), &mut world);
    assert_eq!((world.sent.len(), &*clerk.forgotten), (0, &[world.order.call.id][..]));
}

#[test]
fn d04_a_verification_that_is_cancelled_meanwhile_is_not_rung() {
    let (mut clerk, mut world) = recorded();
    world.place();
    world.verify.cancel(world.order.verification, world.now).unwrap();
    clerk.answer(Ok(()), &mut world);
    assert_eq!(world.sent.len(), 0);
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "withdrawn", "{}", world.trace);
}

#[test]
fn d04_another_trunk_needs_a_record_of_its_own() {
    let (mut clerk, mut world) = Clerk::of(World::new(&[TRUNK, "192.0.2.2:5060"]));
    world.place();
    clerk.answer(Ok(()), &mut world);
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    assert_eq!((clerk.open(), world.trace.matches("-> INVITE").count()), (1, 1));
    clerk.answer(Ok(()), &mut world);
    let [first, second] = &clerk.records[..] else { panic!("two records") };
    assert_eq!((first.call, second.remote.to_string().as_str()), (second.call, "192.0.2.2:5060"));
    assert_ne!(first.names().unwrap().branch, second.names().unwrap().branch);
    assert_eq!(*second.invite, *world.newest(Method::Invite));
    assert_eq!(clerk.forgotten, [], "the call lives");
    let busy = world.response(Method::Invite, 486, "a", "");
    world.receive_from("192.0.2.2:5060", &busy);
    clerk.listen();
    assert_eq!(clerk.forgotten, [world.order.call.id]);
}

#[test]
fn d04_another_trunk_whose_record_is_refused_is_not_tried() {
    let (mut clerk, mut world) = Clerk::of(World::new(&[TRUNK, "192.0.2.2:5060"]));
    world.place();
    clerk.answer(Ok(()), &mut world);
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    clerk.answer(Err(NotRecorded), &mut world);
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "not_recorded");
    assert_eq!(world.trace.matches("-> INVITE").count(), 1);
    assert_eq!(clerk.forgotten, [world.order.call.id]);
}

#[test]
fn d04_records_that_are_answered_together_leave_in_their_order() {
    let (mut clerk, mut world) = recorded();
    let orders: Vec<_> = crowd().take(5).map(|to| order(&world.verify, &to, world.now)).collect();
    for order in &orders {
        world.handle(Input::Command(Command::Place(order.clone())));
    }
    // The second is withdrawn, the third refused: nobody waits for them.
    world.handle(Input::Command(Command::HangUp(orders[1].call.id)));
    for answer in [Ok(()), Ok(()), Err(NotRecorded), Ok(()), Ok(())] {
        clerk.answer(answer, &mut world);
    }
    let is_sent = |nth: usize| orders[nth].call.moments().invited.is_some();
    assert_eq!([0, 1, 2, 3, 4].map(is_sent), [true, false, false, true, true]);
    assert_eq!(world.gateway.calls(), 3);
    clerk.listen();
    assert_eq!(clerk.forgotten, [orders[1].call.id, orders[2].call.id]);
}

#[test]
fn d04_a_call_that_waits_for_a_trunk_and_is_given_up_is_forgotten_too() {
    let (mut clerk, mut world) =
        Clerk::of(World::with(&[TRUNK], |profile| profile.in_flight_max = 1));
    let orders: Vec<_> = crowd().take(2).map(|to| order(&world.verify, &to, world.now)).collect();
    for order in &orders {
        world.handle(Input::Command(Command::Place(order.clone())));
    }
    assert_eq!(clerk.open(), 1, "a call that is being recorded has the trunk's leave");
    world.handle(Input::Command(Command::HangUp(orders[0].call.id)));
    later(&mut world, 200);
    assert_eq!(clerk.open(), 2, "and gives it to the next");
    world.handle(Input::Command(Command::HangUp(orders[1].call.id)));
    clerk.listen();
    assert_eq!(clerk.forgotten, [orders[0].call.id, orders[1].call.id]);
}

#[test]
fn r12_a_trunk_that_a_reload_takes_away_meanwhile_is_not_called() {
    let (mut clerk, mut world) = recorded();
    world.place();
    let lines = vec![(1, line("192.0.2.7:5060", &|_: &mut Profile| {}))];
    let reload = Reload { lines, routes: vec![[1].into()], dids: Arc::default() };
    world.handle(Input::Command(Command::Reload(Box::new(reload))));
    clerk.answer(Ok(()), &mut world);
    assert_eq!((world.sent.len(), clerk.open()), (0, 1), "the trunk that is there: a new record");
    clerk.answer(Ok(()), &mut world);
    assert_eq!(world.sent[0].0.to_string(), "192.0.2.7:5060");
    assert_eq!(clerk.forgotten, []);
}

#[test]
fn d04_a_call_is_forgotten_once_its_invite_needs_no_cancel_and_its_bye_no_repetition() {
    // What happens, what happens last, and when the call is forgotten then.
    let cases = [
        ("", "", 32_000),
        ("0.1 180", "", 37_100),
        ("0.1 180; 5.15 200 CANCEL", "", 37_100),
        ("0.1 hang_up", "", 32_000),
        ("0.1 180", "2 486", 2_000),
        ("0.1 180; 3 200", "3.6 200 BYE", 3_600),
        ("0.1 180; 3 200", "", 35_000),
        ("", "0.1 unreachable", 100),
    ];
    for (before, last, at) in cases {
        let (mut clerk, mut world) = recorded();
        world.place();
        clerk.answer(Ok(()), &mut world);
        world.play_all(before);
        world.run_until(world.start + MS * (at - 1));
        clerk.listen();
        assert_eq!(clerk.forgotten, [], "{before}; {last}: {}", world.trace);
        world.play_all(last);
        later(&mut world, 3);
        clerk.listen();
        assert_eq!(clerk.forgotten, [world.order.call.id], "{before}; {last}: {}", world.trace);
        later(&mut world, 80_000);
        clerk.listen();
        assert_eq!(clerk.forgotten.len(), 1, "{before}; {last}");
        assert!(world.gateway.is_quiet(), "{before}; {last}");
    }
}

#[test]
fn s02_the_tables_hold_while_records_wait() {
    let (mut clerk, mut world) = Clerk::of(World::of_size(1_000, |profile| {
        profile.calls_per_second = 1_000_000;
    }));
    world.place_crowd();
    assert_eq!(clerk.open(), 1_000);
    for (name, size, limit) in world.gateway.describe(world.now).tables {
        assert!(size <= limit, "{name}: {size} of {limit}");
    }
    assert_eq!(world.gateway.describe(world.now).tables[0].1, 1_000);
    later(&mut world, 2_001);
    assert_eq!((world.gateway.calls(), world.sent.len()), (0, 0));
}

#[test]
fn d04_a_response_to_an_invite_that_has_not_left_is_nobodys() {
    let (mut clerk, mut world) = recorded();
    world.place();
    clerk.listen();
    world.receive(&response_to(&clerk.records[0].invite, 180, "a", ""));
    assert_eq!(world.order.call.moments().ringing, None);
    clerk.answer(Ok(()), &mut world);
    assert_eq!(world.sent.len(), 1);
}
