//! From the start to being forgotten.

use std::time::Duration;

use expect_test::expect;

use super::world::{PHONE, World, code, stands, world};
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::time::Micros;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::{CallState, Ending};
use crate::verify::snapshot::{Reason, Status};
use crate::verify::{CancelError, CheckError, Filter, Report, Saw};

#[test]
fn a_phone_is_verified_by_the_last_five_digits() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    let (snapshot, order) = (&started.snapshot, &started.order);
    assert_eq!(stands(snapshot), "pending -, 3 attempts and 2 calls left, 1 placed");
    let codes = snapshot.codes.as_ref().unwrap();
    assert_eq!(codes.caller_id_prefix, "+468765");
    assert_eq!((codes.distinct, snapshot.guess_odds()), (1_000, Some(0.003)));
    assert_eq!(snapshot.expires_at, Micros(snapshot.created_at.0 + 300_000_000));
    assert_eq!((order.country.as_str(), order.shard), ("SE", 0));
    world.ring(order, 2.5);
    world.hang_up(order, Outcome::Completed, 7.5);
    let verified = world.check_code(snapshot.id, &code(order), 12.25).unwrap();
    assert_eq!(verified.ended_at, Some(Micros(snapshot.created_at.0 + 12_250_000)));
    expect![[r#"
        created: pending -, 3 attempts and 2 calls left, 1 placed
        call placed
        call ringing
        call ended: completed
        ended: verified code_matched, 3 attempts and 2 calls left, 1 placed"#]]
    .assert_eq(&world.heard());
}

#[test]
fn p34_a_wall_clock_that_steps_while_a_phone_rings_changes_no_duration() {
    for hours in [-1.0, 1.0] {
        let world = world(|_| {});
        let order = world.start(PHONE, 0.0).unwrap().order;
        world.ring(&order, 2.5);
        world.set_wall_clock(3.0, 3_600.0 * hours);
        order.call.on_hung_up(world.at(7.5));
        world.hang_up(&order, Outcome::Completed, 7.75);
        let moments = order.call.moments();
        let apart = |start: Option<Duration>, end: Option<Duration>| end.unwrap() - start.unwrap();
        assert_eq!(apart(moments.invited, moments.ringing), Duration::ZERO);
        assert_eq!(apart(moments.ringing, moments.hung_up), Duration::from_secs(5));
        assert_eq!(moments.ended, Some(Duration::from_millis(7_750)));
        // What is shown belongs together: all of it counts from the start of the call.
        let shown = order.call.shown(moments.ended.unwrap());
        assert_eq!(shown, Micros(order.call.placed_at.0 + 7_750_000));
    }
}

#[test]
fn a_start_says_nothing_before_it_is_confirmed_and_says_it_once() {
    let world = world(|_| {});
    let started = world.begin(PHONE, 0.0).unwrap();
    assert_eq!(world.heard(), "");
    world.ring(&started.order, 0.1);
    world.verify.confirm(&started.order);
    world.verify.confirm(&started.order);
    expect![[r#"
        created: pending -, 3 attempts and 2 calls left, 1 placed
        call placed
        call ringing"#]]
    .assert_eq(&world.heard());
}

#[test]
fn it_expires_on_time_and_is_forgotten_later() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    let id = started.snapshot.id;
    world.hang_up(&started.order, Outcome::Completed, 7.5);
    world.heard();
    let expires = started.order.wake_at.unwrap();
    assert_eq!(expires, world.at(300.0));
    assert_eq!(world.verify.on_timeout(id, world.at(299.9)), Some(expires));
    assert_eq!(world.heard(), "");
    assert_eq!(world.verify.on_timeout(id, expires), Some(world.at(900.0)));
    assert_eq!(world.heard(), "ended: expired deadline, 3 attempts and 2 calls left, 1 placed");
    assert_eq!(world.verify.on_timeout(id, world.at(899.9)), Some(world.at(900.0)));
    assert!(world.look(id).is_some());
    assert!(world.verify.call(started.order.call.id).is_some());
    assert_eq!(world.verify.on_timeout(id, world.at(900.0)), None);
    assert!(world.look(id).is_none());
    assert!(world.verify.call(started.order.call.id).is_none());
    let census = world.verify.census();
    assert_eq!((census.pending.size, census.ended.size, census.calls.size), (0, 0, 0));
    assert_eq!(world.heard(), "");
}

#[test]
fn r08_after_the_deadline_it_is_expired_for_everybody_although_its_timer_is_late() {
    let late = |act: &dyn Fn(&World, VerificationId) -> String, expected: &str| {
        let world = world(|_| {});
        let started = world.start(PHONE, 0.0).unwrap();
        let id = started.snapshot.id;
        world.hang_up(&started.order, Outcome::Completed, 7.5);
        world.heard();
        assert_eq!(act(&world, id), expected);
        let ended = "ended: expired deadline, 3 attempts and 2 calls left, 1 placed";
        assert!(world.heard().starts_with(ended), "{expected}");
        assert_eq!(world.verify.on_timeout(id, world.at(300.5)), Some(world.at(900.25)));
    };
    let at = 300.25;
    let ended = "this verification has ended: expired";
    late(&|world, id| world.verify.call_again(id, world.at(at)).unwrap_err().to_string(), ended);
    late(&|world, id| world.verify.cancel(id, world.at(at)).unwrap_err().to_string(), ended);
    late(&|world, id| world.check_code(id, "12345", at).unwrap_err().to_string(), ended);
    late(
        &|world, id| world.verify.get(id, world.at(at)).unwrap().status.as_str().into(),
        "expired",
    );
    let list = |world: &World, _| {
        let pending = Filter { status: Some(Status::Pending), ..Filter::default() };
        format!("{} pending", world.verify.list(pending, world.at(at)).items.len())
    };
    late(&list, "0 pending");
    late(&|world, _| world.start(PHONE, at).is_ok().to_string(), "true");
}

#[test]
fn who_reads_a_call_that_failed_before_its_shard_says_so_sees_the_verification_failed() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    world.heard();
    let call = &started.order.call;
    let outcome = Outcome::Unallocated;
    let ending = Ending { outcome, by: Side::Carrier, sip_code: Some(404), q850_cause: Some(1) };
    call.on_ended(ending, world.at(2.5));
    let found = world.look(started.snapshot.id).unwrap();
    assert_eq!((found.status, found.reason), (Status::Failed, Some(Reason::NumberUnallocated)));
    assert_eq!(found.ended_at, Some(Micros(found.created_at.0 + 2_500_000)));
    assert_eq!(found.latest.moments.state(), CallState::Ended);
    let heard = "call ended: unallocated\nended: failed number_unallocated, 3 attempts and 2 calls left, 1 placed";
    assert_eq!(world.heard(), heard);
    // Then the shard comes to it.
    world.verify.on_call_ended(call);
    assert_eq!(world.heard(), "");
    let pools = world.verify.pools(world.at(3.0));
    assert_eq!((pools[0].leased, pools[0].cooling), (0, 1));
}

#[test]
fn one_that_ends_early_is_forgotten_on_time() {
    let world = world(|settings| settings.keep_ended = Duration::from_secs(10));
    let started = world.start(PHONE, 0.0).unwrap();
    let id = started.snapshot.id;
    world.hang_up(&started.order, Outcome::Completed, 1.0);
    world.verify.cancel(id, world.at(2.0)).unwrap();
    world.verify.sweep(world.at(11.9));
    assert!(world.look(id).is_some());
    world.verify.sweep(world.at(12.0));
    assert!(world.look(id).is_none());
    assert!(world.verify.call(started.order.call.id).is_none());
    assert_eq!(world.verify.on_timeout(id, world.at(300.0)), None);
    assert_eq!(world.verify.census().ended.size, 0);
}

#[test]
fn a_code_after_the_deadline_is_too_late_even_before_the_timer_fires() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    world.heard();
    let late = world.check_code(started.snapshot.id, &code(&started.order), 300.0).unwrap_err();
    assert_eq!(late.to_string(), "this verification has ended: expired");
    assert_eq!(world.heard(), "ended: expired deadline, 3 attempts and 2 calls left, 1 placed");
    world.verify.on_timeout(started.snapshot.id, world.at(300.0));
    assert_eq!(world.heard(), "");
}

#[test]
fn h05_unknown_and_forgotten_look_the_same() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    let forgotten = started.snapshot.id;
    world.hang_up(&started.order, Outcome::Completed, 7.5);
    world.verify.on_timeout(forgotten, world.at(300.0));
    world.verify.on_timeout(forgotten, world.at(900.0));
    let answers = |id: VerificationId| {
        let now = world.at(901.0);
        let report = Report { saw: Saw::NoCall, caller_id: None };
        format!(
            "{:?} | {:?} | {:?} | {:?} | {:?} | {:?} | {:?}",
            world.look(id).map(|_| ()),
            world.check_code(id, &code(&started.order), 901.0).map_err(|error| error.to_string()),
            world.check_code(id, "none", 901.0).map_err(|error| error.to_string()),
            world.verify.call_again(id, now).map_err(|error| error.to_string()),
            world.verify.cancel(id, now).map_err(|error| error.to_string()),
            world.verify.report(id, report),
            world.verify.on_timeout(id, now),
        )
    };
    let unknown = answers(VerificationId(1));
    assert_eq!(answers(forgotten), unknown);
    expect![[r#"None | Err("no such verification") | Err("no such verification") | Err("no such verification") | Err("no such verification") | Err(NotFound) | None"#]]
        .assert_eq(&unknown);
    assert!(world.verify.call(CallId(1)).is_none());
}

#[test]
fn a_call_that_did_not_reach_the_phone_fails_the_verification_at_once() {
    for (outcome, expected) in [
        (Outcome::Unallocated, "failed number_unallocated"),
        (Outcome::TrunkFailure, "failed no_trunk"),
        (Outcome::Unreachable, "failed unreachable"),
        (Outcome::Declined, "pending -"),
        (Outcome::Barred, "pending -"),
    ] {
        let world = world(|_| {});
        let started = world.start(PHONE, 0.0).unwrap();
        world.hang_up(&started.order, outcome, 1.0);
        let stands = stands(&world.look(started.snapshot.id).unwrap());
        assert!(stands.starts_with(expected), "{outcome}: {stands}");
    }
}

#[test]
fn a_call_that_rang_leaves_its_verification_pending_however_it_ends() {
    for outcome in [Outcome::TrunkFailure, Outcome::Unallocated, Outcome::CancelUnconfirmed] {
        let world = world(|_| {});
        let order = world.start(PHONE, 0.0).unwrap().order;
        world.ring(&order, 2.0);
        world.hang_up(&order, outcome, 4.0);
        let found = world.look(order.verification).unwrap();
        assert_eq!(stands(&found), "pending -, 3 attempts and 2 calls left, 1 placed");
        let verified = world.check_code(order.verification, &code(&order), 20.0).unwrap();
        assert_eq!(verified.status, Status::Verified, "{outcome}");
    }
}

#[test]
fn the_end_of_a_call_counts_once() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    world.heard();
    world.hang_up(&started.order, Outcome::Completed, 7.0);
    world.hang_up(&started.order, Outcome::Unreachable, 8.0);
    assert_eq!(world.heard(), "call ended: completed");
    let pools = world.verify.pools(world.at(8.0));
    assert_eq!((pools[0].leased, pools[0].cooling), (0, 1));
}

#[test]
fn a_canceled_verification_names_the_call_that_still_rings() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    let id = started.snapshot.id;
    let canceled = world.verify.cancel(id, world.at(1.0)).unwrap();
    assert_eq!(
        stands(&canceled.snapshot),
        "canceled canceled_by_client, 3 attempts and 2 calls left, 1 placed"
    );
    assert_eq!(
        canceled.call.map(|(call, shard)| (call.id, shard)),
        Some((started.order.call.id, 0))
    );
    let again = world.verify.cancel(id, world.at(2.0)).unwrap_err();
    assert!(matches!(again, CancelError::AlreadyEnded(_)), "{again}");
    let late = world.check_code(id, &code(&started.order), 2.0).unwrap_err();
    assert!(matches!(late, CheckError::AlreadyEnded(_)), "{late}");
    // The call's own end follows, and then the phone may be called again.
    let refused = world.start(PHONE, 3.0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this phone is still being called for an earlier verification, retry in a few seconds"
    );
    world.hang_up(&started.order, Outcome::Withdrawn, 3.5);
    let next = world.start(PHONE, 4.0).unwrap();
    world.hang_up(&next.order, Outcome::Completed, 9.0);
    assert!(world.verify.cancel(next.snapshot.id, world.at(10.0)).unwrap().call.is_none());
}

#[test]
fn an_undone_start_was_never_there() {
    let world = world(|_| {});
    for _ in 0..30 {
        let started = world.begin(PHONE, 0.0).unwrap();
        world.verify.undo(&started.order, world.at(0.0));
        world.verify.undo(&started.order, world.at(0.0));
        assert!(world.look(started.snapshot.id).is_none());
        assert!(world.verify.call(started.order.call.id).is_none());
    }
    assert_eq!(world.heard(), "");
    let census = world.verify.census();
    assert_eq!((census.pending.size, census.ended.size, census.calls.size), (0, 0, 0));
    assert_eq!(world.verify.pools(world.at(0.0))[0].leased, 0);
}

#[test]
fn a_start_that_is_canceled_before_it_is_undone_ends_once_with_its_call() {
    let world = world(|_| {});
    let started = world.begin(PHONE, 0.0).unwrap();
    world.verify.cancel(started.snapshot.id, world.at(0.0)).unwrap();
    world.verify.undo(&started.order, world.at(0.0));
    expect![[r#"
        created: pending -, 3 attempts and 2 calls left, 1 placed
        call placed
        ended: canceled canceled_by_client, 3 attempts and 2 calls left, 1 placed
        call ended: withdrawn"#]]
    .assert_eq(&world.heard());
    assert!(world.start(PHONE, 1.0).is_ok());
}

#[test]
fn a_report_is_passed_on() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    world.heard();
    let report = |saw, caller_id| {
        world.verify.report(started.snapshot.id, Report { saw, caller_id }).unwrap();
    };
    report(Saw::NoCall, None);
    // Another number of the pool is as good as the one that called: a report tests no code.
    let other = started.order.caller_id.suffix().abs_diff(1);
    report(Saw::LateCall, E164::parse(&format!("+468765{other:05}")).ok());
    report(Saw::UnknownCaller, Some(started.order.to));
    expect![[r#"
        phone reported: no_call None
        phone reported: late_call Some(true)
        phone reported: unknown_caller Some(false)"#]]
    .assert_eq(&world.heard());
}
